/* ST-07, IN-25: what operators do to second factors, under every failure of the database. */
#include "fault_trial.h"

#include "factor_reseal.h"
#include "factor_seal.h"
#include "factors_reset.h"
#include "purge.h"
#include "restore.h"

#define ALICE (&t->scene.alice)
#define DELAY (3 * CLOCK_DAY)

/* Boxes that open, and a column that says what there is. */
static void seal_factors(struct trial *t)
{
	struct factor_box box;
	struct totp_confirmation confirmation = {.user_id = *ALICE, .step = 5, .now = 1};
	struct recovery_row set = {.user_id = *ALICE, .id = id_random(), .made_at = 1};
	struct secret plain = keyring_part("twenty octets of one", 20);
	bool done = false;

	assert_ok(factor_seal_totp(t->w->context.arena, t->w->keys, ALICE, plain, &box));
	assert_ok(totp_store_offer(t->w->db, ALICE, &box, 1));
	confirmation.next = box;
	assert_ok(totp_store_confirm(t->w->db, &confirmation, &done));
	assert_true(done);
	assert_ok(
		factor_seal_recovery(t->w->context.arena, t->w->keys, ALICE, plain, &set.digests));
	assert_ok(recovery_store_put(t->w->db, &set));
	assert_ok(factor_store_set(t->w->db, ALICE, FACTORS_ALL));
	t->w->config.second_factor.reset_delay = DELAY;
}

static int open_all(void **state)
{
	struct trial *t = NULL;

	if (trial_open(state) != 0)
		return -1;
	t = *state;
	seal_factors(t);
	trial_keep(t);
	return 0;
}

static enum err effect(enum err e, const struct account_effect *done, void *out)
{
	TRY(e);
	TRY(must(done->outcome == ACCOUNT_DONE || done->outcome == ACCOUNT_ALREADY));
	PUT(out, done->outcome);
	return OK;
}

static enum err run_ask(struct trial *t, void *out)
{
	const struct account_act act = {.user_id = *ALICE, .reason = STR("lost")};
	struct account_effect done;
	enum err e = factors_reset_ask(&t->w->context, &act, &done);

	return effect(e, &done, out);
}

/* Of an administrator of the site, whose right is asked for within. */
static enum err run_ask_as_admin(struct trial *t, void *out)
{
	t->w->context.actor_id = t->scene.admin;
	enum err e = run_ask(t, out);
	t->w->context.actor_id = ID_NONE;
	return e;
}

/* Asked for again after it was done, there is nothing left to take away. */
static enum err run_ask_at_once(struct trial *t, void *out)
{
	const struct account_act act = {.user_id = *ALICE};
	struct account_effect done;

	t->w->config.second_factor.reset_delay = 0;
	enum err e = factors_reset_ask(&t->w->context, &act, &done);
	t->w->config.second_factor.reset_delay = DELAY;
	TRY(e);
	TRY(must(done.outcome == ACCOUNT_DONE || done.outcome == ACCOUNT_NO_FACTOR));
	PUT(out, done.outcome);
	return OK;
}

static void check_away(struct trial *t, const void *out)
{
	trial_check_ended(t, out);
	assert_int_equal(fixture_number("SELECT (SELECT COUNT(*) FROM totp) + "
					"(SELECT COUNT(*) FROM passkey) + "
					"(SELECT COUNT(*) FROM recovery_set) + "
					"(SELECT COUNT(*) FROM user WHERE factors <> 0) + "
					"(SELECT COUNT(*) FROM device WHERE public_key IS NOT "
					"NULL)"),
			 0);
}

static enum err run_stop(struct trial *t, void *out)
{
	const struct account_act act = {.user_id = *ALICE};
	struct account_effect done;

	TRY(factor_store_set_end(t->w->db, ALICE, t->w->context.now));
	enum err e = factors_reset_stop(&t->w->context, &act, &done);

	return effect(e, &done, out);
}

static void check_kept(struct trial *t, const void *out)
{
	(void)t;
	(void)out;
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM user WHERE factors_end IS NOT NULL"),
			 0);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM user WHERE factors = 7"), 1);
}

ACT(run_stop_for, struct audit_trail trail = {.n = 0};
    TRY(factor_store_set_end(t->w->db, ALICE, t->w->context.now));
    return factors_reset_stop_for(&t->w->context, t->w->db, ALICE, &trail);)

static enum err run_due(struct trial *t, void *out)
{
	uint64_t looked = 77;

	TRY(factor_store_set_end(t->w->db, ALICE, t->w->context.now));
	enum err e = factors_reset_due(&t->w->context, 10, &looked);
	assert_true(e == OK || looked == 77);
	TRY(e);
	TRY(must(looked == 1));
	PUT(out, looked);
	return OK;
}

static enum err run_purge(struct trial *t, void *out)
{
	struct purge_report report = {.sessions = 0};

	TRY(factor_store_set_end(t->w->db, ALICE, t->w->context.now));
	TRY(purge_run(&t->w->context, clock_monotonic() + CLOCK_MINUTE, &report));
	TRY(must(report.factor_resets <= 1));
	PUT(out, report.challenges);
	return OK;
}

static enum err run_restore(struct trial *t, void *out)
{
	struct restore_cleaned cleaned = {.sessions = 77};

	TRY(factor_store_set_end(t->w->db, ALICE, t->w->context.now));
	enum err e = restore_clean(&t->w->context, true, &cleaned);
	assert_true(e == OK || cleaned.sessions == 77);
	TRY(e);
	PUT(out, cleaned.sessions);
	return OK;
}

static void check_restored(struct trial *t, const void *out)
{
	check_kept(t, out);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM challenge"), 0);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM totp WHERE last_step <= 5"), 0);
}

/* Under two roots; what was resealed before a failure stays so. */
static enum err run_reseal(struct trial *t, void *out)
{
	struct keyring *both = world_keys(WORLD_KEY_1 WORLD_KEY_2);
	struct factor_resealing done = {.resealed = 77};

	t->w->context.keys = both;
	enum err e = factor_reseal(&t->w->context, &done);
	t->w->context.keys = t->w->keys;
	keyring_free(&both);
	assert_true(e == OK || done.resealed == 77);
	TRY(e);
	TRY(must(done.shut == 0 && done.resealed <= 2));
	PUT(out, done.shut);
	return OK;
}

static void check_resealed(struct trial *t, const void *out)
{
	(void)t;
	(void)out;
	assert_int_equal(fixture_number("SELECT (SELECT COUNT(*) FROM totp WHERE root <> 2) + "
					"(SELECT COUNT(*) FROM recovery_set WHERE root <> 2)"),
			 0);
}

static void factors_of_others_under_every_failure(void **state)
{
	static const struct act acts[] = {
		{"ask for a reset", run_ask, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"ask for a reset as administrator", run_ask_as_admin, NULL,
		 ACT_ATOMIC | ACT_REPEATABLE},
		{"reset at once", run_ask_at_once, check_away, ACT_ATOMIC | ACT_REPEATABLE},
		{"stop a reset", run_stop, check_kept, ACT_REPEATABLE},
		{"stop a reset within", run_stop_for, NULL, ACT_ATOMIC | ACT_INSIDE},
		{"reset what is due", run_due, check_away, ACT_REPEATABLE},
		{"purge with a reset that is due", run_purge, check_away, ACT_REPEATABLE},
		{"clean after a restore", run_restore, check_restored, ACT_REPEATABLE},
		{"reseal", run_reseal, check_resealed, ACT_REPEATABLE},
	};

	trial_run(*state, acts, sizeof acts / sizeof acts[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(factors_of_others_under_every_failure),
	};

	return cmocka_run_group_tests(tests, open_all, trial_close);
}
