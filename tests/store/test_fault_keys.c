/* ST-07, IN-25, TK-22: signing keys under every failure of the database: statements and acts. */
#include "fault_trial.h"

#include "key_store.h"
#include "signing_key.h"

#define DB t->w->db
#define CONTEXT (&t->w->context)
#define LATER (WORLD_START + 31 * CLOCK_DAY)
#define FAR (WORLD_START + 1000 * CLOCK_DAY)

static enum err list(struct trial *t, struct key_rows *keys)
{
	struct key_page page = {.rows = keys->rows, .room = KEY_ROWS_MAX};

	TRY(key_store_list(DB, CONTEXT->arena, KEY_GONE, &page));
	keys->n = page.n;
	return must(page.n == 3);
}

/* The first of that state. */
static enum err one(struct trial *t, enum key_state state, struct key_row *out)
{
	struct key_rows keys;

	TRY(list(t, &keys));
	for (size_t i = 0; i < keys.n; i++) {
		if (keys.rows[i].state != state)
			continue;
		*out = keys.rows[i];
		return OK;
	}
	return must(false);
}

ACT(turn, return key_store_turn(DB, out);)
ACT(turn_take, int64_t at = 0; bool taken = false; TRY(key_store_turn(DB, &at));
    TRY(key_store_take_turn(DB, at, &taken)); return must(taken);)
ACT(keys_list, struct key_rows keys; TRY(list(t, &keys)); PUT(out, keys.n); return OK;)
ACT(keys_purge, return key_store_purge(DB, WORLD_START, 10, out);)
ACT(sessions_before, return session_store_count_before(DB, FAR, out);)

static enum err key_insert(struct trial *t, void *out)
{
	unsigned char seed[72] = {1};
	struct key_row row = {
		.kid = fixture_digest(),
		.state = KEY_NEXT,
		.alg = SIGNING_ED25519,
		.public_key = fixture_digest(),
		.root = 1,
		.seed = {.bytes = seed, .len = sizeof seed},
		.made_at = WORLD_START,
	};

	(void)out;
	return key_store_insert(DB, &row);
}

static enum err key_set_it(struct trial *t, void *out)
{
	struct key_row row;

	(void)out;
	TRY(one(t, KEY_NEXT, &row));
	row.state = KEY_RETIRING;
	row.retiring_at = LATER;
	return key_store_set(DB, &row);
}

/* Neither a key that is half moved, nor two in charge, nor none. */
static void check_one_signs(struct trial *t, const void *out)
{
	(void)t;
	(void)out;
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM signing_key WHERE state = 2"), 1);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM signing_key WHERE state = 1"), 1);
}

static enum err judged(enum err e, const struct key_outcome *outcome)
{
	TRY(e);
	return must(!outcome->lost && outcome->verdict == KEY_ALLOWED);
}

static enum err tend_it(struct trial *t, void *out)
{
	struct key_outcome outcome;

	(void)out;
	CONTEXT->now = LATER;
	return judged(signing_key_tend(CONTEXT, &outcome), &outcome);
}

static enum err rotate_it(struct trial *t, void *out)
{
	struct key_outcome outcome;

	(void)out;
	CONTEXT->now = WORLD_START + CLOCK_DAY;
	return judged(signing_key_rotate(CONTEXT, &outcome), &outcome);
}

static enum err replace_it(struct trial *t, void *out)
{
	struct key_outcome outcome;

	(void)out;
	CONTEXT->now = WORLD_START + CLOCK_DAY;
	return judged(signing_key_replace(CONTEXT, &outcome), &outcome);
}

static enum err retire_it(struct trial *t, void *out)
{
	struct key_outcome outcome;
	struct key_row row;

	(void)out;
	CONTEXT->now = WORLD_START + CLOCK_DAY;
	TRY(one(t, KEY_NEXT, &row));
	return judged(signing_key_retire(CONTEXT, &row.kid, &outcome), &outcome);
}

static enum err reseal_it(struct trial *t, void *out)
{
	static struct keyring *both;
	struct auth_context context = *CONTEXT;
	struct key_outcome outcome;

	(void)out;
	if (both == NULL)
		both = world_keys(WORLD_KEY_1 WORLD_KEY_2);
	context.keys = both;
	context.now = WORLD_START + CLOCK_DAY;
	return judged(signing_key_reseal(&context, &outcome), &outcome);
}

static void statements_under_every_failure(void **state)
{
	static const struct act acts[] = {
		{"signing turn", turn, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"signing turn take", turn_take, NULL, 0},
		{"signing keys list", keys_list, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"signing key insert", key_insert, NULL, ACT_ATOMIC},
		{"signing key set", key_set_it, NULL, ACT_ATOMIC},
		{"signing keys purge", keys_purge, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"sessions before", sessions_before, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"keys tend", tend_it, check_one_signs, ACT_REPEATABLE},
		{"keys rotate", rotate_it, check_one_signs, 0},
		{"keys replace", replace_it, check_one_signs, 0},
		{"key retire", retire_it, check_one_signs, 0},
		{"keys reseal", reseal_it, check_one_signs, ACT_REPEATABLE},
	};

	trial_run(*state, acts, sizeof acts / sizeof acts[0]);
}

static void no_statement_is_left_out(void **state)
{
	(void)state;
	trial_demand(TRIAL_KEYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statements_under_every_failure),
		cmocka_unit_test(no_statement_is_left_out),
	};

	return cmocka_run_group_tests(tests, trial_open, trial_close);
}
