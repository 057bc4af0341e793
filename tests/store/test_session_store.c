/* Rows of session and rotation: found in one statement, rotated by one winner, ended in order. */
#include "crowd.h"

#include <pthread.h>
#include <string.h>

#include "factor_store.h"

#define LIMIT 1000000

static void check_row(const struct session_row *got, const struct session_row *want)
{
	assert_true(digest_equal(&got->hash, &want->hash));
	assert_true(id_equal(got->id, want->id));
	assert_int_equal(got->epoch, want->epoch);
	assert_int_equal(got->carrier, want->carrier);
	assert_int_equal(got->class, want->class);
	assert_int_equal(got->state, want->state);
	assert_int_equal(got->value_used, want->value_used);
	assert_int_equal(got->held, want->held);
	assert_true(id_equal(got->user_id, want->user_id));
	assert_true(id_equal(got->tenant_id, want->tenant_id));
	assert_true(id_equal(got->device_id, want->device_id));
	assert_true(str_equal(got->client, want->client));
	assert_int_equal(got->aal, want->aal);
	assert_true(str_equal(got->amr, want->amr));
	assert_int_equal(got->auth_time, want->auth_time);
	assert_int_equal(got->aal2_end, want->aal2_end);
	assert_int_equal(got->created_at, want->created_at);
	assert_int_equal(got->last_seen, want->last_seen);
	assert_int_equal(got->idle_end, want->idle_end);
	assert_int_equal(got->expires_at, want->expires_at);
	assert_true(str_equal(got->device_name, want->device_name));
	assert_true(str_equal(got->ip, want->ip));
	assert_true(str_equal(got->user_agent, want->user_agent));
	assert_true(id_equal(got->pair_id, want->pair_id));
	assert_int_equal(got->wish, want->wish);
	assert_int_equal(got->tries, want->tries);
}

/* Every member differs from its neighbours and from its default. */
static struct session_row full_row(struct id user_id)
{
	return (struct session_row){
		.hash = fixture_digest(),
		.id = id_random(),
		.epoch = UINT32_MAX - 1,
		.carrier = CARRIER_HANDLE,
		.class = CLASS_NATIVE,
		.state = SESSION_ADDRESS_UNPROVEN,
		.value_used = true,
		.held = true,
		.user_id = user_id,
		.tenant_id = id_random(),
		.device_id = id_random(),
		.client = STR("an-app"),
		.aal = 2,
		.amr = STR("pwd otp"),
		.auth_time = T0 + 1,
		.aal2_end = T0 + 2,
		.created_at = T0 + 3,
		.last_seen = T0 + 4,
		.idle_end = T0 + 5,
		.expires_at = T0 + 6,
		.device_name = STR("Ala’s \xf0\x9f\x93\xb1"),
		.ip = STR("2001:db8::1"),
		.user_agent = STR("curl/7.88.1"),
		.pair_id = id_random(),
		.wish = CARRIER_TOKEN,
		.tries = 4,
	};
}

static bool find_one(struct db *db, struct arena *arena, const struct digest *hash,
		     struct session_found *out)
{
	size_t count = 9;

	assert_ok(session_store_find(db, arena, hash, 1, out, &count));
	assert_in_range(count, 0, 1);
	return count == 1;
}

static void test_every_member_comes_back(void **state)
{
	struct fixture *fixture = *state;
	struct session_row row = full_row(fixture_add_user(fixture, "alice"));
	struct session_found found;

	assert_ok(session_store_insert(fixture->web, &row));
	fixture_sql("UPDATE user SET factors = 5");
	assert_true(find_one(fixture->web, fixture->arena, &row.hash, &found));
	check_row(&found.session, &row);
	assert_int_equal(found.user_state, USER_ACTIVE);
	assert_int_equal(found.factors, FACTOR_TOTP | FACTOR_RECOVERY);
	assert_str(found.username, "alice");
	assert_null(found.email.p);
	assert_str(found.display_name, "Zażółć gęślą jaźń");
	assert_str(found.user_grants, "");
	assert_null(found.tenant_name.p);
	assert_null(found.tenant_grants.p);
}

static void test_guest_has_no_user(void **state)
{
	struct fixture *fixture = *state;
	struct session_row row = fixture_session(ID_NONE);
	struct session_found found;

	row.auth_time = 0;
	assert_ok(session_store_insert(fixture->web, &row));
	assert_true(find_one(fixture->web, fixture->arena, &row.hash, &found));
	check_row(&found.session, &row);
	assert_int_equal(found.user_state, USER_NONE);
	assert_int_equal(found.factors, 0);
	assert_null(found.username.p);
	assert_null(found.user_grants.p);
	assert_int_equal(fixture_number("SELECT user_id IS NULL AND auth_time IS NULL AND "
					"aal2_end IS NULL FROM session"),
			 1);
}

static void test_tenant_and_membership(void **state)
{
	struct fixture *fixture = *state;
	struct session_row row = full_row(fixture_add_user(fixture, "alice"));
	struct session_found found;

	assert_ok(session_store_insert(fixture->web, &row));
	fixture_sql("INSERT INTO tenant SELECT tenant_id, 'acme', 'Acme', 1 FROM session");
	assert_true(find_one(fixture->guard, fixture->arena, &row.hash, &found));
	assert_str(found.tenant_name, "acme");
	assert_null(found.tenant_grants.p);
	fixture_sql(
		"INSERT INTO membership SELECT user_id, tenant_id, 'role:buyer', 1 FROM session");
	assert_true(find_one(fixture->guard, fixture->arena, &row.hash, &found));
	assert_str(found.tenant_grants, "role:buyer");
}

/* ST-01: bytes are compared as bytes. */
static void test_near_misses_are_not_found(void **state)
{
	struct fixture *fixture = *state;
	struct session_row row = fixture_session(ID_NONE);
	struct session_found found;
	struct digest near;

	memcpy(row.hash.b, "abcdefghijklmnopqrstuvwxyzabcde ", DIGEST_BYTES);
	assert_ok(session_store_insert(fixture->web, &row));
	near = row.hash;
	near.b[0] = 'A';
	assert_false(find_one(fixture->web, fixture->arena, &near, &found));
	near = row.hash;
	near.b[31] = 0;
	assert_false(find_one(fixture->web, fixture->arena, &near, &found));
	assert_true(find_one(fixture->web, fixture->arena, &row.hash, &found));
}

static bool is_among(const struct digest *hash, const struct session_found *found, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (digest_equal(&found[i].session.hash, hash))
			return true;
	return false;
}

/* One statement whatever the number of keys; every second key is unknown. */
static void test_batches_of_every_size(void **state)
{
	struct fixture *fixture = *state;
	struct digest hashes[SESSION_BATCH_MAX];
	struct session_found found[SESSION_BATCH_MAX];

	for (size_t i = 0; i < SESSION_BATCH_MAX; i++)
		hashes[i] =
			i % 2 == 0 ? fixture_add_session(fixture, ID_NONE).hash : fixture_digest();
	for (size_t n = 1; n <= SESSION_BATCH_MAX; n++) {
		uint64_t before = db_statement_count(fixture->web);
		size_t count = 0;

		assert_ok(
			session_store_find(fixture->web, fixture->arena, hashes, n, found, &count));
		assert_int_equal(db_statement_count(fixture->web), before + 1);
		assert_int_equal(count, (n + 1) / 2);
		for (size_t i = 0; i < n; i += 2)
			assert_true(is_among(&hashes[i], found, count));
	}
}

static void test_batch_sizes_that_are_refused(void **state)
{
	struct fixture *fixture = *state;
	struct digest hashes[SESSION_BATCH_MAX + 1] = {0};
	struct session_found found[1];
	size_t count = 7;

	assert_int_equal(session_store_find(fixture->web, fixture->arena, hashes, 0, found, &count),
			 ERR_INTERNAL);
	assert_int_equal(session_store_find(fixture->web, fixture->arena, hashes,
					    SESSION_BATCH_MAX + 1, found, &count),
			 ERR_INTERNAL);
	assert_int_equal(count, 7);
}

/* The memory of the prepared statement is the same each time: the request's strings are what grows.
 */
static void test_arena_too_small(void **state)
{
	struct fixture *fixture = *state;
	struct session_row row = fixture_add_session(fixture, ID_NONE);
	struct session_found found;
	struct arena *small = NULL;
	size_t count = 0;

	assert_ok(arena_open(16, 16, &small));
	assert_int_equal(session_store_find(fixture->web, small, &row.hash, 1, &found, &count),
			 ERR_MEMORY);
	arena_close(&small);
	assert_true(find_one(fixture->web, fixture->arena, &row.hash, &found));
}

static void test_taken_hash_is_a_conflict(void **state)
{
	struct fixture *fixture = *state;
	struct session_row row = fixture_add_session(fixture, ID_NONE);

	assert_int_equal(session_store_insert(fixture->web, &row), ERR_CONFLICT);
	row.hash = fixture_digest();
	assert_int_equal(session_store_insert(fixture->web, &row), ERR_CONFLICT);
}

static void test_touch(void **state)
{
	struct fixture *fixture = *state;
	struct session_row row = fixture_add_session(fixture, ID_NONE);
	struct session_row other = row;
	struct session_found found;

	row.last_seen = T0 + 60;
	row.idle_end = T0 + 70;
	row.ip = STR("192.0.2.9");
	row.value_used = true;
	assert_ok(session_store_touch(fixture->web, &row));
	assert_true(find_one(fixture->web, fixture->arena, &row.hash, &found));
	check_row(&found.session, &row);
	other.epoch++;
	assert_ok(session_store_touch(fixture->web, &other));
	assert_true(find_one(fixture->web, fixture->arena, &row.hash, &found));
	check_row(&found.session, &row);
}

/* The authorizer's account may write the two times and nothing else. */
static void test_touch_by_guard(void **state)
{
	struct fixture *fixture = *state;
	struct session_row row = fixture_add_session(fixture, ID_NONE);
	struct session_row touched = row;
	struct session_found found;

	touched.last_seen = row.last_seen = T0 + 60;
	touched.idle_end = row.idle_end = T0 + 70;
	touched.ip = STR("192.0.2.9");
	touched.value_used = true;
	assert_ok(session_store_touch(fixture->guard, &touched));
	assert_true(find_one(fixture->guard, fixture->arena, &row.hash, &found));
	check_row(&found.session, &row);
}

static void test_rotation_writes_all_and_wins_once(void **state)
{
	struct fixture *fixture = *state;
	struct id user = fixture_add_user(fixture, "alice");
	struct session_row old = fixture_add_session(fixture, ID_NONE);
	struct session_row row = full_row(user);
	struct session_found found;
	bool won = false;

	row.id = old.id;
	row.epoch = old.epoch + 1;
	assert_ok(session_store_rotate(fixture->web, &old.hash, &row, &won));
	assert_true(won);
	assert_false(find_one(fixture->web, fixture->arena, &old.hash, &found));
	assert_true(find_one(fixture->web, fixture->arena, &row.hash, &found));
	check_row(&found.session, &row);
	assert_ok(session_store_rotate(fixture->web, &old.hash, &row, &won));
	assert_false(won);
	assert_ok(session_store_rotate(fixture->web, &row.hash, &row, &won));
	assert_false(won);
}

struct racer {
	const struct config *config;
	const struct session_row *rows;
	size_t n;
	pthread_barrier_t *start;
	size_t won;
	enum err e;
};

static void *race(void *opaque)
{
	struct racer *racer = opaque;
	struct db *db = NULL;

	db_thread_init();
	racer->e = db_open(racer->config, DB_ROLE_WEB, &db);
	for (size_t i = 0; i < racer->n && racer->e == OK; i++) {
		struct session_row row = racer->rows[i];
		bool won = false;

		row.hash = fixture_digest();
		row.epoch++;
		pthread_barrier_wait(racer->start);
		racer->e = session_store_rotate(db, &racer->rows[i].hash, &row, &won);
		racer->won += won;
	}
	db_close(&db);
	db_thread_done();
	return NULL;
}

/* SE-27 */
static void test_rotation_has_one_winner(void **state)
{
	enum { RACERS = 3, ROWS = 500 };
	struct fixture *fixture = *state;
	struct session_row *rows = arena_array(fixture->arena, ROWS, sizeof *rows);
	struct racer racers[RACERS];
	pthread_t threads[RACERS];
	pthread_barrier_t start;
	size_t won = 0;

	assert_non_null(rows);
	assert_ok(db_begin(fixture->web));
	for (size_t i = 0; i < ROWS; i++)
		rows[i] = fixture_add_session(fixture, ID_NONE);
	assert_ok(db_commit(fixture->web));
	pthread_barrier_init(&start, NULL, RACERS);
	for (size_t i = 0; i < RACERS; i++) {
		racers[i] = (struct racer){&fixture->config, rows, ROWS, &start, 0, OK};
		assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
	}
	for (size_t i = 0; i < RACERS; i++) {
		pthread_join(threads[i], NULL);
		assert_ok(racers[i].e);
		won += racers[i].won;
	}
	pthread_barrier_destroy(&start);
	assert_int_equal(won, ROWS);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM session WHERE epoch = 2"), ROWS);
}

/* The level and the epoch, of one epoch only, and nothing else. */
static void test_step_down(void **state)
{
	struct fixture *fixture = *state;
	struct session_row row = full_row(fixture_add_user(fixture, "alice"));
	struct session_found found;
	bool won = true;

	assert_ok(session_store_insert(fixture->web, &row));
	assert_ok(session_store_step_down(fixture->web, &row.id, row.epoch + 1, &won));
	assert_false(won);
	assert_ok(session_store_step_down(fixture->web, &row.user_id, row.epoch, &won));
	assert_false(won);
	assert_true(find_one(fixture->web, fixture->arena, &row.hash, &found));
	check_row(&found.session, &row);
	assert_ok(session_store_step_down(fixture->web, &row.id, row.epoch, &won));
	assert_true(won);
	row.aal = 1;
	row.aal2_end = 0;
	row.epoch++;
	assert_true(find_one(fixture->web, fixture->arena, &row.hash, &found));
	check_row(&found.session, &row);
	assert_ok(session_store_step_down(fixture->web, &row.id, row.epoch - 1, &won));
	assert_false(won);
}

static void test_tries_run_out(void **state)
{
	enum { MOST = 3 };
	struct fixture *fixture = *state;
	struct session_row row = fixture_add_session(fixture, ID_NONE);
	struct session_row other = row;
	struct session_row untried = fixture_add_session(fixture, ID_NONE);
	bool taken = false;
	bool ended = true;

	other.epoch++;
	for (int i = 0; i < MOST; i++) {
		assert_ok(session_store_delete_tried(fixture->web, &row.id, MOST, &ended));
		assert_false(ended);
		assert_ok(session_store_try(fixture->web, &other, MOST, &taken));
		assert_false(taken);
		assert_ok(session_store_try(fixture->web, &row, MOST, &taken));
		assert_true(taken);
	}
	assert_ok(session_store_try(fixture->web, &row, MOST, &taken));
	assert_false(taken);
	assert_ok(session_store_give_back(fixture->web, &other));
	assert_ok(session_store_try(fixture->web, &row, MOST, &taken));
	assert_false(taken);
	assert_ok(session_store_give_back(fixture->web, &row));
	assert_ok(session_store_try(fixture->web, &row, MOST, &taken));
	assert_true(taken);
	assert_ok(session_store_give_back(fixture->web, &untried));
	assert_int_equal(fixture_number("SELECT MIN(tries) FROM session"), 0);
	assert_ok(session_store_delete_tried(fixture->web, &row.id, MOST, &ended));
	assert_true(ended);
	assert_ok(session_store_delete_tried(fixture->web, &row.id, MOST, &ended));
	assert_false(ended);
	assert_ok(session_store_try(fixture->web, &row, MOST, &taken));
	assert_false(taken);
	assert_ok(session_store_try(fixture->web, &untried, MOST, &taken));
	assert_true(taken);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM session"), 1);
}

static enum err try_it(struct db *db, void *what, unsigned round, bool *won)
{
	(void)round;
	return session_store_try(db, what, 5, won);
}

/* Fifty at once on five. */
static void test_tries_at_once_take_no_more(void **state)
{
	struct fixture *fixture = *state;
	struct session_row row = fixture_add_session(fixture, ID_NONE);
	struct crowd crowd = {&fixture->config, 1, &row, try_it, {{0}}};

	assert_int_equal(crowd_run(&crowd), 5);
	assert_int_equal(fixture_number("SELECT tries FROM session"), 5);
}

static void test_rotation_rows(void **state)
{
	struct fixture *fixture = *state;
	struct rotation_row row = {
		.old_hash = fixture_digest(),
		.session_id = id_random(),
		.epoch = 7,
		.proof_hash = fixture_digest(),
		.nonce = id_random(),
		.repeat_until = T0 + 1,
		.purge_at = T0 + 2,
	};
	struct digest keys[2] = {fixture_digest(), row.old_hash};
	struct rotation_row got = {.epoch = 99};
	bool found = true;
	uint64_t deleted = 9;

	assert_ok(rotation_store_find(fixture->web, fixture->arena, keys, &got, &found));
	assert_false(found);
	assert_int_equal(got.epoch, 99);
	assert_ok(rotation_store_insert(fixture->web, &row));
	assert_int_equal(rotation_store_insert(fixture->web, &row), ERR_CONFLICT);
	assert_ok(rotation_store_find(fixture->web, fixture->arena, keys, &got, &found));
	assert_true(found);
	assert_memory_equal(&got.old_hash, &row.old_hash, sizeof row.old_hash);
	assert_true(id_equal(got.session_id, row.session_id));
	assert_int_equal(got.epoch, 7);
	assert_memory_equal(&got.proof_hash, &row.proof_hash, sizeof row.proof_hash);
	assert_true(id_equal(got.nonce, row.nonce));
	assert_int_equal(got.repeat_until, T0 + 1);
	assert_int_equal(got.purge_at, T0 + 2);
	assert_ok(rotation_store_purge(fixture->web, T0 + 2, 10, &deleted));
	assert_int_equal(deleted, 0);
	assert_ok(rotation_store_purge(fixture->web, T0 + 3, 10, &deleted));
	assert_int_equal(deleted, 1);
}

static void test_ending_one(void **state)
{
	struct fixture *fixture = *state;
	struct id alice = fixture_add_user(fixture, "alice");
	struct id bob = fixture_add_user(fixture, "bob");
	struct session_row first = fixture_add_session(fixture, alice);
	struct session_row second = fixture_add_session(fixture, alice);
	bool ended = true;

	assert_ok(session_store_delete_by_id(fixture->web, &first.id, &bob, &ended));
	assert_false(ended);
	assert_ok(session_store_delete_by_id(fixture->web, &first.id, &alice, &ended));
	assert_true(ended);
	assert_ok(session_store_delete_by_id(fixture->web, &first.id, &alice, &ended));
	assert_false(ended);
	assert_ok(session_store_delete_by_id(fixture->web, &second.id, &ID_NONE, &ended));
	assert_true(ended);
	first = fixture_add_session(fixture, bob);
	assert_ok(session_store_delete_by_hash(fixture->web, &second.hash, &ended));
	assert_false(ended);
	assert_ok(session_store_delete_by_hash(fixture->web, &first.hash, &ended));
	assert_true(ended);
}

static void test_ending_many(void **state)
{
	struct fixture *fixture = *state;
	struct id alice = fixture_add_user(fixture, "alice");
	struct id bob = fixture_add_user(fixture, "bob");
	struct session_row row = fixture_session(alice);
	struct id device = id_random();
	uint64_t n = 0;

	for (int i = 0; i < 3; i++)
		fixture_add_session(fixture, alice);
	row.device_id = device;
	assert_ok(session_store_insert(fixture->web, &row));
	row = fixture_session(bob);
	row.device_id = device;
	assert_ok(session_store_insert(fixture->web, &row));
	assert_ok(session_store_count(fixture->web, &alice, &n));
	assert_int_equal(n, 4);
	assert_ok(session_store_delete_of_device(fixture->web, &alice, &device, &n));
	assert_int_equal(n, 1);
	row = fixture_add_session(fixture, alice);
	assert_ok(session_store_delete_of_user(fixture->web, &alice, &row.id, &n));
	assert_int_equal(n, 3);
	assert_ok(session_store_delete_of_user(fixture->web, &alice, &ID_NONE, &n));
	assert_int_equal(n, 1);
	assert_ok(session_store_count(fixture->web, &alice, &n));
	assert_int_equal(n, 0);
	assert_ok(session_store_count(fixture->web, &bob, &n));
	assert_int_equal(n, 1);
}

static void test_ending_any_in_batches(void **state)
{
	struct fixture *fixture = *state;
	const uint64_t expected[] = {3, 2, 0};

	for (int i = 0; i < 5; i++)
		fixture_add_session(fixture, ID_NONE);
	for (size_t i = 0; i < 3; i++) {
		uint64_t n = 9;

		assert_ok(session_store_delete_any(fixture->web, 3, &n));
		assert_int_equal(n, expected[i]);
	}
}

/* Over ones first, whenever they were seen; then the longest idle. */
static void test_idlest_end_first(void **state)
{
	struct fixture *fixture = *state;
	struct id alice = fixture_add_user(fixture, "alice");
	const struct {
		int64_t last_seen, idle_end;
	} times[] = {{T0 + 5, LIMIT}, {T0 + 1, LIMIT}, {T0 + 9, -1}, {T0 + 3, LIMIT}};
	const int64_t left[] = {T0 + 3, T0 + 5};
	struct session_row row;

	fixture_add_session(fixture, fixture_add_user(fixture, "bob"));
	for (size_t i = 0; i < 4; i++) {
		row = fixture_session(alice);
		row.last_seen = times[i].last_seen;
		row.idle_end = T0 + 10 + times[i].idle_end;
		assert_ok(session_store_insert(fixture->web, &row));
	}
	assert_ok(session_store_delete_idlest(fixture->web, &alice, T0 + 10, 2));
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM session"), 3);
	assert_int_equal(fixture_number("SELECT MIN(last_seen) FROM session WHERE last_seen > "
					"1767225600000000"),
			 left[0]);
	assert_int_equal(fixture_number("SELECT MAX(last_seen) FROM session"), left[1]);
}

/* Pages follow each other without a gap or a repetition, also where times are the same. */
static void test_list_in_pages(void **state)
{
	enum { ROWS = 7, PAGE = 3 };
	struct fixture *fixture = *state;
	struct id alice = fixture_add_user(fixture, "alice");
	struct session_row row;
	struct session_row page[PAGE];
	struct page_cursor cursor = {.limit = PAGE};
	size_t seen = 0;
	size_t count = 0;

	for (int i = 0; i < ROWS; i++) {
		row = fixture_session(alice);
		row.created_at = T0 + i / 3;
		assert_ok(session_store_insert(fixture->web, &row));
	}
	row = fixture_session(alice);
	row.idle_end = T0 + 10;
	assert_ok(session_store_insert(fixture->web, &row));
	fixture_add_session(fixture, fixture_add_user(fixture, "bob"));
	do {
		assert_ok(session_store_list(fixture->web, fixture->arena, &alice, T0 + 10, &cursor,
					     page, &count));
		for (size_t i = 0; i < count; i++) {
			bool later = page[i].created_at < cursor.at ||
				     (page[i].created_at == cursor.at &&
				      memcmp(&page[i].id, &cursor.id, sizeof cursor.id) < 0);

			assert_true(cursor.at == 0 || later);
			cursor.at = page[i].created_at;
			cursor.id = page[i].id;
		}
		seen += count;
	} while (count == PAGE);
	assert_int_equal(seen, ROWS);
}

/* ST-08 */
static void test_purge_in_batches(void **state)
{
	struct fixture *fixture = *state;
	const uint64_t expected[] = {2, 2, 1, 0};

	for (int i = 0; i < 7; i++) {
		struct session_row row = fixture_session(ID_NONE);

		row.idle_end = T0 + i;
		assert_ok(session_store_insert(fixture->web, &row));
	}
	for (size_t i = 0; i < 4; i++) {
		uint64_t n = 9;

		assert_ok(session_store_purge(fixture->web, T0 + 5, 2, &n));
		assert_int_equal(n, expected[i]);
	}
	assert_int_equal(fixture_number("SELECT MIN(idle_end) FROM session"), T0 + 5);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM session"), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_every_member_comes_back, fixture_clean),
		cmocka_unit_test_setup(test_guest_has_no_user, fixture_clean),
		cmocka_unit_test_setup(test_tenant_and_membership, fixture_clean),
		cmocka_unit_test_setup(test_near_misses_are_not_found, fixture_clean),
		cmocka_unit_test_setup(test_batches_of_every_size, fixture_clean),
		cmocka_unit_test_setup(test_batch_sizes_that_are_refused, fixture_clean),
		cmocka_unit_test_setup(test_arena_too_small, fixture_clean),
		cmocka_unit_test_setup(test_taken_hash_is_a_conflict, fixture_clean),
		cmocka_unit_test_setup(test_touch, fixture_clean),
		cmocka_unit_test_setup(test_touch_by_guard, fixture_clean),
		cmocka_unit_test_setup(test_rotation_writes_all_and_wins_once, fixture_clean),
		cmocka_unit_test_setup(test_rotation_has_one_winner, fixture_clean),
		cmocka_unit_test_setup(test_step_down, fixture_clean),
		cmocka_unit_test_setup(test_tries_run_out, fixture_clean),
		cmocka_unit_test_setup(test_tries_at_once_take_no_more, fixture_clean),
		cmocka_unit_test_setup(test_rotation_rows, fixture_clean),
		cmocka_unit_test_setup(test_ending_one, fixture_clean),
		cmocka_unit_test_setup(test_ending_many, fixture_clean),
		cmocka_unit_test_setup(test_ending_any_in_batches, fixture_clean),
		cmocka_unit_test_setup(test_idlest_end_first, fixture_clean),
		cmocka_unit_test_setup(test_list_in_pages, fixture_clean),
		cmocka_unit_test_setup(test_purge_in_batches, fixture_clean),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
