/* Rows of totp, and what is done with it and recovery_set alike; the codes: test_recovery_store.c.
 */
#include "crowd.h"
#include "factor_rows.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "passkey_store.h"

#define DB fixture->web
#define ROWS 5

static void check_none(const struct factor_box *got)
{
	assert_int_equal(got->root, 0);
	assert_false(secret_is_present(got->box));
}

static struct totp_row app_of(struct fixture *fixture, struct id user)
{
	struct totp_row row = {.last_step = 0};
	bool found = false;

	assert_ok(totp_store_find(DB, fixture->arena, &user, &row, &found));
	assert_true(found);
	assert_true(id_equal(row.user_id, user));
	return row;
}

static bool confirms(struct fixture *fixture, struct id user, struct factor_box next, int64_t step)
{
	const struct totp_confirmation of = {user, next, step, T0 + 7};
	bool done = true;

	assert_ok(totp_store_confirm(DB, &of, &done));
	return done;
}

/* The secret that the octet stands for is in use from now on, and so is the step. */
static void add_app(struct fixture *fixture, struct id user, char octet, int64_t step)
{
	struct factor_box box = box_of(fixture, octet, TOTP_BOX_MAX, 1);

	assert_ok(totp_store_offer(DB, &user, &box, T0));
	assert_true(confirms(fixture, user, box, step));
}

static bool uses(struct fixture *fixture, struct id user, int64_t step)
{
	bool won = true;

	assert_ok(totp_store_use(DB, &user, step, T0 + step, &won));
	return won;
}

static void an_offer_is_not_in_use(void **state)
{
	struct fixture *fixture = *state;
	struct id user = id_random();
	struct factor_box box = box_of(fixture, 'a', TOTP_BOX_MAX, 3);
	struct totp_row row = {.last_step = 99};
	bool found = true;

	assert_ok(totp_store_find(DB, fixture->arena, &user, &row, &found));
	assert_false(found);
	assert_int_equal(row.last_step, 99);
	assert_ok(totp_store_offer(DB, &user, &box, T0));
	row = app_of(fixture, user);
	check_none(&row.current);
	check_box(&row.next, &box);
	assert_int_equal(row.next_at, T0);
	assert_int_equal(row.last_step, 0);
	assert_int_equal(row.confirmed_at, 0);
	assert_int_equal(row.used_at, 0);
	assert_false(uses(fixture, user, 5));
	assert_true(confirms(fixture, user, box, 9));
	row = app_of(fixture, user);
	check_box(&row.current, &box);
	check_none(&row.next);
	assert_int_equal(row.next_at, 0);
	assert_int_equal(row.last_step, 9);
	assert_int_equal(row.confirmed_at, T0 + 7);
	assert_int_equal(row.used_at, T0 + 7);
	assert_false(confirms(fixture, user, box, 10));
}

/* MF-06: the secret in use stays until a code of the newest offer was right. */
static void only_the_newest_offer_is_confirmed(void **state)
{
	struct fixture *fixture = *state;
	struct id user = id_random();
	struct factor_box used = box_of(fixture, 'a', TOTP_BOX_MAX, 1);
	struct factor_box first = box_of(fixture, 'b', TOTP_BOX_MAX, 1);
	struct factor_box second = box_of(fixture, 'c', TOTP_BOX_MAX - 1, 2);
	struct totp_row row;

	add_app(fixture, user, 'a', 9);
	assert_ok(totp_store_offer(DB, &user, &first, T0 + 1));
	assert_ok(totp_store_offer(DB, &user, &second, T0 + 2));
	assert_false(confirms(fixture, user, first, 10));
	assert_false(confirms(fixture, id_random(), second, 10));
	row = app_of(fixture, user);
	check_box(&row.current, &used);
	check_box(&row.next, &second);
	assert_int_equal(row.next_at, T0 + 2);
	assert_int_equal(row.last_step, 9);
	assert_int_equal(row.confirmed_at, T0 + 7);
	assert_true(uses(fixture, user, 10));
	assert_true(confirms(fixture, user, second, 11));
	row = app_of(fixture, user);
	check_box(&row.current, &second);
	assert_int_equal(row.last_step, 11);
}

/* MF-04: that step and every earlier one are over, of that user. */
static void a_step_is_used_once(void **state)
{
	struct fixture *fixture = *state;
	struct id user = id_random();
	struct id other = id_random();

	add_app(fixture, user, 'a', 9);
	add_app(fixture, other, 'b', 1);
	assert_false(uses(fixture, user, 9));
	assert_false(uses(fixture, user, 8));
	assert_true(uses(fixture, user, 10));
	assert_int_equal(app_of(fixture, user).used_at, T0 + 10);
	assert_false(uses(fixture, user, 10));
	assert_false(uses(fixture, user, 9));
	assert_true(uses(fixture, user, 12));
	assert_false(uses(fixture, user, 11));
	assert_int_equal(app_of(fixture, user).last_step, 12);
	assert_int_equal(app_of(fixture, user).used_at, T0 + 12);
	assert_int_equal(app_of(fixture, other).last_step, 1);
	assert_false(uses(fixture, id_random(), 10));
	assert_ok(totp_store_delete(DB, &user));
	assert_false(uses(fixture, user, 13));
	assert_true(uses(fixture, other, 2));
}

static enum err use_step(struct db *db, void *what, unsigned round, bool *won)
{
	return totp_store_use(db, what, 100 + round, clock_now(), won);
}

/* MF-04 */
static void of_fifty_at_once_one_uses_a_step(void **state)
{
	struct fixture *fixture = *state;
	struct id user = id_random();
	struct crowd crowd = {&fixture->config, 10, &user, use_step, {{0}}};

	add_app(fixture, user, 'a', 9);
	assert_int_equal(crowd_run(&crowd), 10);
	assert_int_equal(app_of(fixture, user).last_step, 109);
}

/* MF-04: after a restore, which may have brought an older step back. */
static void everybody_is_advanced(void **state)
{
	struct fixture *fixture = *state;
	struct id behind = id_random();
	struct id ahead = id_random();

	add_app(fixture, behind, 'a', 9);
	add_app(fixture, ahead, 'b', 30);
	assert_ok(totp_store_advance(DB, 20));
	assert_int_equal(app_of(fixture, behind).last_step, 20);
	assert_int_equal(app_of(fixture, ahead).last_step, 30);
	assert_false(uses(fixture, behind, 20));
	assert_true(uses(fixture, behind, 21));
}

static void old_offers_are_purged(void **state)
{
	struct fixture *fixture = *state;
	struct id users[ROWS];
	const uint64_t expected[] = {2, 1, 0};
	uint64_t purged = 9;

	for (int i = 0; i < ROWS; i++) {
		struct factor_box box = box_of(fixture, 'o', TOTP_BOX_MAX, 1);

		users[i] = id_random();
		if (i == 0)
			add_app(fixture, users[i], 'a', 4);
		assert_ok(totp_store_offer(DB, &users[i], &box, T0 + i));
	}
	for (size_t i = 0; i < 3; i++) {
		assert_ok(totp_store_purge(DB, T0 + 3, 2, &purged));
		assert_int_equal(purged, expected[i]);
	}
	assert_int_equal(fixture_number("SELECT MIN(next_at) FROM totp"), T0 + 3);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM totp WHERE next_secret IS NOT NULL"),
			 2);
	struct totp_row row = app_of(fixture, users[0]);
	struct factor_box used = box_of(fixture, 'a', TOTP_BOX_MAX, 1);
	check_box(&row.current, &used);
	check_none(&row.next);
	assert_int_equal(row.last_step, 4);
}

/* Ids go up from page to page, and nobody is left out. */
static void both_are_walked_in_pages(void **state)
{
	struct fixture *fixture = *state;
	const struct id *after = NULL;
	struct totp_row apps[2];
	struct recovery_row sets[2];
	struct id last = ID_NONE;
	size_t seen = 0;
	size_t n = 2;

	for (int i = 0; i < ROWS; i++) {
		struct id user = id_random();
		struct recovery_row set = set_of(fixture, user, 'd');

		add_app(fixture, user, 'a', 9);
		assert_ok(recovery_store_put(DB, &set));
	}
	for (; n == 2; after = &last) {
		size_t m = 0;

		assert_ok(totp_store_walk(DB, fixture->arena, after, 2, apps, &n));
		assert_ok(recovery_store_walk(DB, fixture->arena, after, 2, sets, &m));
		assert_int_equal(m, n);
		for (size_t i = 0; i < n; i++) {
			assert_true(memcmp(&apps[i].user_id, &last, sizeof last) > 0);
			assert_true(id_equal(apps[i].user_id, sets[i].user_id));
			assert_int_equal(apps[i].current.box.len, TOTP_BOX_MAX);
			assert_int_equal(sets[i].digests.box.len, RECOVERY_BOX_MAX);
			last = apps[i].user_id;
		}
		seen += n;
	}
	assert_int_equal(seen, ROWS);
	assert_int_equal(totp_store_walk(DB, fixture->arena, NULL, 0, apps, &n), ERR_INTERNAL);
	assert_int_equal(recovery_store_walk(DB, fixture->arena, NULL, 0, sets, &n), ERR_INTERNAL);
}

/* Who came first has put another box there, or another secret: that one stays. */
static void only_the_old_box_is_replaced(void **state)
{
	struct fixture *fixture = *state;
	struct id user = id_random();
	struct recovery_row set = set_of(fixture, user, 'd');
	struct factor_reseal app = {user, box_of(fixture, 'a', TOTP_BOX_MAX, 1),
				    box_of(fixture, 'b', TOTP_BOX_MAX, 4)};
	struct factor_reseal codes = {user, set.digests, box_of(fixture, 'e', RECOVERY_BOX_MAX, 4)};
	struct totp_row row;
	bool done = false;

	add_app(fixture, user, 'a', 9);
	assert_ok(recovery_store_put(DB, &set));
	assert_ok(totp_store_reseal(DB, &app, &done));
	assert_true(done);
	assert_ok(recovery_store_reseal(DB, &codes, &done));
	assert_true(done);
	row = app_of(fixture, user);
	check_box(&row.current, &app.new);
	assert_int_equal(row.last_step, 9);
	set = the_set(fixture, user);
	check_box(&set.digests, &codes.new);
	app.new = box_of(fixture, 'f', TOTP_BOX_MAX, 5);
	codes.new = box_of(fixture, 'f', RECOVERY_BOX_MAX, 5);
	assert_ok(totp_store_reseal(DB, &app, &done));
	assert_false(done);
	assert_ok(recovery_store_reseal(DB, &codes, &done));
	assert_false(done);
	app.old = box_of(fixture, 'b', TOTP_BOX_MAX, 3);
	codes.old = box_of(fixture, 'e', RECOVERY_BOX_MAX, 3);
	assert_ok(totp_store_reseal(DB, &app, &done));
	assert_false(done);
	assert_ok(recovery_store_reseal(DB, &codes, &done));
	assert_false(done);
	app.old = box_of(fixture, 'a', TOTP_BOX_MAX, 4);
	codes.old = box_of(fixture, 'd', RECOVERY_BOX_MAX, 4);
	assert_ok(totp_store_reseal(DB, &app, &done));
	assert_false(done);
	assert_ok(recovery_store_reseal(DB, &codes, &done));
	assert_false(done);
	assert_int_equal(app_of(fixture, user).current.root, 4);
	assert_int_equal(the_set(fixture, user).digests.root, 4);
}

static void add_passkey(struct fixture *fixture, struct id user)
{
	const struct passkey_row row = {
		.id = id_random(),
		.user_id = user,
		.credential_id = {(const char *)user.b, ID_BYTES},
		.algorithm = -7,
		.public_key = STR("key"),
		.transports = STR(""),
		.name = STR(""),
		.created_at = T0,
	};

	assert_ok(passkey_store_insert(DB, &row));
}

static unsigned factors_of(struct fixture *fixture, struct id user)
{
	unsigned factors = 99;

	assert_ok(factor_store_count(DB, &user, &factors));
	return factors;
}

/* A bit for each; what is only offered does not count. */
static void rows_are_counted(void **state)
{
	struct fixture *fixture = *state;
	struct factor_box box = box_of(fixture, 'a', TOTP_BOX_MAX, 1);

	for (unsigned factors = 0; factors <= FACTORS_ALL; factors++) {
		struct id user = id_random();
		struct recovery_row set = set_of(fixture, user, 'd');

		assert_ok(totp_store_offer(DB, &user, &box, T0));
		if (factors & FACTOR_TOTP)
			assert_true(confirms(fixture, user, box, 9));
		if (factors & FACTOR_PASSKEY)
			add_passkey(fixture, user);
		if (factors & FACTOR_RECOVERY)
			assert_ok(recovery_store_put(DB, &set));
		assert_int_equal(factors_of(fixture, user), factors);
	}
	assert_int_equal(factors_of(fixture, id_random()), 0);
}

/* What is written is what every look at the user finds. */
static void bits_are_the_users(void **state)
{
	struct fixture *fixture = *state;
	struct id alice = fixture_add_user(fixture, "alice");
	struct id bob = fixture_add_user(fixture, "bob");
	struct user_row row;
	bool found = false;

	assert_ok(factor_store_set(DB, &alice, FACTOR_TOTP | FACTOR_RECOVERY));
	assert_ok(user_store_find_by_id(DB, fixture->arena, &alice, &row, &found));
	assert_int_equal(row.factors, FACTOR_TOTP | FACTOR_RECOVERY);
	assert_ok(user_store_find_by_id(DB, fixture->arena, &bob, &row, &found));
	assert_int_equal(row.factors, 0);
}

/* The longest due first; whose reset is later, or never, is left out. */
static void due_resets_are_listed(void **state)
{
	enum { USERS = 8, DUE = 6 };
	struct fixture *fixture = *state;
	const int64_t ends[USERS] = {T0 + 8, T0 + 6, 0, T0 + 9, T0 + 4, T0 + 7, T0 + 3, T0 + 5};
	const size_t order[DUE] = {6, 4, 7, 1, 5, 0};
	struct id users[USERS];
	struct id ids[USERS];
	char name[16];
	int64_t at = 9;
	size_t n = 0;

	for (size_t i = 0; i < USERS; i++) {
		(void)snprintf(name, sizeof name, "user%zu", i);
		users[i] = fixture_add_user(fixture, name);
		assert_ok(factor_store_set_end(DB, &users[i], ends[i]));
		assert_ok(factor_store_end(DB, &users[i], &at));
		assert_int_equal(at, ends[i]);
	}
	assert_ok(factor_store_due(DB, T0 + 8, USERS, ids, &n));
	assert_int_equal(n, DUE);
	for (size_t i = 0; i < DUE; i++)
		assert_true(id_equal(ids[i], users[order[i]]));
	assert_ok(factor_store_due(DB, T0 + 8, 2, ids, &n));
	assert_int_equal(n, 2);
	assert_ok(factor_store_set_end(DB, &users[6], 0));
	assert_ok(factor_store_due(DB, T0 + 8, USERS, ids, &n));
	assert_int_equal(n, DUE - 1);
	assert_true(id_equal(ids[0], users[4]));
	assert_ok(factor_store_due(DB, T0 + 2, USERS, ids, &n));
	assert_int_equal(n, 0);
	assert_int_equal(factor_store_due(DB, T0 + 8, 0, ids, &n), ERR_INTERNAL);
}

static void add_everything(struct fixture *fixture, struct id user)
{
	struct recovery_row set = set_of(fixture, user, 'd');
	const struct challenge_row challenge = {fixture_digest(), user, STR("pay"), T0};

	add_app(fixture, user, 'a', 9);
	add_passkey(fixture, user);
	assert_ok(recovery_store_put(DB, &set));
	assert_ok(challenge_store_insert(DB, &challenge));
	assert_ok(factor_store_set(DB, &user, FACTORS_ALL));
	assert_ok(factor_store_set_end(DB, &user, T0));
}

static void all_of_one_user_go(void **state)
{
	struct fixture *fixture = *state;
	struct id alice = fixture_add_user(fixture, "alice");
	struct id bob = fixture_add_user(fixture, "bob");
	struct id due[ROWS];
	struct user_row row;
	bool found = false;
	size_t n = 0;

	add_everything(fixture, alice);
	add_everything(fixture, bob);
	assert_ok(factor_store_delete_all(DB, &alice));
	assert_int_equal(factors_of(fixture, alice), 0);
	assert_int_equal(factors_of(fixture, bob), FACTORS_ALL);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM challenge"), 1);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM totp"), 1);
	assert_ok(user_store_find_by_id(DB, fixture->arena, &alice, &row, &found));
	assert_true(found);
	assert_int_equal(row.factors, 0);
	assert_int_equal(row.factors_end, 0);
	assert_ok(factor_store_due(DB, T0, ROWS, due, &n));
	assert_int_equal(n, 1);
	assert_true(id_equal(due[0], bob));
}

/* An offer keeps none: whoever comes too late with its code gets another one. */
static void boxes_keep_their_root(void **state)
{
	struct fixture *fixture = *state;
	struct id user = id_random();
	struct recovery_row set = set_of(fixture, user, 'd');
	struct factor_box offer = box_of(fixture, 'o', TOTP_BOX_MAX, 1);
	const uint64_t expected[] = {0, 0, 1, 2, 2};

	add_app(fixture, user, 'a', 9);
	assert_ok(recovery_store_put(DB, &set));
	user = id_random();
	assert_ok(totp_store_offer(DB, &user, &offer, T0));
	for (uint32_t root = 0; root < 5; root++) {
		uint64_t n = 9;

		assert_ok(factor_store_count_sealed(DB, root, &n));
		assert_int_equal(n, expected[root]);
	}
}

#define TEST(name) cmocka_unit_test_setup(name, fixture_clean)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_offer_is_not_in_use),   TEST(only_the_newest_offer_is_confirmed),
		TEST(a_step_is_used_once),      TEST(of_fifty_at_once_one_uses_a_step),
		TEST(everybody_is_advanced),    TEST(old_offers_are_purged),
		TEST(both_are_walked_in_pages), TEST(only_the_old_box_is_replaced),
		TEST(rows_are_counted),         TEST(bits_are_the_users),
		TEST(due_resets_are_listed),    TEST(all_of_one_user_go),
		TEST(boxes_keep_their_root),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
