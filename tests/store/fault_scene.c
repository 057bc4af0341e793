/* What every act under failures finds. */
#include "fault_trial.h"

#include "guest.h"
#include "handover.h"
#include "mail_code.h"
#include "service.h"
#include "sha256.h"
#include "signing_key.h"

static struct trial trial;

struct str trial_lasting(struct trial *t, struct str text)
{
	struct str copy = STR_NONE;

	assert_ok(str_copy(t->w->lasting, text, &copy));
	return copy;
}

static struct id person(struct trial *t, const char *name, const char *email, const char *role)
{
	struct str roles[] = {str_of(role)};
	struct account_request request = {
		.username = str_of(name),
		.email = str_of(email),
		.password = STR(WORLD_PASSWORD),
		.roles = roles,
		.role_count = roles[0].n > 0 ? 1 : 0,
	};
	struct account_result result;

	assert_ok(account_create(&t->w->context, &request, &result));
	assert_int_equal(result.flaw, ACCOUNT_FINE);
	return result.user.id;
}

struct session trial_session(struct trial *t, struct str handle)
{
	return resolve(t->w, CARRIER_HANDLE, handle);
}

/* What was given out is good; what was presented is not any more. */
void trial_check_issued(struct trial *t, const void *out)
{
	struct session_issued issued;

	memcpy(&issued, out, sizeof issued);
	assert_int_equal(trial_session(t, text_of(issued)).standing, SESSION_LIVE);
}

void trial_check_rotated(struct trial *t, const void *out)
{
	trial_check_issued(t, out);
	assert_int_equal(trial_session(t, t->scene.handle).standing, SESSION_REPLACED);
}

void trial_check_ended(struct trial *t, const void *out)
{
	(void)out;
	assert_int_equal(trial_session(t, t->scene.handle).standing, SESSION_UNKNOWN);
}

/* A guest with a flow and a counter, of kinds that alice has no more and has. */
static void add_guest(struct trial *t)
{
	struct guest_request request = {.carrier = CARRIER_HANDLE, .client = STR("app")};
	enum guest_verdict verdict = GUEST_THROTTLED;
	struct session_issued issued;
	int64_t wait = 0;

	assert_ok(guest_begin(&t->w->context, &request, &verdict, &wait, &issued));
	assert_int_equal(verdict, GUEST_BEGUN);
	t->scene.guest = trial_lasting(t, text_of(issued));
	t->scene.guest_id = issued.session.found.session.id;
	fixture_sql(
		"INSERT INTO flow SELECT UNHEX(MD5(k.kind)), s.id, 2, 1, k.kind, 'start', '', "
		"'{}', '{\"proven\":true}', 0, 1, 0, 0, s.expires_at FROM session s "
		"JOIN (SELECT 'fund' AS kind UNION SELECT 'pay') k WHERE s.user_id IS NULL;"
		"INSERT INTO flow SELECT id, id, 1, 1, 'pay', 'start', '', '{}', '{}', 0, 1, 0, "
		"0, 4000000000000000 FROM user WHERE username = 'alice';"
		"INSERT INTO flow SELECT UNHEX(MD5('over')), id, 1, 1, 'fund', 'start', '', '{}', "
		"'{}', 0, 1, 0, 0, 1 FROM user WHERE username = 'alice';"
		"INSERT INTO flow_counter SELECT id, 'pay', 'otp', 5, 4, 6, 4000000000000000 "
		"FROM session WHERE user_id IS NULL;"
		"INSERT INTO flow_counter SELECT id, 'pay', 'otp', 1, 1, 2, 3000000000000000 "
		"FROM user WHERE username = 'alice'");
}

/* Everybody is in one tenant, alice as its editor, and nobody in the other. */
static void add_tenants(struct trial *t)
{
	fixture_sql("INSERT INTO tenant VALUES (UNHEX(REPEAT('11',16)), 'acme', 'Acme', 0), "
		    "(UNHEX(REPEAT('12',16)), 'beta', 'Beta', 0);"
		    "INSERT INTO role (id, name, elevated, created_at) "
		    "VALUES (UNHEX(REPEAT('13',16)), 'editor', 0, 0);"
		    "INSERT INTO membership SELECT id, UNHEX(REPEAT('11',16)), "
		    "IF(username = 'alice', 'role:editor', ''), 0 FROM user;"
		    "INSERT INTO user_role SELECT id, UNHEX(REPEAT('11',16)), "
		    "UNHEX(REPEAT('13',16)), 0 FROM user WHERE username = 'alice';"
		    "UPDATE user SET default_tenant = UNHEX(REPEAT('11',16)) "
		    "WHERE username = 'alice';"
		    "UPDATE session s JOIN user u ON u.id = s.user_id "
		    "SET s.tenant_id = UNHEX(REPEAT('11',16)) "
		    "WHERE u.username = 'alice' AND s.device_id IS NULL");
	memset(t->scene.acme.b, 0x11, sizeof t->scene.acme.b);
	memset(t->scene.beta.b, 0x12, sizeof t->scene.beta.b);
}

/* A code of alice's for an app, not used yet. */
static void add_handover(struct trial *t)
{
	struct session giver = trial_session(t, t->scene.handle);
	struct digest challenge = sha256(STR(TRIAL_VERIFIER));
	struct handover_given given;

	assert_ok(handover_give(&t->w->context, &giver, &challenge, HANDOVER_NATIVE, &given));
	t->scene.code =
		trial_lasting(t, (struct str){(const char *)given.code.bytes, given.code.len});
}

/* An active key and a next one, one that was gone long ago, and no turn taken yet. */
static void add_keys(struct trial *t)
{
	struct key_outcome outcome;

	assert_ok(signing_key_tend(&t->w->context, &outcome));
	assert_true(outcome.changed);
	fixture_sql("INSERT INTO signing_key VALUES (UNHEX(REPEAT('14',32)), 4, 1, "
		    "UNHEX(REPEAT('15',32)), 1, NULL, 1, 2, 3, 4); DELETE FROM signing_turn");
}

/* One with a secret that everybody knows, under the first root. */
static void add_service(struct trial *t)
{
	unsigned char value[SERVICE_SECRET_BYTES] = {7};
	struct service_row row = {
		.name = STR("shop"),
		.scopes = SERVICE_INTROSPECT | SERVICE_FLOWS_READ,
		.state = SERVICE_ACTIVE,
		.created_at = WORLD_START,
		.secret_at = WORLD_START,
	};

	service_keep(t->w->keys, keyring_part(value, sizeof value), &row);
	assert_ok(service_store_insert(t->w->db, &row));
}

/* A recovery of alice's that was asked for by the API, and a notice of bob's that he may dispute.
 */
static void add_mail_codes(struct trial *t)
{
	const struct mail_code_request recovery = {
		.purpose = MAIL_RECOVERY,
		.address = STR("alice@example.org"),
		.user_id = t->scene.alice,
		.asker = {.kind = MAIL_ASKER_API},
	};
	const struct mail_code_request dispute = {
		.purpose = MAIL_NOT_ME,
		.address = STR("bob@example.org"),
		.user_id = t->scene.bob,
	};
	struct mail_code_made made;

	assert_ok(db_begin(t->w->db));
	assert_ok(mail_code_put(&t->w->context, t->w->db, &recovery, &made));
	t->scene.recovery =
		trial_lasting(t, (struct str){(const char *)made.code.bytes, made.code.len});
	t->scene.recovery_id = made.id;
	t->scene.recovery_link =
		trial_lasting(t, (struct str){(const char *)made.link.bytes, made.link.len});
	assert_ok(mail_code_put(&t->w->context, t->w->db, &dispute, &made));
	t->scene.dispute =
		trial_lasting(t, (struct str){(const char *)made.link.bytes, made.link.len});
	assert_ok(db_commit(t->w->db));
}

/*
 * Of alice: an authenticator app and another that she has not confirmed, recovery codes of which
 * one is used, two passkeys, a challenge, and a telephone with a key. Her password alone still
 * signs her in: user.factors says nothing of them.
 */
static void add_factors(void)
{
	fixture_sql(
		"INSERT INTO totp SELECT id, 1, REPEAT('s', 60), 5, 1, 2, 1, REPEAT('n', 60), 3 "
		"FROM user WHERE username = 'alice';"
		"INSERT INTO recovery_set SELECT id, UNHEX(REPEAT('31', 16)), 1, REPEAT('d', 360), "
		"1, 1, 2 FROM user WHERE username = 'alice';"
		"INSERT INTO passkey SELECT UNHEX(REPEAT(k.octet, 16)), u.id, "
		"CONCAT('credential-', "
		"k.octet), -7, REPEAT('k', 64), 7, 1, 0, 1, REPEAT('g', 16), 'usb', k.name, 1, "
		"NULL FROM user u JOIN (SELECT '32' AS octet, 'Telefon' AS name UNION "
		"SELECT '33', 'Klucz') k WHERE u.username = 'alice';"
		"INSERT INTO challenge SELECT UNHEX(REPEAT('34', 32)), id, 'pay', 4000000000000000 "
		"FROM user WHERE username = 'alice';"
		"UPDATE device SET key_kind = 1, public_key = REPEAT('p', 65), key_set_at = 1");
}

/* The members of the scene that others are found by. */
static void name_sessions(struct trial *t)
{
	struct scene *s = &t->scene;

	s->handle_id = trial_session(t, s->handle).found.session.id;
	s->handle_hash = trial_session(t, s->handle).found.session.hash;
	s->other_id = trial_session(t, s->other).found.session.id;
}

/* People, sessions of several kinds, what is due to be purged, counters, a set-up code. */
static void make_scene(struct trial *t)
{
	struct scene *s = &t->scene;
	struct client c = {.carrier = CARRIER_HANDLE};
	struct secret code = SECRET_NONE;

	t->w->context.now = WORLD_START;
	s->alice = person(t, "alice", "alice@example.org", "");
	s->bob = person(t, "bob", "bob@example.org", "");
	s->admin = person(t, "root", "root@example.org", "admin");
	c.user = s->alice;
	s->old = trial_lasting(t, text_of(sign_in(t->w, c)));
	c.presented = s->old;
	s->handle = trial_lasting(t, text_of(sign_in(t->w, c)));
	c.presented = STR_NONE;
	c.device = "telephone";
	s->other = trial_lasting(t, text_of(sign_in(t->w, c)));
	c = (struct client){.user = s->bob, .carrier = CARRIER_COOKIE};
	s->cookie = trial_lasting(t, text_of(sign_in(t->w, c)));
	add_guest(t);
	assert_ok(account_setup_begin(&t->w->context, &code));
	s->setup_code = trial_lasting(t, (struct str){(const char *)code.bytes, code.len});
	name_sessions(t);
	add_tenants(t);
	fixture_sql(
		"INSERT INTO outbox (id, kind, user_id, payload, due_at, created_at) "
		"SELECT id, 'hello', id, '{}', 0, 0 FROM user;"
		"INSERT INTO throttle SELECT UNHEX(REPEAT('22',32)), 3, 1, 1, 1, 1, 1, 0, 1, 1;"
		"INSERT INTO overview_hour VALUES (1799996400000000, 0, 2, 3, 1799996400000001)");
	t->w->context.now = WORLD_START + 2 * CLOCK_MINUTE;
	add_handover(t);
	add_keys(t);
	add_service(t);
	add_mail_codes(t);
	add_factors();
}

int trial_open(void **state)
{
	void *world = NULL;

	if (world_open(&world) != 0)
		return -1;
	trial.w = world;
	trial.w->config.password.memory = 64;
	trial.w->config.password.passes = 1;
	hasher_close(&trial.w->hasher);
	assert_ok(hasher_open(&trial.w->config, NULL, &trial.w->hasher));
	if (world_clean(&world) != 0)
		return -1;
	trial_open_keeper(&trial);
	make_scene(&trial);
	trial_keep(&trial);
	*state = &trial;
	return 0;
}

int trial_close(void **state)
{
	struct trial *t = *state;
	void *world = t->w;

	mysql_close(t->keeper);
	free(t->before);
	return world_close(&world);
}
