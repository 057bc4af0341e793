/* Step-up by password against a database. */
#include "auth_world.h"

#include "reauth.h"

struct person {
	struct id user;
	struct str value; /* what the client has */
};

static struct person person_of(struct world *w)
{
	struct account_request request = {.username = STR("alice"),
					  .password = STR(WORLD_PASSWORD)};
	struct account_result result;
	struct client c = {.carrier = CARRIER_HANDLE};

	assert_ok(account_create(&w->context, &request, &result));
	assert_int_equal(result.flaw, ACCOUNT_FINE);
	c.user = result.user.id;
	return (struct person){.user = c.user, .value = text_of(sign_in(w, c))};
}

static enum reauth_verdict step_up(struct world *w, struct str value, const char *password,
				   struct session_issued *issued)
{
	struct credential presented = credential_of(w, CARRIER_HANDLE, value);
	struct session current = resolve(w, CARRIER_HANDLE, value);
	struct reauth_request request = {
		.password = str_of(password),
		.presented = &presented,
		.current = &current,
	};
	struct reauth_outcome outcome = {.verdict = REAUTH_GONE};

	assert_ok(reauth_password(&w->context, &request, &outcome, issued));
	return outcome.verdict;
}

/* SE-05, MF-16: a new value, fresh, epoch + 1; the old one is dead; no end moves; it is recorded.
 */
static void stepping_up_rotates(void **state)
{
	struct world *w = *state;
	struct person alice = person_of(w);
	struct session before = resolve(w, CARRIER_HANDLE, alice.value);
	struct session_issued issued;
	const struct session_row *old = &before.found.session;
	const struct session_row *row = &issued.session.found.session;

	w->context.now += CLOCK_HOUR;
	assert_int_equal(step_up(w, alice.value, WORLD_PASSWORD, &issued), REAUTH_DONE);
	assert_true(id_equal(row->id, old->id));
	assert_int_equal(row->epoch, old->epoch + 1);
	assert_int_equal(row->auth_time, w->context.now);
	assert_int_equal(row->expires_at, old->expires_at);
	assert_int_equal(row->created_at, old->created_at);
	assert_int_equal(row->class, old->class);
	assert_str(row->amr, "pwd");
	assert_false(str_equal(text_of(issued), alice.value));
	assert_int_equal(standing(w, CARRIER_HANDLE, alice.value), SESSION_REPLACED);
	assert_int_equal(standing(w, CARRIER_HANDLE, text_of(issued)), SESSION_LIVE);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM audit_event "
					"WHERE event = 'authn_reauth_success' "
					"AND detail = 'pwd, step-up' AND session_id IS NOT NULL"),
			 1);
}

/* MF-16: one session's step-up lifts no other. */
static void another_session_stays_stale(void **state)
{
	struct world *w = *state;
	struct person alice = person_of(w);
	struct client c = {.user = alice.user, .carrier = CARRIER_HANDLE};
	struct session_issued other = sign_in(w, c);
	struct session_issued issued;
	struct session session;

	w->context.now += CLOCK_HOUR;
	assert_int_equal(step_up(w, alice.value, WORLD_PASSWORD, &issued), REAUTH_DONE);
	session = resolve(w, CARRIER_HANDLE, text_of(other));
	assert_int_equal(session.standing, SESSION_LIVE);
	assert_int_equal(session.found.session.auth_time, w->context.now - CLOCK_HOUR);
}

/* The end of an elevated user hangs on auth_time: a step-up must not push it out. */
static void an_elevated_end_does_not_move(void **state)
{
	struct world *w = *state;
	struct person alice = person_of(w);
	struct session before;
	struct session_issued issued;

	world_give_role(w, alice.user, "admin");
	before = resolve(w, CARRIER_HANDLE, alice.value);
	w->context.now += 10 * CLOCK_MINUTE;
	assert_int_equal(step_up(w, alice.value, WORLD_PASSWORD, &issued), REAUTH_DONE);
	assert_int_equal(issued.session.ends.absolute, before.ends.absolute);
	assert_int_equal(issued.session.found.session.auth_time, w->context.now);
}

/* SE-05: the same request within 30 s gets the same answer; another, a later one, none. */
static void same_request_is_answered_alike(void **state)
{
	struct world *w = *state;
	struct person alice = person_of(w);
	struct session_issued first;
	struct session_issued again;

	assert_int_equal(step_up(w, alice.value, WORLD_PASSWORD, &first), REAUTH_DONE);
	w->context.now += 30 * CLOCK_SECOND - 1;
	assert_int_equal(step_up(w, alice.value, WORLD_PASSWORD, &again), REAUTH_DONE);
	assert_true(again.repeated);
	assert_true(str_equal(text_of(first), text_of(again)));
	assert_int_equal(again.session.found.session.epoch, first.session.found.session.epoch);
	assert_int_equal(step_up(w, alice.value, "not the one it was", &again), REAUTH_GONE);
	w->context.now += 1;
	assert_int_equal(step_up(w, alice.value, WORLD_PASSWORD, &again), REAUTH_GONE);
	assert_int_equal(standing(w, CARRIER_HANDLE, text_of(first)), SESSION_LIVE);
}

static void not_repeated_after_use(void **state)
{
	struct world *w = *state;
	struct person alice = person_of(w);
	struct session_issued first;
	struct session_issued again;
	struct session session;

	assert_int_equal(step_up(w, alice.value, WORLD_PASSWORD, &first), REAUTH_DONE);
	session = resolve(w, CARRIER_HANDLE, text_of(first));
	assert_ok(session_touch(&w->context, &session));
	assert_int_equal(step_up(w, alice.value, WORLD_PASSWORD, &again), REAUTH_GONE);
}

/* TH-08: a wrong one costs a hash, leaves the session, and is recorded. */
static void wrong_password_leaves_the_session(void **state)
{
	static const char *const wrong[] = {"", "the wrong password here", "\xff\xfe",
					    WORLD_PASSWORD " "};
	struct world *w = *state;
	struct person alice = person_of(w);
	struct session_issued issued;

	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		uint64_t before = db_statement_count(w->hash_db);

		assert_int_equal(step_up(w, alice.value, wrong[i], &issued), REAUTH_WRONG);
		assert_int_equal(db_statement_count(w->hash_db) - before, 1);
	}
	assert_int_equal(resolve(w, CARRIER_HANDLE, alice.value).found.session.epoch, 1);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM audit_event "
					"WHERE event = 'authn_reauth_fail'"),
			 4);
}

/* A hold is lifted by the right password, and by nothing less. */
static void a_hold_is_lifted(void **state)
{
	struct world *w = *state;
	struct person alice = person_of(w);
	struct session_issued issued;

	fixture_sql("UPDATE session SET held = 1");
	assert_int_equal(step_up(w, alice.value, "the wrong password here", &issued), REAUTH_WRONG);
	assert_int_equal(standing(w, CARRIER_HANDLE, alice.value), SESSION_HELD);
	assert_int_equal(step_up(w, alice.value, WORLD_PASSWORD, &issued), REAUTH_DONE);
	assert_int_equal(issued.session.standing, SESSION_LIVE);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM audit_event "
					"WHERE detail = 'pwd, hold lifted'"),
			 1);
}

static void what_is_over_or_unfinished_does_not_go_on(void **state)
{
	static const char *const ends[] = {
		"UPDATE session SET state = 2",
		"UPDATE session SET state = 4",
		"UPDATE session SET state = 4, held = 1",
		"UPDATE session SET idle_end = 1",
		"UPDATE user SET state = 2",
		"DELETE FROM session",
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		struct session_issued issued;
		struct person alice;

		assert_int_equal(world_clean(state), 0);
		alice = person_of(w);
		fixture_sql(ends[i]);
		assert_int_equal(step_up(w, alice.value, WORLD_PASSWORD, &issued), REAUTH_GONE);
		assert_int_equal(fixture_number("SELECT COUNT(*) FROM rotation"), 0);
	}
}

/*
 * TH-08: who has a session has no more guesses than others: ten as a known device, then those of
 * the account; after that a right password is not compared either, and the session stays.
 */
static void guesses_are_throttled(void **state)
{
	struct world *w = *state;
	struct person alice = person_of(w);
	struct session_issued issued;
	unsigned wrong = 0;

	while (wrong < 50 && step_up(w, alice.value, "not the right one", &issued) == REAUTH_WRONG)
		wrong++;
	assert_int_equal(wrong,
			 w->config.throttle.device_failures + w->config.throttle.free_failures);
	assert_int_equal(step_up(w, alice.value, WORLD_PASSWORD, &issued), REAUTH_THROTTLED);
	assert_int_equal(standing(w, CARRIER_HANDLE, alice.value), SESSION_LIVE);
	w->context.now += CLOCK_HOUR;
	assert_int_equal(step_up(w, alice.value, WORLD_PASSWORD, &issued), REAUTH_DONE);
}

/* Ended between the check of the password and the transaction: nothing comes back. */
static void ended_meanwhile_stays_ended(void **state)
{
	struct world *w = *state;
	struct person alice = person_of(w);
	struct credential presented = credential_of(w, CARRIER_HANDLE, alice.value);
	struct session current = resolve(w, CARRIER_HANDLE, alice.value);
	struct session_proof_again again = {
		.user_id = alice.user,
		.presented = &presented,
		.current = &current,
		.method = STR("pwd"),
		.purpose = STR("test"),
	};
	struct session_issued issued;

	fixture_sql("DELETE FROM session");
	assert_int_equal(session_prove_again(&w->context, &again, &issued), ERR_CONFLICT);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM session"), 0);
	again.user_id = ID_NONE;
	assert_int_equal(session_prove_again(&w->context, &again, &issued), ERR_CONFLICT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(stepping_up_rotates, world_clean),
		cmocka_unit_test_setup(another_session_stays_stale, world_clean),
		cmocka_unit_test_setup(an_elevated_end_does_not_move, world_clean),
		cmocka_unit_test_setup(same_request_is_answered_alike, world_clean),
		cmocka_unit_test_setup(not_repeated_after_use, world_clean),
		cmocka_unit_test_setup(wrong_password_leaves_the_session, world_clean),
		cmocka_unit_test_setup(guesses_are_throttled, world_clean),
		cmocka_unit_test_setup(a_hold_is_lifted, world_clean),
		cmocka_unit_test_setup(what_is_over_or_unfinished_does_not_go_on, world_clean),
		cmocka_unit_test_setup(ended_meanwhile_stays_ended, world_clean),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
