/* Migrations: applied once and in order, whoever runs them; refused where files and database
 * differ. */
#include "fixture.h"

#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A folder of migrations and a database of its own, emptied for each test. */
struct place {
	char dir[64];
	struct config config;
	struct arena *arena;
};

#define NAME "gatepost_migrations"

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *where)
{
	(void)about;
	(void)kind;
	(void)where;
	return remove(path);
}

static void put(const struct place *place, const char *name, const char *text)
{
	char path[128];
	FILE *file = NULL;

	snprintf(path, sizeof path, "%s/%s", place->dir, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void take_away(const struct place *place, const char *name)
{
	char path[128];

	snprintf(path, sizeof path, "%s/%s", place->dir, name);
	assert_int_equal(unlink(path), 0);
}

static int open_place(void **state)
{
	struct place *place = calloc(1, sizeof *place);

	if (place == NULL || arena_open(4096, (size_t)4 * 1024 * 1024, &place->arena) != OK)
		return -1;
	snprintf(place->dir, sizeof place->dir, "/tmp/gpsql-XXXXXX");
	if (mkdtemp(place->dir) == NULL)
		return -1;
	fixture_config(&place->config);
	fixture_sql("DROP DATABASE IF EXISTS " NAME "; CREATE DATABASE " NAME ";"
		    "GRANT ALL PRIVILEGES ON " NAME ".* TO 'gatepost_migrate'@'localhost' "
		    "WITH GRANT OPTION");
	place->config.database.name = STR(NAME);
	place->config.server.sql_dir = str_of(place->dir);
	put(place, "001_first.sql", "CREATE TABLE first (n INT); INSERT INTO first VALUES (1)");
	put(place, "grants.sql",
	    "-- {web}\nGRANT SELECT (version) ON {database}.schema_migration TO {web};\n");
	*state = place;
	return 0;
}

static int close_place(void **state)
{
	struct place *place = *state;

	arena_close(&place->arena);
	nftw(place->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(place);
	return 0;
}

static int group_open(void **state)
{
	(void)state;
	return db_init() == OK ? 0 : -1;
}

static int group_close(void **state)
{
	(void)state;
	db_done();
	return 0;
}

static enum err migrate(struct place *place, struct migrate_report *report, struct fault *fault)
{
	*report = (struct migrate_report){.from = 99, .to = 99, .applied = 99};
	*fault = (struct fault){.text = ""};
	return migrate_run(&place->config, place->arena, report, fault);
}

static void migrates(struct place *place, unsigned from, unsigned to)
{
	struct migrate_report report;
	struct fault fault;
	enum err e = migrate(place, &report, &fault);

	if (e != OK)
		fail_msg("migrate_run: %s: %s", err_name(e), fault.text);
	assert_int_equal(report.from, from);
	assert_int_equal(report.to, to);
	assert_int_equal(report.applied, to - from);
}

static void refuses(struct place *place, enum err expected, const char *words)
{
	struct migrate_report report;
	struct fault fault;

	assert_int_equal(migrate(place, &report, &fault), expected);
	if (strstr(fault.text, words) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", fault.text, words);
	assert_int_equal(report.applied, 99);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM information_schema.tables "
					"WHERE table_schema = '" NAME "' AND table_name = 'extra'"),
			 0);
}

static int64_t version(void)
{
	return fixture_number("SELECT MAX(version) FROM " NAME ".schema_migration");
}

static void assert_unlocked(void)
{
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM " NAME ".schema_migration "
					"WHERE lock_owner IS NOT NULL"),
			 0);
}

static void test_fresh_then_repeated_then_more(void **state)
{
	struct place *place = *state;

	migrates(place, 0, 1);
	assert_unlocked();
	migrates(place, 1, 1);
	put(place, "002_second.sql", "CREATE TABLE second (n INT)");
	put(place, "003_third.sql", "-- nothing but a comment\nINSERT INTO second VALUES (3);\n");
	migrates(place, 1, 3);
	migrates(place, 3, 3);
	assert_int_equal(version(), 3);
	assert_int_equal(fixture_number("SELECT n FROM " NAME ".second"), 3);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM " NAME ".first"), 1);
	assert_unlocked();
}

/* What is on record is the digest of the file, as sha256sum would tell. */
static void test_digest_on_record(void **state)
{
	struct place *place = *state;

	put(place, "001_first.sql", "SELECT 1");
	migrates(place, 0, 1);
	assert_int_equal(fixture_number("SELECT sha256 = UNHEX(SHA2('SELECT 1', 256)) AND "
					"name = '001_first.sql' FROM " NAME ".schema_migration "
					"WHERE version = 1"),
			 1);
}

static void test_shipped_files_are_accepted_twice(void **state)
{
	struct place *place = *state;

	place->config.server.sql_dir = STR(TEST_SOURCE_DIR "/sql");
	migrates(place, 0, SCHEMA_VERSION);
	migrates(place, SCHEMA_VERSION, SCHEMA_VERSION);
	/* A runner that was stopped before it could write down what it did. */
	fixture_sql("DELETE FROM " NAME ".schema_migration WHERE version > 0");
	migrates(place, 0, SCHEMA_VERSION);
}

/* Who was there before there were factors has none, and sessions have tried nothing. */
static void test_factors_come_to_a_database_in_use(void **state)
{
	struct place *place = *state;

	place->config.server.sql_dir = STR(TEST_SOURCE_DIR "/sql");
	migrates(place, 0, SCHEMA_VERSION);
	fixture_sql("USE " NAME "; DROP TABLE totp, recovery_set, passkey, challenge;"
		    "ALTER TABLE user DROP KEY user_factors_end, DROP COLUMN factors, "
		    "DROP COLUMN factors_end;"
		    "ALTER TABLE session DROP COLUMN wish, DROP COLUMN tries;"
		    "DELETE FROM schema_migration WHERE version >= 9;"
		    "INSERT INTO user (id, username, display_name, created_at, updated_at) "
		    "SELECT UNHEX(MD5(seq)), seq, seq, 1, 1 FROM seq_1_to_3;"
		    "INSERT INTO session (hash, id, epoch, carrier, class, state, value_used, "
		    "user_id, client, created_at, last_seen, idle_end, expires_at, ip) "
		    "SELECT UNHEX(SHA2(seq, 256)), UNHEX(MD5(seq)), 1, 1, 2, 1, 1, "
		    "UNHEX(MD5(seq)), 'browser', 1, 1, 1, 1, '' FROM seq_1_to_3");
	migrates(place, 8, SCHEMA_VERSION);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM " NAME ".user u "
					"JOIN " NAME ".session s ON s.user_id = u.id "
					"WHERE u.factors = 0 AND u.factors_end IS NULL "
					"AND s.wish = 0 AND s.tries = 0"),
			 3);
	migrates(place, SCHEMA_VERSION, SCHEMA_VERSION);
}

static void test_changed_file_is_refused(void **state)
{
	struct place *place = *state;

	migrates(place, 0, 1);
	put(place, "001_first.sql", "CREATE TABLE extra (n INT)");
	put(place, "002_second.sql", "CREATE TABLE extra (n INT)");
	refuses(place, ERR_CONFIG, "001_first.sql was changed");
	assert_int_equal(version(), 1);
	assert_unlocked();
}

static void test_gap_is_refused(void **state)
{
	struct place *place = *state;

	put(place, "003_third.sql", "CREATE TABLE extra (n INT)");
	refuses(place, ERR_CONFIG, "003_third.sql");
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM information_schema.tables "
					"WHERE table_schema = '" NAME "'"),
			 0);
	take_away(place, "003_third.sql");
	take_away(place, "001_first.sql");
	put(place, "002_second.sql", "CREATE TABLE extra (n INT)");
	refuses(place, ERR_CONFIG, "002_second.sql");
}

static void test_same_number_twice_is_refused(void **state)
{
	struct place *place = *state;

	put(place, "001_again.sql", "CREATE TABLE extra (n INT)");
	refuses(place, ERR_CONFIG, "001_first.sql");
}

static void test_misnamed_file_is_refused(void **state)
{
	static const char *const names[] = {"2_second.sql", "0002_second.sql", "002-second.sql",
					    "002_.sql",     "002_second.sq",   "000_second.sql"};
	struct place *place = *state;

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		put(place, names[i], "CREATE TABLE extra (n INT)");
		refuses(place, ERR_CONFIG,
			names[i][0] == '0' && names[i][2] == '0' ? "000" : names[i]);
		take_away(place, names[i]);
	}
	migrates(place, 0, 1);
}

static void test_newer_database_is_refused(void **state)
{
	struct place *place = *state;

	put(place, "002_second.sql", "SELECT 2");
	migrates(place, 0, 2);
	take_away(place, "002_second.sql");
	refuses(place, ERR_CONFIG, "newer");
	assert_unlocked();
}

static void test_hole_in_the_record_is_refused(void **state)
{
	struct place *place = *state;

	put(place, "002_second.sql", "SELECT 2");
	migrates(place, 0, 2);
	fixture_sql("DELETE FROM " NAME ".schema_migration WHERE version = 1");
	refuses(place, ERR_CONFIG, "lacks migration 1");
}

static void test_missing_folder(void **state)
{
	struct place *place = *state;

	place->config.server.sql_dir = STR("/tmp/gpsql-none");
	refuses(place, ERR_CONFIG, "/tmp/gpsql-none");
}

/* What failed is not on record, says why, and leaves the lock to the next. */
static void test_failing_script(void **state)
{
	struct place *place = *state;

	put(place, "002_second.sql", "INSERT INTO first VALUES (2); SELEC 3; DROP TABLE first");
	refuses(place, ERR_INTERNAL, "SELEC 3");
	assert_int_equal(version(), 1);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM " NAME ".first"), 2);
	assert_unlocked();
	put(place, "002_second.sql", "INSERT INTO first VALUES (3)");
	migrates(place, 1, 2);
}

static void test_unknown_name_in_grants(void **state)
{
	struct place *place = *state;

	put(place, "grants.sql", "GRANT SELECT ON {database}.first TO {nobody}");
	refuses(place, ERR_CONFIG, "grants.sql");
	put(place, "grants.sql", "GRANT SELECT ON {database");
	refuses(place, ERR_CONFIG, "grants.sql");
	assert_unlocked();
}

/* IN-01: the names in the configuration stay names. */
static void test_names_are_quoted(void **state)
{
	struct place *place = *state;

	place->config.database.accounts[DB_ROLE_WEB].user =
		STR("x'@'localhost'; CREATE TABLE extra (n INT); -- \\");
	refuses(place, ERR_INTERNAL, "not allowed to create a user");
	assert_unlocked();
}

struct runner {
	struct place *place;
	struct arena *arena;
	pthread_barrier_t *start;
	struct migrate_report report;
	struct fault fault;
	enum err e;
};

static void *run(void *opaque)
{
	struct runner *runner = opaque;

	db_thread_init();
	if (runner->start != NULL)
		pthread_barrier_wait(runner->start);
	runner->e =
		migrate_run(&runner->place->config, runner->arena, &runner->report, &runner->fault);
	db_thread_done();
	return NULL;
}

static void launch(struct runner *runner, struct place *place, pthread_barrier_t *start,
		   pthread_t *thread)
{
	*runner = (struct runner){.place = place, .start = start};
	assert_ok(arena_open(4096, (size_t)4 * 1024 * 1024, &runner->arena));
	assert_int_equal(pthread_create(thread, NULL, run, runner), 0);
}

static void join(struct runner *runner, pthread_t thread)
{
	pthread_join(thread, NULL);
	arena_close(&runner->arena);
	if (runner->e != OK)
		fail_msg("migrate_run: %s: %s", err_name(runner->e), runner->fault.text);
}

/* The scripts would fail if they ran twice. */
static void test_two_at_once(void **state)
{
	enum { RUNNERS = 3 };
	struct place *place = *state;
	struct runner runners[RUNNERS];
	pthread_t threads[RUNNERS];
	pthread_barrier_t start;
	unsigned applied = 0;

	put(place, "002_second.sql", "CREATE TABLE second (n INT); INSERT INTO second VALUES (1)");
	put(place, "003_third.sql", "ALTER TABLE second ADD COLUMN m INT");
	pthread_barrier_init(&start, NULL, RUNNERS);
	for (int i = 0; i < RUNNERS; i++)
		launch(&runners[i], place, &start, &threads[i]);
	for (int i = 0; i < RUNNERS; i++) {
		join(&runners[i], threads[i]);
		applied += runners[i].report.applied;
		assert_int_equal(runners[i].report.to, 3);
	}
	pthread_barrier_destroy(&start);
	assert_int_equal(applied, 3);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM " NAME ".second"), 1);
	assert_unlocked();
}

static int64_t executions(void)
{
	return fixture_number("SHOW GLOBAL STATUS LIKE 'Com_stmt_execute'");
}

/* It asks for the lock again and again, and changes nothing until it has it. */
static void test_waits_for_another(void **state)
{
	struct place *place = *state;
	struct runner runner;
	pthread_t thread;
	int64_t asked = 0;

	migrates(place, 0, 1);
	fixture_sql("UPDATE " NAME ".schema_migration SET lock_owner = 'somebody-else---', "
		    "lock_until = (UNIX_TIMESTAMP() + 600) * 1000000 WHERE version = 0");
	put(place, "002_second.sql", "CREATE TABLE second (n INT)");
	asked = executions();
	launch(&runner, place, NULL, &thread);
	while (executions() < asked + 5)
		continue;
	assert_int_equal(version(), 1);
	fixture_sql("UPDATE " NAME ".schema_migration SET lock_owner = NULL WHERE version = 0");
	join(&runner, thread);
	assert_int_equal(runner.report.applied, 1);
	assert_int_equal(version(), 2);
	assert_unlocked();
}

static void test_abandoned_lock_is_taken_over(void **state)
{
	struct place *place = *state;

	migrates(place, 0, 1);
	fixture_sql("UPDATE " NAME ".schema_migration SET lock_owner = 'somebody-else---', "
		    "lock_until = (UNIX_TIMESTAMP() - 1) * 1000000 WHERE version = 0");
	migrates(place, 1, 1);
	assert_unlocked();
}

static void expect_connection(struct place *place, enum err expected, const char *words)
{
	struct db *db = fixture_db(&place->config, DB_ROLE_WEB);
	struct fault fault = {.text = ""};

	assert_int_equal(db_connect(db, &fault), expected);
	if (strstr(fault.text, words) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", fault.text, words);
	db_close(&db);
}

static void has_version(int64_t number)
{
	char sql[256];

	snprintf(sql, sizeof sql,
		 "DELETE FROM " NAME ".schema_migration WHERE version > 0;"
		 "INSERT IGNORE INTO " NAME ".schema_migration "
		 "(version, name, sha256, applied_at) VALUES (%lld, 'x', '', 0)",
		 (long long)number);
	fixture_sql(sql);
}

/* A program runs on its own schema and on the next one. */
static void test_schema_version_at_connection(void **state)
{
	struct place *place = *state;
	struct {
		int64_t version;
		enum err expected;
		const char *words;
	} calls[] = {
		{SCHEMA_VERSION, OK, ""},
		{SCHEMA_VERSION + 1, OK, ""},
		{SCHEMA_VERSION + 2, ERR_CONFIG, "older than the database"},
		{SCHEMA_VERSION - 1, ERR_CONFIG, "gatepost migrate"},
	};

	expect_connection(place, ERR_CONFIG, "gatepost migrate");
	migrates(place, 0, 1);
	for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
		has_version(calls[i].version);
		expect_connection(place, calls[i].expected, calls[i].words);
	}
	fixture_sql("DELETE FROM " NAME ".schema_migration");
	expect_connection(place, ERR_CONFIG, "schema is version 0");
}

/* A request does not learn the reason: for it the database is not there. */
static void test_wrong_schema_is_unavailable(void **state)
{
	struct place *place = *state;
	struct db *db = fixture_db(&place->config, DB_ROLE_WEB);
	struct digest hash = fixture_digest();
	struct session_found found;
	size_t count = 0;

	migrates(place, 0, 1);
	has_version(SCHEMA_VERSION + 2);
	assert_int_equal(session_store_find(db, place->arena, &hash, 1, &found, &count),
			 ERR_UNAVAILABLE);
	assert_int_equal(db_begin(db), ERR_UNAVAILABLE);
	db_close(&db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_fresh_then_repeated_then_more, open_place,
						close_place),
		cmocka_unit_test_setup_teardown(test_digest_on_record, open_place, close_place),
		cmocka_unit_test_setup_teardown(test_shipped_files_are_accepted_twice, open_place,
						close_place),
		cmocka_unit_test_setup_teardown(test_factors_come_to_a_database_in_use, open_place,
						close_place),
		cmocka_unit_test_setup_teardown(test_changed_file_is_refused, open_place,
						close_place),
		cmocka_unit_test_setup_teardown(test_gap_is_refused, open_place, close_place),
		cmocka_unit_test_setup_teardown(test_same_number_twice_is_refused, open_place,
						close_place),
		cmocka_unit_test_setup_teardown(test_misnamed_file_is_refused, open_place,
						close_place),
		cmocka_unit_test_setup_teardown(test_newer_database_is_refused, open_place,
						close_place),
		cmocka_unit_test_setup_teardown(test_hole_in_the_record_is_refused, open_place,
						close_place),
		cmocka_unit_test_setup_teardown(test_missing_folder, open_place, close_place),
		cmocka_unit_test_setup_teardown(test_failing_script, open_place, close_place),
		cmocka_unit_test_setup_teardown(test_unknown_name_in_grants, open_place,
						close_place),
		cmocka_unit_test_setup_teardown(test_names_are_quoted, open_place, close_place),
		cmocka_unit_test_setup_teardown(test_two_at_once, open_place, close_place),
		cmocka_unit_test_setup_teardown(test_waits_for_another, open_place, close_place),
		cmocka_unit_test_setup_teardown(test_abandoned_lock_is_taken_over, open_place,
						close_place),
		cmocka_unit_test_setup_teardown(test_schema_version_at_connection, open_place,
						close_place),
		cmocka_unit_test_setup_teardown(test_wrong_schema_is_unavailable, open_place,
						close_place),
	};

	return cmocka_run_group_tests(tests, group_open, group_close);
}
