/* Changing the password, and a stronger hash at sign-in, against a database. */
#include "auth_world.h"

#include "reauth.h"
#include "signin.h"

#define NEW_PASSWORD "quite another set of words"

struct person {
	struct id user;
	struct str value, other; /* two sessions; the first one changes */
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
	return (struct person){
		.user = c.user,
		.value = text_of(sign_in(w, c)),
		.other = text_of(sign_in(w, c)),
	};
}

static enum reauth_verdict change(struct world *w, struct str value, const char *password,
				  const char *wanted, struct session_issued *issued)
{
	struct credential presented = credential_of(w, CARRIER_HANDLE, value);
	struct session current = resolve(w, CARRIER_HANDLE, value);
	struct reauth_request request = {
		.password = str_of(password),
		.new_password = str_of(wanted),
		.presented = &presented,
		.current = &current,
	};
	struct password_opinion opinion;
	struct reauth_outcome outcome = {.verdict = REAUTH_GONE};

	assert_ok(reauth_change_password(&w->context, &request, &opinion, &outcome, issued));
	assert_int_equal(outcome.verdict == REAUTH_BAD_NEW, opinion.flaw != PASSWORD_FINE);
	return outcome.verdict;
}

static enum err try_sign_in_with(struct world *w, const char *password,
				 enum signin_verdict *verdict)
{
	struct credential none = {.syntax = CREDENTIAL_ABSENT};
	struct session nobody = {.standing = SESSION_ABSENT};
	struct signin_request request = {
		.identifier = STR("alice"),
		.password = str_of(password),
		.carrier = CARRIER_HANDLE,
		.client = STR("app"),
		.presented = &none,
		.current = &nobody,
	};
	struct session_issued issued;
	int64_t wait = 0;

	return signin_password(&w->context, &request, verdict, &wait, &issued);
}

static bool signs_in(struct world *w, const char *password)
{
	enum signin_verdict verdict = SIGNIN_REFUSED;

	assert_ok(try_sign_in_with(w, password, &verdict));
	return verdict == SIGNIN_ACCEPTED;
}

/* PW-14, SE-05, SE-18: the new one holds, the session has a new value, all others end with it. */
static void changing_ends_all_others(void **state)
{
	struct world *w = *state;
	struct person alice = person_of(w);
	struct session before = resolve(w, CARRIER_HANDLE, alice.value);
	struct session_issued issued;
	const struct session_row *row = &issued.session.found.session;

	fixture_add_session(w->fixture, fixture_add_user(w->fixture, "bob"));
	w->context.now += CLOCK_HOUR;
	assert_int_equal(change(w, alice.value, WORLD_PASSWORD, NEW_PASSWORD, &issued),
			 REAUTH_DONE);
	assert_int_equal(row->epoch, before.found.session.epoch + 1);
	assert_int_equal(row->auth_time, w->context.now);
	assert_int_equal(row->expires_at, before.found.session.expires_at);
	assert_int_equal(standing(w, CARRIER_HANDLE, text_of(issued)), SESSION_LIVE);
	assert_int_equal(standing(w, CARRIER_HANDLE, alice.value), SESSION_REPLACED);
	assert_int_equal(standing(w, CARRIER_HANDLE, alice.other), SESSION_UNKNOWN);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM session"), 2);
	assert_false(signs_in(w, WORLD_PASSWORD));
	assert_true(signs_in(w, NEW_PASSWORD));
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM audit_event "
					"WHERE event = 'authn_password_change'"),
			 1);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM audit_event WHERE event = "
					"'sessions_ended' AND detail = '1 by a new password'"),
			 1);
}

/* SE-05: also when the password that the request names has changed by then. */
static void same_request_is_answered_alike(void **state)
{
	struct world *w = *state;
	struct person alice = person_of(w);
	struct session_issued first;
	struct session_issued again;

	assert_int_equal(change(w, alice.value, WORLD_PASSWORD, NEW_PASSWORD, &first), REAUTH_DONE);
	w->context.now += 30 * CLOCK_SECOND - 1;
	assert_int_equal(change(w, alice.value, WORLD_PASSWORD, NEW_PASSWORD, &again), REAUTH_DONE);
	assert_true(again.repeated);
	assert_true(str_equal(text_of(first), text_of(again)));
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM audit_event "
					"WHERE event = 'authn_password_change'"),
			 1);
	assert_int_equal(change(w, alice.value, "not the one it was", NEW_PASSWORD, &again),
			 REAUTH_GONE);
	assert_int_equal(change(w, alice.value, WORLD_PASSWORD, "something else for once", &again),
			 REAUTH_GONE);
	w->context.now += 1;
	assert_int_equal(change(w, alice.value, WORLD_PASSWORD, NEW_PASSWORD, &again), REAUTH_GONE);
	assert_int_equal(standing(w, CARRIER_HANDLE, text_of(first)), SESSION_LIVE);
}

/* Refused: nothing is different afterwards. */
static void refusals_change_nothing(void **state)
{
	static const struct {
		const char *password, *wanted;
		enum reauth_verdict verdict;
	} cases[] = {
		{"the wrong password here", NEW_PASSWORD, REAUTH_WRONG},
		{"", NEW_PASSWORD, REAUTH_WRONG},
		{WORLD_PASSWORD, WORLD_PASSWORD, REAUTH_BAD_NEW},
		{WORLD_PASSWORD, "short", REAUTH_BAD_NEW},
		{WORLD_PASSWORD, "passwordpassword", REAUTH_BAD_NEW},
		{WORLD_PASSWORD, "alice alice alice!", REAUTH_BAD_NEW},
		{WORLD_PASSWORD, "\xff\xfe not text at all", REAUTH_BAD_NEW},
	};
	struct world *w = *state;
	struct person alice = person_of(w);
	struct session_issued issued;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(
			change(w, alice.value, cases[i].password, cases[i].wanted, &issued),
			cases[i].verdict);
	assert_int_equal(standing(w, CARRIER_HANDLE, alice.value), SESSION_LIVE);
	assert_int_equal(standing(w, CARRIER_HANDLE, alice.other), SESSION_LIVE);
	assert_true(signs_in(w, WORLD_PASSWORD));
}

/* PW-12: who must change it reaches just that, and is signed in by it. */
static void a_session_that_waits_for_it_becomes_active(void **state)
{
	struct world *w = *state;
	struct person alice = person_of(w);
	struct session_issued issued;

	fixture_sql("UPDATE session SET state = 4");
	fixture_sql("UPDATE password SET must_change = 1");
	assert_int_equal(standing(w, CARRIER_HANDLE, alice.value), SESSION_PENDING);
	assert_int_equal(change(w, alice.value, WORLD_PASSWORD, NEW_PASSWORD, &issued),
			 REAUTH_DONE);
	assert_int_equal(issued.session.standing, SESSION_LIVE);
	assert_int_equal(fixture_number("SELECT must_change FROM password"), 0);
	fixture_sql("UPDATE session SET state = 2");
	assert_int_equal(change(w, text_of(issued), NEW_PASSWORD, WORLD_PASSWORD, &issued),
			 REAUTH_GONE);
	assert_true(signs_in(w, NEW_PASSWORD));
}

/* A failure in the middle leaves password, value and all sessions as they were. */
static void a_rollback_leaves_nothing(void **state)
{
	struct world *w = *state;
	struct person alice = person_of(w);
	struct credential presented = credential_of(w, CARRIER_HANDLE, alice.value);
	struct session current = resolve(w, CARRIER_HANDLE, alice.value);
	struct reauth_request request = {
		.password = STR(WORLD_PASSWORD),
		.new_password = STR(NEW_PASSWORD),
		.presented = &presented,
		.current = &current,
	};
	struct password_opinion opinion;
	struct reauth_outcome outcome = {.verdict = REAUTH_GONE};
	struct session_issued issued;

	fixture_sql("CREATE TRIGGER stop_it BEFORE DELETE ON session FOR EACH ROW "
		    "SIGNAL SQLSTATE '45000'");
	assert_int_not_equal(
		reauth_change_password(&w->context, &request, &opinion, &outcome, &issued), OK);
	fixture_sql("DROP TRIGGER stop_it");
	assert_int_equal(standing(w, CARRIER_HANDLE, alice.value), SESSION_LIVE);
	assert_int_equal(standing(w, CARRIER_HANDLE, alice.other), SESSION_LIVE);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM rotation"), 0);
	assert_true(signs_in(w, WORLD_PASSWORD));
	assert_false(signs_in(w, NEW_PASSWORD));
}

/* SE-18: a sign-in that compared the former password must not come after the change. */
static void a_sign_in_with_the_former_password_does_not_outlive_it(void **state)
{
	struct world *w = *state;
	struct person alice = person_of(w);
	struct credential none = {.syntax = CREDENTIAL_ABSENT};
	struct session nobody = {.standing = SESSION_ABSENT};
	struct session_start start = {
		.user_id = alice.user,
		.carrier = CARRIER_HANDLE,
		.client = STR("app"),
		.amr = STR("pwd"),
		.aal = 1,
		.state = SESSION_ACTIVE,
		.presented = &none,
		.current = &nobody,
		.password_changed_at = WORLD_START,
	};
	struct session_issued issued;

	assert_ok(session_sign_in(&w->context, &start, &issued));
	w->context.now += CLOCK_SECOND;
	assert_int_equal(change(w, alice.value, WORLD_PASSWORD, NEW_PASSWORD, &issued),
			 REAUTH_DONE);
	assert_int_equal(session_sign_in(&w->context, &start, &issued), ERR_CONFLICT);
	assert_int_equal(count_of(w, alice.user), 1);
}

static int64_t strong_hashes(void)
{
	return fixture_number("SELECT COUNT(*) FROM password "
			      "WHERE hash LIKE '$argon2id$v=19$m=19456,t=3,%'");
}

/* PW-18: a right sign-in makes the hash as costly as the setting; a wrong one, or a cheaper
 * setting, does not. */
static void raised_cost_is_taken_up_at_sign_in(void **state)
{
	struct world *w = *state;
	struct person alice = person_of(w);
	struct config raised = w->config;
	struct hasher *hasher = NULL;
	int64_t changed_at = fixture_number("SELECT changed_at FROM password");

	raised.password.passes = 3;
	assert_ok(hasher_open(&raised, NULL, &hasher));
	w->context.now += CLOCK_HOUR;
	w->context.hasher = hasher;
	assert_false(signs_in(w, "the wrong password here"));
	assert_int_equal(strong_hashes(), 0);
	assert_true(signs_in(w, WORLD_PASSWORD));
	assert_int_equal(strong_hashes(), 1);
	assert_int_equal(fixture_number("SELECT changed_at FROM password"), changed_at);
	assert_int_equal(standing(w, CARRIER_HANDLE, alice.value), SESSION_LIVE);
	w->context.hasher = w->hasher;
	assert_true(signs_in(w, WORLD_PASSWORD));
	assert_int_equal(strong_hashes(), 1);
	hasher_close(&hasher);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(changing_ends_all_others, world_clean),
		cmocka_unit_test_setup(same_request_is_answered_alike, world_clean),
		cmocka_unit_test_setup(refusals_change_nothing, world_clean),
		cmocka_unit_test_setup(a_session_that_waits_for_it_becomes_active, world_clean),
		cmocka_unit_test_setup(a_rollback_leaves_nothing, world_clean),
		cmocka_unit_test_setup(a_sign_in_with_the_former_password_does_not_outlive_it,
				       world_clean),
		cmocka_unit_test_setup(raised_cost_is_taken_up_at_sign_in, world_clean),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
