/* The rules of flows, table-driven: kinds, moves, whose a row is, what is left, where to go on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdint.h>

#include "clock.h"
#include "flow_rule.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NOW (INT64_C(1800000000) * CLOCK_SECOND)

enum { START, KYC, OTP, DONE };

/* start > kyc > otp > done; clients make start > kyc and kyc > start. */
static struct flow_config declared[] = {
	{
		.kind = {"fund", 4},
		.steps = {{"start", 5}, {"kyc", 3}, {"otp", 3}, {"done", 4}},
		.step_count = 4,
		.moves = {1U << KYC, 1U << START, 0, 0},
		.counters = {{.name = {"otp", 3}, .attempts = 5, .reset = 15 * CLOCK_MINUTE}},
		.counter_count = 1,
		.scope = FLOW_SCOPE_USER,
		.expires = 2 * CLOCK_HOUR,
	},
	{
		.kind = {"tour", 4},
		.steps = {{"hello", 5}},
		.step_count = 1,
		.scope = FLOW_SCOPE_SESSION,
		.expires = CLOCK_HOUR,
	},
};

static struct config config_of_tests(bool free_flows)
{
	return (struct config){
		.flows = declared,
		.flow_count = COUNT(declared),
		.free_flows = free_flows,
	};
}

static void kinds(void **state)
{
	struct config open = config_of_tests(true);
	struct config closed = config_of_tests(false);
	struct flow_kind kind;

	(void)state;
	for (size_t i = 0; i < COUNT(declared); i++) {
		assert_true(flow_rule_kind(&closed, declared[i].kind, &kind));
		assert_ptr_equal(kind.declared, &declared[i]);
		assert_true(str_equal(kind.name, declared[i].kind));
		assert_true(str_equal(kind.first, declared[i].steps[0]));
		assert_int_equal(kind.scope, declared[i].scope);
		assert_int_equal(kind.expires, declared[i].expires);
	}
	assert_false(flow_rule_kind(&closed, STR("other"), &kind));
	assert_false(flow_rule_kind(&closed, STR("fun"), &kind));
	assert_false(flow_rule_kind(&closed, STR("FUND"), &kind));
	assert_true(flow_rule_kind(&open, STR("other"), &kind));
	assert_null(kind.declared);
	assert_true(str_equal(kind.first, STR("start")));
	assert_int_equal(kind.scope, FLOW_SCOPE_USER);
	assert_int_equal(kind.expires, CLOCK_DAY);
}

static void moves(void **state)
{
	static const struct {
		const char *from, *to;
		bool may, is_step;
	} cases[] = {
		{"start", "kyc", true, true},    {"kyc", "start", true, true},
		{"start", "start", false, true}, {"start", "otp", false, true},
		{"start", "done", false, true},  {"kyc", "otp", false, true},
		{"otp", "kyc", false, true},     {"done", "start", false, true},
		{"start", "gone", false, false}, {"gone", "kyc", false, true},
		{"gone", "gone", false, false},  {"start", "", false, false},
		{"start", "ky", false, false},   {"start", "kyc2", false, false},
	};
	struct flow flow = {.declared = &declared[0]};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		flow.row.step = str_of(cases[i].from);
		assert_int_equal(flow_rule_may_move(&flow, str_of(cases[i].to)), cases[i].may);
		assert_int_equal(flow_rule_is_step(&flow, str_of(cases[i].to)), cases[i].is_step);
	}
	flow = (struct flow){.row = {.step = STR("start")}};
	assert_true(flow_rule_may_move(&flow, STR("anywhere")));
	assert_true(flow_rule_is_step(&flow, STR("anywhere")));
}

/* All of the steps there may be: the last bit counts too. */
static void moves_of_many_steps(void **state)
{
	static const char *const names[FLOW_STEPS] = {"a", "b", "c", "d", "e", "f", "g", "h",
						      "i", "j", "k", "l", "m", "n", "o", "p"};
	struct flow_config many = {.step_count = FLOW_STEPS};
	struct flow flow = {.declared = &many};

	(void)state;
	for (size_t i = 0; i < FLOW_STEPS; i++) {
		many.steps[i] = str_of(names[i]);
		many.moves[i] = 1U << (FLOW_STEPS - 1 - i);
	}
	for (size_t i = 0; i < FLOW_STEPS; i++) {
		flow.row.step = many.steps[i];
		for (size_t to = 0; to < FLOW_STEPS; to++)
			assert_int_equal(flow_rule_may_move(&flow, many.steps[to]),
					 to == FLOW_STEPS - 1 - i);
	}
}

/* Which rows that a session reaches are its flows, and which are what a guest has left. */
static void whose_a_row_is(void **state)
{
	enum { GUEST, USER };
	static const struct {
		int who;
		uint32_t owner_kind, scope;
		const char *kind;
		bool free_flows, current, offer;
	} cases[] = {
		{GUEST, FLOW_OWNER_SESSION, FLOW_SCOPE_USER, "fund", false, true, false},
		{GUEST, FLOW_OWNER_SESSION, FLOW_SCOPE_SESSION, "tour", false, true, false},
		{GUEST, FLOW_OWNER_SESSION, FLOW_SCOPE_USER, "other", true, true, false},
		{GUEST, FLOW_OWNER_SESSION, FLOW_SCOPE_USER, "other", false, false, false},
		{USER, FLOW_OWNER_USER, FLOW_SCOPE_USER, "fund", false, true, false},
		{USER, FLOW_OWNER_SESSION, FLOW_SCOPE_SESSION, "tour", false, true, false},
		{USER, FLOW_OWNER_USER, FLOW_SCOPE_USER, "other", true, true, false},
		{USER, FLOW_OWNER_USER, FLOW_SCOPE_USER, "other", false, false, false},
		/* The user has one of that kind. */
		{USER, FLOW_OWNER_SESSION, FLOW_SCOPE_USER, "fund", false, false, true},
		{USER, FLOW_OWNER_SESSION, FLOW_SCOPE_USER, "other", true, false, true},
		/* The scope that is declared has changed since. */
		{USER, FLOW_OWNER_SESSION, FLOW_SCOPE_SESSION, "fund", false, false, false},
		{USER, FLOW_OWNER_USER, FLOW_SCOPE_USER, "tour", false, false, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct config config = config_of_tests(cases[i].free_flows);
		struct flow_reach reach = {.session_id = {{2}}};
		struct flow_row row = {
			.owner_kind = cases[i].owner_kind,
			.scope = cases[i].scope,
			.kind = str_of(cases[i].kind),
		};
		bool offer = !cases[i].offer;

		if (cases[i].who == USER)
			reach.user_id = (struct id){{1}};
		assert_int_equal(flow_rule_is_current(&config, &reach, &row, &offer),
				 cases[i].current);
		assert_int_equal(offer, cases[i].offer);
	}
}

static void matches(void **state)
{
	static const struct flow_row row = {.id = {{1}}, .version = 3};
	static const struct {
		struct flow_match match;
		bool matches;
	} cases[] = {
		{{.n = 0}, false},
		{{.any = true}, true},
		{{.tags = {{{{1}}, 3}}, .n = 1}, true},
		{{.tags = {{{{1}}, 3}}, .n = 0}, false},
		{{.tags = {{{{1}}, 2}}, .n = 1}, false},
		{{.tags = {{{{1}}, 4}}, .n = 1}, false},
		{{.tags = {{{{2}}, 3}}, .n = 1}, false},
		{{.tags = {{{{2}}, 3}, {{{1}}, 2}, {{{1}}, 3}}, .n = 3}, true},
		{{.tags = {{{{2}}, 3}, {{{1}}, 2}, {{{1}}, 3}}, .n = 2}, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(flow_rule_matches(&cases[i].match, &row), cases[i].matches);
}

/* Times from NOW, in seconds; 5 attempts in 15 minutes, and 30 s from one to the next. */
static void what_is_left(void **state)
{
	static const struct flow_counter_config counter = {
		.name = {"otp", 3},
		.attempts = 5,
		.cooldown = 30 * CLOCK_SECOND,
		.reset = 15 * CLOCK_MINUTE,
	};
	static const struct {
		int64_t taken, last_at, purge_at; /* as in the row */
		unsigned left;
		int64_t retry_at; /* 0: at once */
	} cases[] = {
		{1, -60, 840, 4, 0},
		{1, -30, 870, 4, 0},
		{1, -29, 871, 4, 1},
		{1, 0, 900, 4, 30},
		{4, -60, 100, 1, 0},
		{4, -10, 100, 1, 20},
		{5, -60, 100, 0, 100},
		{5, -10, 100, 0, 100},
		{6, -60, 100, 0, 100},
		/* More were allowed when they were taken. */
		{9, -60, 1, 0, 1},
		/* The window is over: all of them, but not yet where the last one cools down. */
		{5, -60, 0, 5, 0},
		{5, -60, -30, 5, 0},
		{5, -10, 0, 5, 20},
		{5, -10, -5, 5, 20},
		{3, -30, -1, 5, 0},
		/* The window ends while the last one cools down. */
		{5, -10, 5, 0, 20},
		{4, -10, 5, 1, 20},
		{5, -25, 5, 0, 5},
		/* Ensured and not taken. */
		{0, -1800000000, -1800000000, 5, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct flow_count_row count = {
			.taken = cases[i].taken,
			.last_at = NOW + cases[i].last_at * CLOCK_SECOND,
			.purge_at = NOW + cases[i].purge_at * CLOCK_SECOND,
		};
		struct flow_counter left = flow_rule_left(&counter, &count, NOW);

		assert_true(str_equal(left.name, counter.name));
		assert_int_equal(left.left, cases[i].left);
		assert_int_equal(left.retry_at, cases[i].retry_at == 0
							? 0
							: NOW + cases[i].retry_at * CLOCK_SECOND);
	}
	assert_int_equal(flow_rule_left(&counter, NULL, NOW).left, 5);
	assert_int_equal(flow_rule_left(&counter, NULL, NOW).retry_at, 0);
}

/* To the microsecond, with and without cooling down. */
static void what_is_left_at_the_edges(void **state)
{
	struct flow_counter_config counter = {.attempts = 1, .reset = CLOCK_MINUTE};
	struct flow_count_row count = {.taken = 1, .last_at = NOW, .purge_at = NOW + CLOCK_MINUTE};

	(void)state;
	assert_int_equal(flow_rule_left(&counter, &count, NOW + CLOCK_MINUTE - 1).left, 0);
	assert_int_equal(flow_rule_left(&counter, &count, NOW + CLOCK_MINUTE).left, 1);
	counter.attempts = 2;
	assert_int_equal(flow_rule_left(&counter, &count, NOW).retry_at, 0);
	counter.cooldown = CLOCK_SECOND;
	assert_int_equal(flow_rule_left(&counter, &count, NOW + CLOCK_SECOND - 1).retry_at,
			 NOW + CLOCK_SECOND);
	assert_int_equal(flow_rule_left(&counter, &count, NOW + CLOCK_SECOND).retry_at, 0);
	/* A clock that was set back grants nothing. */
	assert_int_equal(flow_rule_left(&counter, &count, NOW - CLOCK_HOUR).left, 1);
	assert_int_equal(flow_rule_left(&counter, &count, NOW - CLOCK_HOUR).retry_at,
			 NOW + CLOCK_SECOND);
}

static void where_to_go_on(void **state)
{
	struct flow flows[] = {
		{.row = {.return_to = STR("")}},
		{.row = {.return_to = STR("/wallet")}},
		{.row = {.return_to = STR("/other")}},
	};
	struct flow left_over = {.row = {.return_to = STR("")}};
	struct flow_state next = {.flows = flows, .n = 3};
	struct session session = {.standing = SESSION_LIVE};

	(void)state;
	flow_rule_next(&session, NULL, &next);
	assert_int_equal(next.why, FLOW_WHY_FLOW);
	assert_ptr_equal(next.next, &flows[1]);
	flow_rule_next(&session, &left_over, &next);
	assert_int_equal(next.why, FLOW_WHY_GUEST);
	assert_ptr_equal(next.next, &left_over);
	next.n = 1;
	flow_rule_next(&session, NULL, &next);
	assert_int_equal(next.why, FLOW_WHY_NOTHING);
	assert_null(next.next);
	next.n = 3;
	session.standing = SESSION_PENDING;
	flow_rule_next(&session, &left_over, &next);
	assert_int_equal(next.why, FLOW_WHY_STATE);
	assert_null(next.next);
	session.standing = (enum session_standing)0;
	flow_rule_next(&session, NULL, &next);
	assert_int_equal(next.why, FLOW_WHY_STATE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds),
		cmocka_unit_test(moves),
		cmocka_unit_test(moves_of_many_steps),
		cmocka_unit_test(whose_a_row_is),
		cmocka_unit_test(matches),
		cmocka_unit_test(what_is_left),
		cmocka_unit_test(what_is_left_at_the_edges),
		cmocka_unit_test(where_to_go_on),
	};

	return cmocka_run_group_tests_name("flow_rule", tests, NULL, NULL);
}
