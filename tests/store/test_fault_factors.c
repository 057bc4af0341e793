/* ST-07, IN-25: factors, passkeys and challenges under every failure of the database. */
#include "fault_trial.h"

#include "factor_store.h"
#include "passkey_store.h"

#define DB t->w->db
#define ARENA t->w->context.arena
#define NOW t->w->context.now
#define ALICE (&t->scene.alice)
#define ROWS 4

/* The scene's boxes: what is in them is nobody's concern here. */
static struct factor_box box_of(char c, size_t n, uint32_t root)
{
	static unsigned char bytes[RECOVERY_BOX_MAX];

	memset(bytes, c, n);
	return (struct factor_box){root, {bytes, n}};
}

ACT(bits_set, return factor_store_set(DB, ALICE, FACTOR_TOTP);)
ACT(bits_count, unsigned bits = 0; TRY(factor_store_count(DB, ALICE, &bits));
    return must(bits == FACTORS_ALL);)

static enum err reset(struct trial *t, void *out)
{
	struct id ids[ROWS];
	int64_t at = 0;
	size_t n = 0;

	(void)out;
	TRY(factor_store_set_end(DB, ALICE, NOW));
	TRY(factor_store_end(DB, ALICE, &at));
	TRY(must(at == NOW));
	TRY(factor_store_due(DB, NOW, ROWS, ids, &n));
	return must(n == 1 && id_equal(ids[0], *ALICE));
}

ACT(end_set, return factor_store_set_end(DB, ALICE, NOW);)
ACT(end_none, int64_t at = 1; TRY(factor_store_end(DB, ALICE, &at)); return must(at == 0);)
ACT(due_none, struct id ids[ROWS]; size_t n = 1; TRY(factor_store_due(DB, NOW, ROWS, ids, &n));
    return must(n == 0);)
ACT(compare, struct factors_batch batch = {.end = true}; TRY(factor_store_compare(DB, &batch));
    TRY(must(batch.wrong_count == 1 && id_equal(batch.wrong[0], *ALICE))); PUT(out, batch.last);
    return OK;)
ACT(all_away, return factor_store_delete_all(DB, ALICE);)

static enum err app(struct trial *t, void *out)
{
	struct totp_row row;
	bool found = false;

	(void)out;
	TRY(totp_store_find(DB, ARENA, ALICE, &row, &found));
	return must(found && row.last_step == 5 && row.current.box.len == 60);
}

ACT(offer, struct factor_box box = box_of('o', 60, 2);
    return totp_store_offer(DB, ALICE, &box, NOW);)
ACT(offer_first, struct factor_box box = box_of('o', 60, 2);
    return totp_store_offer(DB, &t->scene.bob, &box, NOW);)

static enum err confirm(struct trial *t, void *out)
{
	const struct totp_confirmation of = {*ALICE, box_of('n', 60, 1), 9, NOW};
	bool done = false;

	(void)out;
	TRY(totp_store_confirm(DB, &of, &done));
	return must(done);
}

ACT(use, bool won = false; TRY(totp_store_use(DB, ALICE, 6, NOW, &won)); return must(won);)
ACT(app_delete, return totp_store_delete(DB, ALICE);)
ACT(advance, return totp_store_advance(DB, 8);)
ACT(offers_purge, uint64_t n = 0; return totp_store_purge(DB, NOW, 10, &n);)
ACT(apps_walk, struct totp_row rows[ROWS]; size_t n = 0;
    TRY(totp_store_walk(DB, ARENA, NULL, ROWS, rows, &n)); return must(n == 1);)

/* What it says the second time is that the old box is not there any more. */
static enum err app_reseal(struct trial *t, void *out)
{
	unsigned char fresh[60] = {1};
	const struct factor_reseal of = {*ALICE, box_of('s', 60, 1), {2, {fresh, sizeof fresh}}};
	bool done = false;

	(void)out;
	return totp_store_reseal(DB, &of, &done);
}

static enum err the_set(struct trial *t, struct recovery_row *row)
{
	bool found = false;

	TRY(recovery_store_find(DB, ARENA, ALICE, row, &found));
	return must(found);
}

ACT(set, struct recovery_row row; return the_set(t, &row);)
ACT(set_put, struct recovery_row row; TRY(the_set(t, &row)); row.made_at = NOW;
    row.digests = box_of('e', 360, 2); return recovery_store_put(DB, &row);)
ACT(set_first, struct recovery_row row; TRY(the_set(t, &row)); row.user_id = t->scene.bob;
    return recovery_store_put(DB, &row);)

static enum err code_use(struct trial *t, void *out)
{
	struct recovery_row row;
	bool won = false;

	(void)out;
	TRY(the_set(t, &row));
	TRY(recovery_store_use(DB, &row, 3, NOW, &won));
	return must(won);
}

ACT(set_delete, return recovery_store_delete(DB, ALICE);)
ACT(sets_walk, struct recovery_row rows[ROWS]; size_t n = 0;
    TRY(recovery_store_walk(DB, ARENA, NULL, ROWS, rows, &n)); return must(n == 1);)

static enum err set_reseal(struct trial *t, void *out)
{
	unsigned char fresh[360] = {1};
	const struct factor_reseal of = {*ALICE, box_of('d', 360, 1), {2, {fresh, sizeof fresh}}};
	bool done = false;

	(void)out;
	return recovery_store_reseal(DB, &of, &done);
}

ACT(sealed, uint64_t n = 0; TRY(factor_store_count_sealed(DB, 2, &n)); return must(n == 2);)

static enum err the_passkey(struct trial *t, struct passkey_row *row)
{
	bool found = false;

	TRY(passkey_store_find(DB, ARENA, STR("credential-32"), row, &found));
	return must(found && row->sign_count == 7);
}

ACT(passkey, struct passkey_row row; return the_passkey(t, &row);)
ACT(passkey_insert, struct passkey_row row; TRY(the_passkey(t, &row)); row.id = id_random();
    row.credential_id = STR("another"); return passkey_store_insert(DB, &row);)
ACT(passkeys, struct passkey_row rows[PASSKEYS_MAX]; size_t n = 0;
    TRY(passkey_store_list(DB, ARENA, ALICE, rows, &n)); return must(n == 2);)

static enum err passkey_use(struct trial *t, void *out)
{
	struct passkey_row row;
	bool won = false;

	(void)out;
	TRY(the_passkey(t, &row));
	row.sign_count = 8;
	row.backed_up = true;
	TRY(passkey_store_use(DB, &row, 7, NOW, &won));
	return must(won);
}

static enum err passkey_delete(struct trial *t, void *out)
{
	struct passkey_row row;
	bool deleted = false;

	(void)out;
	TRY(the_passkey(t, &row));
	TRY(passkey_store_delete(DB, ALICE, &row.id, &deleted));
	return must(deleted);
}

ACT(passkeys_delete, return passkey_store_delete_of_user(DB, ALICE);)

static struct digest known(void)
{
	struct digest hash;

	memset(hash.b, 0x34, sizeof hash.b);
	return hash;
}

ACT(challenge_insert, const struct challenge_row row = {{{9}}, ID_NONE, STR("enter"), NOW + 1};
    return challenge_store_insert(DB, &row);)

static enum err challenge(struct trial *t, void *out)
{
	const struct digest hashes[2] = {{{9}}, known()};
	struct challenge_row row;
	bool found = false;

	(void)out;
	TRY(challenge_store_find(DB, ARENA, hashes, &row, &found));
	return must(found && id_equal(row.user_id, *ALICE));
}

ACT(challenge_take, const struct digest hash = known(); bool taken = false;
    TRY(challenge_store_take(DB, &hash, NOW, &taken)); return must(taken);)
ACT(challenges_of, return challenge_store_delete_of_user(DB, ALICE);)
ACT(challenges_any, uint64_t n = 0; return challenge_store_delete_any(DB, 10, &n);)
ACT(challenges_purge, uint64_t n = 0; return challenge_store_purge(DB, INT64_MAX, 10, &n);)

static void factors_under_every_failure(void **state)
{
	static const struct act acts[] = {
		{"factors set", bits_set, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"factors count", bits_count, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"reset", reset, NULL, ACT_ATOMIC | ACT_INSIDE},
		{"reset set", end_set, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"reset read", end_none, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"resets due", due_none, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"factors compare", compare, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"factors delete all", all_away, NULL, ACT_ATOMIC | ACT_INSIDE},
		{"totp find", app, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"totp offer", offer, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"totp first offer", offer_first, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"totp confirm", confirm, NULL, ACT_ATOMIC},
		{"totp use", use, NULL, ACT_ATOMIC},
		{"totp delete", app_delete, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"totp advance", advance, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"totp purge", offers_purge, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"totp walk", apps_walk, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"totp reseal", app_reseal, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"recovery find", set, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"recovery put", set_put, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"recovery first put", set_first, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"recovery use", code_use, NULL, ACT_ATOMIC},
		{"recovery delete", set_delete, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"recovery walk", sets_walk, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"recovery reseal", set_reseal, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"factors count sealed", sealed, NULL, ACT_ATOMIC | ACT_REPEATABLE},
	};

	trial_run(*state, acts, sizeof acts / sizeof acts[0]);
}

static void passkeys_under_every_failure(void **state)
{
	static const struct act acts[] = {
		{"passkey insert", passkey_insert, NULL, ACT_ATOMIC},
		{"passkey find", passkey, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"passkey list", passkeys, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"passkey use", passkey_use, NULL, ACT_ATOMIC},
		{"passkey delete", passkey_delete, NULL, ACT_ATOMIC},
		{"passkey delete of user", passkeys_delete, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"challenge insert", challenge_insert, NULL, ACT_ATOMIC},
		{"challenge find", challenge, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"challenge take", challenge_take, NULL, ACT_ATOMIC},
		{"challenge delete of user", challenges_of, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"challenge delete any", challenges_any, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"challenge purge", challenges_purge, NULL, ACT_ATOMIC | ACT_REPEATABLE},
	};

	trial_run(*state, acts, sizeof acts / sizeof acts[0]);
}

static void no_statement_is_left_out(void **state)
{
	(void)state;
	trial_demand(TRIAL_FACTORS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(factors_under_every_failure),
		cmocka_unit_test(passkeys_under_every_failure),
		cmocka_unit_test(no_statement_is_left_out),
	};

	return cmocka_run_group_tests(tests, trial_open, trial_close);
}
