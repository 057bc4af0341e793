/* Counters of flows against a database: whatever somebody does, they have no more attempts. */
#include "flow_world.h"

#include <inttypes.h>
#include <pthread.h>

#include "purge.h"

static struct flow_counter left_of(struct world *w, struct flow_reach reach)
{
	return read_flow(w, reach, "fund").flow.counters[0];
}

static void use_up(struct world *w, struct flow_reach reach)
{
	for (unsigned i = 0; i < FUND_ATTEMPTS; i++)
		assert_verdict(attempt(w, reach, "fund", "otp"), FLOW_DONE);
	assert_verdict(attempt(w, reach, "fund", "otp"), FLOW_USED_UP);
}

static void grants_its_number_in_a_window(void **state)
{
	struct world *w = *state;
	struct flow_reach alice = a_user(w, "alice");
	int64_t end = WORLD_START + FUND_RESET;
	struct flow_outcome outcome;

	(void)start(w, alice, "fund");
	assert_verdict(attempt(w, alice, "fund", "none"), FLOW_NO_COUNTER);
	assert_verdict(attempt(w, alice, "fund", "OTP"), FLOW_NO_COUNTER);
	for (unsigned i = 1; i <= FUND_ATTEMPTS; i++) {
		outcome = attempt(w, alice, "fund", "otp");
		assert_verdict(outcome, FLOW_DONE);
		assert_str(outcome.counter.name, "otp");
		assert_int_equal(outcome.counter.left, FUND_ATTEMPTS - i);
		assert_int_equal(outcome.counter.retry_at, i < FUND_ATTEMPTS ? 0 : end);
		w->context.now += CLOCK_MINUTE;
	}
	w->context.now = end - 1;
	outcome = attempt(w, alice, "fund", "otp");
	assert_verdict(outcome, FLOW_USED_UP);
	assert_int_equal(outcome.counter.left, 0);
	assert_int_equal(outcome.counter.retry_at, end);
	assert_int_equal(read_flow(w, alice, "fund").flow.row.version, 1);
	/* Refused ones do not prolong it. */
	w->context.now = end;
	outcome = attempt(w, alice, "fund", "otp");
	assert_verdict(outcome, FLOW_DONE);
	assert_int_equal(outcome.counter.left, FUND_ATTEMPTS - 1);
	assert_int_equal(fixture_number("SELECT purge_at FROM flow_counter"), end + FUND_RESET);
	/* Another counter is another matter. */
	assert_verdict(attempt(w, alice, "fund", "resend"), FLOW_DONE);
	assert_int_equal(left_of(w, alice).left, FUND_ATTEMPTS - 1);
}

static void cools_down(void **state)
{
	struct world *w = *state;
	struct flow_reach alice = a_user(w, "alice");
	struct flow_outcome outcome;

	(void)start(w, alice, "fund");
	outcome = attempt(w, alice, "fund", "resend");
	assert_verdict(outcome, FLOW_DONE);
	assert_int_equal(outcome.counter.retry_at, WORLD_START + RESEND_COOLDOWN);
	w->context.now += RESEND_COOLDOWN - 1;
	outcome = attempt(w, alice, "fund", "resend");
	assert_verdict(outcome, FLOW_COOLING_DOWN);
	assert_int_equal(outcome.counter.left, RESEND_ATTEMPTS - 1);
	assert_int_equal(outcome.counter.retry_at, WORLD_START + RESEND_COOLDOWN);
	w->context.now += 1;
	assert_verdict(attempt(w, alice, "fund", "resend"), FLOW_DONE);
	/* The last one shortly before the end of the window cools down beyond it. */
	w->context.now = WORLD_START + RESEND_RESET - 1;
	outcome = attempt(w, alice, "fund", "resend");
	assert_verdict(outcome, FLOW_DONE);
	assert_int_equal(outcome.counter.left, 0);
	assert_int_equal(outcome.counter.retry_at, w->context.now + RESEND_COOLDOWN);
	w->context.now += 1;
	outcome = attempt(w, alice, "fund", "resend");
	assert_verdict(outcome, FLOW_COOLING_DOWN);
	assert_int_equal(outcome.counter.left, RESEND_ATTEMPTS);
	w->context.now += RESEND_COOLDOWN - 1;
	outcome = attempt(w, alice, "fund", "resend");
	assert_verdict(outcome, FLOW_DONE);
	assert_int_equal(outcome.counter.left, RESEND_ATTEMPTS - 1);
}

static void assert_none_left(struct world *w, struct flow_reach reach)
{
	assert_verdict(attempt(w, reach, "fund", "otp"), FLOW_USED_UP);
	assert_int_equal(left_of(w, reach).left, 0);
}

/* TH-08: a flow that begins anew, or goes on, has no fresh attempts. */
static void no_flow_gives_fresh_attempts(void **state)
{
	struct world *w = *state;
	struct flow_reach alice = a_user(w, "alice");

	(void)start(w, alice, "fund");
	use_up(w, alice);
	assert_verdict(end_flow(w, alice, "fund", NULL), FLOW_DONE);
	assert_verdict(attempt(w, alice, "fund", "otp"), FLOW_UNKNOWN);
	assert_verdict(start(w, alice, "fund"), FLOW_CREATED);
	assert_none_left(w, alice);
	assert_verdict(serve(w, alice, "fund", STR("{}"), STR("otp")), FLOW_DONE);
	assert_none_left(w, alice);
	assert_verdict(patch(w, alice, "fund", "{\"a\":1}"), FLOW_DONE);
	assert_none_left(w, alice);
	w->context.now += FUND_RESET;
	use_up(w, alice);
}

/* TH-08: nor has a session, another or new, or that of a guest who becomes the user. */
static void no_session_gives_fresh_attempts(void **state)
{
	struct world *w = *state;
	struct id user = fixture_add_user(w->fixture, "alice");
	struct session_issued first = session_of(w, user);
	struct session_issued second = session_of(w, user);
	struct purge_report report = {.sessions = 0};

	(void)start(w, reach_of(first), "fund");
	use_up(w, reach_of(first));
	assert_none_left(w, reach_of(second));
	assert_ok(session_end(&w->context, &first.session));
	assert_ok(session_end(&w->context, &second.session));
	assert_none_left(w, reach_of(session_of(w, user)));
	first = guest_of(w);
	(void)start(w, reach_of(first), "fund");
	assert_none_left(w, reach_of(promoted(w, &first, user)));
	assert_ok(purge_run(&w->context, INT64_MAX, &report));
	assert_none_left(w, reach_of(session_of(w, user)));
}

/* Also when the flow has expired and the counter's window has not. */
static void it_outlives_an_expired_flow(void **state)
{
	struct world *w = *state;
	struct flow_reach alice = a_user(w, "alice");

	(void)start(w, alice, "fund");
	w->context.now += CLOCK_DAY - CLOCK_MINUTE;
	use_up(w, alice);
	w->context.now += CLOCK_MINUTE;
	assert_verdict(attempt(w, alice, "fund", "otp"), FLOW_OVER);
	assert_int_equal(start(w, alice, "fund").flow.counters[0].left, 0);
	assert_verdict(attempt(w, alice, "fund", "otp"), FLOW_USED_UP);
}

/* A counter is its user's, kind's and name's; of kinds by session too. */
static void counters_are_keyed_by_user(void **state)
{
	struct world *w = *state;
	struct id user = fixture_add_user(w->fixture, "alice");
	struct flow_reach phone = reach_of(session_of(w, user));
	struct flow_reach desk = reach_of(session_of(w, user));
	struct flow_reach bob = a_user(w, "bob");

	(void)start(w, phone, "tour");
	(void)start(w, desk, "tour");
	(void)start(w, bob, "tour");
	assert_verdict(attempt(w, phone, "tour", "ask"), FLOW_DONE);
	assert_verdict(attempt(w, desk, "tour", "ask"), FLOW_DONE);
	assert_verdict(attempt(w, phone, "tour", "ask"), FLOW_USED_UP);
	assert_verdict(attempt(w, desk, "tour", "ask"), FLOW_USED_UP);
	assert_verdict(attempt(w, bob, "tour", "ask"), FLOW_DONE);
	(void)start(w, phone, "fund");
	assert_int_equal(left_of(w, phone).left, FUND_ATTEMPTS);
}

/* What the configuration says now counts, for what was taken before too. */
static void fewer_may_be_allowed_later(void **state)
{
	struct world *w = *state;
	struct flow_reach alice = a_user(w, "alice");
	struct flow_counter_config *otp = &w->config.flows[0].counters[0];

	(void)start(w, alice, "fund");
	for (unsigned i = 0; i < 3; i++)
		assert_verdict(attempt(w, alice, "fund", "otp"), FLOW_DONE);
	otp->attempts = 2;
	assert_verdict(attempt(w, alice, "fund", "otp"), FLOW_USED_UP);
	assert_int_equal(left_of(w, alice).left, 0);
	otp->attempts = FUND_ATTEMPTS;
	assert_int_equal(left_of(w, alice).left, 2);
}

struct rival {
	struct world *w;
	struct flow_reach reach;
	pthread_barrier_t *gate;
	enum err e;
	enum flow_verdict verdict;
};

static void *compete(void *opaque)
{
	struct rival *rival = opaque;
	struct auth_context context = rival->w->context;
	struct flow_key key = {.reach = rival->reach, .kind = STR("fund")};
	struct flow_outcome outcome = {.verdict = FLOW_REFUSED};
	struct fault fault;

	db_thread_init();
	rival->e = arena_open(16384, 1 << 20, &context.arena);
	if (rival->e == OK)
		rival->e = db_open(&rival->w->config, DB_ROLE_WEB, &context.db);
	if (rival->e == OK)
		rival->e = db_connect(context.db, &fault);
	pthread_barrier_wait(rival->gate);
	if (rival->e == OK)
		rival->e = flow_attempt(&context, &key, STR("otp"), &outcome);
	rival->verdict = outcome.verdict;
	db_close(&context.db);
	arena_close(&context.arena);
	db_thread_done();
	return NULL;
}

#define RIVALS 50

/* SE-27: of fifty at once, on fifty connections, exactly five are granted. */
static void race(struct world *w, struct flow_reach reach)
{
	static struct rival rivals[RIVALS];
	pthread_t threads[RIVALS];
	pthread_barrier_t gate;
	unsigned granted = 0;

	assert_int_equal(pthread_barrier_init(&gate, NULL, RIVALS), 0);
	for (size_t i = 0; i < RIVALS; i++) {
		rivals[i] = (struct rival){.w = w, .reach = reach, .gate = &gate};
		assert_int_equal(pthread_create(&threads[i], NULL, compete, &rivals[i]), 0);
	}
	for (size_t i = 0; i < RIVALS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	pthread_barrier_destroy(&gate);
	for (size_t i = 0; i < RIVALS; i++) {
		assert_ok(rivals[i].e);
		if (rivals[i].verdict != FLOW_DONE)
			assert_int_equal(rivals[i].verdict, FLOW_USED_UP);
		granted += rivals[i].verdict == FLOW_DONE ? 1 : 0;
	}
	assert_int_equal(granted, FUND_ATTEMPTS);
	assert_int_equal(left_of(w, reach).left, 0);
}

static void fifty_at_once_take_five(void **state)
{
	struct world *w = *state;
	struct flow_reach reaches[] = {a_user(w, "alice"), reach_of(guest_of(w))};

	for (size_t i = 0; i < 2; i++) {
		(void)start(w, reaches[i], "fund");
		race(w, reaches[i]);
	}
}

#define SESSIONS 3
#define DEEDS 500

/* A user with several sessions, and a guest who may become this user. */
struct life {
	struct world *w;
	unsigned short dice[3];
	struct id user;
	struct session_issued sessions[SESSIONS];
	struct session_issued guest;
	int64_t end, guest_end; /* of the windows that run, or ran last */
};

static size_t roll(struct life *life, size_t sides)
{
	return (size_t)nrand48(life->dice) % sides;
}

static struct flow_reach any_session(struct life *life)
{
	return reach_of(life->sessions[roll(life, SESSIONS)]);
}

static unsigned users_left(struct life *life)
{
	return left_of(life->w, reach_of(life->sessions[0])).left;
}

static unsigned guests_left(struct life *life)
{
	return left_of(life->w, reach_of(life->guest)).left;
}

static void take(struct life *life, struct flow_reach reach, int64_t *end)
{
	unsigned before = left_of(life->w, reach).left;
	struct flow_outcome outcome = attempt(life->w, reach, "fund", "otp");

	if (outcome.verdict != FLOW_DONE) {
		assert_true(outcome.verdict == FLOW_UNKNOWN || before == 0);
		return;
	}
	assert_int_equal(outcome.counter.left + 1, before);
	if (*end <= life->w->context.now)
		*end = life->w->context.now + FUND_RESET;
}

static void attempts(struct life *life)
{
	take(life, any_session(life), &life->end);
}

static void attempts_as_guest(struct life *life)
{
	take(life, reach_of(life->guest), &life->guest_end);
}

static void starts(struct life *life)
{
	(void)start(life->w, any_session(life), "fund");
}

static void starts_as_guest(struct life *life)
{
	(void)start(life->w, reach_of(life->guest), "fund");
}

static void ends(struct life *life)
{
	(void)end_flow(life->w, any_session(life), "fund", NULL);
}

static void moves(struct life *life)
{
	(void)step(life->w, any_session(life), "fund", &match_any, "kyc");
}

static void writes(struct life *life)
{
	(void)patch(life->w, any_session(life), "fund", roll(life, 2) == 0 ? "{\"a\":1}" : "{}");
}

static void signs_in_again(struct life *life)
{
	struct session_issued *one = &life->sessions[roll(life, SESSIONS)];

	if (roll(life, 2) == 0)
		assert_ok(session_end(&life->w->context, &one->session));
	*one = session_of(life->w, life->user);
}

static void another_guest(struct life *life)
{
	life->guest = guest_of(life->w);
	life->guest_end = 0;
}

/* The worse of both remains. */
static void becomes_the_user(struct life *life)
{
	unsigned guests = guests_left(life);

	life->sessions[roll(life, SESSIONS)] = promoted(life->w, &life->guest, life->user);
	assert_in_range(users_left(life), 0, guests);
	life->end = life->end > life->guest_end ? life->end : life->guest_end;
	another_guest(life);
}

static void is_tidied(struct life *life)
{
	struct purge_report report = {.sessions = 0};

	assert_ok(purge_run(&life->w->context, INT64_MAX, &report));
}

/* TH-08: at random, only the end of a window gives attempts. */
static void live(struct life *life)
{
	static void (*const deeds[])(struct life * life) = {
		attempts, attempts, attempts_as_guest, starts,        starts_as_guest,  ends,
		moves,    writes,   signs_in_again,    another_guest, becomes_the_user, is_tidied,
	};
	unsigned before = users_left(life);

	for (unsigned i = 0; i < DEEDS; i++) {
		size_t deed = roll(life, sizeof deeds / sizeof deeds[0]);
		unsigned after = 0;

		deeds[deed](life);
		after = users_left(life);
		if (after > before)
			fail_msg("deed %zu: %u left, %u before", deed, after, before);
		life->w->context.now += (int64_t)roll(life, 3) * CLOCK_MINUTE;
		before = users_left(life);
		if (before > after)
			assert_true(life->w->context.now >= life->end);
	}
}

static void at_random_nobody_gains_attempts(void **state)
{
	static struct life life;
	const char *text = getenv("GATEPOST_SEED");
	struct world *w = *state;
	struct id random = id_random();
	uint64_t seed = 0;

	memcpy(&seed, random.b, 6);
	seed = text != NULL ? strtoull(text, NULL, 10) : seed;
	print_message("seed %" PRIu64 " (GATEPOST_SEED repeats it)\n", seed);
	life = (struct life){
		.w = w,
		.dice = {(unsigned short)seed, (unsigned short)(seed >> 16),
			 (unsigned short)(seed >> 32)},
		.user = fixture_add_user(w->fixture, "alice"),
	};
	for (size_t i = 0; i < SESSIONS; i++)
		life.sessions[i] = session_of(w, life.user);
	life.guest = guest_of(w);
	live(&life);
}

#define TEST(name) cmocka_unit_test_setup(name, flow_world_clean)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(grants_its_number_in_a_window),   TEST(cools_down),
		TEST(no_flow_gives_fresh_attempts),    TEST(no_session_gives_fresh_attempts),
		TEST(it_outlives_an_expired_flow),     TEST(counters_are_keyed_by_user),
		TEST(fewer_may_be_allowed_later),      TEST(fifty_at_once_take_five),
		TEST(at_random_nobody_gains_attempts),
	};

	return cmocka_run_group_tests(tests, flow_world_open, world_close);
}
