/* Hours of the overview: counted right however often and by whoever, finished late, never lost; the
 * survey; and the plans of what they ask with a million rows in mind. */
#include "auth_world.h"

#include <pthread.h>

#include "audit_store.h"
#include "overview.h"
#include "purge.h"
#include "stmt.h"
#include "survey.h"

/* Ten minutes into an hour. */
#define HOUR (WORLD_START - WORLD_START % CLOCK_HOUR)
#define NOW (HOUR + 10 * CLOCK_MINUTE)
#define FOREVER (clock_monotonic() + CLOCK_MINUTE)
#define SUCCESS "authn_login_success"
#define FAILURE "authn_login_fail"
#define SQL_MAX 4096

static void add(struct world *w, const char *event, int64_t at)
{
	struct audit_row row = {
		.at = at, .id = id_random(), .event = str_of(event), .outcome = STR("ok")};

	assert_ok(audit_store_insert(w->db, &row));
}

static void keep_at(struct world *w, int64_t now)
{
	w->context.now = now;
	assert_ok(overview_keep(&w->context, FOREVER));
}

static struct overview_row hour_at(struct world *w, int64_t hour)
{
	struct overview_row row = {.hour_start = 0};

	assert_ok(overview_store_newest(w->db, hour, &row));
	assert_int_equal(row.hour_start, hour);
	return row;
}

static void add_sessions(struct world *w, unsigned n, int64_t idle_end)
{
	char sql[256];

	(void)w;
	for (unsigned i = 0; i < n; i++) {
		struct session_row row = fixture_session(id_random());
		row.hash = fixture_digest();
		row.idle_end = idle_end;
		assert_ok(session_store_insert(w->db, &row));
	}
	(void)snprintf(sql, sizeof sql, "SELECT COUNT(*) FROM session WHERE idle_end = %lld",
		       (long long)idle_end);
	assert_int_equal(fixture_number(sql), n);
}

static void an_hour_is_counted(void **state)
{
	struct world *w = *state;

	add(w, SUCCESS, HOUR - 1);
	add(w, SUCCESS, HOUR);
	add(w, SUCCESS, NOW - 1);
	add(w, FAILURE, HOUR + 1);
	add(w, "session_created", HOUR + 1);
	add_sessions(w, 3, NOW + 1);
	add_sessions(w, 2, NOW);
	keep_at(w, NOW);
	struct overview_row row = hour_at(w, HOUR);
	assert_int_equal(row.sign_ins, 2);
	assert_int_equal(row.failures, 1);
	assert_int_equal(row.sessions, 3);
	assert_int_equal(row.updated_at, NOW);
	/* What was there before the first count, too. */
	assert_int_equal(hour_at(w, HOUR - CLOCK_HOUR).sign_ins, 1);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM overview_hour"), 49);
}

/* Housekeepers of ten workers come every minute: one statement each, until some minutes are over.
 */
static void who_comes_soon_again_only_looks(void **state)
{
	struct world *w = *state;

	keep_at(w, NOW);
	add(w, SUCCESS, NOW);
	uint64_t before = db_statement_count(w->db);
	keep_at(w, NOW + CLOCK_MINUTE);
	assert_int_equal(db_statement_count(w->db), before + 1);
	assert_int_equal(hour_at(w, HOUR).sign_ins, 0);
	keep_at(w, NOW + 5 * CLOCK_MINUTE);
	assert_int_equal(hour_at(w, HOUR).sign_ins, 1);
	/* A clock that stepped back half an hour does not stop it. */
	add(w, FAILURE, NOW);
	keep_at(w, NOW - 5 * CLOCK_MINUTE);
	assert_int_equal(hour_at(w, HOUR).failures, 1);
}

static void an_hour_is_finished_after_its_end(void **state)
{
	struct world *w = *state;
	int64_t next = HOUR + CLOCK_HOUR;

	add_sessions(w, 4, NOW + CLOCK_DAY);
	keep_at(w, NOW);
	add_sessions(w, 1, NOW + 2 * CLOCK_DAY);
	add(w, SUCCESS, next - 1);
	keep_at(w, next + 1);
	assert_int_equal(hour_at(w, HOUR).sign_ins, 1);
	/* Its sessions are those of then. */
	assert_int_equal(hour_at(w, HOUR).sessions, 4);
	assert_int_equal(hour_at(w, next).sessions, 5);
	/* What was committed late, when the next hour had its row already. */
	add(w, SUCCESS, next - 2);
	keep_at(w, next + 6 * CLOCK_MINUTE);
	assert_int_equal(hour_at(w, HOUR).sign_ins, 2);
}

/* As plain CGI has it when nobody came for hours, or a host that was down. */
static void missed_hours_are_made_up_for(void **state)
{
	struct world *w = *state;
	struct overview overview;

	keep_at(w, NOW);
	add(w, SUCCESS, HOUR + 30 * CLOCK_MINUTE);
	add(w, FAILURE, HOUR + 3 * CLOCK_HOUR);
	keep_at(w, NOW + 5 * CLOCK_HOUR);
	assert_int_equal(hour_at(w, HOUR).sign_ins, 1);
	assert_int_equal(hour_at(w, HOUR + 3 * CLOCK_HOUR).failures, 1);
	assert_ok(overview_read(&w->context, &overview));
	const struct overview_point *last = &overview.hours[OVERVIEW_HOURS - 1];
	assert_int_equal(last->at, HOUR + 5 * CLOCK_HOUR);
	assert_true(last->has_sessions && last[-1].has_sessions);
	/* Nobody knows what was live then. */
	assert_true(last[-2].is_known && !last[-2].has_sessions);
	assert_int_equal(last[-2].failures, 1);
	/* Beyond two days it is given up. */
	keep_at(w, NOW + 100 * CLOCK_HOUR);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM overview_hour"), 49 + 5 + 49);
}

static void a_row_of_the_future_stands_in_nobodys_way(void **state)
{
	struct world *w = *state;
	struct overview overview;

	keep_at(w, NOW + 400 * CLOCK_DAY);
	add(w, SUCCESS, NOW);
	keep_at(w, NOW);
	assert_int_equal(hour_at(w, HOUR).sign_ins, 1);
	assert_ok(overview_read(&w->context, &overview));
	assert_int_equal(overview.hours[OVERVIEW_HOURS - 1].sign_ins, 1);
	assert_int_equal(overview.days[OVERVIEW_DAYS - 1].sign_ins, 1);
}

/* A keeper that read earlier and wrote later takes nothing away. */
static void an_older_count_takes_nothing_away(void **state)
{
	struct world *w = *state;
	struct overview_row old = {.hour_start = HOUR, .sessions = 1, .updated_at = NOW - 1};
	const struct overview_events none = {.sign_in = STR("none"),
					     .failure = STR("none"),
					     .from = HOUR,
					     .to = HOUR + CLOCK_HOUR};

	add(w, SUCCESS, HOUR);
	add_sessions(w, 6, NOW + 1);
	keep_at(w, NOW);
	assert_ok(overview_store_keep(w->db, &old, &none));
	struct overview_row row = hour_at(w, HOUR);
	assert_int_equal(row.sign_ins, 1);
	assert_int_equal(row.sessions, 6);
	assert_int_equal(row.updated_at, NOW);
}

struct keeper {
	const struct world *w;
	enum err failed;
};

static void *keep_often(void *opaque)
{
	struct keeper *keeper = opaque;
	struct auth_context context = keeper->w->context;

	db_thread_init();
	context.db = fixture_db(&keeper->w->config, DB_ROLE_WEB);
	for (unsigned i = 0; i < 20 && keeper->failed == OK; i++) {
		context.now = NOW + i * 5 * CLOCK_MINUTE;
		keeper->failed = overview_keep(&context, FOREVER);
	}
	db_close(&context.db);
	db_thread_done();
	return NULL;
}

static void housekeepers_at_once_agree(void **state)
{
	struct world *w = *state;
	struct keeper keepers[4];
	pthread_t threads[4];

	for (unsigned i = 0; i < 60; i++)
		add(w, i % 3 == 0 ? FAILURE : SUCCESS, HOUR + i * CLOCK_MINUTE);
	for (unsigned i = 0; i < 4; i++) {
		keepers[i] = (struct keeper){.w = w};
		assert_int_equal(pthread_create(&threads[i], NULL, keep_often, &keepers[i]), 0);
	}
	for (unsigned i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(keepers[i].failed, OK);
	}
	assert_int_equal(hour_at(w, HOUR).sign_ins, 40);
	assert_int_equal(hour_at(w, HOUR).failures, 20);
	assert_int_equal(fixture_number("SELECT SUM(sign_ins) FROM overview_hour"), 40);
}

static void hours_go_after_400_days(void **state)
{
	struct world *w = *state;
	struct purge_report report = {.hours = 0};

	keep_at(w, NOW);
	w->context.now = HOUR + 400 * CLOCK_DAY;
	assert_ok(purge_run(&w->context, FOREVER, &report));
	assert_int_equal(report.hours, 48);
	w->context.now++;
	assert_ok(purge_run(&w->context, FOREVER, &report));
	assert_int_equal(report.hours, 49);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM overview_hour"), 0);
}

static void the_survey_counts_mails_and_knows_every_table(void **state)
{
	struct world *w = *state;
	int64_t values[SURVEY_VALUES];

	fixture_sql("INSERT INTO outbox (id, kind, payload, state, due_at, created_at) "
		    "SELECT UNHEX(MD5(seq)), 'x', '', IF(seq <= 3, 1, IF(seq <= 5, 2, "
		    "IF(seq <= 9, 3, 4))), 1, 1 FROM seq_1_to_11");
	fixture_sql(
		"INSERT INTO signing_key (kid, state, alg, public_key, root, made_at, active_at) "
		"VALUES (REPEAT('a', 32), 3, 1, REPEAT('a', 32), 1, 1, 900), "
		"(REPEAT('b', 32), 2, 1, REPEAT('b', 32), 1, 1, 800)");
	assert_ok(survey_take(&w->context, values));
	assert_int_equal(values[SURVEY_MAILS_WAITING], 5);
	assert_int_equal(values[SURVEY_MAILS_DEAD], 2);
	assert_int_equal(values[SURVEY_KEY_SINCE], 800);
	fixture_sql("DELETE FROM signing_key");
	assert_ok(survey_take(&w->context, values));
	assert_int_equal(values[SURVEY_KEY_SINCE], 0);
}

static void no_table_is_left_out_of_the_survey(void **state)
{
	char sql[SQL_MAX];
	size_t n = 0;

	(void)state;
	n += (size_t)snprintf(sql, sizeof sql,
			      "SELECT COUNT(*) FROM information_schema.TABLES "
			      "WHERE TABLE_SCHEMA = DATABASE() AND (TABLE_NAME = ''");
	for (size_t i = 0; i < SURVEY_TABLES; i++)
		n += (size_t)snprintf(sql + n, sizeof sql - n, " OR TABLE_NAME = '%s'",
				      survey_table_name(i));
	(void)snprintf(sql + n, sizeof sql - n, ")");
	assert_int_equal(fixture_number(sql), SURVEY_TABLES);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM information_schema.TABLES WHERE "
					"TABLE_SCHEMA = DATABASE() "
					"AND TABLE_NAME <> 'schema_migration'"),
			 SURVEY_TABLES);
}

/* The statement as it is, with values in its holders' places, explained. */
static void explain(enum stmt stmt, const char *const *values, char *out)
{
	size_t n = (size_t)snprintf(out, SQL_MAX, "EXPLAIN ");

	for (const char *c = stmt_def(stmt)->sql; *c != '\0'; c++) {
		if (*c == '?')
			n += (size_t)snprintf(out + n, SQL_MAX - n, "%s", *values++);
		else
			out[n++] = *c;
	}
	out[n] = '\0';
}

struct plan {
	char table[64], type[32], key[64];
	long rows;
};

static void read_plan(MYSQL *mysql, const char *sql, const char *table, struct plan *out)
{
	MYSQL_ROW row = NULL;

	if (mysql_query(mysql, sql) != 0)
		fail_msg("%s: %s", sql, mysql_error(mysql));
	MYSQL_RES *result = mysql_store_result(mysql);
	assert_non_null(result);
	*out = (struct plan){.rows = -1};
	/* id, select_type, table, type, possible_keys, key, key_len, ref, rows, Extra */
	while ((row = mysql_fetch_row(result)) != NULL) {
		if (row[2] == NULL || strcmp(row[2], table) != 0)
			continue;
		(void)snprintf(out->type, sizeof out->type, "%s", row[3] ? row[3] : "");
		(void)snprintf(out->key, sizeof out->key, "%s", row[5] ? row[5] : "");
		out->rows = row[8] != NULL ? strtol(row[8], NULL, 10) : -1;
	}
	mysql_free_result(result);
}

struct asked {
	enum stmt stmt;
	const char *values[8];
	const char *table, *key;
	long most; /* rows that the plan expects, at most */
};

/* Where most rows are of other hours, over, or sent. */
static void plans_go_by_indexes(void **state)
{
	static const struct asked list[] = {
		{STMT_OVERVIEW_KEEP,
		 {"3600000000", "'a'", "'b'", "1", "1", "3600000000", "7200000000", "7200000000"},
		 "audit_event",
		 "PRIMARY",
		 10000},
		{STMT_OVERVIEW_SESSIONS, {"39900000000"}, "session", "session_idle_end", 2000},
		{STMT_OVERVIEW_NEWEST, {"3600000000"}, "overview_hour", "PRIMARY", 1000},
		{STMT_OVERVIEW_LIST, {"3600000000", "720"}, "overview_hour", "PRIMARY", 9000},
		{STMT_OVERVIEW_PURGE, {"3600000000", "100"}, "overview_hour", "PRIMARY", 9000},
		{STMT_SURVEY_COUNTS, {NULL}, "outbox", "outbox_due", 2000},
		{STMT_SURVEY_COUNTS, {NULL}, "signing_key", "signing_key_state", 100},
	};
	struct world *w = *state;
	char sql[SQL_MAX];
	struct plan plan;

	/* Forty thousand events of two a second, sessions that end one a second. */
	fixture_sql(
		"INSERT INTO audit_event (at, id, event, outcome) "
		"SELECT seq * 1000000, UNHEX(MD5(seq)), 'authn_login_success', 'ok' "
		"FROM seq_1_to_40000;"
		"INSERT INTO session (hash, id, epoch, carrier, class, state, value_used, held, "
		"client, aal, amr, created_at, last_seen, idle_end, expires_at, ip) "
		"SELECT UNHEX(SHA2(seq, 256)), UNHEX(MD5(seq)), 1, 1, 1, 1, 1, 0, 'app', 1, '', "
		"1, 1, seq * 1000000, 1, '' FROM seq_1_to_40000;"
		"INSERT INTO outbox (id, kind, payload, state, due_at, created_at) "
		"SELECT UNHEX(MD5(seq)), 'x', '', IF(seq % 1000 = 0, 1, 3), seq, 1 "
		"FROM seq_1_to_20000;"
		"INSERT INTO overview_hour SELECT seq * 3600000000, 1, 1, 1, 1 "
		"FROM seq_1_to_9000;"
		"ANALYZE TABLE audit_event, session, outbox, overview_hour, signing_key");
	MYSQL *mysql = fixture_raw(&w->config, DB_ROLE_MIGRATE);
	for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
		explain(list[i].stmt, list[i].values, sql);
		read_plan(mysql, sql, list[i].table, &plan);
		if (strcmp(plan.key, list[i].key) != 0 || strcmp(plan.type, "ALL") == 0 ||
		    plan.rows < 0 || plan.rows > list[i].most)
			fail_msg("%s: %s by \"%s\" (%s), %ld rows", stmt_def(list[i].stmt)->name,
				 list[i].table, plan.key, plan.type, plan.rows);
	}
	mysql_close(mysql);
}

#define TEST(name) cmocka_unit_test_setup(name, world_clean)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_hour_is_counted),
		TEST(who_comes_soon_again_only_looks),
		TEST(an_hour_is_finished_after_its_end),
		TEST(missed_hours_are_made_up_for),
		TEST(a_row_of_the_future_stands_in_nobodys_way),
		TEST(an_older_count_takes_nothing_away),
		TEST(housekeepers_at_once_agree),
		TEST(hours_go_after_400_days),
		TEST(the_survey_counts_mails_and_knows_every_table),
		TEST(no_table_is_left_out_of_the_survey),
		TEST(plans_go_by_indexes),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
