/* ST-07: a guest becomes a user whole or not at all, whatever fails at whichever statement. */
#include "fault_trial.h"

#include "guest.h"

static enum err run_promote(struct trial *t, void *out)
{
	unsigned char device[] = "telephone";
	struct credential presented = credential_of(t->w, CARRIER_HANDLE, t->scene.guest);
	struct session current;
	struct session_start start = {
		.user_id = t->scene.alice,
		.carrier = CARRIER_HANDLE,
		.client = STR("app"),
		.amr = STR("pwd"),
		.aal = 1,
		.state = SESSION_ACTIVE,
		.device_kind = DEVICE_APP,
		.device_ref = {device, 9},
		.device_name = STR("telephone"),
		.presented = &presented,
		.current = &current,
		.proof = {{1}},
	};
	struct session_issued issued;

	TRY(session_resolve(&t->w->context, &presented, 1, &current));
	TRY(session_sign_in(&t->w->context, &start, &issued));
	PUT(out, issued);
	return OK;
}

static void check_promoted(struct trial *t, const void *out)
{
	struct session_issued issued;

	memcpy(&issued, out, sizeof issued);
	trial_check_issued(t, out);
	assert_true(id_equal(issued.session.found.session.id, t->scene.guest_id));
	assert_int_equal(trial_session(t, t->scene.guest).standing, SESSION_REPLACED);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM flow f JOIN user u ON u.id = "
					"f.owner_id WHERE f.facts = '{}' AND u.username = 'alice'"),
			 2);
	assert_int_equal(fixture_number("SELECT taken FROM flow_counter c JOIN user u ON u.id = "
					"c.owner_id WHERE u.username = 'alice'"),
			 4);
}

static enum err run_begin(struct trial *t, void *out)
{
	struct guest_request request = {.carrier = CARRIER_HANDLE, .client = STR("app")};
	enum guest_verdict verdict = GUEST_THROTTLED;
	struct session_issued issued;
	int64_t wait = 0;
	enum err e = guest_begin(&t->w->context, &request, &verdict, &wait, &issued);

	assert_true(e == OK || verdict == GUEST_THROTTLED);
	TRY(e);
	TRY(must(verdict == GUEST_BEGUN));
	PUT(out, issued);
	return OK;
}

static void promotion_under_every_failure(void **state)
{
	static const struct act acts[] = {
		{"begin as a guest", run_begin, trial_check_issued, ACT_REPEATABLE},
		{"promote a guest", run_promote, check_promoted, ACT_ATOMIC | ACT_REPEATABLE},
	};

	trial_run(*state, acts, sizeof acts / sizeof acts[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(promotion_under_every_failure),
	};

	return cmocka_run_group_tests(tests, trial_open, trial_close);
}
