/* Housekeeping against a database. */
#include "auth_world.h"

#include "audit_store.h"
#include "purge.h"
#include "throttle_policy.h"

static struct purge_report purge(struct world *w)
{
	struct purge_report report = {.sessions = 0};

	assert_ok(purge_run(&w->context, clock_monotonic() + 30 * CLOCK_SECOND, &report));
	return report;
}

/* An ended session is remembered as expired for a day, and then unknown. */
static void expired_sessions_go_after_a_day(void **state)
{
	struct world *w = *state;
	struct client c = {.user = fixture_add_user(w->fixture, "alice"),
			   .carrier = CARRIER_COOKIE};
	struct str browser = text_of(sign_in(w, c));
	struct str native;
	int64_t end = WORLD_START + 30 * CLOCK_MINUTE;

	c.carrier = CARRIER_HANDLE;
	native = text_of(sign_in(w, c));
	w->context.now = end + CLOCK_DAY - 1;
	assert_int_equal(purge(w).sessions, 0);
	assert_int_equal(standing(w, CARRIER_COOKIE, browser), SESSION_EXPIRED);
	w->context.now = end + CLOCK_DAY + 1;
	assert_int_equal(purge(w).sessions, 1);
	assert_int_equal(standing(w, CARRIER_COOKIE, browser), SESSION_UNKNOWN);
	assert_int_equal(standing(w, CARRIER_HANDLE, native), SESSION_LIVE);
	assert_int_equal(purge(w).sessions, 0);
}

/* An old value is told that it was replaced for a day. */
static void rotations_go_after_a_day(void **state)
{
	struct world *w = *state;
	struct client c = {.user = fixture_add_user(w->fixture, "alice"),
			   .carrier = CARRIER_HANDLE};

	c.presented = text_of(sign_in(w, c));
	sign_in(w, c);
	w->context.now += CLOCK_DAY - 1;
	assert_int_equal(purge(w).rotations, 0);
	assert_int_equal(standing(w, CARRIER_HANDLE, c.presented), SESSION_REPLACED);
	w->context.now += 2;
	assert_int_equal(purge(w).rotations, 1);
	assert_int_equal(standing(w, CARRIER_HANDLE, c.presented), SESSION_UNKNOWN);
}

static void unused_devices_go(void **state)
{
	struct world *w = *state;
	struct client c = {.user = fixture_add_user(w->fixture, "alice"),
			   .carrier = CARRIER_HANDLE,
			   .device = "telephone"};

	sign_in(w, c);
	w->context.now += 400 * CLOCK_DAY;
	assert_int_equal(purge(w).devices, 0);
	w->context.now += 1;
	/* Its session, over long ago, went with the first run. */
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM session"), 0);
	assert_int_equal(purge(w).devices, 1);
}

static void add_events(struct world *w, size_t n, int64_t at)
{
	struct audit_row row = {.at = at, .event = STR("session_created"), .outcome = STR("ok")};

	assert_ok(db_begin(w->db));
	for (size_t i = 0; i < n; i++) {
		row.id = id_random();
		assert_ok(audit_store_insert(w->db, &row));
	}
	assert_ok(db_commit(w->db));
}

/* More than a batch goes too, and only what is old. */
static void goes_on_until_nothing_is_left(void **state)
{
	struct world *w = *state;
	struct purge_report report = {.events = 7};

	add_events(w, 1203, WORLD_START - 401 * CLOCK_DAY);
	add_events(w, 3, WORLD_START - 399 * CLOCK_DAY);
	assert_ok(purge_run(&w->context, clock_monotonic() + 30 * CLOCK_SECOND, &report));
	assert_int_equal(report.events, 7 + 1203);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM audit_event"), 3);
}

/* A counter goes a day after its last attempt. */
static void throttle_counters_go(void **state)
{
	struct world *w = *state;
	struct throttle_count count = {
		.key = fixture_digest(),
		.bucket = THROTTLE_ACCOUNT,
		.now = WORLD_START,
		.spans = throttle_policy_spans(THROTTLE_ACCOUNT),
	};

	assert_ok(throttle_store_take(w->db, &count));
	w->context.now += CLOCK_DAY;
	assert_int_equal(purge(w).throttles, 0);
	w->context.now += 1;
	assert_int_equal(purge(w).throttles, 1);
}

/* Without time left nothing is done, and that is no error. */
static void stops_in_time(void **state)
{
	struct world *w = *state;
	struct purge_report report = {.events = 0};
	uint64_t before = 0;

	add_events(w, 10, WORLD_START - 401 * CLOCK_DAY);
	before = db_statement_count(w->db);
	assert_ok(purge_run(&w->context, clock_monotonic(), &report));
	assert_int_equal(report.events, 0);
	assert_int_equal(db_statement_count(w->db), before);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM audit_event"), 10);
}

#define TEST(name) cmocka_unit_test_setup(name, world_clean)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(expired_sessions_go_after_a_day),
		TEST(rotations_go_after_a_day),
		TEST(unused_devices_go),
		TEST(goes_on_until_nothing_is_left),
		TEST(throttle_counters_go),
		TEST(stops_in_time),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
