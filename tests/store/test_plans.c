/*
 * What every statement reads of tables with many rows: an index, and few of them.
 * GATEPOST_PLAN_ROWS=1000000 asks the same of a million (docs/performance.md).
 */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stmt.h"

#define ROWS_DEFAULT 20000
#define PORTION 20000
#define READ_MOST 5000 /* rows that a statement may mean to read: a page, a batch */
#define SQL_MAX 8192

/* seq is a number from 1; every row of it belongs to the user of that number. */
static const char *const fillings[] = {
	"INSERT INTO user (id, username, email, display_name, created_at, updated_at, "
	"factors_end) SELECT UNHEX(MD5(seq)), CONCAT('user', seq), CONCAT('user', seq, "
	"'@example.org'), seq, seq, seq, seq",
	"INSERT INTO password (user_id, hash, changed_at) SELECT UNHEX(MD5(seq)), 'x', seq",
	"INSERT INTO session (hash, id, epoch, carrier, class, state, value_used, user_id, "
	"device_id, client, "
	"created_at, last_seen, idle_end, expires_at, ip) SELECT UNHEX(SHA2(seq, 256)), "
	"UNHEX(MD5(seq)), 1, 1, 2, 1, 1, UNHEX(MD5(seq)), UNHEX(MD5(seq)), 'browser', seq, seq, "
	"seq, seq, ''",
	"INSERT INTO rotation (old_hash, session_id, epoch, proof_hash, nonce, repeat_until, "
	"purge_at) SELECT UNHEX(SHA2(seq, 256)), UNHEX(MD5(seq)), 1, UNHEX(SHA2(seq, 256)), "
	"UNHEX(MD5(seq)), seq, seq",
	"INSERT INTO device (id, user_id, ref_hash, kind, created_at, last_seen) "
	"SELECT UNHEX(MD5(seq)), UNHEX(MD5(seq)), UNHEX(SHA2(seq, 256)), 1, seq, seq",
	"INSERT INTO throttle SELECT UNHEX(SHA2(seq, 256)), 1, 1, 1, 1, 1, 1, 1, 1, seq",
	"INSERT INTO outbox (id, kind, user_id, payload, state, due_at, created_at) "
	"SELECT UNHEX(MD5(seq)), 'x', UNHEX(MD5(seq)), '', 1 + seq % 4, seq, seq",
	"INSERT INTO audit_event (at, id, event, outcome, user_id) "
	"SELECT seq, UNHEX(MD5(seq)), 'authn_login_success', 'ok', UNHEX(MD5(seq))",
	"INSERT INTO flow (id, owner_id, owner_kind, scope, kind, step, data, facts, version, "
	"created_at, updated_at, expires_at) SELECT UNHEX(MD5(seq)), UNHEX(MD5(seq)), 1, 1, 'k', "
	"'s', '{}', '{}', 1, 1, 1, seq",
	"INSERT INTO flow_counter SELECT UNHEX(MD5(seq)), 'k', 'c', 1, 1, 1, seq",
	"INSERT INTO handover (code_hash, challenge, receiver, user_id, session_id, epoch, "
	"created_at, expires_at) SELECT UNHEX(SHA2(seq, 256)), UNHEX(SHA2(seq, 256)), 1, "
	"UNHEX(MD5(seq)), UNHEX(MD5(seq)), 1, 1, seq",
	"INSERT INTO token_family SELECT UNHEX(MD5(seq)), UNHEX(MD5(seq)), 'app', 1, seq, NULL",
	"INSERT INTO refresh_token (hash, session_id, pair_id, issued_at, expires_at) "
	"SELECT UNHEX(SHA2(seq, 256)), UNHEX(MD5(seq)), UNHEX(MD5(seq)), 1, seq",
	"INSERT INTO user_role SELECT UNHEX(MD5(seq)), REPEAT(CHAR(0), 16), UNHEX(MD5(seq % "
	"1000)), 1",
	"INSERT INTO membership SELECT UNHEX(MD5(seq)), UNHEX(MD5(seq % 50)), '', 1",
	"INSERT INTO mail_code (id, purpose, slot_hash, address, user_id, code_hash, link_hash, "
	"asker_hash, created_at, code_end, expires_at) SELECT UNHEX(MD5(seq)), 1 + seq % 6, "
	"UNHEX(SHA2(seq, 256)), CONCAT('user', seq, '@example.org'), UNHEX(MD5(seq)), "
	"UNHEX(SHA2(seq, 256)), UNHEX(SHA2(seq, 256)), UNHEX(SHA2(seq, 256)), 1, 1, seq",
	"INSERT INTO totp SELECT UNHEX(MD5(seq)), 1 + seq % 50, 'x', seq, 1, 1, 1, "
	"UNHEX(MD5(seq)), seq",
	"INSERT INTO recovery_set SELECT UNHEX(MD5(seq)), UNHEX(MD5(seq)), 1 + seq % 50, 'x', 0, "
	"1, NULL",
	"INSERT INTO passkey SELECT UNHEX(MD5(seq)), UNHEX(MD5(seq)), UNHEX(MD5(seq)), -7, 'x', "
	"seq, 0, 0, 1, UNHEX(MD5(seq)), '', '', seq, NULL",
	"INSERT INTO challenge SELECT UNHEX(SHA2(seq, 256)), UNHEX(MD5(seq)), '', seq",
};

static unsigned rows_of_run(void)
{
	const char *rows = getenv("GATEPOST_PLAN_ROWS");

	return rows == NULL ? ROWS_DEFAULT : (unsigned)strtoul(rows, NULL, 10);
}

/* In portions that no answer is awaited too long for. */
static void fill_table(MYSQL *keeper, const char *filling)
{
	unsigned rows = rows_of_run();
	char sql[SQL_MAX];

	for (unsigned first = 1; first <= rows; first += PORTION) {
		unsigned last = first + PORTION - 1 < rows ? first + PORTION - 1 : rows;

		(void)snprintf(sql, sizeof sql, "%s FROM seq_%u_to_%u", filling, first, last);
		if (mysql_query(keeper, sql) != 0)
			fail_msg("%s: %s", sql, mysql_error(keeper));
	}
}

/* Random keys of a million rows want memory, and nobody wants these rows after a crash. */
static void make_room(MYSQL *keeper)
{
	static const char *const settings[] = {
		"SET GLOBAL innodb_buffer_pool_size = 4294967296",
		"SET GLOBAL innodb_flush_log_at_trx_commit = 0",
		"SET unique_checks = 0",
	};

	for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++)
		assert_int_equal(mysql_query(keeper, settings[i]), 0);
}

static void fill(MYSQL *keeper)
{
	if (rows_of_run() > ROWS_DEFAULT)
		make_room(keeper);
	for (size_t i = 0; i < sizeof fillings / sizeof fillings[0]; i++)
		fill_table(keeper, fillings[i]);
	assert_int_equal(mysql_query(keeper, "ANALYZE TABLE user, password, session, rotation, "
					     "device, throttle, outbox, audit_event, flow, "
					     "flow_counter, handover, token_family, "
					     "refresh_token, user_role, membership, mail_code, "
					     "totp, recovery_set, passkey, challenge"),
			 0);
	mysql_free_result(mysql_store_result(keeper));
}

/* "EXPLAIN" and the statement, with a value in place of each parameter. */
static void explained(const struct stmt_def *def, char *out)
{
	static const char *const id = "UNHEX(MD5(7))";
	size_t n = (size_t)snprintf(out, SQL_MAX, "EXPLAIN ");
	const char *letter = def->params;

	for (const char *p = def->sql; *p != '\0'; p++) {
		if (*p != '?') {
			out[n++] = *p;
			continue;
		}
		n += (size_t)snprintf(out + n, SQL_MAX - n, "%s", *letter == 'i' ? "20" : id);
		letter++;
	}
	out[n] = '\0';
	assert_int_equal(*letter, '\0');
}

/* The line reads all of a table or of an index, or more rows than anything means to. */
static bool is_wide(const struct stmt_def *def, const char *type, const char *count,
		    const char *extra)
{
	bool whole = type != NULL && (strcmp(type, "ALL") == 0 || strcmp(type, "index") == 0);
	unsigned long rows = count == NULL ? 0 : strtoul(count, NULL, 10);
	/* In the order of an index, and ended by LIMIT: the estimate is of all that could come. */
	bool ends = strstr(def->sql, " LIMIT ") != NULL &&
		    strcmp(type == NULL ? "" : type, "ALL") != 0 &&
		    strstr(extra == NULL ? "" : extra, "filesort") == NULL &&
		    strstr(extra == NULL ? "" : extra, "temporary") == NULL;

	return !ends && (rows > READ_MOST || (whole && rows > 1000));
}

static unsigned field_of(MYSQL_RES *result, const char *name)
{
	for (unsigned i = 0; i < mysql_num_fields(result); i++)
		if (strcmp(mysql_fetch_field_direct(result, i)->name, name) == 0)
			return i;
	fail_msg("EXPLAIN has no %s", name);
	return 0;
}

static unsigned look_at(MYSQL *keeper, const struct stmt_def *def)
{
	char sql[SQL_MAX];
	MYSQL_RES *result = NULL;
	MYSQL_ROW row = NULL;
	unsigned wide = 0;

	explained(def, sql);
	if (mysql_query(keeper, sql) != 0)
		fail_msg("%s: %s: %s", def->name, sql, mysql_error(keeper));
	result = mysql_store_result(keeper);
	assert_non_null(result);
	while ((row = mysql_fetch_row(result)) != NULL) {
		if (!is_wide(def, row[field_of(result, "type")], row[field_of(result, "rows")],
			     row[field_of(result, "Extra")]))
			continue;
		print_message("%s: table %s, %s, key %s, %s rows\n", def->name,
			      row[field_of(result, "table")], row[field_of(result, "type")],
			      row[field_of(result, "key")] ? row[field_of(result, "key")] : "none",
			      row[field_of(result, "rows")]);
		wide++;
	}
	mysql_free_result(result);
	return wide;
}

/*
 * They mean to read many: what a keeper asks before a key goes, or does after a restore; by an
 * index all live sessions once in five minutes, and up to 10000 mails of a state for the metrics.
 */
static bool is_meant_to(const struct stmt_def *def)
{
	static const char *const names[] = {"STMT_SESSION_COUNT_BEFORE", "STMT_DOCTOR_RESTORE",
					    "STMT_OVERVIEW_SESSIONS",    "STMT_SURVEY_COUNTS",
					    "STMT_OUTBOX_COUNT",         "STMT_OUTBOX_COUNT_SEALED",
					    "STMT_FACTOR_COUNT_SEALED",  "STMT_TOTP_ADVANCE"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(def->name, names[i]) == 0)
			return true;
	return false;
}

static void no_statement_reads_a_table(void **state)
{
	struct fixture *fixture = *state;
	MYSQL *keeper = fixture_raw(&fixture->config, DB_ROLE_COUNT);
	unsigned wide = 0;

	fill(keeper);
	for (unsigned i = 0; i < STMT_COUNT; i++) {
		const struct stmt_def *def = stmt_def((enum stmt)i);

		if (def->roles != 1U << DB_ROLE_MIGRATE && !is_meant_to(def))
			wide += look_at(keeper, def);
	}
	mysql_close(keeper);
	assert_int_equal(wide, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(no_statement_reads_a_table, fixture_clean),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
