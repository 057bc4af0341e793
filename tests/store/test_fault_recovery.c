/* ST-07, RC-01: recovery and disputes under every failure of the database: all of it, or nothing.
 */
#include "fault_trial.h"

#include "account_admin.h"
#include "dispute.h"
#include "recovery.h"

#define CONTEXT (&t->w->context)
#define PASSWORD STR("quite another set of words")

static enum err ask_it(struct trial *t, void *out)
{
	const struct recovery_wish wish = {.email = STR("bob@example.org"),
					   .asker = {.kind = MAIL_ASKER_API}};

	(void)out;
	return recovery_ask(CONTEXT, &wish);
}

/* Never mail without a code that is good for it, nor two. */
static void check_asked(struct trial *t, const void *out)
{
	(void)t;
	(void)out;
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM outbox WHERE kind = 'recover'"),
			 fixture_number("SELECT COUNT(*) FROM mail_code WHERE purpose = 2 "
					"AND address = 'bob@example.org'"));
}

static enum err reset_it(struct trial *t, void *out)
{
	const struct recovery_request request = {
		.claim = {.code = t->scene.recovery_link},
		.new_password = PASSWORD,
	};
	struct recovery_outcome outcome;

	TRY(recovery_reset(CONTEXT, &request, &outcome));
	TRY(must(outcome.verdict == RECOVERY_DONE));
	PUT(out, outcome.verdict);
	return OK;
}

static void check_reset(struct trial *t, const void *out)
{
	(void)out;
	assert_int_equal(trial_session(t, t->scene.handle).standing, SESSION_UNKNOWN);
	assert_int_equal(trial_session(t, t->scene.other).standing, SESSION_UNKNOWN);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM outbox WHERE kind = 'recovered'"), 1);
}

static enum err dispute_it(struct trial *t, void *out)
{
	const struct dispute_request request = {.claim = {.code = t->scene.dispute}};
	enum mail_verdict verdict = MAIL_WRONG;

	TRY(dispute_act(CONTEXT, &request, &verdict));
	TRY(must(verdict == MAIL_RIGHT));
	PUT(out, verdict);
	return OK;
}

static void check_disputed(struct trial *t, const void *out)
{
	struct credential credential = credential_of(t->w, CARRIER_COOKIE, t->scene.cookie);
	struct session session;

	(void)out;
	assert_ok(session_resolve(CONTEXT, &credential, 1, &session));
	assert_int_equal(session.standing, SESSION_UNKNOWN);
	assert_int_equal(fixture_number("SELECT SUM(refused) FROM password"), 1);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM outbox WHERE kind = 'recover'"), 1);
}

static enum err send_it(struct trial *t, void *out)
{
	const struct account_act act = {.user_id = t->scene.bob};
	struct account_effect effect;

	TRY(account_recover(CONTEXT, &act, &effect));
	TRY(must(effect.outcome == ACCOUNT_DONE));
	PUT(out, effect.outcome);
	return OK;
}

/* From a device that the account has not seen yet: the notice comes with the session, or neither.
 */
static enum err sign_in_it(struct trial *t, void *out)
{
	struct client c = {
		.user = t->scene.bob, .carrier = CARRIER_HANDLE, .device = "a new telephone"};
	struct session_issued issued;

	TRY(try_sign_in(t->w, &c, &issued));
	PUT(out, issued);
	return OK;
}

static void check_told(struct trial *t, const void *out)
{
	trial_check_issued(t, out);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM outbox WHERE kind = 'new-device' "
					"AND recipient = 'bob@example.org' AND created_at > "
					"(SELECT MIN(created_at) FROM session)"),
			 1);
}

static void acts_under_every_failure(void **state)
{
	static const struct act acts[] = {
		{"recovery ask", ask_it, check_asked, 0},
		{"recovery reset", reset_it, check_reset, ACT_ATOMIC},
		{"dispute", dispute_it, check_disputed, ACT_ATOMIC},
		{"recovery sent", send_it, NULL, ACT_ATOMIC},
		{"sign-in from a new device", sign_in_it, check_told, ACT_ATOMIC},
	};

	trial_run(*state, acts, sizeof acts / sizeof acts[0]);
}

static int open_with_mail(void **state)
{
	if (trial_open(state) != 0)
		return -1;
	struct trial *t = *state;
	t->w->config.throttle.mails = 1000000;
	t->w->config.throttle.mails_day = 1000000;
	t->w->config.throttle.source_mails = 1000000;
	t->w->config.throttle.source_mails_day = 1000000;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(acts_under_every_failure),
	};

	return cmocka_run_group_tests(tests, open_with_mail, trial_close);
}
