/* Rows of recovery_set: each code works once, and only those of the newest set. */
#include "crowd.h"
#include "factor_rows.h"

#include "clock.h"

#define DB fixture->web

/* now is another one at every try: a row that stays as it was counts as lost anyway. */
static bool takes(struct fixture *fixture, const struct recovery_row *set, unsigned bit,
		  int64_t now)
{
	bool won = true;

	assert_ok(recovery_store_use(DB, set, bit, now, &won));
	return won;
}

/* MF-13 */
static void a_recovery_code_works_once(void **state)
{
	struct fixture *fixture = *state;
	struct id user = id_random();
	struct recovery_row set = set_of(fixture, user, 'd');
	struct recovery_row other = set_of(fixture, id_random(), 'd');
	struct recovery_row got = {.used = 99};
	bool found = true;

	assert_ok(recovery_store_find(DB, fixture->arena, &user, &got, &found));
	assert_false(found);
	assert_int_equal(got.used, 99);
	assert_false(takes(fixture, &set, 0, T0));
	assert_ok(recovery_store_put(DB, &set));
	assert_ok(recovery_store_put(DB, &other));
	got = the_set(fixture, user);
	assert_true(id_equal(got.id, set.id));
	check_box(&got.digests, &set.digests);
	assert_int_equal(got.used, 0);
	assert_int_equal(got.made_at, T0);
	assert_int_equal(got.used_at, 0);
	for (unsigned bit = 0; bit < RECOVERY_SET_CODES; bit++) {
		assert_true(takes(fixture, &set, bit, T0 + 1 + bit));
		assert_false(takes(fixture, &set, bit, T0 + 99));
		got = the_set(fixture, user);
		assert_int_equal(got.used, (1U << (bit + 1)) - 1);
		assert_int_equal(got.used_at, T0 + 1 + bit);
	}
	assert_int_equal(the_set(fixture, other.user_id).used, 0);
	assert_int_equal(recovery_store_use(DB, &set, RECOVERY_SET_CODES, T0, &found),
			 ERR_INTERNAL);
	assert_ok(recovery_store_delete(DB, &user));
	assert_ok(recovery_store_find(DB, fixture->arena, &user, &got, &found));
	assert_false(found);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM recovery_set"), 1);
}

/* MF-13: also for who has read the old set, and is about to use it. */
static void a_new_set_kills_the_old(void **state)
{
	struct fixture *fixture = *state;
	struct id user = id_random();
	struct recovery_row old = set_of(fixture, user, 'd');
	struct recovery_row set = set_of(fixture, user, 'e');
	struct recovery_row alien = set;
	struct recovery_row got;

	assert_ok(recovery_store_put(DB, &old));
	assert_true(takes(fixture, &old, 3, T0 + 1));
	set.made_at = T0 + 9;
	set.digests.root = 5;
	assert_ok(recovery_store_put(DB, &set));
	got = the_set(fixture, user);
	assert_true(id_equal(got.id, set.id));
	check_box(&got.digests, &set.digests);
	assert_int_equal(got.used, 0);
	assert_int_equal(got.made_at, T0 + 9);
	assert_int_equal(got.used_at, 0);
	assert_false(takes(fixture, &old, 4, T0 + 10));
	alien.user_id = id_random();
	assert_false(takes(fixture, &alien, 3, T0 + 10));
	assert_true(takes(fixture, &set, 3, T0 + 10));
}

static enum err use_code(struct db *db, void *what, unsigned round, bool *won)
{
	return recovery_store_use(db, what, round, clock_now(), won);
}

/* MF-13 */
static void of_fifty_at_once_one_uses_a_recovery_code(void **state)
{
	struct fixture *fixture = *state;
	struct recovery_row set = set_of(fixture, id_random(), 'd');
	struct crowd crowd = {&fixture->config, RECOVERY_SET_CODES, &set, use_code, {{0}}};

	assert_ok(recovery_store_put(DB, &set));
	assert_int_equal(crowd_run(&crowd), RECOVERY_SET_CODES);
	assert_int_equal(the_set(fixture, set.user_id).used, (1 << RECOVERY_SET_CODES) - 1);
}

#define TEST(name) cmocka_unit_test_setup(name, fixture_clean)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_recovery_code_works_once),
		TEST(a_new_set_kills_the_old),
		TEST(of_fifty_at_once_one_uses_a_recovery_code),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
