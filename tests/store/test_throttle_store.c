/* Counters of attempts in the database. */
#include "fixture.h"

#include <pthread.h>
#include <string.h>

#include "clock.h"
#include "throttle_policy.h"
#include "throttle_store.h"

#define THREADS 50

static struct throttle_count count_of(struct digest key, int64_t now)
{
	return (struct throttle_count){
		.key = key,
		.bucket = THROTTLE_ACCOUNT,
		.now = now,
		.spans = throttle_policy_spans(THROTTLE_ACCOUNT),
	};
}

static void take(struct db *db, struct digest key, int64_t now)
{
	struct throttle_count count = count_of(key, now);

	assert_ok(throttle_store_take(db, &count));
}

static struct throttle_row find(struct db *db, struct digest key)
{
	const struct digest keys[2] = {key, key};
	struct throttle_row rows[2];
	size_t n = 0;

	assert_ok(throttle_store_find(db, keys, rows, &n));
	assert_int_equal(n, 1);
	return rows[0];
}

static void check_row(const struct throttle_row *a, const struct throttle_row *b)
{
	assert_memory_equal(a->key.b, b->key.b, DIGEST_BYTES);
	assert_int_equal(a->bucket, b->bucket);
	assert_int_equal(a->short_start, b->short_start);
	assert_int_equal(a->short_count, b->short_count);
	assert_int_equal(a->long_start, b->long_start);
	assert_int_equal(a->long_count, b->long_count);
	assert_int_equal(a->failures, b->failures);
	assert_int_equal(a->before_at, b->before_at);
	assert_int_equal(a->last_at, b->last_at);
	assert_int_equal(a->purge_at, b->purge_at);
}

static void test_first(void **state)
{
	struct fixture *fixture = *state;
	struct digest key = fixture_digest();
	struct throttle_row row;

	take(fixture->web, key, T0);
	row = find(fixture->web, key);
	check_row(&row, &(struct throttle_row){
				.key = key,
				.bucket = THROTTLE_ACCOUNT,
				.short_start = T0,
				.short_count = 1,
				.long_start = T0,
				.long_count = 1,
				.failures = 1,
				.before_at = 0,
				.last_at = T0,
				.purge_at = T0 + CLOCK_DAY,
			});
}

/* The statement counts as the pure rule does, at every edge of the windows. */
static void test_counts_as_the_rule(void **state)
{
	static const int64_t steps[] = {
		0,
		1,
		CLOCK_SECOND,
		10 * CLOCK_MINUTE - 1,
		10 * CLOCK_MINUTE,
		-CLOCK_MINUTE,
		-10 * CLOCK_MINUTE,
		CLOCK_DAY - 1,
		CLOCK_DAY,
		-CLOCK_DAY,
		2 * CLOCK_DAY,
		3,
	};
	struct fixture *fixture = *state;
	struct digest key = fixture_digest();
	struct throttle_row expected;
	int64_t now = T0;

	take(fixture->web, key, now);
	expected = find(fixture->web, key);
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		struct throttle_row row;

		now += steps[i];
		take(fixture->web, key, now);
		expected = throttle_policy_counted(&expected, now);
		row = find(fixture->web, key);
		check_row(&row, &expected);
	}
}

struct guess {
	struct db *db;
	struct digest key;
	pthread_barrier_t *gate;
	enum err result;
};

static enum err guess_work(struct db *db, void *opaque)
{
	struct guess *g = opaque;
	struct throttle_count count = count_of(g->key, T0);

	return throttle_store_take(db, &count);
}

static void *guess_run(void *opaque)
{
	struct guess *g = opaque;

	db_thread_init();
	pthread_barrier_wait(g->gate);
	g->result = db_transact(g->db, guess_work, g);
	db_thread_done();
	return NULL;
}

/* TH-04: 50 at once, on 50 connections, are exactly 50. */
static void test_parallel(void **state)
{
	struct fixture *fixture = *state;
	struct guess guesses[THREADS];
	pthread_t threads[THREADS];
	pthread_barrier_t gate;
	struct digest key = fixture_digest();

	assert_int_equal(pthread_barrier_init(&gate, NULL, THREADS), 0);
	for (size_t i = 0; i < THREADS; i++) {
		struct db *db = fixture_db(&fixture->config, DB_ROLE_WEB);
		struct fault fault;

		assert_ok(db_connect(db, &fault));
		guesses[i] = (struct guess){.db = db, .key = key, .gate = &gate};
		assert_int_equal(pthread_create(&threads[i], NULL, guess_run, &guesses[i]), 0);
	}
	for (size_t i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(guesses[i].result, OK);
		db_close(&guesses[i].db);
	}
	pthread_barrier_destroy(&gate);
	assert_int_equal(find(fixture->web, key).failures, THREADS);
	assert_int_equal(find(fixture->web, key).short_count, THREADS);
	assert_int_equal(find(fixture->web, key).long_count, THREADS);
}

/* What is rolled back was never counted, on a second connection neither. */
static void test_two_connections(void **state)
{
	struct fixture *fixture = *state;
	struct db *other = fixture_db(&fixture->config, DB_ROLE_WEB);
	struct digest key = fixture_digest();

	take(fixture->web, key, T0);
	take(other, key, T0 + 1);
	assert_ok(db_begin(fixture->web));
	take(fixture->web, key, T0 + 2);
	assert_int_equal(find(fixture->web, key).failures, 3);
	assert_int_equal(find(other, key).failures, 2);
	db_rollback(fixture->web);
	assert_int_equal(find(fixture->web, key).failures, 2);
	assert_int_equal(find(fixture->web, key).last_at, T0 + 1);
	take(other, key, T0 + 3);
	assert_int_equal(find(fixture->web, key).failures, 3);
	assert_int_equal(find(fixture->web, key).before_at, T0 + 1);
	db_close(&other);
}

static void test_give_back(void **state)
{
	struct fixture *fixture = *state;
	struct digest key = fixture_digest();
	struct throttle_row old;
	struct throttle_row row;

	take(fixture->web, key, T0);
	take(fixture->web, key, T0);
	old = find(fixture->web, key);
	assert_ok(throttle_store_give_back(fixture->web, &old));
	row = find(fixture->web, key);
	assert_int_equal(row.short_count, 1);
	assert_int_equal(row.long_count, 1);
	assert_int_equal(row.failures, 1);
	/* A new short window meanwhile: nothing of it is given back; of the long one, it is. */
	take(fixture->web, key, T0 + CLOCK_HOUR);
	assert_ok(throttle_store_give_back(fixture->web, &old));
	row = find(fixture->web, key);
	assert_int_equal(row.short_count, 1);
	assert_int_equal(row.long_count, 1);
	/* Never below nothing. */
	for (int i = 0; i < 4; i++)
		assert_ok(throttle_store_give_back(fixture->web, &row));
	row = find(fixture->web, key);
	assert_int_equal(row.short_count, 0);
	assert_int_equal(row.long_count, 0);
	assert_int_equal(row.failures, 0);
}

static void test_clear(void **state)
{
	struct fixture *fixture = *state;
	struct digest keys[4];
	uint64_t cleared = 0;

	for (size_t i = 0; i < 4; i++) {
		keys[i] = fixture_digest();
		take(fixture->web, keys[i], T0);
	}
	assert_ok(throttle_store_clear(fixture->web, keys, &cleared));
	assert_int_equal(cleared, 3);
	assert_int_equal(find(fixture->web, keys[3]).failures, 1);
	assert_ok(throttle_store_clear(fixture->web, keys, &cleared));
	assert_int_equal(cleared, 0);
	take(fixture->web, keys[0], T0);
	assert_ok(throttle_store_clear_any(fixture->web, 1, &cleared));
	assert_int_equal(cleared, 1);
	assert_ok(throttle_store_clear_any(fixture->web, 10, &cleared));
	assert_int_equal(cleared, 1);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM throttle"), 0);
}

/* Page by page, every one once. */
static void test_list(void **state)
{
	struct fixture *fixture = *state;
	struct digest after = {{0}};
	struct throttle_row rows[4];
	size_t total = 0;
	size_t n = 4;

	for (int i = 0; i < 10; i++)
		take(fixture->web, fixture_digest(), T0);
	while (n == 4) {
		assert_ok(throttle_store_list(fixture->web, &after, 4, rows, &n));
		for (size_t i = 0; i < n; i++) {
			assert_true(memcmp(rows[i].key.b, after.b, DIGEST_BYTES) > 0);
			after = rows[i].key;
		}
		total += n;
	}
	assert_int_equal(total, 10);
}

static void test_purge(void **state)
{
	struct fixture *fixture = *state;
	struct digest key = fixture_digest();
	uint64_t deleted = 0;

	take(fixture->web, fixture_digest(), T0 - 3);
	take(fixture->web, fixture_digest(), T0 - 2);
	take(fixture->web, fixture_digest(), T0 - 1);
	take(fixture->web, key, T0);
	assert_ok(throttle_store_purge(fixture->web, T0 + CLOCK_DAY, 2, &deleted));
	assert_int_equal(deleted, 2);
	assert_ok(throttle_store_purge(fixture->web, T0 + CLOCK_DAY, 2, &deleted));
	assert_int_equal(deleted, 1);
	assert_int_equal(find(fixture->web, key).failures, 1);
	/* A new attempt keeps it. */
	take(fixture->web, key, T0 + 5);
	assert_ok(throttle_store_purge(fixture->web, T0 + CLOCK_DAY + 1, 2, &deleted));
	assert_int_equal(deleted, 0);
}

#define TEST(name) cmocka_unit_test_setup(name, fixture_clean)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_first),     TEST(test_counts_as_the_rule),
		TEST(test_parallel),  TEST(test_two_connections),
		TEST(test_give_back), TEST(test_clear),
		TEST(test_list),      TEST(test_purge),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
