/* TK-18, TK-19: services against a database: who they are, whose sessions they see, their secrets.
 */
#include "auth_world.h"

#include <pthread.h>

#include "audit.h"
#include "service.h"
#include "service_admin.h"

#define SHOP STR("shop")

static struct client_config clients[] = {
	{.name = {"app", 3}, .services = {"shop", 4}},
};

static int set_up(void **state)
{
	struct world *w = *state;

	if (world_clean(state) != 0)
		return -1;
	w->config.clients = clients;
	w->config.client_count = 1;
	return 0;
}

static struct str made(struct world *w, uint32_t scopes)
{
	struct service_effect effect;

	assert_ok(service_create(&w->context, SHOP, scopes, &effect));
	assert_int_equal(effect.outcome, SERVICE_DONE);
	return (struct str){(const char *)effect.secret.bytes, effect.secret.len};
}

static struct service_admission asked(struct world *w, struct str name, struct str secret,
				      const struct service_subject *subject)
{
	const struct service_login login = {.name = name, .secret = secret};
	struct service_admission admission;

	assert_ok(service_admit(&w->context, &login, subject, &admission));
	return admission;
}

static enum service_verdict verdict_of(struct world *w, struct str secret)
{
	return asked(w, SHOP, secret, &(struct service_subject){.id = NULL}).verdict;
}

static struct session_issued somebody(struct world *w)
{
	struct user_row user = fixture_user("alice");

	user.id = fixture_add_user(w->fixture, "alice");
	return sign_in(w, (struct client){.user = user.id, .carrier = CARRIER_HANDLE});
}

static void nothing_is_kept_that_opens(void **state)
{
	struct world *w = *state;
	struct str secret = made(w, SERVICE_INTROSPECT);

	assert_int_equal(secret.n, 47);
	assert_true(str_starts(secret, STR("gpk_")));
	assert_int_equal(verdict_of(w, secret), SERVICE_ADMITTED);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM service WHERE root = 1 AND "
					"former_hash IS NULL AND former_until IS NULL"),
			 1);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM audit_event WHERE "
					"event = 'service_changed' AND "
					"detail = 'shop: added, may introspect'"),
			 1);
}

/* The same secret under another name is another service's. */
static void a_secret_is_bound_to_its_name(void **state)
{
	struct world *w = *state;
	struct str secret = made(w, SERVICE_INTROSPECT);

	fixture_sql("INSERT INTO service SELECT 'shop2', secret_hash, root, former_hash, "
		    "former_until, scopes, state, created_at, secret_at FROM service");
	assert_int_equal(
		asked(w, STR("shop2"), secret, &(struct service_subject){.id = NULL}).verdict,
		SERVICE_REFUSED);
	assert_int_equal(verdict_of(w, secret), SERVICE_ADMITTED);
}

static void one_statement_and_no_write(void **state)
{
	struct world *w = *state;
	struct str secret = made(w, SERVICE_INTROSPECT);
	struct session_issued issued = somebody(w);
	struct credential credential = credential_of(w, CARRIER_HANDLE, text_of(issued));
	const struct service_subject subject = {.hashes = credential.hashes};
	uint64_t before = statements(w);
	struct service_admission admission = asked(w, SHOP, secret, &subject);

	assert_int_equal(statements(w), before + 1);
	assert_int_equal(admission.verdict, SERVICE_ADMITTED);
	assert_int_equal(admission.session.standing, SESSION_LIVE);
	assert_true(str_equal(admission.session.found.username, STR("alice")));
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM throttle"), 0);
}

static void sees_what_the_client_lists(void **state)
{
	struct world *w = *state;
	struct str secret = made(w, SERVICE_INTROSPECT);
	struct session_issued issued = somebody(w);
	struct id id = issued.session.found.session.id;
	struct id none = id_random();
	const struct service_subject by_id = {.id = &id};
	const struct service_subject nobody = {.id = &none};

	assert_int_equal(asked(w, SHOP, secret, &by_id).session.standing, SESSION_LIVE);
	assert_int_equal(asked(w, SHOP, secret, &nobody).session.standing, SESSION_UNKNOWN);
	fixture_sql("UPDATE session SET held = 1");
	assert_int_equal(asked(w, SHOP, secret, &by_id).session.standing, SESSION_HELD);
	fixture_sql("UPDATE session SET client = 'other'");
	assert_int_equal(asked(w, SHOP, secret, &by_id).session.standing, SESSION_UNKNOWN);
	assert_true(id_is_none(asked(w, SHOP, secret, &by_id).session.found.session.id));
	fixture_sql("UPDATE session SET client = 'app', held = 0");
	fixture_sql("UPDATE user SET state = 2");
	assert_int_equal(asked(w, SHOP, secret, &by_id).session.standing, SESSION_UNKNOWN);
}

static void rotation_has_an_overlap(void **state)
{
	struct world *w = *state;
	struct str first = made(w, SERVICE_INTROSPECT);
	struct service_effect effect;

	assert_ok(service_rotate(&w->context, SHOP, CLOCK_HOUR, &effect));
	struct str second = {(const char *)effect.secret.bytes, effect.secret.len};
	assert_false(str_equal(first, second));
	w->context.now += CLOCK_HOUR - 1;
	assert_int_equal(verdict_of(w, first), SERVICE_ADMITTED);
	assert_int_equal(verdict_of(w, second), SERVICE_ADMITTED);
	w->context.now += 1;
	assert_int_equal(verdict_of(w, first), SERVICE_REFUSED);
	assert_int_equal(verdict_of(w, second), SERVICE_ADMITTED);
	assert_ok(service_rotate(&w->context, SHOP, 0, &effect));
	assert_int_equal(verdict_of(w, second), SERVICE_REFUSED);
	assert_int_equal(service_rotate(&w->context, SHOP, SERVICE_OVERLAP_MAX + 1, &effect),
			 ERR_INPUT);
	assert_int_equal(service_rotate(&w->context, SHOP, -1, &effect), ERR_INPUT);
}

static void scopes_and_states_change_once(void **state)
{
	struct world *w = *state;
	struct str secret = made(w, SERVICE_INTROSPECT);
	struct service_effect effect;

	assert_ok(service_add_scopes(&w->context, SHOP, SERVICE_SESSIONS_END, &effect));
	assert_int_equal(effect.row.scopes, SERVICE_INTROSPECT | SERVICE_SESSIONS_END);
	assert_ok(service_add_scopes(&w->context, SHOP, SERVICE_SESSIONS_END, &effect));
	assert_int_equal(effect.outcome, SERVICE_ALREADY);
	assert_ok(service_remove_scopes(&w->context, SHOP, SERVICE_INTROSPECT, &effect));
	assert_int_equal(effect.row.scopes, SERVICE_SESSIONS_END);
	assert_ok(service_disable(&w->context, SHOP, &effect));
	assert_int_equal(verdict_of(w, secret), SERVICE_REFUSED);
	assert_ok(service_disable(&w->context, SHOP, &effect));
	assert_int_equal(effect.outcome, SERVICE_ALREADY);
	assert_ok(service_enable(&w->context, SHOP, &effect));
	assert_int_equal(verdict_of(w, secret), SERVICE_ADMITTED);
	assert_ok(service_create(&w->context, SHOP, SERVICE_INTROSPECT, &effect));
	assert_int_equal(effect.outcome, SERVICE_TAKEN);
	assert_false(secret_is_present(effect.secret));
	assert_ok(service_remove(&w->context, SHOP, &effect));
	assert_int_equal(verdict_of(w, secret), SERVICE_REFUSED);
	assert_ok(service_remove(&w->context, SHOP, &effect));
	assert_int_equal(effect.outcome, SERVICE_NOT_THERE);
	assert_ok(service_create(&w->context, STR("Shop"), SERVICE_INTROSPECT, &effect));
	assert_int_equal(effect.outcome, SERVICE_BAD_NAME);
	assert_int_equal(
		fixture_number("SELECT COUNT(*) FROM audit_event WHERE event = 'service_changed'"),
		6);
}

/* Under the root before: good, and kept under the newest from the first call on. */
static void outlives_a_root_once_it_has_called(void **state)
{
	struct world *w = *state;
	struct keyring *both = world_keys(WORLD_KEY_1 WORLD_KEY_2);
	struct keyring *second = world_keys(WORLD_KEY_2);
	struct str secret = made(w, SERVICE_INTROSPECT);

	w->context.keys = second;
	assert_int_equal(verdict_of(w, secret), SERVICE_REFUSED);
	w->context.keys = both;
	assert_int_equal(verdict_of(w, secret), SERVICE_ADMITTED);
	assert_int_equal(fixture_number("SELECT root FROM service"), 2);
	w->context.keys = second;
	uint64_t before = statements(w);
	assert_int_equal(verdict_of(w, secret), SERVICE_ADMITTED);
	assert_int_equal(statements(w), before + 1);
	w->context.keys = w->keys;
	keyring_free(&both);
	keyring_free(&second);
}

#define TRIES 12
struct guess {
	struct world *w;
	struct db *db;
	enum service_verdict verdict;
};

static void *guess_wrong(void *opaque)
{
	struct guess *guess = opaque;
	struct auth_context context = guess->w->context;
	const struct service_login login = {.name = SHOP, .secret = STR("gpk_")};
	struct service_admission admission;

	context.db = guess->db;
	if (arena_open(65536, 1 << 20, &context.arena) != OK)
		return NULL;
	if (service_admit(&context, &login, &(struct service_subject){.id = NULL}, &admission) ==
	    OK)
		guess->verdict = admission.verdict;
	arena_close(&context.arena);
	return NULL;
}

/* However many come at once, so many are told that it was wrong, and the others to wait. */
static void wrong_tries_cannot_race(void **state)
{
	struct world *w = *state;
	struct str secret = made(w, SERVICE_INTROSPECT);
	pthread_t threads[TRIES];
	struct guess guesses[TRIES];
	unsigned refused = 0;

	for (size_t i = 0; i < TRIES; i++) {
		guesses[i] = (struct guess){.w = w,
					    .db = fixture_db(&w->fixture->config, DB_ROLE_WEB),
					    .verdict = SERVICE_ADMITTED};
		assert_int_equal(pthread_create(&threads[i], NULL, guess_wrong, &guesses[i]), 0);
	}
	for (size_t i = 0; i < TRIES; i++) {
		pthread_join(threads[i], NULL);
		db_close(&guesses[i].db);
		assert_int_not_equal(guesses[i].verdict, SERVICE_ADMITTED);
		refused += guesses[i].verdict == SERVICE_REFUSED ? 1 : 0;
	}
	assert_int_equal(refused, w->config.throttle.free_failures);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM audit_event "
					"WHERE event = 'service_login_fail' AND detail = 'shop'"),
			 refused);
	assert_int_equal(verdict_of(w, secret), SERVICE_ADMITTED);
}

/* TH: one address that tries many names. */
static void a_source_is_counted_too(void **state)
{
	struct world *w = *state;
	const struct service_subject nobody = {.id = NULL};
	char name[16];

	w->config.throttle.source_short = 3;
	for (int i = 0; i < 5; i++) {
		(void)snprintf(name, sizeof name, "try%d", i);
		assert_int_equal(asked(w, str_of(name), STR("x"), &nobody).verdict,
				 i < 3 ? SERVICE_REFUSED : SERVICE_THROTTLED);
	}
	assert_true(asked(w, STR("try9"), STR("x"), &nobody).wait > 0);
	w->context.ip = STR("192.0.2.8");
	assert_int_equal(asked(w, STR("try9"), STR("x"), &nobody).verdict, SERVICE_REFUSED);
	w->config.throttle.source_short = 50;
	assert_int_equal(
		fixture_number("SELECT COUNT(*) FROM audit_event "
			       "WHERE event = 'service_login_fail' AND detail LIKE 'try%'"),
		0);
}

/* What a service does is recorded with its name. */
static void events_name_the_service(void **state)
{
	struct world *w = *state;
	const struct audit_event with = {.kind = AUDIT_SESSION_HELD, .detail = STR("odd")};
	const struct audit_event without = {.kind = AUDIT_SESSION_ENDED};

	w->context.service = SHOP;
	assert_ok(audit_record(&w->context, &with));
	assert_ok(audit_record(&w->context, &without));
	w->context.service = STR_NONE;
	assert_int_equal(
		fixture_number("SELECT COUNT(*) FROM audit_event WHERE detail = 'by shop: odd'"),
		1);
	assert_int_equal(
		fixture_number("SELECT COUNT(*) FROM audit_event WHERE detail = 'by shop'"), 1);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_kept_that_opens),
		TEST(a_secret_is_bound_to_its_name),
		TEST(one_statement_and_no_write),
		TEST(sees_what_the_client_lists),
		TEST(rotation_has_an_overlap),
		TEST(scopes_and_states_change_once),
		TEST(outlives_a_root_once_it_has_called),
		TEST(wrong_tries_cannot_race),
		TEST(a_source_is_counted_too),
		TEST(events_name_the_service),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
