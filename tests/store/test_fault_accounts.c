/* ST-07, IN-25: every act with accounts, and upkeep under every failure of the database, at every
 * call. */
#include "fault_trial.h"

#include "account_admin.h"
#include "account_import.h"
#include "purge.h"
#include "reauth.h"
#include "restore.h"
#include "throttle_admin.h"

#define NEW_PASSWORD "quite another set of words"

static enum err run_change_password(struct trial *t, void *out)
{
	struct credential presented = credential_of(t->w, CARRIER_HANDLE, t->scene.handle);
	struct session current;
	struct reauth_request request = {
		.password = STR(WORLD_PASSWORD),
		.new_password = STR(NEW_PASSWORD),
		.presented = &presented,
		.current = &current,
	};
	struct reauth_outcome outcome = {.verdict = REAUTH_DONE};
	struct password_opinion opinion;
	struct session_issued issued;
	enum err e = OK;

	TRY(session_resolve(&t->w->context, &presented, 1, &current));
	e = reauth_change_password(&t->w->context, &request, &opinion, &outcome, &issued);
	assert_true(e == OK || outcome.verdict == REAUTH_GONE);
	TRY(e);
	TRY(must(outcome.verdict == REAUTH_DONE));
	PUT(out, issued);
	return OK;
}

/* ACCOUNT_DONE, or asked again, done already. */
static enum err effect(enum err e, const struct account_effect *effect, void *out)
{
	TRY(e);
	TRY(must(effect->outcome == ACCOUNT_DONE || effect->outcome == ACCOUNT_ALREADY));
	PUT(out, *effect);
	return OK;
}

#define RUN_ADMIN(name, function, who, role_name)                                                  \
	static enum err run_##name(struct trial *t, void *out)                                     \
	{                                                                                          \
		struct account_act act = {.user_id = t->scene.who, .role = STR(role_name)};        \
		struct account_effect done;                                                        \
		enum err e = function(&t->w->context, &act, &done);                                \
                                                                                                   \
		return effect(e, &done, out);                                                      \
	}
RUN_ADMIN(lock, account_lock, alice, "")
RUN_ADMIN(compromised, account_compromised, alice, "")
RUN_ADMIN(hold, account_hold, alice, "")
RUN_ADMIN(give_role, account_give_role, alice, "admin")

static enum err run_unlock(struct trial *t, void *out)
{
	struct account_act act = {.user_id = t->scene.alice};
	struct account_effect done;

	TRY(account_lock(&t->w->context, &act, &done));
	return effect(account_unlock(&t->w->context, &act, &done), &done, out);
}

static enum err run_take_role(struct trial *t, void *out)
{
	struct account_act give = {.user_id = t->scene.alice, .role = STR("admin")};
	struct account_act take = {.user_id = t->scene.admin, .role = STR("admin")};
	struct account_effect done;

	TRY(account_give_role(&t->w->context, &give, &done));
	return effect(account_take_role(&t->w->context, &take, &done), &done, out);
}

/* Refused whatever fails: the last one is not lost. */
static enum err run_last_admin(struct trial *t, void *out)
{
	struct account_act act = {.user_id = t->scene.admin};
	struct account_effect done;

	TRY(account_lock(&t->w->context, &act, &done));
	TRY(must(done.outcome == ACCOUNT_LAST_ADMIN));
	PUT(out, done);
	return OK;
}

static enum err run_hold_session(struct trial *t, void *out)
{
	struct account_act act = {.reason = STR("asked for")};
	struct account_effect done;
	enum err e = account_hold_session(&t->w->context, &t->scene.handle_id, &act, &done);

	return effect(e, &done, out);
}

static enum err create(struct trial *t, const char *name, void *out)
{
	static const struct str roles[] = {{"admin", 5}};
	struct account_request request = {
		.username = str_of(name),
		.password = STR(WORLD_PASSWORD),
		.roles = roles,
		.role_count = 1,
	};
	struct account_result result;

	TRY(account_create(&t->w->context, &request, &result));
	TRY(must(result.flaw == ACCOUNT_FINE));
	PUT(out, result);
	return OK;
}

static enum err run_create(struct trial *t, void *out)
{
	return create(t, "carol", out);
}

/* One is there already, and both are when it is asked again. */
static enum err run_import(struct trial *t, void *out)
{
	static unsigned char hash[] = "{SHA}yqD2UGIrgAlvTafixTcpxkIECbg=";
	const struct account_import_roles roles = {.names = {STR("admin")}, .n = 1};
	struct account_import accounts[] = {
		{.username = STR("carol"), .role_count = 1, .must_change = true},
		{.username = STR("alice")},
	};

	(void)out;
	for (size_t i = 0; i < 2; i++) {
		accounts[i].display_name = accounts[i].username;
		accounts[i].hash = (struct secret){hash, sizeof hash - 1};
	}
	enum err e = account_import_write(&t->w->context, &roles, accounts, 2);
	for (size_t i = 0; e != OK && i < 2; i++)
		assert_int_equal(accounts[i].outcome, ACCOUNT_IMPORT_NONE);
	TRY(e);
	return must(accounts[0].outcome != ACCOUNT_IMPORT_NONE &&
		    accounts[1].outcome == ACCOUNT_IMPORT_EXISTS);
}

static enum err run_look(struct trial *t, void *out)
{
	struct account_import account = {.username = STR("nobody"),
					 .email = STR("bob@example.org")};

	TRY(account_import_look(&t->w->context, &account));
	TRY(must(account.outcome == ACCOUNT_IMPORT_EXISTS));
	PUT(out, account.outcome);
	return OK;
}

static enum err run_set_password(struct trial *t, void *out)
{
	struct account_result result;

	TRY(account_set_password(&t->w->context, &t->scene.alice, STR(NEW_PASSWORD), &result));
	TRY(must(result.flaw == ACCOUNT_FINE));
	PUT(out, result);
	return OK;
}

static enum err run_remove(struct trial *t, void *out)
{
	(void)out;
	return account_remove(&t->w->context, &t->scene.alice);
}

static enum err run_setup_begin(struct trial *t, void *out)
{
	return account_setup_begin(&t->w->context, out);
}

static enum err run_setup_finish(struct trial *t, void *out)
{
	struct account_request request = {.username = STR("first"), .password = STR(NEW_PASSWORD)};
	struct account_result result;

	TRY(account_remove(&t->w->context, &t->scene.admin));
	TRY(account_setup_finish(&t->w->context, t->scene.setup_code, &request, &result));
	TRY(must(result.flaw == ACCOUNT_FINE));
	PUT(out, result);
	return OK;
}

/* A year and more later: there is something to delete in every table. */
static enum err run_purge(struct trial *t, void *out)
{
	struct purge_report report = {.sessions = 0};
	int64_t now = t->w->context.now;
	enum err e = OK;

	t->w->context.now += 500 * CLOCK_DAY;
	e = purge_run(&t->w->context, clock_monotonic() + CLOCK_MINUTE, &report);
	t->w->context.now = now;
	TRY(e);
	PUT(out, report);
	return OK;
}

static enum err run_restore(struct trial *t, void *out)
{
	struct restore_cleaned cleaned = {.sessions = 77};
	enum err e = restore_clean(&t->w->context, false, &cleaned);

	assert_true(e == OK || cleaned.sessions == 77);
	TRY(e);
	PUT(out, cleaned);
	return OK;
}

static void check_restored(struct trial *t, const void *out)
{
	trial_check_ended(t, out);
	assert_int_equal(fixture_number("SELECT (SELECT COUNT(*) FROM session) + "
					"(SELECT COUNT(*) FROM rotation) + "
					"(SELECT COUNT(*) FROM handover) + "
					"(SELECT COUNT(*) FROM setup_code)"),
			 0);
}

static enum err run_throttle_list(struct trial *t, void *out)
{
	struct throttle_choice choice = {.user = STR("alice")};
	struct throttle_view views[THROTTLE_PAGE];
	struct digest after = {{0}};
	size_t n = 0;

	TRY(throttle_admin_list(&t->w->context, &choice, &after, views, &n));
	choice.user = STR_NONE;
	TRY(throttle_admin_list(&t->w->context, &choice, &after, views, &n));
	PUT(out, n);
	return OK;
}

static enum err run_throttle_clear(struct trial *t, void *out)
{
	struct throttle_choice choice = {.source = t->w->context.ip};

	return throttle_admin_clear(&t->w->context, &choice, out);
}

static enum err run_throttle_clear_all(struct trial *t, void *out)
{
	struct throttle_choice choice = {.user = STR_NONE};

	return throttle_admin_clear(&t->w->context, &choice, out);
}

static void accounts_under_every_failure(void **state)
{
	static const struct act acts[] = {
		{"change the password", run_change_password, trial_check_rotated, 0},
		{"lock", run_lock, trial_check_ended, ACT_ATOMIC | ACT_REPEATABLE},
		{"unlock", run_unlock, NULL, ACT_REPEATABLE},
		{"compromised", run_compromised, trial_check_ended, ACT_ATOMIC | ACT_REPEATABLE},
		{"hold", run_hold, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"hold one session", run_hold_session, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"give a role", run_give_role, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"take a role", run_take_role, NULL, 0},
		{"lock the last administrator", run_last_admin, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"create", run_create, NULL, ACT_ATOMIC},
		{"import", run_import, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"look before an import", run_look, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"set a password", run_set_password, trial_check_ended,
		 ACT_ATOMIC | ACT_REPEATABLE},
		{"remove", run_remove, trial_check_ended, ACT_ATOMIC | ACT_REPEATABLE},
		{"begin set-up", run_setup_begin, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"finish set-up", run_setup_finish, NULL, 0},
		{"purge", run_purge, NULL, ACT_REPEATABLE},
		{"clean after a restore", run_restore, check_restored, ACT_REPEATABLE},
		{"list counters", run_throttle_list, NULL, ACT_ATOMIC},
		{"clear counters", run_throttle_clear, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"clear all counters", run_throttle_clear_all, NULL, ACT_REPEATABLE},
	};

	trial_run(*state, acts, sizeof acts / sizeof acts[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accounts_under_every_failure),
	};

	return cmocka_run_group_tests(tests, trial_open, trial_close);
}
