/* The second factor of a sign-in against a database. */
#include "prove_world.h"

#include <pthread.h>

#include "token_world.h"

#define ONCE 50

/* MF-07: it waits a quarter of an hour for its factor, however often it is asked for. */
static void a_sign_in_waits_for_its_factor(void **state)
{
	struct world *w = *state;
	struct client c = person_with_factors(w, "alice", NULL);
	struct session_issued issued = sign_in(w, c);
	const struct session_row *row = &issued.session.found.session;
	struct session session;

	assert_int_equal(issued.session.standing, SESSION_PENDING);
	assert_true(session_awaits_factor(&issued.session));
	assert_int_equal(row->state, SESSION_SECOND_FACTOR_REQUIRED);
	assert_int_equal(row->wish, CARRIER_NONE);
	assert_int_equal(row->aal, 1);
	assert_int_equal(row->idle_end, WORLD_START + 15 * CLOCK_MINUTE);
	w->context.now += 14 * CLOCK_MINUTE;
	session = resolve(w, CARRIER_HANDLE, text_of(issued));
	assert_ok(session_touch(&w->context, &session));
	session = resolve(w, CARRIER_HANDLE, text_of(issued));
	assert_int_equal(session.found.session.last_seen, w->context.now);
	assert_int_equal(session.found.session.idle_end, WORLD_START + 15 * CLOCK_MINUTE);
	w->context.now += CLOCK_MINUTE;
	assert_int_equal(standing(w, CARRIER_HANDLE, text_of(issued)), SESSION_EXPIRED);
	assert_int_equal(complete(w, text_of(issued), code_now(w), &issued), PROVE_GONE);
}

static void the_right_code_completes(void **state)
{
	struct world *w = *state;
	struct client c = person_with_factors(w, "alice", NULL);
	struct session_issued first = sign_in(w, c);
	struct session_issued issued;
	const struct session_row *old = &first.session.found.session;
	const struct session_row *row = &issued.session.found.session;

	w->context.now += CLOCK_MINUTE;
	assert_int_equal(complete(w, text_of(first), code_now(w), &issued), PROVE_DONE);
	assert_int_equal(issued.session.standing, SESSION_LIVE);
	assert_int_equal(issued.carrier, CARRIER_HANDLE);
	assert_int_equal(issued.session.aal, 2);
	assert_true(id_equal(row->id, old->id));
	assert_int_equal(row->epoch, old->epoch + 1);
	assert_int_equal(row->state, SESSION_ACTIVE);
	assert_int_equal(row->tries, 0);
	assert_str(row->amr, "pwd otp mfa");
	assert_int_equal(row->auth_time, w->context.now);
	assert_int_equal(row->aal2_end, w->context.now + 12 * CLOCK_HOUR);
	assert_int_equal(row->expires_at, old->expires_at);
	assert_int_equal(row->idle_end, w->context.now + 14 * CLOCK_DAY);
	assert_int_equal(standing(w, CARRIER_HANDLE, text_of(first)), SESSION_REPLACED);
	assert_int_equal(standing(w, CARRIER_HANDLE, text_of(issued)), SESSION_LIVE);
	assert_int_equal(events("authn_factor_success", "totp, second factor"), 1);
	/* It waits for nothing any more. */
	w->context.now += CLOCK_MINUTE;
	assert_int_equal(complete(w, text_of(issued), code_now(w), &issued), PROVE_GONE);
}

/* MF-03: of now and of the step before. */
static void codes_of_now_and_just_before(void **state)
{
	struct world *w = *state;
	struct client c = person_with_factors(w, "alice", NULL);
	struct session_issued issued = sign_in(w, c);
	struct str value = text_of(issued);

	assert_int_equal(complete(w, value, code_at(w, 1), &issued), PROVE_WRONG);
	assert_int_equal(complete(w, value, code_at(w, -2), &issued), PROVE_WRONG);
	assert_int_equal(complete(w, value, STR(""), &issued), PROVE_WRONG);
	assert_int_equal(complete(w, value, STR("00000000"), &issued), PROVE_WRONG);
	w->context.now += STEP - 1;
	assert_int_equal(complete(w, value, code_at(w, 0), &issued), PROVE_DONE);
	value = text_of(sign_in(w, c));
	w->context.now += 1;
	assert_int_equal(complete(w, value, code_at(w, -1), &issued), PROVE_WRONG);
	assert_int_equal(complete(w, value, code_at(w, 0), &issued), PROVE_DONE);
	value = text_of(sign_in(w, c));
	w->context.now += 2 * STEP;
	assert_int_equal(complete(w, value, code_at(w, -1), &issued), PROVE_DONE);
}

/* MF-04: in another session and of an earlier step; what is used stays used. */
static void a_code_is_good_once(void **state)
{
	struct world *w = *state;
	struct client c = person_with_factors(w, "alice", NULL);
	struct str one = text_of(sign_in(w, c));
	struct str two = text_of(sign_in(w, c));
	struct str code = code_now(w);
	struct session_issued issued;

	assert_int_equal(complete(w, one, code, &issued), PROVE_DONE);
	assert_int_equal(complete(w, two, code, &issued), PROVE_WRONG);
	assert_int_equal(complete(w, two, code_at(w, -1), &issued), PROVE_WRONG);
	assert_int_equal(standing(w, CARRIER_HANDLE, two), SESSION_PENDING);
	assert_int_equal(fixture_number("SELECT last_step FROM totp"), step_at(w->context.now));
	w->context.now += STEP;
	assert_int_equal(complete(w, two, code, &issued), PROVE_WRONG);
	assert_int_equal(complete(w, two, code_now(w), &issued), PROVE_DONE);
}

/* Fifty requests at once, each on a connection and with an arena of its own. */
struct rush {
	struct world *w;
	struct str values[ONCE];
	struct str code;
	pthread_barrier_t start;
};

struct runner {
	struct rush *rush;
	size_t number;
	pthread_t thread;
	enum err e;
	enum prove_verdict verdict;
	bool repeated;
	char text[64];
};

static enum err run_once(struct runner *r, struct auth_context *context)
{
	const struct showing what = second_factor(r->rush->code);
	struct credential_input input = {.session_id_header = r->rush->values[r->number]};
	struct credential presented;
	struct session current;
	struct prove_request request = {
		.proof = what.proof, .presented = &presented, .current = &current};
	struct prove_outcome outcome;
	struct session_issued issued;

	TRY(credential_read(context->arena, context->keys, &input, &presented));
	TRY(session_resolve(context, &presented, 1, &current));
	pthread_barrier_wait(&r->rush->start);
	TRY(prove_second_factor(context, &request, &outcome, &issued));
	r->verdict = outcome.verdict;
	if (r->verdict != PROVE_DONE)
		return OK;
	r->repeated = issued.repeated;
	(void)snprintf(r->text, sizeof r->text, "%.*s", (int)issued.text.len,
		       (const char *)issued.text.bytes);
	return OK;
}

static void *run(void *opaque)
{
	struct runner *r = opaque;
	struct auth_context context = r->rush->w->context;

	db_thread_init();
	r->e = arena_open(65536, (size_t)4 * 1024 * 1024, &context.arena);
	if (r->e == OK)
		r->e = db_open(&r->rush->w->config, DB_ROLE_WEB, &context.db);
	if (r->e == OK)
		r->e = run_once(r, &context);
	db_close(&context.db);
	arena_close(&context.arena);
	db_thread_done();
	return NULL;
}

static void rush(struct rush *rush, struct runner *runners)
{
	assert_int_equal(pthread_barrier_init(&rush->start, NULL, ONCE), 0);
	for (size_t i = 0; i < ONCE; i++) {
		runners[i] = (struct runner){.rush = rush, .number = i};
		assert_int_equal(pthread_create(&runners[i].thread, NULL, run, &runners[i]), 0);
	}
	for (size_t i = 0; i < ONCE; i++) {
		assert_int_equal(pthread_join(runners[i].thread, NULL), 0);
		assert_ok(runners[i].e);
	}
	assert_int_equal(pthread_barrier_destroy(&rush->start), 0);
}

/* MF-04: fifty sign-ins, one code, on fifty connections. */
static void of_fifty_sign_ins_one_uses_a_code(void **state)
{
	struct world *w = *state;
	struct client c = person_with_factors(w, "alice", NULL);
	struct rush at_once = {.w = w, .code = code_now(w)};
	struct runner runners[ONCE];
	size_t done = 0;

	w->config.throttle.free_failures = 100;
	for (size_t i = 0; i < ONCE; i++)
		at_once.values[i] = text_of(sign_in(w, c));
	rush(&at_once, runners);
	w->config.throttle.free_failures = 5;
	for (size_t i = 0; i < ONCE; i++)
		done += runners[i].verdict == PROVE_DONE;
	assert_int_equal(done, 1);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM session WHERE aal = 2"), 1);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM session WHERE state = 2"), ONCE - 1);
}

/* MF-04: the same request fifty times at once: one answer, whoever gets one. */
static void fifty_times_one_request(struct world *w, enum session_carrier carrier)
{
	struct client c = person_with_factors(w, "alice", NULL);
	struct rush at_once = {.w = w, .code = code_now(w)};
	struct runner runners[ONCE];
	struct str value;
	const char *text = NULL;
	size_t first = 0;

	c.carrier = carrier;
	value = text_of(sign_in(w, c));
	w->config.throttle.free_failures = 100;
	for (size_t i = 0; i < ONCE; i++)
		at_once.values[i] = value;
	rush(&at_once, runners);
	w->config.throttle.free_failures = 5;
	for (size_t i = 0; i < ONCE; i++) {
		if (runners[i].verdict != PROVE_DONE)
			continue;
		first += !runners[i].repeated;
		text = text == NULL ? runners[i].text : text;
		assert_string_equal(runners[i].text, text);
	}
	assert_int_equal(first, 1);
	assert_int_equal(fixture_number("SELECT epoch FROM session"), 2);
	assert_int_equal(fixture_number("SELECT carrier FROM session"), carrier);
}

static void of_fifty_times_one_request_one_answer(void **state)
{
	fifty_times_one_request(*state, CARRIER_HANDLE);
}

static void of_fifty_times_one_request_one_pair(void **state)
{
	fifty_times_one_request(*state, CARRIER_TOKEN);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM refresh_token"), 1);
}

/* MF-07: the fifth wrong one ends the sign-in; beginning anew gives no fresh attempts. */
static void five_wrong_ones_end_a_sign_in(void **state)
{
	struct world *w = *state;
	struct client c = person_with_factors(w, "alice", NULL);
	struct str value = text_of(sign_in(w, c));
	struct session_issued issued;

	for (unsigned i = 1; i < PROVE_TRIES; i++)
		assert_int_equal(complete(w, value, wrong_code(w), &issued), PROVE_WRONG);
	assert_int_equal(standing(w, CARRIER_HANDLE, value), SESSION_PENDING);
	assert_int_equal(complete(w, value, wrong_code(w), &issued), PROVE_ENDED);
	assert_int_equal(standing(w, CARRIER_HANDLE, value), SESSION_UNKNOWN);
	assert_int_equal(complete(w, value, code_now(w), &issued), PROVE_GONE);
	assert_int_equal(events("authn_factor_fail", "totp, second factor"), PROVE_TRIES);
	assert_int_equal(events("session_ended", "too many wrong second factors"), 1);
	assert_int_equal(mails("factor-failed"), 1);
	value = text_of(sign_in(w, c));
	assert_int_equal(complete(w, value, code_now(w), &issued), PROVE_THROTTLED);
	assert_int_equal(standing(w, CARRIER_HANDLE, value), SESSION_PENDING);
	w->context.now += CLOCK_MINUTE;
	assert_int_equal(complete(w, value, code_now(w), &issued), PROVE_DONE);
}

/* MF-07: fifty at once are no more than five. */
static void of_fifty_wrong_ones_at_once_five_are_judged(void **state)
{
	struct world *w = *state;
	struct client c = person_with_factors(w, "alice", NULL);
	struct rush at_once = {.w = w, .code = wrong_code(w)};
	struct runner runners[ONCE];
	struct str value = text_of(sign_in(w, c));
	unsigned verdicts[PROVE_DONE + 1] = {0};

	w->config.throttle.free_failures = 100;
	for (size_t i = 0; i < ONCE; i++)
		at_once.values[i] = value;
	rush(&at_once, runners);
	w->config.throttle.free_failures = 5;
	for (size_t i = 0; i < ONCE; i++)
		verdicts[runners[i].verdict]++;
	assert_int_equal(verdicts[PROVE_ENDED], 1);
	assert_int_equal(verdicts[PROVE_WRONG], PROVE_TRIES - 1);
	assert_int_equal(verdicts[PROVE_GONE], ONCE - PROVE_TRIES);
	assert_int_equal(count_of(w, c.user), 0);
}

/* MF-07: the fifth may be right; and what is complete has no tries of its sign-in behind it. */
static void the_fifth_may_be_right(void **state)
{
	struct world *w = *state;
	struct client c = person_with_factors(w, "alice", NULL);
	struct str value = text_of(sign_in(w, c));
	struct session_issued issued;

	for (unsigned i = 1; i < PROVE_TRIES; i++)
		assert_int_equal(complete(w, value, wrong_code(w), &issued), PROVE_WRONG);
	assert_int_equal(complete(w, value, code_now(w), &issued), PROVE_DONE);
	value = text_of(issued);
	for (unsigned i = 0; i < PROVE_TRIES; i++)
		assert_int_equal(step_up(w, value, wrong_code(w), &issued), PROVE_WRONG);
	assert_int_equal(standing(w, CARRIER_HANDLE, value), SESSION_LIVE);
}

/* MF-07, TH-08: a day of guessing from one sign-in to the next: how many are judged. */
static void guessing_for_a_day(void **state)
{
	struct world *w = *state;
	struct client c = person_with_factors(w, "alice", NULL);
	struct session_issued issued;
	int64_t end = w->context.now + CLOCK_DAY;
	unsigned judged = 0;

	while (w->context.now < end && judged < 200) {
		struct credential presented =
			credential_of(w, CARRIER_HANDLE, text_of(sign_in(w, c)));
		struct showing what = second_factor(wrong_code(w));
		struct prove_outcome outcome = show_with(w, &presented, &what, &issued);

		if (outcome.verdict == PROVE_THROTTLED)
			w->context.now += outcome.wait;
		else
			judged++;
		arena_reset(w->context.arena);
		fixture_sql("DELETE FROM session");
	}
	assert_true(judged > PROVE_TRIES);
	assert_true(judged <= w->config.throttle.most);
}

/* MF-13, MF-19: once, in another sign-in neither, and told. */
static void a_recovery_code_completes_once(void **state)
{
	struct world *w = *state;
	struct recovery_codes codes;
	struct client c = person_with_factors(w, "alice", &codes);
	struct session_issued issued;

	assert_int_equal(recover(w, text_of(sign_in(w, c)), &codes.texts[4], &issued), PROVE_DONE);
	assert_int_equal(issued.session.aal, 2);
	assert_str(issued.session.found.session.amr, "pwd otp mfa");
	assert_int_equal(fixture_number("SELECT used FROM recovery_set"), 1U << 4);
	assert_int_equal(mails("recovery-code-used"), 1);
	assert_int_equal(events("authn_factor_success", "recovery_code, second factor"), 1);
	assert_int_equal(
		fixture_number(
			"SELECT COUNT(*) FROM audit_event WHERE event = 'recovery_code_used'"),
		1);
	assert_int_equal(recover(w, text_of(sign_in(w, c)), &codes.texts[4], &issued), PROVE_WRONG);
	assert_int_equal(recover(w, text_of(sign_in(w, c)), &codes.texts[9], &issued), PROVE_DONE);
	assert_int_equal(mails("recovery-code-used"), 2);
}

static void other_peoples_codes_are_wrong(void **state)
{
	struct world *w = *state;
	struct recovery_codes codes;
	struct recovery_codes others;
	struct client c = person_with_factors(w, "alice", &codes);
	struct session_issued issued;
	struct str value = text_of(sign_in(w, c));

	(void)person_with_factors(w, "bob", &others);
	assert_int_equal(recover(w, value, &others.texts[0], &issued), PROVE_WRONG);
	assert_int_equal(complete(w, value, text_of_code(&codes.texts[0]), &issued), PROVE_WRONG);
	assert_int_equal(mails("recovery-code-used"), 0);
	/* A device's key is no second factor of a sign-in. */
	struct credential presented = credential_of(w, CARRIER_HANDLE, value);
	struct session current = resolve(w, CARRIER_HANDLE, value);
	struct prove_request request = {.proof = {.method = PROVE_DEVICE_KEY},
					.presented = &presented,
					.current = &current};
	struct prove_outcome outcome;

	assert_int_equal(prove_second_factor(&w->context, &request, &outcome, &issued), ERR_INPUT);
	request.proof.method = PROVE_NOTHING;
	assert_int_equal(prove_step_up(&w->context, &request, &outcome, &issued), ERR_INPUT);
}

/* SE-05: the same request is answered alike, another not; nor when the value is in use. */
static void the_same_request_is_answered_alike(void **state)
{
	struct world *w = *state;
	struct recovery_codes codes;
	struct client c = person_with_factors(w, "alice", &codes);
	struct str value = text_of(sign_in(w, c));
	struct str code = code_now(w);
	struct session_issued first;
	struct session_issued again;
	struct session session;

	assert_int_equal(complete(w, value, code, &first), PROVE_DONE);
	w->context.now += 30 * CLOCK_SECOND - 1;
	assert_int_equal(complete(w, value, code, &again), PROVE_DONE);
	assert_true(again.repeated);
	assert_true(str_equal(text_of(first), text_of(again)));
	assert_int_equal(complete(w, value, code_at(w, 1), &again), PROVE_GONE);
	assert_int_equal(recover(w, value, &codes.texts[0], &again), PROVE_GONE);
	assert_int_equal(step_up(w, value, code, &again), PROVE_GONE);
	assert_int_equal(fixture_number("SELECT used FROM recovery_set"), 0);
	session = resolve(w, CARRIER_HANDLE, text_of(first));
	assert_ok(session_touch(&w->context, &session));
	assert_int_equal(complete(w, value, code, &again), PROVE_GONE);
	assert_int_equal(standing(w, CARRIER_HANDLE, text_of(first)), SESSION_LIVE);
}

/* Who repeats does not use up what is counted. */
static void repeating_costs_no_attempt(void **state)
{
	struct world *w = *state;
	struct client c = person_with_factors(w, "alice", NULL);
	struct str value = text_of(sign_in(w, c));
	struct session_issued issued;

	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(complete(w, value, code_now(w), &issued), PROVE_DONE);
	assert_int_equal(fixture_number("SELECT COALESCE(SUM(failures), 0) FROM throttle"), 0);
}

/* CONTRACT §1: nobody has tokens before the sign-in is complete; then the pair that was asked for.
 */
static void tokens_come_when_it_is_complete(void **state)
{
	struct world *w = *state;
	struct client c = person_with_factors(w, "alice", NULL);
	struct session_issued first;
	struct session_issued issued;
	struct session_issued again;
	struct str code = code_now(w);

	c.carrier = CARRIER_TOKEN;
	first = sign_in(w, c);
	assert_int_equal(first.carrier, CARRIER_HANDLE);
	assert_int_equal(first.session.found.session.wish, CARRIER_TOKEN);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM refresh_token"), 0);
	assert_int_equal(complete(w, text_of(first), wrong_code(w), &issued), PROVE_WRONG);
	assert_int_equal(complete(w, text_of(first), code, &issued), PROVE_DONE);
	assert_int_equal(issued.carrier, CARRIER_TOKEN);
	assert_int_equal(issued.session.found.session.carrier, CARRIER_TOKEN);
	assert_int_equal(issued.session.found.session.wish, CARRIER_NONE);
	assert_int_equal(complete(w, text_of(first), code, &again), PROVE_DONE);
	assert_true(again.repeated);
	assert_int_equal(again.carrier, CARRIER_TOKEN);
	assert_true(str_equal(text_of(issued), text_of(again)));
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM refresh_token"), 1);
	(void)exchanged(w, text_of(issued));
	assert_int_equal(complete(w, text_of(first), code, &again), PROVE_GONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_sign_in_waits_for_its_factor, token_world_clean),
		cmocka_unit_test_setup(the_right_code_completes, token_world_clean),
		cmocka_unit_test_setup(codes_of_now_and_just_before, token_world_clean),
		cmocka_unit_test_setup(a_code_is_good_once, token_world_clean),
		cmocka_unit_test_setup(of_fifty_sign_ins_one_uses_a_code, token_world_clean),
		cmocka_unit_test_setup(of_fifty_times_one_request_one_answer, token_world_clean),
		cmocka_unit_test_setup(of_fifty_times_one_request_one_pair, token_world_clean),
		cmocka_unit_test_setup(five_wrong_ones_end_a_sign_in, token_world_clean),
		cmocka_unit_test_setup(of_fifty_wrong_ones_at_once_five_are_judged,
				       token_world_clean),
		cmocka_unit_test_setup(the_fifth_may_be_right, token_world_clean),
		cmocka_unit_test_setup(guessing_for_a_day, token_world_clean),
		cmocka_unit_test_setup(a_recovery_code_completes_once, token_world_clean),
		cmocka_unit_test_setup(other_peoples_codes_are_wrong, token_world_clean),
		cmocka_unit_test_setup(the_same_request_is_answered_alike, token_world_clean),
		cmocka_unit_test_setup(repeating_costs_no_attempt, token_world_clean),
		cmocka_unit_test_setup(tokens_come_when_it_is_complete, token_world_clean),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
