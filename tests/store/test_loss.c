/* IN-25: the database goes away, hangs, is full of connections or read-only; the program stays. */
#include "fixture.h"

#include <string.h>

static enum err read_one(struct fixture *fixture)
{
	struct digest hash = fixture_digest();
	struct session_found found;
	size_t count = 9;
	enum err e = session_store_find(fixture->web, fixture->arena, &hash, 1, &found, &count);

	assert_int_equal(count, e == OK ? 0 : 9);
	return e;
}

static enum err write_one(struct fixture *fixture)
{
	struct session_row row = fixture_session(ID_NONE);

	return session_store_insert(fixture->web, &row);
}

static enum err write_again(struct fixture *fixture)
{
	struct session_row row = fixture_session(ID_NONE);

	return session_store_touch(fixture->web, &row);
}

/* All statements of these tests are prepared, as in a worker that has run for a while. */
static void warm_up(struct fixture *fixture)
{
	assert_ok(read_one(fixture));
	assert_ok(write_one(fixture));
	assert_ok(write_again(fixture));
}

static void lose_connection(void)
{
	fixture_server("kill");
	fixture_server("restart");
}

static void test_read_connects_again(void **state)
{
	struct fixture *fixture = *state;

	warm_up(fixture);
	lose_connection();
	assert_ok(read_one(fixture));
	assert_ok(write_one(fixture));
}

static void test_write_is_uncertain(void **state)
{
	struct fixture *fixture = *state;
	int64_t before = 0;

	warm_up(fixture);
	before = fixture_number("SELECT COUNT(*) FROM session");
	lose_connection();
	assert_int_equal(write_one(fixture), ERR_UNCERTAIN);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM session"), before);
	assert_ok(write_one(fixture));
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM session"), before + 1);
}

static void test_idempotent_write_is_sent_again(void **state)
{
	struct fixture *fixture = *state;

	warm_up(fixture);
	lose_connection();
	assert_ok(write_again(fixture));
}

/* A statement that was never sent is not uncertain. */
static void test_new_statement_on_a_lost_connection(void **state)
{
	struct fixture *fixture = *state;
	struct user_row row = fixture_user("alice");

	warm_up(fixture);
	lose_connection();
	assert_ok(user_store_insert(fixture->web, &row));
}

static void test_begin_connects_again(void **state)
{
	struct fixture *fixture = *state;

	warm_up(fixture);
	lose_connection();
	assert_ok(db_begin(fixture->web));
	assert_ok(write_one(fixture));
	assert_ok(db_commit(fixture->web));
}

/* ST-07: kill -9 in the middle of a transaction; and nothing that follows is done outside it. */
static void test_lost_transaction_leaves_nothing(void **state)
{
	struct fixture *fixture = *state;

	warm_up(fixture);
	fixture_clean(state);
	assert_ok(db_begin(fixture->web));
	assert_ok(write_one(fixture));
	lose_connection();
	assert_int_equal(write_one(fixture), ERR_UNAVAILABLE);
	assert_int_equal(write_one(fixture), ERR_UNAVAILABLE);
	assert_int_equal(read_one(fixture), ERR_UNAVAILABLE);
	assert_int_equal(db_commit(fixture->web), ERR_UNAVAILABLE);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM session"), 0);
	assert_ok(write_one(fixture));
}

static void test_lost_commit_is_uncertain(void **state)
{
	struct fixture *fixture = *state;

	warm_up(fixture);
	assert_ok(db_begin(fixture->web));
	assert_ok(write_one(fixture));
	lose_connection();
	assert_int_equal(db_commit(fixture->web), ERR_UNCERTAIN);
	assert_false(db_in_transaction(fixture->web));
	assert_ok(read_one(fixture));
}

static enum err write_in_work(struct db *db, void *opaque)
{
	struct session_row row = fixture_session(ID_NONE);
	int *runs = opaque;

	if (++*runs == 1)
		lose_connection();
	return session_store_insert(db, &row);
}

static void test_lost_work_is_not_run_again(void **state)
{
	struct fixture *fixture = *state;
	int runs = 0;

	warm_up(fixture);
	fixture_clean(state);
	assert_int_equal(db_transact(fixture->web, write_in_work, &runs), ERR_UNAVAILABLE);
	assert_int_equal(runs, 1);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM session"), 0);
	assert_ok(db_transact(fixture->web, write_in_work, &runs));
}

static void test_while_it_is_down(void **state)
{
	struct fixture *fixture = *state;
	struct fault fault = {.text = ""};

	warm_up(fixture);
	fixture_server("stop");
	assert_int_equal(read_one(fixture), ERR_UNAVAILABLE);
	assert_int_equal(write_one(fixture), ERR_UNAVAILABLE);
	assert_int_equal(write_again(fixture), ERR_UNAVAILABLE);
	assert_int_equal(db_begin(fixture->web), ERR_UNAVAILABLE);
	assert_false(db_in_transaction(fixture->web));
	assert_int_equal(db_connect(fixture->web, &fault), ERR_UNAVAILABLE);
	assert_non_null(strstr(fault.text, "account web"));
	fixture_server("restart");
	assert_ok(db_connect(fixture->web, &fault));
	assert_ok(write_one(fixture));
}

/* The connection is open, so only asking tells that the server is gone. */
static void test_health_check_asks(void **state)
{
	struct fixture *fixture = *state;
	struct fault fault = {.text = ""};

	warm_up(fixture);
	fixture_server("kill");
	assert_int_equal(db_connect(fixture->web, &fault), ERR_UNAVAILABLE);
	fixture_server("restart");
	assert_ok(db_connect(fixture->web, &fault));
}

static void test_killed_connection(void **state)
{
	struct fixture *fixture = *state;
	const char *const kill_user = "KILL USER 'gatepost_web'@'localhost'";

	warm_up(fixture);
	fixture_sql(kill_user);
	assert_ok(read_one(fixture));
	assert_ok(write_one(fixture));
	fixture_sql(kill_user);
	assert_int_equal(write_one(fixture), ERR_UNCERTAIN);
	assert_ok(write_one(fixture));
}

/* Every wait ends: on the open connection, and on the new one. */
static void test_frozen_server(void **state)
{
	struct fixture *fixture = *state;
	struct config config = fixture->config;
	struct session_row row = fixture_session(ID_NONE);
	struct session_found found;
	struct db *db = NULL;
	enum err e[2] = {OK, OK};
	size_t count = 0;

	config.database.read_timeout = 3;
	config.database.connect_timeout = 3;
	db = fixture_db(&config, DB_ROLE_WEB);
	assert_ok(session_store_find(db, fixture->arena, &row.hash, 1, &found, &count));
	assert_ok(session_store_insert(db, &row));
	fixture_server("freeze");
	e[0] = session_store_find(db, fixture->arena, &row.hash, 1, &found, &count);
	e[1] = session_store_find(db, fixture->arena, &row.hash, 1, &found, &count);
	fixture_server("thaw");
	assert_int_equal(e[0], ERR_UNAVAILABLE);
	assert_int_equal(e[1], ERR_UNAVAILABLE);
	assert_ok(session_store_find(db, fixture->arena, &row.hash, 1, &found, &count));
	assert_int_equal(count, 1);
	db_close(&db);
}

static void test_too_many_connections(void **state)
{
	struct fixture *fixture = *state;
	struct db *first = fixture_db(&fixture->config, DB_ROLE_GUARD);
	struct db *second = fixture_db(&fixture->config, DB_ROLE_GUARD);
	struct fault fault = {.text = ""};
	enum err e = OK;

	db_close(&fixture->guard);
	fixture_sql("ALTER USER 'gatepost_guard'@'localhost' WITH MAX_USER_CONNECTIONS 1");
	assert_ok(db_connect(first, &fault));
	e = db_connect(second, &fault);
	fixture_sql("ALTER USER 'gatepost_guard'@'localhost' WITH MAX_USER_CONNECTIONS 0");
	assert_int_equal(e, ERR_UNAVAILABLE);
	db_close(&first);
	assert_ok(db_connect(second, &fault));
	fixture->guard = second;
}

static void test_read_only_server(void **state)
{
	struct fixture *fixture = *state;

	warm_up(fixture);
	fixture_sql("SET GLOBAL read_only = 1");
	assert_int_equal(write_one(fixture), ERR_UNAVAILABLE);
	assert_ok(read_one(fixture));
	fixture_sql("SET GLOBAL read_only = 0");
	assert_ok(write_one(fixture));
}

static void test_wrong_password(void **state)
{
	struct fixture *fixture = *state;
	struct config config = fixture->config;
	struct fault fault = {.text = ""};
	unsigned char wrong[] = "wrong";
	struct db *db = NULL;

	config.database.accounts[DB_ROLE_WEB].password = (struct secret){wrong, 5};
	db = fixture_db(&config, DB_ROLE_WEB);
	assert_int_equal(db_connect(db, &fault), ERR_CONFIG);
	assert_non_null(strstr(fault.text, "Access denied"));
	assert_null(strstr(fault.text, "wrong"));
	db_close(&db);
}

/* How a connection is set up; the variable of Galera is there in Debian's build. */
static void test_set_up(void **state)
{
	struct fixture *fixture = *state;
	struct config config = fixture->config;
	struct fault fault;
	struct db *db = NULL;

	config.database.consistent = true;
	db = fixture_db(&config, DB_ROLE_WEB);
	assert_ok(db_connect(db, &fault));
	db_close(&db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_read_connects_again, fixture_clean),
		cmocka_unit_test_setup(test_write_is_uncertain, fixture_clean),
		cmocka_unit_test_setup(test_idempotent_write_is_sent_again, fixture_clean),
		cmocka_unit_test_setup(test_new_statement_on_a_lost_connection, fixture_clean),
		cmocka_unit_test_setup(test_begin_connects_again, fixture_clean),
		cmocka_unit_test_setup(test_lost_transaction_leaves_nothing, fixture_clean),
		cmocka_unit_test_setup(test_lost_commit_is_uncertain, fixture_clean),
		cmocka_unit_test_setup(test_lost_work_is_not_run_again, fixture_clean),
		cmocka_unit_test_setup(test_while_it_is_down, fixture_clean),
		cmocka_unit_test_setup(test_health_check_asks, fixture_clean),
		cmocka_unit_test_setup(test_killed_connection, fixture_clean),
		cmocka_unit_test_setup(test_frozen_server, fixture_clean),
		cmocka_unit_test_setup(test_too_many_connections, fixture_clean),
		cmocka_unit_test_setup(test_read_only_server, fixture_clean),
		cmocka_unit_test_setup(test_wrong_password, fixture_clean),
		cmocka_unit_test_setup(test_set_up, fixture_clean),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
