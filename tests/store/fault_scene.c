/* What every act under failures finds, and how what is left of it is compared: the tables as text.
 */
#include "fault_trial.h"

#include "guest.h"
#include "handover.h"
#include "mail_code.h"
#include "service.h"
#include "sha256.h"
#include "signing_key.h"

#define SPARE "fault_spare"

static struct trial trial;

static const char *const tables[] = {
	"user",          "password",  "tenant",      "membership",    "role",
	"permission",    "user_role", "device",      "session",       "rotation",
	"throttle",      "outbox",    "setup_code",  "audit_event",   "flow",
	"flow_counter",  "handover",  "signing_key", "signing_turn",  "token_family",
	"refresh_token", "service",   "mail_code",   "overview_hour",
};
#define TABLE_COUNT (sizeof tables / sizeof tables[0])

/* Rows as lines, without what is random; of throttle only what is counted. */
#define USER_OF(id) "IFNULL((SELECT username FROM user x WHERE x.id = " id "), '-')"
#define TENANT_OF(id) "IFNULL((SELECT name FROM tenant x WHERE x.id = " id "), '-')"
#define KNOWN(table, column)                                                                       \
	"IF(EXISTS(SELECT 1 FROM " SPARE "." table " x WHERE x." column " = t." column "), "       \
	"HEX(t." column "), 'new')"
#define USER USER_OF("t.user_id")
#define OWNER USER_OF("t.owner_id")
#define DEFAULT_TENANT TENANT_OF("t.default_tenant")
#define TENANT TENANT_OF("t.tenant_id")
#define ROLE "IFNULL((SELECT name FROM role x WHERE x.id = t.role_id), '-')"
#define KNOWN_HASH KNOWN("session", "hash")
#define KNOWN_ID KNOWN("session", "id")
#define KNOWN_CODE KNOWN("handover", "code_hash")
#define KNOWN_MAIL KNOWN("mail_code", "id")
#define KNOWN_KID KNOWN("signing_key", "kid")
#define KNOWN_FAMILY KNOWN("token_family", "session_id")
#define KNOWN_TOKEN KNOWN("refresh_token", "hash")
/* The database's own clock, which goes on between two runs. */
#define NEARLY(time) "IF(ABS(" time " - UNIX_TIMESTAMP() * 1000000) < 86400000000, 'now', " time ")"
#define PAIR "(SELECT COUNT(*) FROM session x WHERE x.pair_id = t.pair_id)"
#define REPEAT "(SELECT COUNT(*) FROM session x WHERE x.id = t.session_id AND x.epoch >= t.epoch)"
#define GIVER "(SELECT COUNT(*) FROM session x WHERE x.id = t.session_id AND x.epoch = t.epoch)"
/* What a lost answer had deleted is counted as nothing when it is asked again: see restore.h. */
#define DETAIL                                                                                     \
	"REGEXP_REPLACE(detail, CASE event WHEN 'sys_restore_check' THEN '[0-9]+' "                \
	"WHEN 'signing_keys_changed' THEN ' [A-Za-z0-9_-]{8}' ELSE '^[0-9a-f]{16}$' END, "         \
	"'subject')"

/* Of each table: what a line has after its name, and which rows. */
static const struct {
	const char *table, *columns, *where;
} shown[] = {
	{"user",
	 "username, email, display_name, state, grants, created_at, updated_at, language, "
	 "IFNULL(email_proven_at, 0), IFNULL(closed_at, 0), " DEFAULT_TENANT,
	 "1"},
	{"password", USER ", SUBSTRING_INDEX(hash, '$', 4), changed_at, must_change, refused", "1"},
	{"tenant", "name, title, created_at", "1"},
	{"membership", USER ", " TENANT ", grants, created_at", "1"},
	{"user_role", USER ", " TENANT ", HEX(role_id), created_at", "1"},
	{"role",
	 "name, elevated, turns, work, IFNULL(HEX(work_user), '-'), IFNULL(HEX(work_tenant), '-')",
	 "1"},
	{"permission", ROLE ", name", "1"},
	{"device",
	 USER ", HEX(ref_hash), kind, name, created_at, last_seen, IFNULL(trusted_until, 0), "
	      "key_set_at IS NULL",
	 "1"},
	{"session",
	 USER ", " TENANT ", " KNOWN_HASH ", " KNOWN_ID
	      ", epoch, carrier, class, state, value_used, held, client, aal, amr, auth_time, "
	      "IFNULL(aal2_end, 0), created_at, last_seen, idle_end, expires_at, device_name, ip, "
	      "device_id IS NULL",
	 "1"},
	{"rotation", "HEX(old_hash), epoch, repeat_until, " REPEAT, "1"},
	{"throttle", "HEX(key_hash), bucket, short_count, long_count, failures",
	 "short_count + long_count + failures > 0"},
	{"setup_code", "expires_at", "1"},
	{"outbox",
	 "kind, " USER ", recipient, language, LENGTH(payload), root, state, attempts, " NEARLY(
		 "due_at") ", created_at, " NEARLY("IFNULL(done_at, 0)") ", last_error, taken_by "
									 "IS NULL",
	 "1"},
	{"mail_code",
	 KNOWN_MAIL ", purpose, address, " USER ", payload, language, tries, created_at, code_end, "
		    "expires_at, IFNULL(used_at, 0)",
	 "1"},
	{"audit_event", "at, event, outcome, " USER ", source, " DETAIL, "1"},
	{"flow",
	 OWNER ", owner_kind, scope, kind, step, return_to, data, facts, from_guest, version, "
	       "created_at, "
	       "updated_at, expires_at",
	 "1"},
	{"flow_counter", OWNER ", kind, name, started_at, taken, last_at, purge_at", "1"},
	{"handover",
	 USER ", " KNOWN_CODE ", " GIVER ", receiver, epoch, created_at, expires_at, "
	      "IFNULL(used_at, 0)",
	 "1"},
	{"signing_key",
	 KNOWN_KID ", state, alg, root, seed IS NULL, made_at, IFNULL(active_at, 0), "
		   "IFNULL(retiring_at, 0), IFNULL(gone_at, 0)",
	 "1"},
	{"signing_turn", "turn", "1"},
	{"overview_hour", "hour_start, sign_ins, failures, sessions, updated_at", "1"},
	{"token_family",
	 USER ", " KNOWN_FAMILY ", client, created_at, expires_at, IFNULL(ended_at, 0)", "1"},
	{"refresh_token",
	 KNOWN_TOKEN ", issued_at, expires_at, IFNULL(used_at, 0), IFNULL(replaced_at, 0), "
		     "nonce IS NULL, child_hash IS NULL, presenter IS NULL, " PAIR,
	 "1"},
	/* A new secret is another one in every run. */
	{"service",
	 "name, root, former_hash IS NULL, "
	 "IFNULL(former_until, 0), scopes, state, created_at, secret_at",
	 "1"},
};

/* "BEGIN; SELECT …; SELECT …; COMMIT" */
static const char *state_sql(void)
{
	static char sql[16384];
	size_t n = 0;

	for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++)
		n += (size_t)snprintf(
			sql + n, sizeof sql - n,
			"%s SELECT CONCAT_WS('|', '%s', %s) AS line FROM %s t WHERE %s;",
			i == 0 ? "BEGIN;" : "", shown[i].table, shown[i].columns, shown[i].table,
			shown[i].where);
	n += (size_t)snprintf(sql + n, sizeof sql - n, " COMMIT");
	assert_true(n < sizeof sql);
	return sql;
}

static void admin(struct trial *t, const char *sql)
{
	int more = mysql_query(t->keeper, sql);

	while (more == 0) {
		mysql_free_result(mysql_store_result(t->keeper));
		more = mysql_next_result(t->keeper);
	}
	if (more > 0)
		fail_msg("%s: %s", sql, mysql_error(t->keeper));
}

static int by_line(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The rows of one table, in an order that is the same whatever the server's is. */
static size_t put_lines(MYSQL_RES *result, char *text, size_t size)
{
	size_t rows = (size_t)mysql_num_rows(result);
	const char **lines = calloc(rows + 1, sizeof *lines);
	size_t n = 0;

	assert_non_null(lines);
	for (size_t i = 0; i < rows; i++)
		lines[i] = mysql_fetch_row(result)[0];
	qsort(lines, rows, sizeof *lines, by_line);
	for (size_t i = 0; i < rows; i++) {
		n += (size_t)snprintf(text + n, size - n, "%s\n", lines[i]);
		assert_true(n < size);
	}
	free(lines);
	return n;
}

/*
 * SERIALIZABLE: reads wait for every lock, so for what the server still undoes; a transaction that
 * somebody left open makes this fail.
 */
char *trial_state(struct trial *t)
{
	char *text = calloc(1, TRIAL_TEXT);
	int more = mysql_query(t->keeper, state_sql());
	size_t n = 0;

	assert_non_null(text);
	while (more == 0) {
		MYSQL_RES *result = mysql_store_result(t->keeper);

		if (result != NULL)
			n += put_lines(result, text + n, TRIAL_TEXT - n);
		mysql_free_result(result);
		more = mysql_next_result(t->keeper);
	}
	if (more > 0)
		fail_msg("what was left is locked: %s", mysql_error(t->keeper));
	return text;
}

/* All in one message: waiting for each answer would be what takes the longest. */
static void copy_tables(struct trial *t, const char *to, const char *from)
{
	char sql[8192] = "BEGIN;";
	size_t n = strlen(sql);

	for (size_t i = 0; i < TABLE_COUNT; i++)
		n += (size_t)snprintf(sql + n, sizeof sql - n,
				      "DELETE FROM %s%s; INSERT INTO %s%s SELECT * FROM %s%s;", to,
				      tables[i], to, tables[i], from, tables[i]);
	n += (size_t)snprintf(sql + n, sizeof sql - n, "COMMIT");
	assert_true(n < sizeof sql);
	admin(t, sql);
}

void trial_restore(struct trial *t)
{
	copy_tables(t, "", SPARE ".");
}

static void open_keeper(struct trial *t)
{
	char sql[256];

	t->keeper = fixture_raw(&t->w->config, DB_ROLE_COUNT);
	admin(t, "SET SESSION tx_isolation = 'SERIALIZABLE', innodb_lock_wait_timeout = 20;"
		 "SET GLOBAL innodb_flush_log_at_trx_commit = 0;"
		 "CREATE DATABASE IF NOT EXISTS " SPARE);
	for (size_t i = 0; i < TABLE_COUNT; i++) {
		snprintf(sql, sizeof sql, "CREATE TABLE " SPARE ".%s LIKE %s", tables[i],
			 tables[i]);
		admin(t, sql);
	}
}

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
}

void trial_keep(struct trial *t)
{
	copy_tables(t, SPARE ".", "");
	free(t->before);
	t->before = trial_state(t);
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
	open_keeper(&trial);
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
