/* IN-25: migrations under every failure of the database: what was begun is finished by the next
 * run. */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fault.h"

struct place {
	struct config config;
	struct arena *arena;
	char dir[64];
};

static void write_file(const struct place *p, const char *name, const char *text)
{
	char path[128];
	FILE *file = NULL;

	snprintf(path, sizeof path, "%s/%s", p->dir, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* As the real ones are: what is there already is left alone. */
static int open_place(void **state)
{
	static struct place place;

	if (db_init() != OK || arena_open(4096, (size_t)4 * 1024 * 1024, &place.arena) != OK)
		return -1;
	fixture_config(&place.config);
	snprintf(place.dir, sizeof place.dir, "/tmp/gatepost-sql-XXXXXX");
	if (mkdtemp(place.dir) == NULL)
		return -1;
	write_file(&place, "001_one.sql",
		   "CREATE TABLE IF NOT EXISTS one (a INT NOT NULL, PRIMARY KEY (a));"
		   "INSERT IGNORE INTO one VALUES (1)");
	write_file(&place, "002_two.sql", "ALTER TABLE one ADD COLUMN IF NOT EXISTS b INT NULL");
	write_file(&place, "grants.sql", "GRANT SELECT ON {database}.one TO {web};");
	place.config.server.sql_dir = str_of(place.dir);
	*state = &place;
	return 0;
}

static int close_place(void **state)
{
	static const char *const names[] = {"001_one.sql", "002_two.sql", "grants.sql"};
	struct place *p = *state;
	char path[128];

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", p->dir, names[i]);
		(void)unlink(path);
	}
	(void)rmdir(p->dir);
	arena_close(&p->arena);
	db_done();
	return 0;
}

static void empty(void)
{
	fixture_sql("DROP TABLE IF EXISTS one; DROP TABLE IF EXISTS schema_migration");
}

static enum err migrate(struct place *p, struct fault *fault)
{
	struct migrate_report report;
	enum err e = OK;

	memset(&report, 0xa5, sizeof report);
	arena_reset(p->arena);
	e = migrate_run(&p->config, p->arena, &report, fault);
	if (e != OK)
		for (size_t i = 0; i < sizeof report; i++)
			assert_int_equal(((unsigned char *)&report)[i], 0xa5);
	return e;
}

static void assert_whole(void)
{
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM schema_migration "
					"WHERE version > 0 AND lock_owner IS NULL"),
			 2);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM schema_migration "
					"WHERE version = 0 AND lock_owner IS NULL"),
			 1);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM one WHERE a = 1 AND b IS NULL"), 1);
}

/* Nobody answered when the lock was to be given back: it ends by itself, ten minutes later. */
static void let_the_lock_end(void)
{
	if (fixture_number("SELECT COUNT(*) FROM information_schema.tables "
			   "WHERE table_name = 'schema_migration' AND table_schema = DATABASE()") >
	    0)
		fixture_sql(
			"UPDATE schema_migration SET lock_until = 1 WHERE lock_owner IS NOT NULL");
}

static void strike(struct place *p, enum fault_kind kind, enum fault_side side, unsigned at)
{
	struct fault why = {.text = ""};
	enum err e = OK;

	empty();
	fault_arm(kind, side, at);
	e = migrate(p, &why);
	if (!fault_disarm())
		fail_msg("%s at %u: there was no such call", fault_name(kind), at);
	if (e == OK) {
		assert_whole();
		return;
	}
	/* The command says what happened, whatever it is. */
	if (why.text[0] == '\0' || e == ERR_MEMORY || e == ERR_INPUT)
		fail_msg("%s at %u: %s, \"%s\"", fault_name(kind), at, err_name(e), why.text);
	let_the_lock_end();
	e = migrate(p, &why);
	if (e != OK)
		fail_msg("after %s at %u: %s, %s", fault_name(kind), at, err_name(e), why.text);
	assert_whole();
}

static void strike_side(struct place *p, enum fault_side side, const enum fault_place *places,
			unsigned n)
{
	for (unsigned kind = FAULT_NONE + 1; kind < FAULT_STORM; kind++)
		for (unsigned at = 1; at <= n; at++)
			if (fault_fits((enum fault_kind)kind, places[at - 1]))
				strike(p, (enum fault_kind)kind, side, at);
}

static void migrations_under_every_failure(void **state)
{
	enum fault_place places[FAULT_SIDES][64];
	unsigned n[FAULT_SIDES];
	struct place *p = *state;
	struct fault why;

	empty();
	fixture_sql("SET GLOBAL innodb_flush_log_at_trx_commit = 0");
	fault_arm(FAULT_NONE, FAULT_RUNNING, 0);
	assert_ok(migrate(p, &why));
	(void)fault_disarm();
	assert_whole();
	for (unsigned side = 0; side < FAULT_SIDES; side++) {
		n[side] = fault_calls((enum fault_side)side);
		assert_in_range(n[side], 1, 64);
		for (unsigned at = 1; at <= n[side]; at++)
			places[side][at - 1] = fault_place_of((enum fault_side)side, at);
	}
	for (unsigned side = 0; side < FAULT_SIDES; side++)
		strike_side(p, (enum fault_side)side, places[side], n[side]);
}

static void no_statement_is_left_out(void **state)
{
	(void)state;
	for (unsigned i = 0; i < STMT_COUNT; i++) {
		const struct stmt_def *def = stmt_def((enum stmt)i);

		if (def->roles != 1U << DB_ROLE_MIGRATE)
			continue;
		if (!fault_has_hit((enum stmt)i, FAULT_LOST_BEFORE) ||
		    !fault_has_hit((enum stmt)i, FAULT_LOST_AFTER))
			fail_msg("%s never met a lost connection", def->name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(migrations_under_every_failure),
		cmocka_unit_test(no_statement_is_left_out),
	};

	return cmocka_run_group_tests(tests, open_place, close_place);
}
