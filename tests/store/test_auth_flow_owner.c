/* Flows against a database: whose they are, how many and how much there may be, all of them at
 * once. */
#include "flow_world.h"

static struct str a_kind(struct world *w, const char *prefix, unsigned i)
{
	char name[32];
	struct str copy = STR_NONE;

	snprintf(name, sizeof name, "%s%u", prefix, i);
	assert_ok(str_copy(w->context.arena, str_of(name), &copy));
	return copy;
}

static struct flow_reach a_session(struct world *w, struct id user)
{
	return reach_of(session_of(w, user));
}

/* One for all sessions of a user; or one for each. */
static void scopes(void **state)
{
	struct world *w = *state;
	struct id user = fixture_add_user(w->fixture, "alice");
	struct flow_reach phone = a_session(w, user);
	struct flow_reach desk = a_session(w, user);

	assert_verdict(start(w, phone, "fund"), FLOW_CREATED);
	assert_verdict(start(w, desk, "fund"), FLOW_DONE);
	assert_verdict(step(w, desk, "fund", &match_any, "kyc"), FLOW_DONE);
	assert_str(read_flow(w, phone, "fund").flow.row.step, "kyc");
	assert_verdict(start(w, phone, "tour"), FLOW_CREATED);
	assert_verdict(read_flow(w, desk, "tour"), FLOW_UNKNOWN);
	assert_verdict(start(w, desk, "tour"), FLOW_CREATED);
	assert_verdict(step(w, desk, "tour", &match_any, "bye"), FLOW_DONE);
	assert_str(read_flow(w, phone, "tour").flow.row.step, "hello");
	assert_verdict(end_flow(w, desk, "tour", NULL), FLOW_DONE);
	assert_verdict(read_flow(w, phone, "tour"), FLOW_DONE);
}

/* One begins and ends a flow of the kind; what the owners have of it stays as it is. */
static void assert_apart(struct world *w, struct flow_reach one, const struct flow_reach owners[2],
			 const char *kind)
{
	struct flow_outcome there = start(w, one, kind);

	assert_verdict(there, FLOW_CREATED);
	assert_str(there.flow.row.data, "{}");
	assert_verdict(end_flow(w, one, kind, NULL), FLOW_DONE);
	for (size_t o = 0; o < 2; o++) {
		there = read_flow(w, owners[o], kind);
		assert_verdict(there, FLOW_DONE);
		assert_int_equal(there.flow.row.version, 1);
		assert_str(there.flow.row.data, "{\"a\":1}");
	}
}

/* SE-24: nobody sees or changes what is somebody else's. */
static void nobody_sees_anothers(void **state)
{
	static const char *const kinds[] = {"fund", "tour", "other"};
	struct world *w = *state;
	static struct session_issued others[3];
	struct flow_reach owners[2];

	others[0] = session_of(w, fixture_add_user(w->fixture, "bob"));
	others[1] = guest_of(w);
	others[2] = guest_of(w);
	owners[0] = a_user(w, "alice");
	owners[1] = reach_of(others[2]);
	for (size_t o = 0; o < 2; o++) {
		for (size_t k = 0; k < 3; k++) {
			(void)start_with(w, owners[o], kinds[k],
					 (struct flow_beginning){.data = STR("{\"a\":1}")});
			for (size_t i = 0; i < 2; i++)
				assert_all(w, reach_of(others[i]), kinds[k], FLOW_UNKNOWN);
		}
	}
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(state_of_session(w, &others[i].session).n, 0);
	for (size_t k = 0; k < 3; k++)
		assert_apart(w, reach_of(others[0]), owners, kinds[k]);
}

/* CONTRACT §5: guests have five flows of 4 KiB. */
static void guests_have_five_small_flows(void **state)
{
	struct world *w = *state;
	struct flow_reach guest = reach_of(guest_of(w));
	struct flow_beginning much = {.data = data_of_size(w, FLOW_DATA_MAX_OF_GUEST)};
	struct flow_outcome outcome;

	for (unsigned i = 0; i < FLOWS_OF_GUEST; i++)
		assert_verdict(start_with(w, guest, a_kind(w, "k", i).p, much), FLOW_CREATED);
	outcome = start(w, guest, "sixth");
	assert_verdict(outcome, FLOW_TOO_MANY);
	assert_int_equal(outcome.limit, FLOWS_OF_GUEST);
	assert_verdict(start(w, guest, "tour"), FLOW_TOO_MANY);
	assert_verdict(start(w, guest, "k0"), FLOW_DONE);
	assert_verdict(start(w, reach_of(guest_of(w)), "sixth"), FLOW_CREATED);
	assert_verdict(end_flow(w, guest, "k0", NULL), FLOW_DONE);
	much.data = data_of_size(w, FLOW_DATA_MAX_OF_GUEST + 1);
	outcome = start_with(w, guest, "sixth", much);
	assert_verdict(outcome, FLOW_TOO_LARGE);
	assert_int_equal(outcome.limit, FLOW_DATA_MAX_OF_GUEST);
	assert_verdict(start(w, guest, "sixth"), FLOW_CREATED);
	outcome = patch(w, guest, "k1", "{\"b\":1}");
	assert_verdict(outcome, FLOW_TOO_LARGE);
	assert_int_equal(outcome.limit, FLOW_DATA_MAX_OF_GUEST);
	assert_verdict(patch(w, guest, "k1", "{\"a\":\"y\"}"), FLOW_DONE);
	/* What is over leaves its place to others, and to its own kind. */
	w->context.now += CLOCK_DAY;
	assert_verdict(start(w, guest, "k1"), FLOW_CREATED);
	for (unsigned i = 0; i < FLOWS_OF_GUEST - 1; i++)
		assert_verdict(start(w, guest, a_kind(w, "n", i).p), FLOW_CREATED);
	assert_verdict(start(w, guest, "k2"), FLOW_TOO_MANY);
}

static void a_flow_has_sixteen_kilobytes(void **state)
{
	struct world *w = *state;
	struct flow_reach alice = a_user(w, "alice");
	struct flow_beginning most = {.data = data_of_size(w, FLOW_DATA_MAX)};
	struct flow_beginning more = {.data = data_of_size(w, FLOW_DATA_MAX + 1)};
	struct flow_outcome outcome = start_with(w, alice, "fund", more);

	assert_verdict(outcome, FLOW_TOO_LARGE);
	assert_int_equal(outcome.limit, FLOW_DATA_MAX);
	assert_verdict(start_with(w, alice, "fund", most), FLOW_CREATED);
	assert_int_equal(read_flow(w, alice, "fund").flow.row.data.n, FLOW_DATA_MAX);
	outcome = patch(w, alice, "fund", "{\"b\":0}");
	assert_verdict(outcome, FLOW_TOO_LARGE);
	assert_int_equal(outcome.limit, FLOW_DATA_MAX);
	assert_int_equal(read_flow(w, alice, "fund").flow.row.version, 1);
	(void)start(w, alice, "other");
	assert_verdict(patch_with(w, alice, "other", (struct flow_patch){.data = most.data}),
		       FLOW_DONE);
	outcome = patch_with(w, alice, "other",
			     (struct flow_patch){.data = more.data, .return_to = STR("/x")});
	assert_verdict(outcome, FLOW_TOO_LARGE);
	assert_str(read_flow(w, alice, "other").flow.row.return_to, "");
}

/* 64 KiB a user, whatever sessions they are in; only what runs counts. */
static void a_user_has_sixty_four_kilobytes(void **state)
{
	struct world *w = *state;
	struct id user = fixture_add_user(w->fixture, "alice");
	struct flow_reach phone = a_session(w, user);
	struct flow_reach desk = a_session(w, user);
	struct flow_beginning most = {.data = data_of_size(w, FLOW_DATA_MAX)};
	struct flow_outcome outcome;

	assert_verdict(start_with(w, phone, "tour", most), FLOW_CREATED);
	assert_verdict(start_with(w, desk, "tour", most), FLOW_CREATED);
	assert_verdict(start_with(w, phone, "fund", most), FLOW_CREATED);
	most.data = data_of_size(w, FLOW_DATA_MAX - 10);
	assert_verdict(start_with(w, phone, "rest", most), FLOW_CREATED);
	/* An empty object has two bytes. */
	for (unsigned i = 0; i < 4; i++)
		assert_verdict(start(w, desk, a_kind(w, "empty", i).p), FLOW_CREATED);
	assert_verdict(patch(w, desk, "empty0", "{\"a\":1}"), FLOW_TOO_LARGE);
	assert_verdict(start(w, desk, "empty4"), FLOW_CREATED);
	outcome = start(w, desk, "empty5");
	assert_verdict(outcome, FLOW_TOO_LARGE);
	assert_int_equal(outcome.limit, FLOW_DATA_MAX_OF_USER);
	/* What becomes less, or stays as much, is no matter; what grows is. */
	assert_verdict(patch(w, phone, "rest", "{\"a\":null,\"b\":1}"), FLOW_DONE);
	assert_verdict(patch_with(w, phone, "rest",
				  (struct flow_patch){.clears_data = true,
						      .data = data_of_size(w, FLOW_DATA_MAX - 10)}),
		       FLOW_DONE);
	outcome = patch(w, desk, "empty1", "{\"a\":1}");
	assert_verdict(outcome, FLOW_TOO_LARGE);
	assert_int_equal(outcome.limit, FLOW_DATA_MAX_OF_USER);
	assert_verdict(patch(w, phone, "fund", "{\"a\":\"y\"}"), FLOW_DONE);
	assert_verdict(patch(w, desk, "empty1", "{\"a\":1}"), FLOW_DONE);
	/* Those of the tour are over. */
	w->context.now += 2 * CLOCK_HOUR;
	most.data = data_of_size(w, FLOW_DATA_MAX);
	assert_verdict(start_with(w, phone, "new", most), FLOW_CREATED);
	assert_verdict(start_with(w, desk, "tour", most), FLOW_CREATED);
}

static void a_user_has_so_many_flows(void **state)
{
	struct world *w = *state;
	struct id user = fixture_add_user(w->fixture, "alice");
	struct flow_reach phone = a_session(w, user);
	struct flow_reach desk = a_session(w, user);
	struct flow_outcome outcome;

	for (unsigned i = 0; i < FLOWS_OF_USER; i++)
		assert_verdict(start(w, i % 2 == 0 ? phone : desk, a_kind(w, "k", i).p),
			       FLOW_CREATED);
	outcome = start(w, phone, "tour");
	assert_verdict(outcome, FLOW_TOO_MANY);
	assert_int_equal(outcome.limit, FLOWS_OF_USER);
	assert_verdict(end_flow(w, desk, "k0", NULL), FLOW_DONE);
	assert_verdict(start(w, phone, "tour"), FLOW_CREATED);
	assert_verdict(start(w, desk, "tour"), FLOW_TOO_MANY);
	assert_verdict(start(w, a_user(w, "bob"), "fund"), FLOW_CREATED);
}

/* All that a session needs to resume: one statement. */
static void the_state_is_one_statement(void **state)
{
	struct world *w = *state;
	struct session_issued issued = session_of(w, fixture_add_user(w->fixture, "alice"));
	struct flow_reach alice = reach_of(issued);
	struct flow_state s = state_of_session(w, &issued.session);
	uint64_t before = 0;

	assert_int_equal(s.n, 0);
	assert_int_equal(s.why, FLOW_WHY_NOTHING);
	(void)start(w, alice, "fund");
	w->context.now++;
	(void)start_with(w, alice, "tour", (struct flow_beginning){.return_to = STR("/tour")});
	w->context.now++;
	(void)start_with(w, alice, "other", (struct flow_beginning){.return_to = STR("/other")});
	w->context.now++;
	(void)attempt(w, alice, "fund", "otp");
	(void)step(w, alice, "tour", &match_any, "bye");
	before = statements(w);
	s = state_of_session(w, &issued.session);
	assert_int_equal(statements(w) - before, 1);
	assert_int_equal(s.n, 3);
	assert_str(s.flows[0].row.kind, "tour");
	assert_str(s.flows[0].row.step, "bye");
	assert_int_equal(s.flows[0].counter_count, 1);
	assert_str(s.flows[1].row.kind, "other");
	assert_int_equal(s.flows[1].counter_count, 0);
	assert_null(s.flows[1].declared);
	assert_str(s.flows[2].row.kind, "fund");
	assert_int_equal(s.flows[2].counters[0].left, FUND_ATTEMPTS - 1);
	assert_int_equal(s.flows[2].counters[1].left, RESEND_ATTEMPTS);
	assert_int_equal(s.why, FLOW_WHY_FLOW);
	assert_ptr_equal(s.next, &s.flows[0]);
	(void)patch_with(w, alice, "tour", (struct flow_patch){.return_to = STR("")});
	s = state_of_session(w, &issued.session);
	assert_str(s.next->row.kind, "other");
	w->context.now += 2 * CLOCK_HOUR;
	s = state_of_session(w, &issued.session);
	assert_int_equal(s.n, 2);
	issued.session.standing = SESSION_PENDING;
	before = statements(w);
	s = state_of_session(w, &issued.session);
	assert_int_equal(statements(w) - before, 0);
	assert_int_equal(s.n, 0);
	assert_int_equal(s.why, FLOW_WHY_STATE);
}

static void a_guest_resumes_too(void **state)
{
	struct world *w = *state;
	struct session_issued guest = guest_of(w);
	struct flow_state s;

	(void)start_with(w, reach_of(guest), "fund",
			 (struct flow_beginning){.return_to = STR("/fund")});
	(void)start(w, reach_of(guest), "tour");
	(void)attempt(w, reach_of(guest), "fund", "otp");
	s = state_of_session(w, &guest.session);
	assert_int_equal(s.n, 2);
	assert_int_equal(s.why, FLOW_WHY_FLOW);
	assert_str(s.next->row.kind, "fund");
	assert_int_equal(s.next->counters[0].left, FUND_ATTEMPTS - 1);
}

/* A flow that the user has too stays the session's, and the guest's counter as well. */
static void leave_some_as_guest(struct world *w, struct id user)
{
	struct session_issued guest = guest_of(w);

	(void)start(w, reach_of(guest), "fund");
	(void)attempt(w, reach_of(guest), "fund", "otp");
	(void)promoted(w, &guest, user);
}

/* With the account go its flows, its sessions' too, and its counters; nobody else's. */
static void an_account_takes_its_flows_along(void **state)
{
	struct world *w = *state;
	struct id user = fixture_add_user(w->fixture, "alice");
	struct flow_reach reaches[] = {
		a_session(w, user),
		a_session(w, user),
		a_user(w, "bob"),
		reach_of(guest_of(w)),
	};

	for (size_t i = 0; i < 4; i++) {
		(void)start(w, reaches[i], "fund");
		(void)start(w, reaches[i], "tour");
		assert_verdict(attempt(w, reaches[i], "fund", "otp"), FLOW_DONE);
		assert_verdict(attempt(w, reaches[i], "tour", "ask"), FLOW_DONE);
	}
	leave_some_as_guest(w, user);
	leave_some_as_guest(w, user);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM flow"), 3 + 2 + 2 + 2);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM flow_counter"), 2 + 2 + 2 + 2);
	assert_ok(account_remove(&w->context, &user));
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM flow"), 2 + 2);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM flow_counter"), 2 + 2);
	for (size_t i = 2; i < 4; i++) {
		assert_verdict(read_flow(w, reaches[i], "fund"), FLOW_DONE);
		assert_verdict(read_flow(w, reaches[i], "tour"), FLOW_DONE);
	}
}

#define TEST(name) cmocka_unit_test_setup(name, flow_world_clean)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(scopes),
		TEST(nobody_sees_anothers),
		TEST(guests_have_five_small_flows),
		TEST(a_flow_has_sixteen_kilobytes),
		TEST(a_user_has_sixty_four_kilobytes),
		TEST(a_user_has_so_many_flows),
		TEST(the_state_is_one_statement),
		TEST(a_guest_resumes_too),
		TEST(an_account_takes_its_flows_along),
	};

	return cmocka_run_group_tests(tests, flow_world_open, world_close);
}
