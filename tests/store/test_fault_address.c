/* ST-07, IN-25, SE-27: what a person changes of their account, under every failure of the database.
 */
#include "address_world.h"
#include "fault_trial.h"

#include "account_store.h"
#include "profile.h"

#define DB t->w->db
#define CONTEXT (&t->w->context)
#define NEW_ADDRESS STR("new@example.org")
#define FORMER_ADDRESS STR("former@example.org")

/* Links: of a change of alice's that waits, and of the restoration of an earlier one of bob's. */
static struct str change_link, restore_link;

ACT(set_email, return account_store_set_email(DB, &t->scene.alice, NEW_ADDRESS, CONTEXT->now);)
ACT(set_username,
    return account_store_set_username(DB, &t->scene.alice, STR("carol"), CONTEXT->now);)
ACT(set_name,
    return account_store_set_display_name(DB, &t->scene.alice, STR("Carol"), CONTEXT->now);)
ACT(set_language, return account_store_set_language(DB, &t->scene.alice, STR("pl"), CONTEXT->now);)
ACT(set_closed, return account_store_close(DB, &t->scene.alice, CONTEXT->now);)
ACT(set_open, return account_store_reopen(DB, &t->scene.alice, CONTEXT->now);)
ACT(void_elsewhere, return mail_code_store_void_elsewhere(DB, &t->scene.alice, NEW_ADDRESS);)
ACT(void_closed, return mail_code_store_void_closed(DB, &t->scene.alice);)
ACT(is_asked, return mail_code_store_is_asked(DB, &t->scene.alice, NEW_ADDRESS, out);)
ACT(closed_at, return account_store_closed_at(DB, &t->scene.alice, out);)

static enum err closed(struct trial *t, void *out)
{
	struct id ids[4];
	size_t n = 0;

	(void)out;
	TRY(account_store_closed(DB, CONTEXT->now, 4, ids, &n));
	return must(n == 1);
}

static enum err ask_for(struct trial *t, struct str email)
{
	const struct address_wish wish = {.user_id = t->scene.alice, .typed = email};
	struct address_effect effect;

	TRY(address_ask(CONTEXT, &wish, &effect));
	return must(effect.outcome == ADDRESS_DONE);
}

ACT(ask_free, return ask_for(t, STR("free@example.org"));)
ACT(ask_taken, return ask_for(t, STR("bob@example.org"));)

static enum err run_prove(struct trial *t, void *out)
{
	const struct address_proof proof = {
		.user_id = t->scene.alice,
		.session_id = t->scene.handle_id,
		.code = change_link,
	};
	struct address_effect effect;

	TRY(address_prove(CONTEXT, &proof, &effect));
	TRY(must(effect.outcome == ADDRESS_DONE));
	PUT(out, effect);
	return OK;
}

static void check_address(struct trial *t, const void *out)
{
	struct address_effect effect;
	struct user_row user = user_of(t->w, t->scene.alice);

	memcpy(&effect, out, sizeof effect);
	assert_true(str_equal(user.email, NEW_ADDRESS) && str_equal(effect.user.email, user.email));
	assert_int_equal(trial_session(t, t->scene.handle).standing, SESSION_LIVE);
}

static enum err run_restore(struct trial *t, void *out)
{
	const struct mail_claim claim = {.links = 1U << MAIL_RESTORATION, .code = restore_link};
	struct mail_code_row row;
	struct address_restoring restoring = {.context = CONTEXT, .row = &row};
	enum mail_verdict verdict = MAIL_WRONG;
	int64_t wait = 0;

	TRY(mail_code_check(CONTEXT, &claim, &verdict, &row, &wait));
	TRY(must(verdict == MAIL_RIGHT));
	TRY(address_restore(&restoring));
	TRY(must(restoring.effect.outcome == ADDRESS_DONE));
	PUT(out, restoring.effect);
	return OK;
}

static void check_restored(struct trial *t, const void *out)
{
	(void)out;
	assert_true(str_equal(user_of(t->w, t->scene.bob).email, FORMER_ADDRESS));
	assert_int_equal(standing(t->w, CARRIER_COOKIE, t->scene.cookie), SESSION_UNKNOWN);
}

static enum err run_close(struct trial *t, void *out)
{
	const struct closing closing = {t->scene.alice, t->scene.handle_id};
	enum account_outcome outcome = ACCOUNT_REFUSED;

	TRY(account_close(CONTEXT, &closing, &outcome));
	TRY(must(outcome == ACCOUNT_DONE));
	PUT(out, outcome);
	return OK;
}

static enum err run_reopen(struct trial *t, void *out)
{
	struct account_act act = {.reason = STR("asked for")};
	struct account_effect effect;

	memset(act.user_id.b, 0x77, ID_BYTES);

	TRY(account_reopen(CONTEXT, &act, &effect));
	TRY(must(effect.outcome == ACCOUNT_DONE || effect.outcome == ACCOUNT_ALREADY));
	PUT(out, effect);
	return OK;
}

static enum err run_remove_closed(struct trial *t, void *out)
{
	struct auth_context later = *CONTEXT;
	uint64_t removed = 0;

	(void)out;
	later.now += 31 * CLOCK_DAY;
	return account_remove_closed(&later, 10, &removed);
}

static void check_removed(struct trial *t, const void *out)
{
	(void)t;
	(void)out;
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM user WHERE state = 3"), 0);
}

static enum err run_profile(struct trial *t, void *out)
{
	const struct profile_change change = {
		.user_id = t->scene.alice,
		.session_id = t->scene.handle_id,
		.display_name = STR("Carol"),
		.username = STR("carol"),
		.language = STR("pl"),
	};
	struct profile_effect effect;

	TRY(profile_change(CONTEXT, &change, &effect));
	TRY(must(effect.outcome == PROFILE_DONE));
	PUT(out, effect);
	return OK;
}

/* Bob has moved, alice is about to, and a third account is closed. */
static int open_it(void **state)
{
	struct trial *t = NULL;
	struct letter mail;
	const struct user_row bob = {
		.email = FORMER_ADDRESS,
		.display_name = STR("Bob"),
		.language = STR(""),
	};
	struct user_row former = bob;

	if (trial_open(state) != 0)
		return -1;
	t = *state;
	t->w->config.throttle.mails = 1000;
	t->w->config.throttle.mails_day = 1000;
	t->w->config.throttle.source_mails = 1000;
	t->w->config.throttle.source_mails_day = 1000;
	former.id = t->scene.bob;
	assert_ok(db_begin(DB));
	assert_ok(address_mail_former(CONTEXT, DB, &former, STR("bob@example.org"), STR("")));
	assert_ok(db_commit(DB));
	mail = letter(t->w, "address-changed");
	restore_link = trial_lasting(t, link_of(t->w, &mail));
	assert_ok(ask_for(t, NEW_ADDRESS));
	mail = letter(t->w, "address");
	change_link = trial_lasting(t, link_of(t->w, &mail));
	fixture_sql("INSERT INTO user (id, username, display_name, state, created_at, updated_at, "
		    "closed_at) VALUES (UNHEX(REPEAT('77',16)), 'gone', 'Gone', 3, 0, 0, 1)");
	trial_keep(t);
	return 0;
}

static void statements_under_every_failure(void **state)
{
	static const struct act acts[] = {
		{"set email", set_email, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"set user name", set_username, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"set name", set_name, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"set language", set_language, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"set closed", set_closed, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"set open", set_open, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"void elsewhere", void_elsewhere, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"void closed", void_closed, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"is asked", is_asked, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"closed at", closed_at, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"list closed", closed, NULL, ACT_ATOMIC | ACT_REPEATABLE},
	};

	trial_run(*state, acts, sizeof acts / sizeof acts[0]);
}

static void acts_under_every_failure(void **state)
{
	static const struct act acts[] = {
		{"ask, free", ask_free, NULL, ACT_REPEATABLE},
		{"ask, taken", ask_taken, NULL, ACT_REPEATABLE},
		{"prove", run_prove, check_address, ACT_ATOMIC},
		{"restore", run_restore, check_restored, ACT_ATOMIC},
		{"close", run_close, trial_check_ended, ACT_ATOMIC},
		{"reopen", run_reopen, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"remove closed", run_remove_closed, check_removed, ACT_ATOMIC | ACT_REPEATABLE},
		{"profile", run_profile, NULL, ACT_ATOMIC | ACT_REPEATABLE},
	};

	trial_run(*state, acts, sizeof acts / sizeof acts[0]);
}

static void no_statement_is_left_out(void **state)
{
	(void)state;
	trial_demand(TRIAL_ACCOUNT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statements_under_every_failure),
		cmocka_unit_test(acts_under_every_failure),
		cmocka_unit_test(no_statement_is_left_out),
	};

	return cmocka_run_group_tests(tests, open_it, trial_close);
}
