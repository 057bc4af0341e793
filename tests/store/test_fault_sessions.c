/* ST-07, IN-25: every act with sessions under every failure of the database, at every call. */
#include "fault_trial.h"

#include "reauth.h"
#include "session_admin.h"
#include "signin.h"

static enum err sign_in_with(struct trial *t, const struct signin_request *request, void *out)
{
	enum signin_verdict verdict = SIGNIN_REFUSED;
	struct session_issued issued;
	int64_t wait = 0;
	enum err e = signin_password(&t->w->context, request, &verdict, &wait, &issued);

	/* Whatever failed, nobody is let in by it. */
	assert_true(e == OK || verdict == SIGNIN_REFUSED);
	TRY(e);
	TRY(must(verdict == SIGNIN_ACCEPTED));
	PUT(out, issued);
	return OK;
}

static enum err run_sign_in(struct trial *t, void *out)
{
	unsigned char device[] = "telephone";
	struct credential none = {.syntax = CREDENTIAL_ABSENT};
	struct session nobody = {.standing = SESSION_ABSENT};
	struct signin_request request = {
		.identifier = STR("alice"),
		.password = STR(WORLD_PASSWORD),
		.carrier = CARRIER_HANDLE,
		.client = STR("app"),
		.device_kind = DEVICE_APP,
		.device_ref = {device, 9},
		.device_name = STR("telephone"),
		.presented = &none,
		.current = &nobody,
	};

	return sign_in_with(t, &request, out);
}

static enum err run_sign_in_over(struct trial *t, void *out)
{
	struct credential presented = credential_of(t->w, CARRIER_HANDLE, t->scene.handle);
	struct session current;
	struct signin_request request = {
		.identifier = STR("alice@example.org"),
		.password = STR(WORLD_PASSWORD),
		.carrier = CARRIER_HANDLE,
		.client = STR("app"),
		.presented = &presented,
		.current = &current,
	};

	TRY(session_resolve(&t->w->context, &presented, 1, &current));
	return sign_in_with(t, &request, out);
}

static enum err run_wrong_password(struct trial *t, void *out)
{
	struct credential none = {.syntax = CREDENTIAL_ABSENT};
	struct session nobody = {.standing = SESSION_ABSENT};
	struct signin_request request = {
		.identifier = STR("alice"),
		.password = STR("not the right one"),
		.carrier = CARRIER_HANDLE,
		.client = STR("app"),
		.presented = &none,
		.current = &nobody,
	};
	enum signin_verdict verdict = SIGNIN_REFUSED;
	struct session_issued issued;
	int64_t wait = 0;
	enum err e = signin_password(&t->w->context, &request, &verdict, &wait, &issued);

	(void)out;
	TRY(must(verdict == SIGNIN_REFUSED));
	return e;
}

static enum err run_step_up(struct trial *t, void *out)
{
	struct credential presented = credential_of(t->w, CARRIER_HANDLE, t->scene.handle);
	struct session current;
	struct reauth_request request = {
		.password = STR(WORLD_PASSWORD), .presented = &presented, .current = &current};
	struct reauth_outcome outcome = {.verdict = REAUTH_DONE};
	struct session_issued issued;
	enum err e = OK;

	TRY(session_resolve(&t->w->context, &presented, 1, &current));
	e = reauth_password(&t->w->context, &request, &outcome, &issued);
	assert_true(e == OK || outcome.verdict == REAUTH_GONE);
	TRY(e);
	TRY(must(outcome.verdict == REAUTH_DONE));
	PUT(out, issued);
	return OK;
}

static enum err run_check(struct trial *t, void *out)
{
	struct credential presented[3] = {
		credential_of(t->w, CARRIER_HANDLE, t->scene.handle),
		credential_of(t->w, CARRIER_HANDLE, t->scene.old),
		credential_of(t->w, CARRIER_COOKIE, t->scene.cookie),
	};

	return session_resolve(&t->w->context, presented, 3, out);
}

static void check_check(struct trial *t, const void *out)
{
	struct session sessions[3];

	(void)t;
	memcpy(sessions, out, sizeof sessions);
	assert_int_equal(sessions[0].standing, SESSION_LIVE);
	assert_int_equal(sessions[1].standing, SESSION_REPLACED);
	assert_int_equal(sessions[2].standing, SESSION_LIVE);
}

static enum err run_touch(struct trial *t, void *out)
{
	struct credential presented = credential_of(t->w, CARRIER_HANDLE, t->scene.handle);
	struct session session;

	TRY(session_resolve(&t->w->context, &presented, 1, &session));
	TRY(session_touch(&t->w->context, &session));
	PUT(out, session);
	return OK;
}

static enum err run_end(struct trial *t, void *out)
{
	struct credential presented = credential_of(t->w, CARRIER_HANDLE, t->scene.handle);
	struct session session;

	(void)out;
	TRY(session_resolve(&t->w->context, &presented, 1, &session));
	return session_end(&t->w->context, &session);
}

static enum err run_end_one(struct trial *t, void *out)
{
	return session_end_one(&t->w->context, &t->scene.alice, &t->scene.handle_id, out);
}

static enum err run_end_others(struct trial *t, void *out)
{
	return session_end_all(&t->w->context, &t->scene.alice, &t->scene.other_id, out);
}

static enum err run_end_all(struct trial *t, void *out)
{
	return session_end_all(&t->w->context, &t->scene.alice, NULL, out);
}

static enum err run_list(struct trial *t, void *out)
{
	struct page_cursor from = {.limit = 10};

	return session_list(&t->w->context, &t->scene.alice, &from, out);
}

static enum err run_admin_end(struct trial *t, void *out)
{
	return session_admin_end(&t->w->context, &t->scene.handle_id, out);
}

static enum err run_end_everybody(struct trial *t, void *out)
{
	return session_admin_end_everybody(&t->w->context, out);
}

static void check_ended_all(struct trial *t, const void *out)
{
	trial_check_ended(t, out);
	assert_int_equal(standing(t->w, CARRIER_HANDLE, t->scene.other), SESSION_UNKNOWN);
	assert_int_equal(standing(t->w, CARRIER_COOKIE, t->scene.cookie), SESSION_UNKNOWN);
}

static void sessions_under_every_failure(void **state)
{
	static const struct act acts[] = {
		{"check", run_check, check_check, ACT_ATOMIC | ACT_REPEATABLE},
		{"touch", run_touch, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"sign in", run_sign_in, trial_check_issued, ACT_REPEATABLE},
		{"sign in over a session", run_sign_in_over, trial_check_rotated, ACT_REPEATABLE},
		{"wrong password", run_wrong_password, NULL, 0},
		{"step up", run_step_up, trial_check_rotated, ACT_REPEATABLE},
		{"end this", run_end, trial_check_ended, ACT_ATOMIC | ACT_REPEATABLE},
		{"end one", run_end_one, trial_check_ended, ACT_ATOMIC | ACT_REPEATABLE},
		{"end the others", run_end_others, trial_check_ended, ACT_ATOMIC | ACT_REPEATABLE},
		{"end all", run_end_all, trial_check_ended, ACT_ATOMIC | ACT_REPEATABLE},
		{"list", run_list, NULL, ACT_ATOMIC},
		{"end anybody's", run_admin_end, trial_check_ended, ACT_ATOMIC | ACT_REPEATABLE},
		{"end everybody's", run_end_everybody, check_ended_all, ACT_REPEATABLE},
	};

	trial_run(*state, acts, sizeof acts / sizeof acts[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sessions_under_every_failure),
	};

	return cmocka_run_group_tests(tests, trial_open, trial_close);
}
