/* Transactions: all or nothing, deadlocks and lock waits run again a bounded number of times. */
#include "fixture.h"

#include <pthread.h>

static int64_t users(void)
{
	return fixture_number("SELECT COUNT(*) FROM user");
}

/* ST-07 */
static void test_rollback_leaves_nothing(void **state)
{
	struct fixture *fixture = *state;

	assert_false(db_in_transaction(fixture->web));
	assert_ok(db_begin(fixture->web));
	assert_true(db_in_transaction(fixture->web));
	fixture_add_session(fixture, fixture_add_user(fixture, "alice"));
	db_rollback(fixture->web);
	assert_false(db_in_transaction(fixture->web));
	assert_int_equal(users(), 0);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM session"), 0);
	db_rollback(fixture->web);
	fixture_add_user(fixture, "bob");
	assert_int_equal(users(), 1);
}

static void test_commit_keeps_all(void **state)
{
	struct fixture *fixture = *state;

	assert_ok(db_begin(fixture->web));
	fixture_add_user(fixture, "alice");
	assert_int_equal(users(), 0);
	assert_ok(db_commit(fixture->web));
	assert_int_equal(users(), 1);
}

static void test_closing_undoes(void **state)
{
	struct fixture *fixture = *state;
	struct db *db = fixture_db(&fixture->config, DB_ROLE_WEB);
	struct user_row row = fixture_user("alice");

	assert_ok(db_begin(db));
	assert_ok(user_store_insert(db, &row));
	db_close(&db);
	assert_null(db);
	db_close(&db);
	assert_int_equal(users(), 0);
}

static void test_no_transaction_within_another(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(db_commit(fixture->web), ERR_INTERNAL);
	assert_ok(db_begin(fixture->web));
	assert_int_equal(db_begin(fixture->web), ERR_INTERNAL);
	db_rollback(fixture->web);
}

/* A taken name is an answer: the transaction goes on. */
static void test_conflict_leaves_it_open(void **state)
{
	struct fixture *fixture = *state;
	struct user_row row = fixture_user("alice");

	assert_ok(db_begin(fixture->web));
	assert_ok(user_store_insert(fixture->web, &row));
	assert_int_equal(user_store_insert(fixture->web, &row), ERR_CONFLICT);
	fixture_add_user(fixture, "bob");
	assert_ok(db_commit(fixture->web));
	assert_int_equal(users(), 2);
}

/* What failed for any other reason cannot be committed without it. */
static void test_failure_dooms_it(void **state)
{
	struct fixture *fixture = *state;
	struct user_row row = fixture_user("alice");
	struct user_row bad = fixture_user("bob");

	bad.display_name = STR("\xff");
	assert_ok(db_begin(fixture->web));
	assert_ok(user_store_insert(fixture->web, &row));
	assert_int_equal(user_store_insert(fixture->web, &bad), ERR_INTERNAL);
	row = fixture_user("carol");
	assert_int_equal(user_store_insert(fixture->web, &row), ERR_UNAVAILABLE);
	assert_int_equal(db_commit(fixture->web), ERR_UNAVAILABLE);
	assert_false(db_in_transaction(fixture->web));
	assert_int_equal(users(), 0);
}

struct errand {
	const char *name;
	enum err answer;
	int runs;
};

static enum err add_then_answer(struct db *db, void *opaque)
{
	struct errand *errand = opaque;
	struct user_row row = fixture_user(errand->name);

	errand->runs++;
	TRY(user_store_insert(db, &row));
	return errand->answer;
}

static void test_an_error_of_the_work_is_returned(void **state)
{
	struct fixture *fixture = *state;
	struct errand errand = {.name = "alice", .answer = ERR_TOO_LARGE};

	assert_int_equal(db_transact(fixture->web, add_then_answer, &errand), ERR_TOO_LARGE);
	assert_int_equal(errand.runs, 1);
	assert_false(db_in_transaction(fixture->web));
	assert_int_equal(users(), 0);
	errand.answer = OK;
	assert_ok(db_transact(fixture->web, add_then_answer, &errand));
	assert_int_equal(users(), 1);
	assert_int_equal(db_transact(fixture->web, add_then_answer, &errand), ERR_CONFLICT);
}

/* Two who lock the same two rows in opposite order, and meet in the middle on their first run. */
struct party {
	const struct config *config;
	pthread_barrier_t *middle;
	struct id first, second;
	int runs;
	int64_t stamp;
	enum err e;
};

static enum err lock_both(struct db *db, void *opaque)
{
	struct party *party = opaque;
	struct session_row row = fixture_session(ID_NONE);
	uint32_t user_state = 0;
	bool found = false;

	TRY(user_store_lock(db, &party->first, &user_state, &found));
	if (party->runs++ == 0)
		pthread_barrier_wait(party->middle);
	TRY(user_store_lock(db, &party->second, &user_state, &found));
	row.last_seen = party->stamp;
	return session_store_insert(db, &row);
}

static void *take_part(void *opaque)
{
	struct party *party = opaque;
	struct db *db = NULL;

	db_thread_init();
	party->e = db_open(party->config, DB_ROLE_WEB, &db);
	if (party->e == OK)
		party->e = db_transact(db, lock_both, party);
	db_close(&db);
	db_thread_done();
	return NULL;
}

static void test_deadlock_is_run_again(void **state)
{
	struct fixture *fixture = *state;
	struct id alice = fixture_add_user(fixture, "alice");
	struct id bob = fixture_add_user(fixture, "bob");
	struct party parties[2];
	pthread_t threads[2];
	pthread_barrier_t middle;

	pthread_barrier_init(&middle, NULL, 2);
	for (int i = 0; i < 2; i++) {
		parties[i] = (struct party){
			.config = &fixture->config,
			.middle = &middle,
			.first = i == 0 ? alice : bob,
			.second = i == 0 ? bob : alice,
			.stamp = T0 + i,
		};
		assert_int_equal(pthread_create(&threads[i], NULL, take_part, &parties[i]), 0);
	}
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&middle);
	assert_ok(parties[0].e);
	assert_ok(parties[1].e);
	assert_int_equal(parties[0].runs + parties[1].runs, 3);
	assert_int_equal(fixture_number("SELECT COUNT(DISTINCT last_seen) FROM session"), 2);
}

/* Somebody else's lock, let go after so many runs. */
struct waiting {
	struct db *holder;
	struct id user;
	int runs;
	int let_go;   /* before which run */
	bool swallow; /* go on as if the lock had been got */
};

static enum err lock_and_add(struct db *db, void *opaque)
{
	struct waiting *waiting = opaque;
	struct session_row row = fixture_session(waiting->user);
	uint32_t user_state = 0;
	bool found = false;
	enum err e = OK;

	if (++waiting->runs == waiting->let_go)
		db_rollback(waiting->holder);
	e = user_store_lock(db, &waiting->user, &user_state, &found);
	if (e != OK && !waiting->swallow)
		return e;
	e = session_store_insert(db, &row);
	return waiting->swallow ? OK : e;
}

static struct waiting hold(struct fixture *fixture)
{
	struct waiting waiting = {.holder = fixture_db(&fixture->config, DB_ROLE_WEB)};
	uint32_t user_state = 0;
	bool found = false;

	waiting.user = fixture_add_user(fixture, "alice");
	assert_ok(db_begin(waiting.holder));
	assert_ok(user_store_lock(waiting.holder, &waiting.user, &user_state, &found));
	assert_true(found);
	return waiting;
}

static void test_lock_wait_is_run_again(void **state)
{
	struct fixture *fixture = *state;
	struct waiting waiting = hold(fixture);

	waiting.let_go = 2;
	assert_ok(db_transact(fixture->web, lock_and_add, &waiting));
	assert_int_equal(waiting.runs, 2);
	db_close(&waiting.holder);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM session"), 1);
}

/* What a doomed transaction still does must not take effect by itself, and OK is not believed. */
static void test_lock_wait_cannot_be_ignored(void **state)
{
	struct fixture *fixture = *state;
	struct waiting waiting = hold(fixture);

	waiting.let_go = 2;
	waiting.swallow = true;
	assert_ok(db_transact(fixture->web, lock_and_add, &waiting));
	assert_int_equal(waiting.runs, 2);
	db_close(&waiting.holder);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM session"), 1);
}

static void test_lock_wait_is_bounded(void **state)
{
	struct fixture *fixture = *state;
	struct waiting waiting = hold(fixture);

	assert_int_equal(db_transact(fixture->web, lock_and_add, &waiting), ERR_UNAVAILABLE);
	assert_int_equal(waiting.runs, 4);
	assert_false(db_in_transaction(fixture->web));
	db_close(&waiting.holder);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM session"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_rollback_leaves_nothing, fixture_clean),
		cmocka_unit_test_setup(test_commit_keeps_all, fixture_clean),
		cmocka_unit_test_setup(test_closing_undoes, fixture_clean),
		cmocka_unit_test_setup(test_no_transaction_within_another, fixture_clean),
		cmocka_unit_test_setup(test_conflict_leaves_it_open, fixture_clean),
		cmocka_unit_test_setup(test_failure_dooms_it, fixture_clean),
		cmocka_unit_test_setup(test_an_error_of_the_work_is_returned, fixture_clean),
		cmocka_unit_test_setup(test_deadlock_is_run_again, fixture_clean),
		cmocka_unit_test_setup(test_lock_wait_is_run_again, fixture_clean),
		cmocka_unit_test_setup(test_lock_wait_cannot_be_ignored, fixture_clean),
		cmocka_unit_test_setup(test_lock_wait_is_bounded, fixture_clean),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
