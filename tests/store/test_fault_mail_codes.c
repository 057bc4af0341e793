/* ST-07, IN-25, SE-27: mail codes under every failure of the database: statements and acts. */
#include "fault_trial.h"

#include "mail_code.h"

#define DB t->w->db
#define CONTEXT (&t->w->context)

static enum err the_row(struct trial *t, struct mail_code_row *row)
{
	bool found = false;

	TRY(mail_code_store_find_id(DB, CONTEXT->arena, &t->scene.recovery_id, row, &found));
	return must(found);
}

static enum err by_slot(struct trial *t, void *out)
{
	struct mail_code_row row;
	bool found = false;

	(void)out;
	TRY(the_row(t, &row));
	const struct digest hashes[2] = {row.slot_hash, row.slot_hash};
	TRY(mail_code_store_find(DB, CONTEXT->arena, hashes, &row, &found));
	return must(found && id_equal(row.id, t->scene.recovery_id));
}

static enum err by_link(struct trial *t, void *out)
{
	struct mail_code_row row;
	bool found = false;

	(void)out;
	TRY(the_row(t, &row));
	const struct digest hashes[2] = {row.link_hash, row.link_hash};
	TRY(mail_code_store_find_link(DB, CONTEXT->arena, hashes, &row, &found));
	return must(found && id_equal(row.id, t->scene.recovery_id));
}

static enum err take_try(struct trial *t, void *out)
{
	struct mail_code_row row;
	bool taken = false;

	(void)out;
	TRY(the_row(t, &row));
	const struct digest hashes[2] = {row.slot_hash, row.slot_hash};
	TRY(mail_code_store_try(DB, hashes, CONTEXT->now, &taken));
	return must(taken);
}

static enum err use(struct trial *t, void *out)
{
	bool used = false;

	(void)out;
	TRY(mail_code_store_use(DB, &t->scene.recovery_id, CONTEXT->now, &used));
	return must(used);
}

static enum err put(struct trial *t, void *out)
{
	struct mail_code_row row;

	(void)out;
	TRY(the_row(t, &row));
	row.id = t->scene.alice;
	return mail_code_store_put(DB, &row);
}

static enum err delete_slot(struct trial *t, void *out)
{
	struct mail_code_row row;

	(void)out;
	TRY(the_row(t, &row));
	return mail_code_store_delete_slot(DB, &row.slot_hash);
}

ACT(untry, return mail_code_store_untry(DB, &t->scene.recovery_id);)
ACT(void_address, return mail_code_store_void_address(DB, STR("alice@example.org"));)
ACT(void_user, return mail_code_store_void_user(DB, &t->scene.alice);)
ACT(restorable, return mail_code_store_is_restorable(DB, &t->scene.alice, CONTEXT->now, out);)
static enum err restoration(struct trial *t, void *out)
{
	const struct mail_restoration of = {.user_id = t->scene.alice,
					    .address = STR("alice@example.org"),
					    .now = CONTEXT->now};
	struct mail_code_row row;
	bool found = true;

	(void)out;
	TRY(mail_code_store_find_restoration(DB, CONTEXT->arena, &of, &row, &found));
	return must(!found);
}

ACT(reserved, return mail_code_store_is_reserved(DB, STR("alice@example.org"), CONTEXT->now, out);)
ACT(purge, return mail_code_store_purge(DB, WORLD_START + 9 * CLOCK_DAY, 10, out);)

ACT(user_delete_it, return user_store_delete(DB, &t->scene.alice);)

static enum err check(struct trial *t, struct str code, enum mail_verdict expected)
{
	const struct mail_claim claim = {
		.purpose = MAIL_RECOVERY,
		.links = 1U << MAIL_RECOVERY,
		.address = STR("alice@example.org"),
		.code = code,
		.asker = {.kind = MAIL_ASKER_API},
	};
	struct mail_code_row row;
	enum mail_verdict verdict = MAIL_WRONG;
	int64_t wait = 0;

	TRY(mail_code_check(CONTEXT, &claim, &verdict, &row, &wait));
	return must(verdict == expected);
}

ACT(right_link, return check(t, t->scene.recovery_link, MAIL_RIGHT);)

/* A failure may count a try that was right; it never takes one back that was wrong. */
static void tries_are_counted(struct trial *t, const void *out)
{
	(void)t;
	(void)out;
	assert_true(fixture_number("SELECT MAX(tries) FROM mail_code") <= 1);
}

static void statements_under_every_failure(void **state)
{
	static const struct act acts[] = {
		{"mail code by slot", by_slot, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"mail code by link", by_link, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"mail code try", take_try, tries_are_counted, ACT_ATOMIC},
		{"mail code untry", untry, NULL, ACT_ATOMIC},
		{"mail code use", use, NULL, ACT_ATOMIC},
		{"mail code put", put, NULL, ACT_ATOMIC},
		{"mail code delete slot", delete_slot, NULL, ACT_ATOMIC},
		{"mail code void address", void_address, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"mail code void user", void_user, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"mail code restorable", restorable, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"mail code restoration", restoration, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"mail code reserved", reserved, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"mail code purge", purge, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"user delete", user_delete_it, NULL, ACT_ATOMIC | ACT_INSIDE},
		{"right link", right_link, NULL, ACT_ATOMIC | ACT_REPEATABLE},
	};

	trial_run(*state, acts, sizeof acts / sizeof acts[0]);
}

static void no_statement_is_left_out(void **state)
{
	(void)state;
	trial_demand(TRIAL_MAIL_CODES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statements_under_every_failure),
		cmocka_unit_test(no_statement_is_left_out),
	};

	return cmocka_run_group_tests(tests, trial_open, trial_close);
}
