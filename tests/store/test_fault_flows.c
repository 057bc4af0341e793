/* ST-07, IN-25: flows under every failure of the database: every statement, and every act. */
#include "fault_trial.h"

#include "flow_world.h"

#define ARENA t->w->context.arena
#define DB t->w->db
#define SCENE t->scene
#define FAR (WORLD_START + 1000 * CLOCK_DAY)

static const struct flow_match match_whatever = {.any = true};

/* Of the scene: alice has taken one of five, her guest four. */
static int open_scene(void **state)
{
	static struct flow_config kinds[] = {
		{
			.kind = {"pay", 3},
			.steps = {{"start", 5}, {"kyc", 3}, {"done", 4}},
			.step_count = 3,
			.moves = {1U << 1, 0, 0},
			.counters = {{.name = {"otp", 3}, .attempts = 5, .reset = CLOCK_HOUR}},
			.counter_count = 1,
			.scope = FLOW_SCOPE_USER,
			.expires = CLOCK_DAY,
		},
		{
			.kind = {"tour", 4},
			.steps = {{"hello", 5}},
			.step_count = 1,
			.scope = FLOW_SCOPE_SESSION,
			.expires = CLOCK_DAY,
		},
	};
	struct trial *t = NULL;

	json_init();
	if (trial_open(state) != 0)
		return -1;
	t = *state;
	t->w->config.flows = kinds;
	t->w->config.flow_count = sizeof kinds / sizeof kinds[0];
	t->w->config.free_flows = true;
	return 0;
}

static struct flow_reach alice(struct trial *t)
{
	return (struct flow_reach){.user_id = SCENE.alice, .session_id = SCENE.handle_id};
}

static struct flow_reach guest(struct trial *t)
{
	return (struct flow_reach){.session_id = SCENE.guest_id};
}

static struct flow_row new_flow(struct trial *t)
{
	return (struct flow_row){
		.id = id_random(),
		.owner_id = SCENE.bob,
		.owner_kind = FLOW_OWNER_USER,
		.scope = FLOW_SCOPE_USER,
		.kind = STR("pay"),
		.step = STR("start"),
		.return_to = STR("/x"),
		.data = STR("{}"),
		.facts = STR("{}"),
		.version = 1,
		.created_at = t->w->context.now,
		.updated_at = t->w->context.now,
		.expires_at = FAR,
	};
}

static enum err flow_list_it(struct trial *t, void *out)
{
	struct flow_reach reach = alice(t);
	struct flow_lines lines;

	TRY(flow_store_list(DB, ARENA, &reach, t->w->context.now, &lines));
	PUT(out, lines.n);
	return must(lines.n == 2);
}

static enum err flow_find_it(struct trial *t, void *out)
{
	struct flow_reach reach = alice(t);
	struct flow_search search = {.reach = &reach, .kind = STR("pay"), .now = t->w->context.now};
	struct flow_lines lines;

	TRY(flow_store_find(DB, ARENA, &search, &lines));
	PUT(out, lines.n);
	return must(lines.n == 2);
}

ACT(flow_hold, bool found = false; TRY(flow_store_hold_guest(DB, &SCENE.guest_id, &found));
    return must(found);)
ACT(flow_used, struct flow_reach reach = alice(t);
    return flow_store_usage(DB, &reach, &ID_NONE, t->w->context.now, out);)
ACT(flow_insert, struct flow_row row = new_flow(t); return flow_store_insert(DB, &row);)
/* Of alice's the id is hers. */
ACT(flow_update, struct flow_row row = new_flow(t); row.id = SCENE.alice; row.version = 2;
    return flow_store_update(DB, &row, out);)
ACT(flow_delete, return flow_store_delete(DB, &SCENE.alice, out);)
ACT(flow_of_user, return flow_store_delete_of_user(DB, &SCENE.alice);)
ACT(flow_purge_it, return flow_store_purge(DB, FAR, 10, out);)
ACT(flow_counter_purge_it, return flow_count_store_purge(DB, INT64_MAX - CLOCK_DAY, 10, out);)
ACT(flow_carry, return flow_promote(DB, &SCENE.guest_id, &SCENE.alice, t->w->context.now);)

static enum err count_it(struct trial *t, bool *taken)
{
	struct flow_count_row row = {.owner_id = SCENE.bob, .kind = STR("pay"), .name = STR("otp")};
	struct flow_take take = {
		.row = &row, .now = t->w->context.now, .attempts = 5, .reset = CLOCK_HOUR};

	TRY(flow_count_store_ensure(DB, &row));
	return flow_count_store_take(DB, &take, taken);
}

ACT(flow_counter_take, bool taken = false; TRY(count_it(t, &taken)); return must(taken);)

static void statements_under_every_failure(void **state)
{
	static const struct act acts[] = {
		{"flow list", flow_list_it, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"flow find", flow_find_it, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"flow hold guest", flow_hold, NULL, ACT_ATOMIC | ACT_INSIDE},
		{"flow usage", flow_used, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"flow insert", flow_insert, NULL, ACT_ATOMIC},
		{"flow update", flow_update, NULL, ACT_ATOMIC},
		{"flow delete", flow_delete, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"flow delete of user", flow_of_user, NULL, ACT_ATOMIC | ACT_INSIDE},
		{"flow purge", flow_purge_it, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"flow counter purge", flow_counter_purge_it, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"flow counter take", flow_counter_take, NULL, ACT_ATOMIC | ACT_INSIDE},
		{"flow promote", flow_carry, NULL, ACT_ATOMIC | ACT_INSIDE},
	};

	trial_run(*state, acts, sizeof acts / sizeof acts[0]);
}

static void no_statement_is_left_out(void **state)
{
	(void)state;
	trial_demand(TRIAL_FLOWS);
}

/* The verdict is the first one's, or, asked again, that it is done already. */
static enum err done(enum err e, const struct flow_outcome *outcome, enum flow_verdict already,
		     void *out)
{
	TRY(e);
	TRY(must(outcome->verdict == FLOW_DONE || outcome->verdict == FLOW_CREATED ||
		 outcome->verdict == already));
	PUT(out, outcome->verdict);
	return OK;
}

static enum err begin(struct trial *t, struct flow_reach reach, const char *kind, void *out)
{
	struct flow_key key = {.reach = reach, .kind = str_of(kind)};
	struct flow_beginning beginning = {.data = STR("{\"a\":1}"), .return_to = STR("/x")};
	struct flow_outcome outcome;
	enum err e = flow_start(&t->w->context, &key, &beginning, &outcome);

	return done(e, &outcome, FLOW_DONE, out);
}

/* Where none was; where one is over; a guest's. */
static enum err run_start(struct trial *t, void *out)
{
	return begin(t, alice(t), "tour", out);
}

static enum err run_start_anew(struct trial *t, void *out)
{
	return begin(t, alice(t), "fund", out);
}

static enum err run_start_as_guest(struct trial *t, void *out)
{
	return begin(t, guest(t), "tour", out);
}

static enum err write_data(struct trial *t, struct flow_reach reach, void *out)
{
	struct flow_key key = {.reach = reach, .kind = STR("pay")};
	struct flow_patch change = {
		.match = &match_whatever,
		.merge = json_merge,
		.data = STR("{\"b\":[2]}"),
		.return_to = STR("/y"),
	};
	struct flow_outcome outcome;
	enum err e = flow_patch(&t->w->context, &key, &change, &outcome);

	return done(e, &outcome, FLOW_DONE, out);
}

static enum err run_patch(struct trial *t, void *out)
{
	return write_data(t, alice(t), out);
}

static enum err run_patch_as_guest(struct trial *t, void *out)
{
	return write_data(t, guest(t), out);
}

static enum err run_step(struct trial *t, void *out)
{
	struct flow_key key = {.reach = alice(t), .kind = STR("pay")};
	struct flow_outcome outcome;
	enum err e = flow_step(&t->w->context, &key, &match_whatever, STR("kyc"), &outcome);

	return done(e, &outcome, FLOW_NO_MOVE, out);
}

static enum err run_end(struct trial *t, void *out)
{
	struct flow_key key = {.reach = alice(t), .kind = STR("pay")};
	struct flow_outcome outcome;
	enum err e = flow_end(&t->w->context, &key, NULL, &outcome);

	return done(e, &outcome, FLOW_UNKNOWN, out);
}

static enum err run_serve(struct trial *t, void *out)
{
	struct flow_key key = {.reach = guest(t), .kind = STR("pay")};
	struct flow_service service = {
		.merge = json_merge, .facts = STR("{\"kyc\":1}"), .to = STR("done")};
	struct flow_outcome outcome;
	enum err e = flow_serve(&t->w->context, &key, &service, &outcome);

	return done(e, &outcome, FLOW_DONE, out);
}

static enum err try_once(struct trial *t, struct flow_reach reach, enum flow_verdict *verdict)
{
	struct flow_key key = {.reach = reach, .kind = STR("pay")};
	struct flow_outcome outcome;

	TRY(flow_attempt(&t->w->context, &key, STR("otp"), &outcome));
	*verdict = outcome.verdict;
	return OK;
}

/* The guest's last one. */
static enum err run_attempt_as_guest(struct trial *t, void *out)
{
	enum flow_verdict verdict = FLOW_REFUSED;

	TRY(try_once(t, guest(t), &verdict));
	TRY(must(verdict == FLOW_DONE || verdict == FLOW_USED_UP));
	PUT(out, verdict);
	return OK;
}

static enum err run_attempt(struct trial *t, void *out)
{
	enum flow_verdict verdict = FLOW_REFUSED;

	TRY(try_once(t, alice(t), &verdict));
	PUT(out, verdict);
	return must(verdict == FLOW_DONE);
}

/* Refused, whatever fails on the way. */
static enum err run_sixth(struct trial *t, void *out)
{
	enum flow_verdict verdict = FLOW_REFUSED;

	for (unsigned i = 0; i < 2; i++)
		TRY(try_once(t, guest(t), &verdict));
	PUT(out, verdict);
	return must(verdict == FLOW_USED_UP);
}

static int64_t taken_of(struct trial *t, bool by_user)
{
	(void)t;
	return fixture_number(by_user ? "SELECT taken FROM flow_counter c JOIN user u "
					"ON u.id = c.owner_id"
				      : "SELECT taken FROM flow_counter c JOIN session s "
					"ON s.id = c.owner_id");
}

static void check_five(struct trial *t, const void *out)
{
	(void)out;
	assert_int_equal(taken_of(t, false), 5);
}

static enum err run_state(struct trial *t, void *out)
{
	struct credential presented = credential_of(t->w, CARRIER_HANDLE, SCENE.handle);
	struct session session;
	struct flow_state found;

	TRY(session_resolve(&t->w->context, &presented, 1, &session));
	TRY(must(session.standing == SESSION_LIVE));
	TRY(flow_state(&t->w->context, &session, &found));
	PUT(out, found.n);
	return must(found.n == 1);
}

static enum err run_read(struct trial *t, void *out)
{
	struct flow_key key = {.reach = guest(t), .kind = STR("pay")};
	struct flow_outcome outcome;
	enum err e = flow_read(&t->w->context, &key, &outcome);

	return done(e, &outcome, FLOW_DONE, out);
}

static void acts_under_every_failure(void **state)
{
	static const struct act acts[] = {
		{"start", run_start, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"start where one is over", run_start_anew, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"start as guest", run_start_as_guest, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"patch", run_patch, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"patch as guest", run_patch_as_guest, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"step", run_step, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"end", run_end, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"serve", run_serve, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"attempt", run_attempt, NULL, ACT_ATOMIC},
		{"attempt, the last", run_attempt_as_guest, check_five,
		 ACT_ATOMIC | ACT_REPEATABLE},
		{"attempt, the sixth", run_sixth, check_five, ACT_REPEATABLE},
		{"read", run_read, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"state", run_state, NULL, ACT_ATOMIC},
	};

	trial_run(*state, acts, sizeof acts / sizeof acts[0]);
}

/* What was granted, and what may have been, in a storm. */
struct tally {
	unsigned granted, uncertain, struck;
};

static void attempt_in_a_storm(struct trial *t, struct flow_reach reach, struct tally *tally)
{
	enum flow_verdict verdict = FLOW_REFUSED;
	enum err e = OK;

	fault_arm(FAULT_STORM, FAULT_RUNNING, 1);
	e = try_once(t, reach, &verdict);
	tally->struck += fault_disarm() ? 1 : 0;
	if (e != OK && e != ERR_UNAVAILABLE)
		assert_int_equal(e, ERR_UNCERTAIN);
	tally->uncertain += e == ERR_UNCERTAIN ? 1 : 0;
	tally->granted += e == OK && verdict == FLOW_DONE ? 1 : 0;
}

/*
 * Attempt after attempt while the database fails at random: no acknowledged one is forgotten, none
 * counts that was not asked for, no sixth is granted.
 */
static void storms_lose_no_attempt(void **state)
{
	enum { STORMS = 150, ATTEMPTS = 8 };
	struct trial *t = *state;
	struct tally all = {.granted = 0};

	for (unsigned i = 1; i <= STORMS; i++) {
		bool by_user = i % 2 == 0;
		int64_t before = by_user ? 1 : 4;
		struct tally tally = {.granted = 0};

		trial_restore(t);
		for (unsigned n = 0; n < ATTEMPTS; n++)
			attempt_in_a_storm(t, by_user ? alice(t) : guest(t), &tally);
		int64_t after = taken_of(t, by_user);

		assert_in_range(after, before + tally.granted,
				before + tally.granted + tally.uncertain);
		assert_in_range(after, before, 5);
		all.granted += tally.granted;
		all.uncertain += tally.uncertain;
		all.struck += tally.struck;
		arena_reset(ARENA);
	}
	print_message("%u granted, %u uncertain, %u struck\n", all.granted, all.uncertain,
		      all.struck);
	assert_true(all.granted > STORMS / 5 && all.struck > STORMS);
	trial_restore(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statements_under_every_failure),
		cmocka_unit_test(no_statement_is_left_out),
		cmocka_unit_test(acts_under_every_failure),
		cmocka_unit_test(storms_lose_no_attempt),
	};

	return cmocka_run_group_tests(tests, open_scene, trial_close);
}
