/* Flows against a database: every act with every verdict. */
#include "flow_world.h"

#include "purge.h"

static void begins_at_its_first_step(void **state)
{
	struct world *w = *state;
	struct flow_reach alice = a_user(w, "alice");
	struct flow_outcome fund = start(w, alice, "fund");
	struct flow_outcome tour = start(w, alice, "tour");
	struct flow_outcome other = start_with(
		w, alice, "other",
		(struct flow_beginning){.return_to = STR("/x"), .data = STR("{\"a\":1}")});
	const struct flow_row *row = &fund.flow.row;

	assert_verdict(fund, FLOW_CREATED);
	assert_non_null(fund.flow.declared);
	assert_true(id_equal(row->owner_id, alice.user_id));
	assert_int_equal(row->owner_kind, FLOW_OWNER_USER);
	assert_int_equal(row->scope, FLOW_SCOPE_USER);
	assert_str(row->kind, "fund");
	assert_str(row->step, "start");
	assert_str(row->return_to, "");
	assert_str(row->data, "{}");
	assert_str(row->facts, "{}");
	assert_false(row->from_guest);
	assert_int_equal(row->version, 1);
	assert_int_equal(row->created_at, WORLD_START);
	assert_int_equal(row->updated_at, WORLD_START);
	assert_int_equal(row->expires_at, WORLD_START + CLOCK_DAY);
	assert_int_equal(fund.flow.counter_count, 2);
	assert_str(fund.flow.counters[1].name, "resend");
	assert_int_equal(fund.flow.counters[0].left, FUND_ATTEMPTS);
	assert_int_equal(fund.flow.counters[0].retry_at, 0);
	assert_verdict(tour, FLOW_CREATED);
	assert_true(id_equal(tour.flow.row.owner_id, alice.session_id));
	assert_int_equal(tour.flow.row.scope, FLOW_SCOPE_SESSION);
	assert_str(tour.flow.row.step, "hello");
	assert_int_equal(tour.flow.row.expires_at, WORLD_START + 2 * CLOCK_HOUR);
	assert_verdict(other, FLOW_CREATED);
	assert_null(other.flow.declared);
	assert_int_equal(other.flow.counter_count, 0);
	assert_str(other.flow.row.return_to, "/x");
	assert_str(other.flow.row.data, "{\"a\":1}");
}

/* Running already: with it as it is, whatever came. */
static void begins_once(void **state)
{
	struct world *w = *state;
	struct flow_reach alice = a_user(w, "alice");
	struct flow_outcome first = start(w, alice, "fund");
	struct flow_outcome again;

	w->context.now += CLOCK_HOUR;
	again = start_with(w, alice, "fund",
			   (struct flow_beginning){.return_to = STR("/y"),
						   .data = data_of_size(w, FLOW_DATA_MAX + 1)});
	assert_verdict(again, FLOW_DONE);
	assert_true(id_equal(again.flow.row.id, first.flow.row.id));
	assert_int_equal(again.flow.row.version, 1);
	assert_str(again.flow.row.data, "{}");
	assert_str(again.flow.row.return_to, "");
	assert_int_equal(again.flow.row.expires_at, WORLD_START + CLOCK_DAY);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM flow"), 1);
}

static void reads_what_runs(void **state)
{
	struct world *w = *state;
	struct flow_reach alice = a_user(w, "alice");
	struct flow_outcome none = read_flow(w, alice, "fund");
	struct flow_outcome there;
	uint64_t before = 0;

	assert_verdict(none, FLOW_UNKNOWN);
	(void)start_with(w, alice, "fund",
			 (struct flow_beginning){.data = STR("{\"a\":[1,null]}")});
	before = statements(w);
	there = read_flow(w, alice, "fund");
	assert_int_equal(statements(w) - before, 1);
	assert_verdict(there, FLOW_DONE);
	assert_str(there.flow.row.data, "{\"a\":[1,null]}");
	assert_verdict(read_flow(w, alice, "fun"), FLOW_UNKNOWN);
	assert_verdict(read_flow(w, alice, "FUND"), FLOW_UNKNOWN);
}

static void none_runs(void **state)
{
	struct world *w = *state;
	struct flow_reach alice = a_user(w, "alice");

	assert_all(w, alice, "fund", FLOW_UNKNOWN);
	assert_all(w, alice, "other", FLOW_UNKNOWN);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM flow_counter"), 0);
}

static void it_has_expired(void **state)
{
	struct world *w = *state;
	struct flow_reach alice = a_user(w, "alice");
	struct flow_outcome old =
		start_with(w, alice, "fund", (struct flow_beginning){.data = STR("{\"a\":1}")});
	struct flow_outcome fresh;

	w->context.now += CLOCK_DAY - 1;
	assert_verdict(read_flow(w, alice, "fund"), FLOW_DONE);
	w->context.now += 1;
	assert_all(w, alice, "fund", FLOW_OVER);
	fresh = start(w, alice, "fund");
	assert_verdict(fresh, FLOW_CREATED);
	assert_false(id_equal(fresh.flow.row.id, old.flow.row.id));
	assert_str(fresh.flow.row.data, "{}");
	assert_int_equal(fresh.flow.row.version, 1);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM flow"), 1);
	/* What was known of the old one says nothing about the new one. */
	struct flow_match match = match_of(&old);
	assert_verdict(step(w, alice, "fund", &match, "kyc"), FLOW_STALE);
}

/* Only what is declared, once nothing else may be; what was begun before is not there any more. */
static void free_kinds_may_be_closed(void **state)
{
	struct world *w = *state;
	struct session_issued issued = session_of(w, fixture_add_user(w->fixture, "alice"));
	struct flow_reach alice = reach_of(issued);

	assert_verdict(start(w, alice, "other"), FLOW_CREATED);
	assert_verdict(step(w, alice, "other", &match_any, "anywhere"), FLOW_DONE);
	assert_verdict(step(w, alice, "other", &match_any, "back"), FLOW_DONE);
	assert_verdict(attempt(w, alice, "other", "otp"), FLOW_NO_COUNTER);
	assert_verdict(serve(w, alice, "other", STR_NONE, STR("served")), FLOW_DONE);
	w->config.free_flows = false;
	assert_all(w, alice, "other", FLOW_UNKNOWN);
	assert_verdict(start(w, alice, "other"), FLOW_UNKNOWN);
	assert_verdict(start(w, alice, "else"), FLOW_UNKNOWN);
	assert_int_equal(state_of_session(w, &issued.session).n, 0);
	assert_verdict(start(w, alice, "fund"), FLOW_CREATED);
	w->config.free_flows = true;
	assert_str(read_flow(w, alice, "other").flow.row.step, "served");
}

/* Whoever may do nothing now: nothing is done. Reading asks nobody: the session was resolved. */
static void assert_gone(struct world *w, struct flow_reach reach)
{
	int64_t before = fixture_number("SELECT COALESCE(SUM(version), 0) FROM flow");

	assert_verdict(start(w, reach, "new"), FLOW_GONE);
	assert_verdict(start(w, reach, "fund"), FLOW_GONE);
	assert_verdict(patch(w, reach, "fund", "{\"b\":2}"), FLOW_GONE);
	assert_verdict(step(w, reach, "fund", &match_any, "kyc"), FLOW_GONE);
	assert_verdict(end_flow(w, reach, "fund", NULL), FLOW_GONE);
	assert_verdict(attempt(w, reach, "fund", "otp"), FLOW_GONE);
	assert_verdict(serve(w, reach, "fund", STR("{\"c\":3}"), STR_NONE), FLOW_GONE);
	assert_int_equal(fixture_number("SELECT COALESCE(SUM(version), 0) FROM flow"), before);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM flow_counter"), 0);
}

static void who_is_gone_changes_nothing(void **state)
{
	struct world *w = *state;
	struct flow_reach alice = a_user(w, "alice");
	struct session_issued guest = guest_of(w);
	struct session_issued ended = guest_of(w);
	struct flow_reach nobody = {.user_id = id_random(), .session_id = id_random()};

	(void)start(w, alice, "fund");
	(void)start(w, reach_of(guest), "fund");
	(void)start(w, reach_of(ended), "fund");
	assert_ok(user_store_set_state(w->db, &alice.user_id, USER_LOCKED, w->context.now));
	assert_gone(w, alice);
	(void)promoted(w, &guest, fixture_add_user(w->fixture, "bob"));
	assert_gone(w, reach_of(guest));
	assert_ok(session_end(&w->context, &ended.session));
	assert_gone(w, reach_of(ended));
	assert_gone(w, nobody);
}

static void patches_data_and_return_to(void **state)
{
	struct world *w = *state;
	struct flow_reach alice = a_user(w, "alice");
	struct flow_outcome outcome =
		start_with(w, alice, "fund",
			   (struct flow_beginning){.data = STR("{\"a\":1,\"b\":{\"c\":2}}"),
						   .return_to = STR("/x")});

	w->context.now += CLOCK_MINUTE;
	outcome = patch(w, alice, "fund", "{\"a\":null,\"b\":{\"d\":3}}");
	assert_verdict(outcome, FLOW_DONE);
	assert_str(outcome.flow.row.data, "{\"b\":{\"c\":2,\"d\":3}}");
	assert_str(outcome.flow.row.return_to, "/x");
	assert_int_equal(outcome.flow.row.version, 2);
	assert_int_equal(outcome.flow.row.updated_at, w->context.now);
	assert_int_equal(outcome.flow.row.expires_at, WORLD_START + CLOCK_DAY);
	outcome = patch_with(w, alice, "fund", (struct flow_patch){.return_to = STR("/y")});
	assert_str(outcome.flow.row.return_to, "/y");
	assert_str(outcome.flow.row.data, "{\"b\":{\"c\":2,\"d\":3}}");
	outcome = patch_with(w, alice, "fund",
			     (struct flow_patch){.clears_data = true, .return_to = STR("")});
	assert_str(outcome.flow.row.return_to, "");
	assert_str(outcome.flow.row.data, "{}");
	outcome = patch(w, alice, "fund", "{\"z\":[null]}");
	assert_int_equal(outcome.flow.row.version, 5);
	outcome = read_flow(w, alice, "fund");
	assert_int_equal(outcome.flow.row.version, 5);
	assert_str(outcome.flow.row.data, "{\"z\":[null]}");
	assert_str(outcome.flow.row.facts, "{}");
	assert_str(outcome.flow.row.step, "start");
}

static void what_changes_nothing_is_no_version(void **state)
{
	struct world *w = *state;
	struct flow_reach alice = a_user(w, "alice");
	struct flow_outcome outcome = start_with(
		w, alice, "fund",
		(struct flow_beginning){.data = STR("{\"a\":1}"), .return_to = STR("/x")});

	w->context.now += CLOCK_MINUTE;
	outcome = patch_with(
		w, alice, "fund",
		(struct flow_patch){.data = STR("{\"a\": 1, \"b\":null}"), .return_to = STR("/x")});
	assert_verdict(outcome, FLOW_DONE);
	assert_int_equal(outcome.flow.row.version, 1);
	assert_int_equal(outcome.flow.row.updated_at, WORLD_START);
	outcome = patch_with(w, alice, "fund", (struct flow_patch){.match = &match_any});
	assert_verdict(outcome, FLOW_DONE);
	assert_int_equal(read_flow(w, alice, "fund").flow.row.version, 1);
}

/* What is no patch is its sender's fault, and nothing of it is done. */
static void refuses_what_is_no_patch(void **state)
{
	struct world *w = *state;
	struct flow_key key = {.reach = a_user(w, "alice"), .kind = STR("fund")};
	struct flow_patch no_object = {.match = &match_any,
				       .merge = json_merge,
				       .data = STR("[]"),
				       .return_to = STR("/y")};
	struct flow_service service = {.merge = json_merge, .facts = STR("1"), .to = STR("otp")};
	struct flow_outcome outcome;

	(void)start(w, key.reach, "fund");
	assert_int_equal(flow_patch(&w->context, &key, &no_object, &outcome), ERR_INPUT);
	assert_int_equal(flow_serve(&w->context, &key, &service, &outcome), ERR_INPUT);
	assert_false(db_in_transaction(w->db));
	outcome = read_flow(w, key.reach, "fund");
	assert_int_equal(outcome.flow.row.version, 1);
	assert_str(outcome.flow.row.return_to, "");
	assert_str(outcome.flow.row.step, "start");
}

/* Of two that have read the same, one writes. */
static void a_stale_version_is_refused(void **state)
{
	struct world *w = *state;
	struct flow_reach alice = a_user(w, "alice");
	struct flow_outcome seen = start(w, alice, "fund");
	struct flow_match match = match_of(&seen);
	struct flow_match other = {.tags = {{seen.flow.row.id, 2}, {id_random(), 2}}, .n = 1};
	struct flow_patch change = {.match = &match, .data = STR("{\"a\":1}")};

	assert_verdict(patch_with(w, alice, "fund", change), FLOW_DONE);
	change.data = STR("{\"a\":2}");
	seen = patch_with(w, alice, "fund", change);
	assert_verdict(seen, FLOW_STALE);
	assert_str(seen.flow.row.data, "{\"a\":1}");
	assert_int_equal(seen.flow.row.version, 2);
	/* Also what would change nothing, or may not be. */
	change.data = STR("{\"a\":1}");
	assert_verdict(patch_with(w, alice, "fund", change), FLOW_STALE);
	assert_verdict(step(w, alice, "fund", &match, "kyc"), FLOW_STALE);
	assert_verdict(step(w, alice, "fund", &match, "done"), FLOW_STALE);
	assert_verdict(end_flow(w, alice, "fund", &match), FLOW_STALE);
	/* Of many, one must be the present one. */
	other.tags[0].id = id_random();
	other.tags[1] = match_of(&seen).tags[0];
	assert_verdict(step(w, alice, "fund", &other, "kyc"), FLOW_STALE);
	other.n = 2;
	assert_verdict(step(w, alice, "fund", &other, "kyc"), FLOW_DONE);
	match = (struct flow_match){.n = 0};
	assert_verdict(end_flow(w, alice, "fund", &match), FLOW_STALE);
}

/* SE-24: clients make the listed moves and no others. */
static void clients_make_only_listed_moves(void **state)
{
	static const char *const refused[] = {"start", "otp", "done", "gone", ""};
	struct world *w = *state;
	struct flow_reach alice = a_user(w, "alice");
	struct flow_outcome outcome = start(w, alice, "fund");

	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
		outcome = step(w, alice, "fund", &match_any, refused[i]);
		assert_verdict(outcome, FLOW_NO_MOVE);
		assert_str(outcome.flow.row.step, "start");
		assert_int_equal(outcome.flow.row.version, 1);
	}
	w->context.now += CLOCK_MINUTE;
	outcome = step(w, alice, "fund", &match_any, "kyc");
	assert_verdict(outcome, FLOW_DONE);
	assert_str(outcome.flow.row.step, "kyc");
	assert_int_equal(outcome.flow.row.version, 2);
	assert_int_equal(outcome.flow.row.updated_at, w->context.now);
	/* Twice is once too often. */
	assert_verdict(step(w, alice, "fund", &match_any, "kyc"), FLOW_NO_MOVE);
	assert_verdict(step(w, alice, "fund", &match_any, "otp"), FLOW_NO_MOVE);
	assert_str(read_flow(w, alice, "fund").flow.row.step, "kyc");
}

/* A service moves to any step there is, and alone writes facts. */
static void services_move_and_write_facts(void **state)
{
	struct world *w = *state;
	struct flow_reach alice = a_user(w, "alice");
	struct flow_outcome outcome =
		start_with(w, alice, "fund", (struct flow_beginning){.data = STR("{\"a\":1}")});

	outcome = serve(w, alice, "fund", STR("{\"kyc\":\"passed\",\"level\":2}"), STR("done"));
	assert_verdict(outcome, FLOW_DONE);
	assert_str(outcome.flow.row.step, "done");
	assert_str(outcome.flow.row.facts, "{\"kyc\":\"passed\",\"level\":2}");
	assert_str(outcome.flow.row.data, "{\"a\":1}");
	assert_int_equal(outcome.flow.row.version, 2);
	outcome = serve(w, alice, "fund", STR("{\"level\":null}"), STR_NONE);
	assert_str(outcome.flow.row.facts, "{\"kyc\":\"passed\"}");
	assert_str(outcome.flow.row.step, "done");
	outcome = serve(w, alice, "fund", STR("{\"x\":1}"), STR("gone"));
	assert_verdict(outcome, FLOW_NO_MOVE);
	outcome = serve(w, alice, "fund", data_of_size(w, FLOW_DATA_MAX), STR("start"));
	assert_verdict(outcome, FLOW_TOO_LARGE);
	assert_int_equal(outcome.limit, FLOW_DATA_MAX);
	outcome = read_flow(w, alice, "fund");
	assert_str(outcome.flow.row.facts, "{\"kyc\":\"passed\"}");
	assert_str(outcome.flow.row.step, "done");
	assert_int_equal(outcome.flow.row.version, 3);
	outcome = serve(w, alice, "fund", STR("{\"kyc\":null}"), STR_NONE);
	outcome = serve(w, alice, "fund", data_of_size(w, FLOW_DATA_MAX), STR_NONE);
	assert_verdict(outcome, FLOW_DONE);
	outcome = patch(w, alice, "fund", "{\"kyc\":\"mine\"}");
	assert_int_equal(outcome.flow.row.facts.n, FLOW_DATA_MAX);
}

static void ends(void **state)
{
	struct world *w = *state;
	struct flow_reach alice = a_user(w, "alice");
	struct flow_outcome outcome = start(w, alice, "fund");
	struct flow_match match = match_of(&outcome);

	(void)start(w, alice, "tour");
	assert_verdict(end_flow(w, alice, "fund", &match), FLOW_DONE);
	assert_all(w, alice, "fund", FLOW_UNKNOWN);
	assert_verdict(read_flow(w, alice, "tour"), FLOW_DONE);
	assert_verdict(end_flow(w, alice, "tour", NULL), FLOW_DONE);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM flow"), 0);
	assert_verdict(start(w, alice, "fund"), FLOW_CREATED);
}

/* ST-08: what is over is known as over for a day; a counter's row goes a day after its window. */
static void what_is_over_goes_after_a_day(void **state)
{
	struct world *w = *state;
	struct flow_reach alice = a_user(w, "alice");
	struct purge_report report = {.flows = 0};

	(void)start(w, alice, "fund");
	(void)attempt(w, alice, "fund", "otp");
	w->context.now = WORLD_START + FUND_RESET + CLOCK_DAY;
	assert_ok(purge_run(&w->context, INT64_MAX, &report));
	assert_int_equal(report.counters, 0);
	w->context.now += 1;
	assert_ok(purge_run(&w->context, INT64_MAX, &report));
	assert_int_equal(report.counters, 1);
	w->context.now = WORLD_START + 2 * CLOCK_DAY;
	assert_ok(purge_run(&w->context, INT64_MAX, &report));
	assert_int_equal(report.flows, 0);
	assert_verdict(read_flow(w, alice, "fund"), FLOW_OVER);
	w->context.now += 1;
	assert_ok(purge_run(&w->context, INT64_MAX, &report));
	assert_int_equal(report.flows, 1);
	assert_verdict(read_flow(w, alice, "fund"), FLOW_UNKNOWN);
}

#define TEST(name) cmocka_unit_test_setup(name, flow_world_clean)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(begins_at_its_first_step),
		TEST(begins_once),
		TEST(reads_what_runs),
		TEST(none_runs),
		TEST(it_has_expired),
		TEST(free_kinds_may_be_closed),
		TEST(who_is_gone_changes_nothing),
		TEST(patches_data_and_return_to),
		TEST(what_changes_nothing_is_no_version),
		TEST(refuses_what_is_no_patch),
		TEST(a_stale_version_is_refused),
		TEST(clients_make_only_listed_moves),
		TEST(services_move_and_write_facts),
		TEST(ends),
		TEST(what_is_over_goes_after_a_day),
	};

	return cmocka_run_group_tests(tests, flow_world_open, world_close);
}
