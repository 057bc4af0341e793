/* THE statement table: no holes, and each statement prepares for the accounts it names and no
 * other. */
#include "fixture.h"

#include <stdio.h>
#include <string.h>

#include "row.h"
#include "stmt.h"

static const char *const letters = "ibt";

static void test_table_has_no_holes(void **state)
{
	(void)state;
	for (unsigned i = 0; i < STMT_COUNT; i++) {
		const struct stmt_def *def = stmt_def((enum stmt)i);

		if (def->name == NULL || def->sql == NULL || def->params == NULL)
			fail_msg("statement %u has no definition", i);
		assert_true(def->roles != 0 && def->roles < 1U << DB_ROLE_COUNT);
		assert_int_equal(strspn(def->params, letters), strlen(def->params));
		assert_int_equal(def->cols != NULL, def->col_count > 0);
		assert_int_equal(def->kind == STMT_READ, def->col_count > 0);
		assert_int_equal(def->kind == STMT_READ, strncmp(def->sql, "SELECT ", 7) == 0);
	}
}

static void test_names_are_unique(void **state)
{
	(void)state;
	for (unsigned i = 0; i < STMT_COUNT; i++) {
		assert_int_equal(strncmp(stmt_def((enum stmt)i)->name, "STMT_", 5), 0);
		for (unsigned j = i + 1; j < STMT_COUNT; j++)
			assert_string_not_equal(stmt_def((enum stmt)i)->name,
						stmt_def((enum stmt)j)->name);
	}
}

/* A purge, a deletion of many and a list all say how much at most. */
static void test_batches_are_bounded(void **state)
{
	static const char *const endings[] = {"_PURGE", "_ANY", "_IDLEST", "_LIST"};

	(void)state;
	for (unsigned i = 0; i < STMT_COUNT; i++) {
		const struct stmt_def *def = stmt_def((enum stmt)i);

		if (i == STMT_MIGRATION_LIST)
			continue;
		for (size_t k = 0; k < sizeof endings / sizeof endings[0]; k++) {
			if (strstr(def->name, endings[k]) == NULL)
				continue;
			assert_non_null(strstr(def->sql, " ORDER BY "));
			assert_non_null(strstr(def->sql, " LIMIT ?"));
		}
	}
}

static void check_shape(MYSQL_STMT *stmt, const struct stmt_def *def)
{
	MYSQL_RES *result = mysql_stmt_result_metadata(stmt);

	assert_int_equal(mysql_stmt_param_count(stmt), strlen(def->params));
	assert_int_equal(mysql_stmt_field_count(stmt), def->col_count);
	if (result == NULL)
		return;
	for (size_t i = 0; i < def->col_count; i++) {
		const MYSQL_FIELD *field = mysql_fetch_field_direct(result, (unsigned)i);
		const struct col *col = &def->cols[i];

		assert_string_equal(field->name, col->name);
		/* Room for what the column may hold, else a row could not be read. */
		if ((col->type == COL_STR || col->type == COL_SECRET) && field->length > col->max)
			fail_msg("%s: %s may be %lu long", def->name, col->name, field->length);
	}
	mysql_free_result(result);
}

/*
 * No table of ours is named in the first three. A check reads all of session, so guard could list
 * it too; and who may read a row may lock it (which of a guest's writes last_seen). It reads the
 * grants of users and memberships, and names of tenants, too.
 */
static bool is_harmless(unsigned i, enum db_role role)
{
	if (i == STMT_MIGRATION_ACCOUNT || i == STMT_MIGRATION_DIGEST || i == STMT_SURVEY_TABLES)
		return true;
	return role == DB_ROLE_GUARD &&
	       (i == STMT_FLOW_HOLD_GUEST || i == STMT_SESSION_COUNT || i == STMT_SESSION_LIST ||
		i == STMT_SESSION_COUNT_BEFORE || i == STMT_SESSION_BY_ID ||
		i == STMT_SESSION_OWNER || i == STMT_USER_LOCK || i == STMT_GRANTS_END ||
		i == STMT_GRANTS_STORED || i == STMT_TENANT_SHARE || i == STMT_TENANT_LOCK ||
		i == STMT_USER_SEARCH || i == STMT_OVERVIEW_SESSIONS);
}

static void check_role(const struct config *config, enum db_role role)
{
	MYSQL *mysql = fixture_raw(config, role);

	mysql_set_character_set(mysql, "utf8mb4");
	for (unsigned i = 0; i < STMT_COUNT; i++) {
		const struct stmt_def *def = stmt_def((enum stmt)i);
		MYSQL_STMT *stmt = mysql_stmt_init(mysql);
		bool may = (def->roles & 1U << role) != 0;
		int rc = mysql_stmt_prepare(stmt, def->sql, strlen(def->sql));

		if (may && rc != 0)
			fail_msg("%s for %s: %s", def->name, db_role_name(role),
				 mysql_stmt_error(stmt));
		if (may)
			check_shape(stmt, def);
		else if (rc == 0 && role != DB_ROLE_MIGRATE && !is_harmless(i, role))
			fail_msg("%s can be prepared by %s", def->name, db_role_name(role));
		mysql_stmt_close(stmt);
	}
	mysql_close(mysql);
}

/* ST-03 */
static void test_prepares_for_its_accounts_only(void **state)
{
	struct fixture *fixture = *state;

	for (unsigned role = 0; role < DB_ROLE_COUNT; role++)
		check_role(&fixture->config, (enum db_role)role);
}

static void test_wrong_account_sends_nothing(void **state)
{
	struct fixture *fixture = *state;
	uint64_t before = db_statement_count(fixture->guard);
	struct digest hash = fixture_digest();
	struct id id = id_random();
	struct password_row password = {.hash = SECRET_NONE};
	bool flag = true;

	assert_int_equal(session_store_delete_by_hash(fixture->guard, &hash, &flag), ERR_INTERNAL);
	assert_int_equal(db_statement_count(fixture->guard), before);
	before = db_statement_count(fixture->web);
	assert_int_equal(password_store_get(fixture->web, fixture->arena, &id, &password, &flag),
			 ERR_INTERNAL);
	assert_int_equal(db_statement_count(fixture->web), before);
}

/* IN-01 */
static void test_wrong_shape_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct id id = id_random();
	int64_t number = 0;
	bool found = false;

	assert_int_equal(row_run(fixture->web, STMT_SESSION_DELETE_BY_ID, ARGS_NONE, NULL),
			 ERR_INTERNAL);
	assert_int_equal(row_run(fixture->web, STMT_SESSION_DELETE_BY_ID, ARGS(arg_int(1)), NULL),
			 ERR_INTERNAL);
	assert_int_equal(row_run(fixture->web, STMT_SESSION_COUNT, ARGS(arg_id(&id)), NULL),
			 ERR_INTERNAL);
	assert_int_equal(row_find(fixture->web, STMT_SESSION_DELETE_BY_ID, ARGS(arg_id(&id)),
				  (struct row_into){.row = &number}, &found),
			 ERR_INTERNAL);
	assert_false(found);
}

struct interruption {
	unsigned long connection;
	int rows;
};

/* The answer is much longer than what the sockets between take, so the server is still sending it.
 */
static enum err interrupt_once(struct row_sink *sink)
{
	struct interruption *interruption = sink->context;
	char kill[64];

	arena_reset(sink->into.arena);
	if (interruption->rows++ > 0)
		return OK;
	snprintf(kill, sizeof kill, "KILL QUERY %lu", interruption->connection);
	fixture_sql(kill);
	return OK;
}

/* What ends an answer in its middle is an error like any other: on Galera a neighbour's commit. */
static void test_an_answer_that_ends_in_its_middle(void **state)
{
	struct fixture *fixture = *state;
	struct fault fault;
	struct user_row row = {.state = USER_NONE};
	struct interruption interruption = {.rows = 0};
	struct row_sink sink = {
		.into = {.arena = fixture->arena, .row = &row},
		.take = interrupt_once,
		.context = &interruption,
	};
	struct id lowest = ID_NONE;

	fixture_sql("INSERT INTO user (id, username, display_name, grants, created_at, updated_at) "
		    "SELECT UNHEX(MD5(seq)), seq, seq, REPEAT('x', 4000), seq, seq "
		    "FROM seq_1_to_5000");
	assert_ok(db_connect(fixture->web, &fault));
	interruption.connection = (unsigned long)fixture_number(
		"SELECT id FROM information_schema.PROCESSLIST WHERE user = 'gatepost_web'");
	assert_int_equal(row_each(fixture->web, STMT_USER_LIST,
				  ARGS(arg_int(0), arg_int(0), arg_id(&lowest), arg_int(5000)),
				  &sink),
			 ERR_UNAVAILABLE);
	assert_in_range(interruption.rows, 1, 4999);
	assert_int_equal(row_each(fixture->web, STMT_USER_LIST,
				  ARGS(arg_int(0), arg_int(0), arg_id(&lowest), arg_int(10)),
				  &sink),
			 OK);
	fixture_sql("DELETE FROM user");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table_has_no_holes),
		cmocka_unit_test(test_names_are_unique),
		cmocka_unit_test(test_batches_are_bounded),
		cmocka_unit_test(test_prepares_for_its_accounts_only),
		cmocka_unit_test(test_wrong_account_sends_nothing),
		cmocka_unit_test(test_wrong_shape_is_refused),
		cmocka_unit_test(test_an_answer_that_ends_in_its_middle),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
