/* What a guest's flows become: carried over, left over and offered, and no attempt forgotten. */
#include "flow_world.h"

#include <pthread.h>

/* A guest with flows of both scopes, and a user who has one of these kinds. */
struct meeting {
	struct id user;
	struct flow_reach desk; /* another session of the user's */
	struct session_issued guest;
	struct session_issued issued; /* what the guest became */
	struct flow_reach reach;
};

static void meet(struct world *w, struct meeting *m)
{
	m->user = fixture_add_user(w->fixture, "alice");
	m->desk = reach_of(session_of(w, m->user));
	m->guest = guest_of(w);
	(void)start_with(
		w, m->desk, "pay",
		(struct flow_beginning){.return_to = STR("/hers"), .data = STR("{\"hers\":1}")});
	(void)start_with(
		w, reach_of(m->guest), "pay",
		(struct flow_beginning){.return_to = STR("/left"), .data = STR("{\"left\":1}")});
	(void)start_with(
		w, reach_of(m->guest), "fund",
		(struct flow_beginning){.return_to = STR("/fund"), .data = STR("{\"a\":1}")});
	(void)start(w, reach_of(m->guest), "tour");
}

static void promote(struct world *w, struct meeting *m)
{
	w->context.now += CLOCK_MINUTE;
	m->issued = promoted(w, &m->guest, m->user);
	m->reach = reach_of(m->issued);
	assert_true(id_equal(m->reach.session_id, reach_of(m->guest).session_id));
}

/* Whether the session is offered what the guest left. */
static bool is_offered(struct world *w, const struct meeting *m)
{
	struct flow_state s = state_of_session(w, &m->issued.session);

	if (s.why != FLOW_WHY_GUEST)
		return false;
	assert_str(s.next->row.kind, "pay");
	assert_str(s.next->row.return_to, "/left");
	assert_true(s.next->row.from_guest);
	return true;
}

static void carried_over(void **state)
{
	struct world *w = *state;
	struct flow_outcome before;
	struct flow_outcome after;
	struct meeting m;

	meet(w, &m);
	before = serve(w, reach_of(m.guest), "fund", STR("{\"kyc\":\"passed\"}"), STR("otp"));
	promote(w, &m);
	after = read_flow(w, m.desk, "fund");
	assert_verdict(after, FLOW_DONE);
	assert_true(id_equal(after.flow.row.id, before.flow.row.id));
	assert_true(id_equal(after.flow.row.owner_id, m.user));
	assert_int_equal(after.flow.row.owner_kind, FLOW_OWNER_USER);
	assert_true(after.flow.row.from_guest);
	assert_str(after.flow.row.data, "{\"a\":1}");
	assert_str(after.flow.row.facts, "{}");
	assert_str(after.flow.row.step, "otp");
	assert_str(after.flow.row.return_to, "/fund");
	assert_int_equal(after.flow.row.expires_at, before.flow.row.expires_at);
	/* What the guest knew of it is not what it is now. */
	assert_int_equal(after.flow.row.version, before.flow.row.version + 1);
	struct flow_match match = match_of(&before);
	assert_verdict(patch_with(w, m.reach, "fund", (struct flow_patch){.match = &match}),
		       FLOW_STALE);
}

/* A flow of the session's scope stays with the session, and is nobody else's. */
static void the_sessions_own_stays(void **state)
{
	struct world *w = *state;
	struct flow_outcome after;
	struct meeting m;

	meet(w, &m);
	(void)serve(w, reach_of(m.guest), "tour", STR("{\"f\":1}"), STR_NONE);
	promote(w, &m);
	after = read_flow(w, m.reach, "tour");
	assert_verdict(after, FLOW_DONE);
	assert_true(after.flow.row.from_guest);
	assert_str(after.flow.row.facts, "{}");
	assert_int_equal(after.flow.row.expires_at, WORLD_START + 2 * CLOCK_HOUR);
	assert_verdict(read_flow(w, m.desk, "tour"), FLOW_UNKNOWN);
	assert_verdict(step(w, m.reach, "tour", &match_any, "bye"), FLOW_DONE);
}

/* The user's stays as it is; the guest's is no flow of the session, but the first thing to do. */
static void left_over_and_offered(void **state)
{
	struct world *w = *state;
	struct flow_state s;
	struct flow_outcome there;
	struct meeting m;
	uint64_t before = 0;

	meet(w, &m);
	promote(w, &m);
	there = read_flow(w, m.reach, "pay");
	assert_str(there.flow.row.data, "{\"hers\":1}");
	assert_int_equal(there.flow.row.version, 1);
	assert_false(there.flow.row.from_guest);
	before = statements(w);
	s = state_of_session(w, &m.issued.session);
	assert_int_equal(statements(w) - before, 1);
	assert_int_equal(s.n, 3);
	for (size_t i = 0; i < s.n; i++)
		assert_false(str_equal(s.flows[i].row.return_to, STR("/left")));
	assert_int_equal(s.why, FLOW_WHY_GUEST);
	assert_str(s.next->row.data, "{\"left\":1}");
	assert_true(is_offered(w, &m));
	/* To nobody else, and an hour long. */
	m.issued = session_of(w, m.user);
	assert_false(is_offered(w, &m));
	assert_int_equal(state_of_session(w, &m.issued.session).n, 2);
	assert_int_equal(fixture_number("SELECT expires_at FROM flow WHERE return_to = '/left'"),
			 w->context.now + CLOCK_HOUR);
}

static void an_offer_ends_after_an_hour(void **state)
{
	struct world *w = *state;
	struct meeting m;

	meet(w, &m);
	promote(w, &m);
	w->context.now += CLOCK_HOUR - 1;
	assert_true(is_offered(w, &m));
	w->context.now += 1;
	assert_false(is_offered(w, &m));
	assert_int_equal(state_of_session(w, &m.issued.session).why, FLOW_WHY_FLOW);
	assert_verdict(start(w, m.reach, "pay"), FLOW_DONE);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM flow WHERE return_to = '/left'"), 0);
}

enum write_kind { WRITE_START, WRITE_PATCH, WRITE_NOTHING, WRITE_STEP, WRITE_END, WRITE_COUNT };

static enum flow_verdict write_once(struct world *w, struct flow_reach reach, enum write_kind kind)
{
	switch (kind) {
	case WRITE_START:
		return start(w, reach, "pay").verdict;
	case WRITE_PATCH:
		return patch(w, reach, "pay", "{\"b\":1}").verdict;
	case WRITE_NOTHING:
		return patch(w, reach, "pay", "{\"hers\":1}").verdict;
	case WRITE_STEP:
		return step(w, reach, "pay", &match_any, "next").verdict;
	default:
		return end_flow(w, reach, "pay", &match_any).verdict;
	}
}

/* Offered once: until the session writes to that kind, in whatever way. */
static void every_write_drops_the_offer(void **state)
{
	struct world *w = *state;
	void *again = w;
	struct meeting m;

	for (unsigned kind = 0; kind < WRITE_COUNT; kind++) {
		assert_int_equal(flow_world_clean(&again), 0);
		meet(w, &m);
		promote(w, &m);
		/* By another session, or to another kind: no matter. */
		(void)write_once(w, m.desk, (enum write_kind)kind);
		if (kind == WRITE_END)
			(void)start_with(w, m.desk, "pay",
					 (struct flow_beginning){.data = STR("{\"hers\":1}")});
		(void)patch(w, m.reach, "fund", "{\"b\":2}");
		assert_true(is_offered(w, &m));
		assert_int_equal(write_once(w, m.reach, (enum write_kind)kind), FLOW_DONE);
		assert_false(is_offered(w, &m));
		assert_int_equal(fixture_number("SELECT COUNT(*) FROM flow f JOIN session s "
						"ON s.id = f.owner_id WHERE kind = 'pay'"),
				 0);
		assert_verdict(read_flow(w, m.desk, "pay"),
			       kind == WRITE_END ? FLOW_UNKNOWN : FLOW_DONE);
	}
}

/* What is refused has written nothing; a service is not the session. */
static void what_is_refused_keeps_the_offer(void **state)
{
	struct world *w = *state;
	struct flow_match stale = {.n = 0};
	struct meeting m;

	meet(w, &m);
	promote(w, &m);
	assert_verdict(read_flow(w, m.reach, "pay"), FLOW_DONE);
	assert_verdict(step(w, m.reach, "pay", &stale, "next"), FLOW_STALE);
	assert_verdict(end_flow(w, m.reach, "pay", &stale), FLOW_STALE);
	assert_verdict(attempt(w, m.reach, "pay", "none"), FLOW_NO_COUNTER);
	assert_verdict(patch_with(w, m.reach, "pay",
				  (struct flow_patch){.data = data_of_size(w, FLOW_DATA_MAX + 1)}),
		       FLOW_TOO_LARGE);
	assert_verdict(serve(w, m.reach, "pay", STR("{\"a\":1}"), STR("next")), FLOW_DONE);
	assert_true(is_offered(w, &m));
	/* The user's own is over, and that session has not touched the other. */
	assert_verdict(end_flow(w, m.desk, "pay", NULL), FLOW_DONE);
	assert_true(is_offered(w, &m));
	assert_verdict(read_flow(w, m.reach, "pay"), FLOW_UNKNOWN);
	assert_verdict(start(w, m.reach, "pay"), FLOW_CREATED);
	assert_false(is_offered(w, &m));
	assert_str(read_flow(w, m.reach, "pay").flow.row.data, "{}");
}

/* An attempt is a write when it is taken, and none when it is refused. */
static void an_attempt_drops_the_offer(void **state)
{
	struct world *w = *state;
	struct id user = fixture_add_user(w->fixture, "alice");
	struct flow_reach desk = reach_of(session_of(w, user));
	struct session_issued issued = guest_of(w);

	(void)start(w, desk, "fund");
	for (unsigned i = 0; i < FUND_ATTEMPTS; i++)
		(void)attempt(w, desk, "fund", "otp");
	(void)start(w, reach_of(issued), "fund");
	issued = promoted(w, &issued, user);
	assert_verdict(attempt(w, reach_of(issued), "fund", "otp"), FLOW_USED_UP);
	assert_int_equal(state_of_session(w, &issued.session).why, FLOW_WHY_GUEST);
	assert_verdict(attempt(w, reach_of(issued), "fund", "resend"), FLOW_DONE);
	assert_int_equal(state_of_session(w, &issued.session).why, FLOW_WHY_NOTHING);
}

/* What has expired is neither carried over nor offered. */
static void what_is_over_goes_nowhere(void **state)
{
	struct world *w = *state;
	struct id user = fixture_add_user(w->fixture, "alice");
	struct session_issued issued = guest_of(w);

	(void)start(w, reach_of(issued), "fund");
	fixture_sql("UPDATE flow SET expires_at = 1800000060000000"); /* a minute */
	w->context.now += CLOCK_MINUTE;
	issued = promoted(w, &issued, user);
	assert_verdict(read_flow(w, reach_of(issued), "fund"), FLOW_UNKNOWN);
	assert_int_equal(state_of_session(w, &issued.session).why, FLOW_WHY_NOTHING);
	assert_verdict(start(w, reach_of(issued), "fund"), FLOW_CREATED);
}

/* The user has one of that kind only as long as it runs. */
static void what_is_over_of_the_users_gives_way(void **state)
{
	struct world *w = *state;
	struct id user = fixture_add_user(w->fixture, "alice");
	struct flow_reach desk = reach_of(session_of(w, user));
	struct session_issued issued;
	struct flow_outcome there;

	(void)start_with(w, desk, "fund", (struct flow_beginning){.data = STR("{\"old\":1}")});
	w->context.now += CLOCK_DAY;
	issued = guest_of(w);
	(void)start_with(w, reach_of(issued), "fund",
			 (struct flow_beginning){.data = STR("{\"new\":1}")});
	issued = promoted(w, &issued, user);
	assert_int_equal(state_of_session(w, &issued.session).n, 1);
	assert_int_equal(state_of_session(w, &issued.session).why, FLOW_WHY_NOTHING);
	there = read_flow(w, desk, "fund");
	assert_verdict(there, FLOW_DONE);
	assert_str(there.flow.row.data, "{\"new\":1}");
	assert_int_equal(there.flow.row.expires_at, w->context.now + CLOCK_DAY);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM flow"), 1);
}

/* The limits are for what is written: nothing that a guest has is lost, and then nothing fits. */
static void promotion_may_pass_the_limit(void **state)
{
	struct world *w = *state;
	struct id user = fixture_add_user(w->fixture, "alice");
	struct flow_reach desk = reach_of(session_of(w, user));
	struct session_issued issued = guest_of(w);
	struct flow_beginning most = {.data = data_of_size(w, FLOW_DATA_MAX)};

	assert_verdict(start_with(w, desk, "a", most), FLOW_CREATED);
	assert_verdict(start_with(w, desk, "b", most), FLOW_CREATED);
	assert_verdict(start_with(w, desk, "c", most), FLOW_CREATED);
	assert_verdict(start_with(w, desk, "d", most), FLOW_CREATED);
	most.data = data_of_size(w, FLOW_DATA_MAX_OF_GUEST);
	assert_verdict(start_with(w, reach_of(issued), "e", most), FLOW_CREATED);
	issued = promoted(w, &issued, user);
	assert_verdict(read_flow(w, desk, "e"), FLOW_DONE);
	assert_verdict(start(w, desk, "f"), FLOW_TOO_LARGE);
	assert_verdict(patch(w, desk, "e", "{\"b\":1}"), FLOW_TOO_LARGE);
	assert_verdict(patch(w, desk, "e", "{\"a\":null}"), FLOW_DONE);
}

/* The worse of both remains, by what is left and when. */
static void the_worse_counter_remains(void **state)
{
	static const unsigned cases[][3] = {{1, 3, 2}, {3, 1, 2}, {0, 4, 1}, {4, 0, 1}, {5, 5, 0}};
	struct world *w = *state;
	void *again = w;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(flow_world_clean(&again), 0);
		struct id user = fixture_add_user(w->fixture, "alice");
		struct flow_reach desk = reach_of(session_of(w, user));
		struct session_issued guest = guest_of(w);

		(void)start(w, desk, "fund");
		(void)start(w, reach_of(guest), "fund");
		for (unsigned n = 0; n < cases[i][0]; n++)
			assert_verdict(attempt(w, desk, "fund", "otp"), FLOW_DONE);
		w->context.now += CLOCK_MINUTE;
		for (unsigned n = 0; n < cases[i][1]; n++)
			assert_verdict(attempt(w, reach_of(guest), "fund", "otp"), FLOW_DONE);
		(void)promoted(w, &guest, user);
		struct flow_counter left = read_flow(w, desk, "fund").flow.counters[0];
		assert_int_equal(left.left, cases[i][2]);
		if (left.left == 0)
			assert_int_equal(left.retry_at, w->context.now + FUND_RESET);
	}
}

/* Also of an attempt that still cools down when its window is over. */
static void cooling_down_goes_along(void **state)
{
	struct world *w = *state;
	struct id user = fixture_add_user(w->fixture, "alice");
	struct flow_reach desk = reach_of(session_of(w, user));
	struct session_issued guest = guest_of(w);
	struct flow_outcome outcome;

	(void)start(w, desk, "fund");
	(void)start(w, reach_of(guest), "fund");
	assert_verdict(attempt(w, reach_of(guest), "fund", "resend"), FLOW_DONE);
	w->context.now += RESEND_RESET - CLOCK_SECOND;
	assert_verdict(attempt(w, reach_of(guest), "fund", "resend"), FLOW_DONE);
	w->context.now += CLOCK_SECOND;
	assert_ok(session_touch(&w->context, &guest.session));
	fixture_sql("UPDATE session SET idle_end = expires_at WHERE user_id IS NULL");
	(void)promoted(w, &guest, user);
	outcome = attempt(w, desk, "fund", "resend");
	assert_verdict(outcome, FLOW_COOLING_DOWN);
	assert_int_equal(outcome.counter.left, RESEND_ATTEMPTS);
	w->context.now += RESEND_COOLDOWN;
	assert_verdict(attempt(w, desk, "fund", "resend"), FLOW_DONE);
}

#define RIVALS 4

/* One of the guest's requests after the other, until the guest is no more. */
struct rival {
	struct world *w;
	struct flow_reach reach;
	unsigned number;
	pthread_barrier_t *gate;
	enum err e;
	unsigned granted;
	unsigned written;
	enum flow_verdict last;
};

static enum err write_on(struct rival *rival, const struct auth_context *context)
{
	struct flow_key key = {.reach = rival->reach, .kind = STR("fund")};
	struct flow_patch change = {.match = &match_any, .merge = json_merge};
	struct flow_outcome outcome;
	char data[64];

	TRY(flow_attempt(context, &key, STR("otp"), &outcome));
	rival->granted += outcome.verdict == FLOW_DONE ? 1 : 0;
	snprintf(data, sizeof data, "{\"r%u\":%u}", rival->number, rival->written + 1);
	change.data = str_of(data);
	TRY(flow_patch(context, &key, &change, &outcome));
	rival->written += outcome.verdict == FLOW_DONE ? 1 : 0;
	rival->last = outcome.verdict;
	return OK;
}

static void *go_on(void *opaque)
{
	struct rival *rival = opaque;
	struct auth_context context = rival->w->context;
	struct fault fault;

	db_thread_init();
	rival->e = arena_open(16384, 1 << 22, &context.arena);
	if (rival->e == OK)
		rival->e = db_open(&rival->w->config, DB_ROLE_WEB, &context.db);
	if (rival->e == OK)
		rival->e = db_connect(context.db, &fault);
	pthread_barrier_wait(rival->gate);
	while (rival->e == OK && rival->last == FLOW_DONE) {
		rival->e = write_on(rival, &context);
		arena_reset(context.arena);
	}
	db_close(&context.db);
	arena_close(&context.arena);
	db_thread_done();
	return NULL;
}

/* What was acknowledged to the guest is the user's: every attempt, every write. */
static void check_rivals(struct world *w, const struct rival *rivals, struct flow_reach reach)
{
	struct flow_outcome there = read_flow(w, reach, "fund");
	struct json_object data;
	struct str bad_name;
	unsigned granted = 1; /* before them */

	assert_verdict(there, FLOW_DONE);
	assert_ok(json_parse(w->context.arena, there.flow.row.data, &data, &bad_name));
	for (size_t i = 0; i < RIVALS; i++) {
		assert_ok(rivals[i].e);
		assert_int_equal(rivals[i].last, FLOW_GONE);
		granted += rivals[i].granted;
	}
	assert_int_equal(there.flow.counters[0].left,
			 w->config.flows[0].counters[0].attempts - granted);
	for (size_t m = 0; m < data.n; m++) {
		size_t i = (size_t)(data.members[m].name.p[1] - '1');

		assert_true(i < RIVALS);
		assert_int_equal(data.members[m].number, rivals[i].written);
	}
	for (size_t i = 0, written = 0; i < RIVALS; i++) {
		written += rivals[i].written > 0 ? 1 : 0;
		if (i + 1 == RIVALS)
			assert_int_equal(data.n, written);
	}
}

static void race_once(struct world *w, struct id user)
{
	static struct rival rivals[RIVALS];
	struct session_issued guest = guest_of(w);
	pthread_t threads[RIVALS];
	pthread_barrier_t gate;

	fixture_sql("DELETE FROM flow; DELETE FROM flow_counter");
	(void)start(w, reach_of(guest), "fund");
	assert_verdict(attempt(w, reach_of(guest), "fund", "otp"), FLOW_DONE);
	assert_int_equal(pthread_barrier_init(&gate, NULL, RIVALS + 1), 0);
	for (size_t i = 0; i < RIVALS; i++) {
		rivals[i] = (struct rival){.w = w,
					   .reach = reach_of(guest),
					   .number = (unsigned)i + 1,
					   .gate = &gate,
					   .last = FLOW_DONE};
		assert_int_equal(pthread_create(&threads[i], NULL, go_on, &rivals[i]), 0);
	}
	pthread_barrier_wait(&gate);
	guest = promoted(w, &guest, user);
	for (size_t i = 0; i < RIVALS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	pthread_barrier_destroy(&gate);
	check_rivals(w, rivals, reach_of(guest));
	assert_ok(session_end(&w->context, &guest.session));
}

/* ST-07: writes that race the promotion are before it, and go along, or find nobody there. */
static void a_race_loses_nothing(void **state)
{
	enum { ROUNDS = 30 };
	struct world *w = *state;
	struct id user = fixture_add_user(w->fixture, "alice");
	struct flow_counter_config *otp = &w->config.flows[0].counters[0];

	otp->attempts = 100000;
	for (unsigned i = 0; i < ROUNDS; i++)
		race_once(w, user);
	otp->attempts = FUND_ATTEMPTS;
}

#define TEST(name) cmocka_unit_test_setup(name, flow_world_clean)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(carried_over),
		TEST(the_sessions_own_stays),
		TEST(left_over_and_offered),
		TEST(an_offer_ends_after_an_hour),
		TEST(every_write_drops_the_offer),
		TEST(what_is_refused_keeps_the_offer),
		TEST(an_attempt_drops_the_offer),
		TEST(what_is_over_goes_nowhere),
		TEST(what_is_over_of_the_users_gives_way),
		TEST(promotion_may_pass_the_limit),
		TEST(the_worse_counter_remains),
		TEST(cooling_down_goes_along),
		TEST(a_race_loses_nothing),
	};

	return cmocka_run_group_tests(tests, flow_world_open, world_close);
}
