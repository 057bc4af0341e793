/* TK-22, TK-02, ST-06: the life of signing keys, and who decides when two change them at once. */
#include <pthread.h>

#include "auth_world.h"

#include "key_store.h"
#include "purge.h"
#include "signing_key.h"

#define ROTATED (WORLD_START + 30 * CLOCK_DAY)
#define RIVALS 8
#define COUNT(where) fixture_number("SELECT COUNT(*) FROM signing_key WHERE " where)

static struct key_row the(struct world *w, enum key_state state)
{
	struct key_rows *keys = arena_alloc(w->context.arena, sizeof *keys);

	assert_non_null(keys);
	assert_ok(signing_key_list(&w->context, keys));
	for (size_t i = 0; i < keys->n; i++)
		if (keys->rows[i].state == state)
			return keys->rows[i];
	fail_msg("no key is %s", key_state_name(state));
	return keys->rows[0];
}

static void assert_kid(struct world *w, enum key_state state, struct digest kid)
{
	struct key_row row = the(w, state);

	assert_true(digest_equal(&row.kid, &kid));
}

static struct key_outcome tended(struct world *w, int64_t now)
{
	struct key_outcome outcome;

	w->context.now = now;
	assert_ok(signing_key_tend(&w->context, &outcome));
	return outcome;
}

static void the_first_keys_are_made_once(void **state)
{
	struct world *w = *state;
	uint64_t before;

	assert_true(tended(w, WORLD_START).changed);
	assert_int_equal(COUNT("state = 1"), 1);
	assert_int_equal(COUNT("state = 2"), 1);
	assert_int_equal(COUNT("root = 1 AND LENGTH(seed) = 72 AND alg = 1"), 2);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM audit_event WHERE event = "
					"'signing_keys_changed'"),
			 1);
	before = db_statement_count(w->db);
	assert_false(tended(w, WORLD_START + 1).changed);
	assert_int_equal(db_statement_count(w->db) - before, 2);
	assert_int_equal(COUNT("1"), 2);
}

static void a_life_from_next_to_gone(void **state)
{
	struct world *w = *state;
	struct purge_report report = {.signing_keys = 0};

	(void)tended(w, WORLD_START);
	struct digest first = the(w, KEY_ACTIVE).kid;
	struct digest second = the(w, KEY_NEXT).kid;
	assert_false(tended(w, ROTATED - 1).changed);
	w->config.token.alg = SIGNING_ED25519;
	assert_true(tended(w, ROTATED).changed);
	w->config.token.alg = SIGNING_EDDSA;
	assert_kid(w, KEY_RETIRING, first);
	assert_kid(w, KEY_ACTIVE, second);
	assert_int_equal(the(w, KEY_NEXT).alg, SIGNING_ED25519);
	assert_int_equal(COUNT("seed IS NOT NULL"), 3);
	assert_true(tended(w, ROTATED + 18 * CLOCK_MINUTE).changed);
	assert_kid(w, KEY_GONE, first);
	assert_int_equal(COUNT("seed IS NULL AND state = 4"), 1);
	w->context.now = ROTATED + 401 * CLOCK_DAY;
	assert_ok(purge_run(&w->context, clock_monotonic() + 30 * CLOCK_SECOND, &report));
	assert_int_equal(report.signing_keys, 1);
	assert_int_equal(COUNT("1"), 2);
}

static void what_is_asked_for(void **state)
{
	struct world *w = *state;
	struct key_outcome outcome;
	int64_t known = WORLD_START + 12 * CLOCK_MINUTE;

	(void)tended(w, WORLD_START);
	w->context.now = known - 1;
	assert_ok(signing_key_rotate(&w->context, &outcome));
	assert_int_equal(outcome.verdict, KEY_TOO_EARLY);
	assert_int_equal(outcome.from, known);
	assert_false(outcome.changed);
	w->context.now = known;
	assert_ok(signing_key_rotate(&w->context, &outcome));
	assert_int_equal(outcome.verdict, KEY_ALLOWED);
	assert_true(outcome.changed);

	struct digest active = the(w, KEY_ACTIVE).kid;
	struct digest retiring = the(w, KEY_RETIRING).kid;
	assert_ok(signing_key_retire(&w->context, &active, &outcome));
	assert_int_equal(outcome.verdict, KEY_IN_USE);
	assert_ok(signing_key_retire(&w->context, &retiring, &outcome));
	assert_true(outcome.changed);
	assert_kid(w, KEY_GONE, retiring);
	assert_ok(signing_key_retire(&w->context, &retiring, &outcome));
	assert_int_equal(outcome.verdict, KEY_UNKNOWN);

	assert_ok(signing_key_replace(&w->context, &outcome));
	assert_true(outcome.changed);
	assert_int_equal(COUNT("state = 4 AND seed IS NULL"), 3);
	assert_int_equal(COUNT("state = 2"), 1);
	assert_int_equal(COUNT("state = 1"), 1);
}

/* The turn decides: who has read it before somebody else's change writes nothing. */
static void the_second_taker_of_a_turn_gets_none(void **state)
{
	struct world *w = *state;
	int64_t turn = 0;
	int64_t again = 0;
	bool taken = false;

	assert_ok(key_store_turn(w->db, &turn));
	assert_ok(key_store_turn(w->db, &again));
	assert_int_equal(turn, again);
	assert_ok(key_store_take_turn(w->db, turn, &taken));
	assert_true(taken);
	assert_ok(key_store_take_turn(w->db, turn, &taken));
	assert_false(taken);
	assert_ok(key_store_turn(w->db, &again));
	assert_int_equal(again, turn + 1);
}

struct rival {
	struct world *w;
	pthread_barrier_t *start;
	enum err (*act)(const struct auth_context *context, struct key_outcome *outcome);
	struct key_outcome outcome;
	enum err e;
};

static void *compete(void *arg)
{
	struct rival *rival = arg;
	struct auth_context context = rival->w->context;
	struct arena *arena = NULL;
	struct db *db = NULL;

	db_thread_init();
	rival->e = db_open(&rival->w->config, DB_ROLE_WEB, &db);
	if (rival->e == OK)
		rival->e = arena_open(0, (size_t)4 * 1024 * 1024, &arena);
	context.db = db;
	context.arena = arena;
	pthread_barrier_wait(rival->start);
	if (rival->e == OK)
		rival->e = rival->act(&context, &rival->outcome);
	arena_close(&arena);
	db_close(&db);
	db_thread_done();
	return NULL;
}

/* How many of them have changed something. */
static unsigned race(struct world *w,
		     enum err (*act)(const struct auth_context *, struct key_outcome *))
{
	struct rival rivals[RIVALS];
	pthread_t threads[RIVALS];
	pthread_barrier_t start;
	unsigned winners = 0;

	assert_int_equal(pthread_barrier_init(&start, NULL, RIVALS), 0);
	for (unsigned i = 0; i < RIVALS; i++) {
		rivals[i] = (struct rival){.w = w, .start = &start, .act = act};
		assert_int_equal(pthread_create(&threads[i], NULL, compete, &rivals[i]), 0);
	}
	for (unsigned i = 0; i < RIVALS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_ok(rivals[i].e);
		winners += rivals[i].outcome.changed ? 1 : 0;
	}
	pthread_barrier_destroy(&start);
	return winners;
}

/* Two rotations at once, and eight first needs at once: one wins, the others change nothing. */
static void of_many_at_once_one_wins(void **state)
{
	struct world *w = *state;

	for (unsigned round = 0; round < 10; round++) {
		fixture_sql("DELETE FROM signing_key");
		assert_int_equal(race(w, signing_key_tend), 1);
		assert_int_equal(COUNT("1"), 2);
		w->context.now = WORLD_START + (int64_t)(round + 1) * CLOCK_DAY;
		assert_int_equal(race(w, signing_key_rotate), 1);
		assert_int_equal(COUNT("state = 1"), 1);
		assert_int_equal(COUNT("state = 2"), 1);
		assert_int_equal(COUNT("state = 3"), 1);
		assert_int_equal(COUNT("1"), 3);
	}
}

/* Each leaves rows that this key file does not open. */
static void wrong_rows_and_roots_stop_every_change(void **state)
{
	static const struct {
		const char *sql, *says;
	} cases[] = {
		{"UPDATE signing_key SET seed = INSERT(seed, 40, 1, CHAR(ORD(SUBSTR(seed, 40, 1)) "
		 "^ 1)) WHERE state = 2",
		 "does not open under root 1"},
		{"UPDATE signing_key SET seed = INSERT(seed, 1, 1, CHAR(ORD(SUBSTR(seed, 1, 1)) ^ "
		 "1)) WHERE state = 1",
		 "does not open under root 1"},
		{"UPDATE signing_key SET public_key = UNHEX(REPEAT('11',32)) WHERE state = 2",
		 "does not open under root 1"},
		{"UPDATE signing_key SET kid = UNHEX(REPEAT('11',32)) WHERE state = 2",
		 "does not open under root 1"},
		{"UPDATE signing_key SET root = 9 WHERE state = 1", "has no root 9"},
		{"UPDATE signing_key SET seed = NULL WHERE state = 1", "does not open"},
		{"UPDATE signing_key SET seed = LEFT(seed, 71) WHERE state = 1", "does not open"},
		/* Moved: each has the other's seed, public key too. */
		{"UPDATE signing_key a JOIN signing_key b ON a.state = 3 - b.state "
		 "SET a.seed = b.seed, a.public_key = b.public_key "
		 "WHERE a.state IN (1,2) AND b.state IN (1,2)",
		 "does not open under root 1"},
	};
	struct world *w = *state;
	struct key_outcome outcome;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		fixture_sql("DELETE FROM signing_key");
		(void)tended(w, WORLD_START);
		fixture_sql(cases[i].sql);
		w->context.now = ROTATED;
		assert_int_equal(signing_key_tend(&w->context, &outcome), ERR_CONFIG);
		if (strstr(outcome.fault.text, cases[i].says) == NULL)
			fail_msg("%s: %s", cases[i].sql, outcome.fault.text);
		assert_int_equal(signing_key_rotate(&w->context, &outcome), ERR_CONFIG);
		assert_int_equal(COUNT("1"), 2);
		assert_int_equal(COUNT("retiring_at IS NOT NULL"), 0);
	}
	/* The way out. */
	assert_ok(signing_key_replace(&w->context, &outcome));
	assert_true(tended(w, ROTATED + 30 * CLOCK_DAY).changed);
}

/* A host with another key file puts no key in charge that the others cannot open. */
static void another_key_file_changes_nothing(void **state)
{
	struct world *w = *state;
	struct keyring *other = world_keys("1 ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8\n");
	struct key_outcome outcome;

	(void)tended(w, WORLD_START);
	w->context.keys = other;
	w->context.now = ROTATED;
	assert_int_equal(signing_key_tend(&w->context, &outcome), ERR_CONFIG);
	assert_int_equal(signing_key_rotate(&w->context, &outcome), ERR_CONFIG);
	assert_int_equal(COUNT("1"), 2);
	w->context.keys = w->keys;
	assert_true(tended(w, ROTATED).changed);
	keyring_free(&other);
}

static void all_are_sealed_anew_or_none(void **state)
{
	struct world *w = *state;
	struct keyring *both = world_keys(WORLD_KEY_1 WORLD_KEY_2);
	struct keyring *second = world_keys(WORLD_KEY_2);
	struct key_outcome outcome;

	(void)tended(w, WORLD_START);
	assert_ok(signing_key_reseal(&w->context, &outcome));
	assert_false(outcome.changed);
	w->context.keys = both;
	fixture_sql("UPDATE signing_key SET root = 9 WHERE state = 1");
	assert_int_equal(signing_key_reseal(&w->context, &outcome), ERR_CONFIG);
	assert_int_equal(COUNT("root = 1"), 1);
	fixture_sql("UPDATE signing_key SET root = 1");
	assert_ok(signing_key_reseal(&w->context, &outcome));
	assert_int_equal(outcome.resealed, 2);
	assert_int_equal(COUNT("root = 2"), 2);
	w->context.keys = second;
	assert_true(tended(w, ROTATED).changed);
	w->context.keys = w->keys;
	assert_int_equal(signing_key_rotate(&w->context, &outcome), OK);
	assert_int_equal(outcome.verdict, KEY_TOO_EARLY);
	keyring_free(&both);
	keyring_free(&second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_first_keys_are_made_once, world_clean),
		cmocka_unit_test_setup(a_life_from_next_to_gone, world_clean),
		cmocka_unit_test_setup(what_is_asked_for, world_clean),
		cmocka_unit_test_setup(the_second_taker_of_a_turn_gets_none, world_clean),
		cmocka_unit_test_setup(of_many_at_once_one_wins, world_clean),
		cmocka_unit_test_setup(wrong_rows_and_roots_stop_every_change, world_clean),
		cmocka_unit_test_setup(another_key_file_changes_nothing, world_clean),
		cmocka_unit_test_setup(all_are_sealed_anew_or_none, world_clean),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
