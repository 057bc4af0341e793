/* ST-07, IN-25: the overview's hours and the survey under every failure of the database. */
#include "fault_trial.h"

#include "overview.h"
#include "overview_store.h"
#include "survey.h"
#include "survey_store.h"

#define DB t->w->db
#define CONTEXT (&t->w->context)
#define HOUR (WORLD_START - WORLD_START % CLOCK_HOUR)

ACT(newest, return overview_store_newest(DB, INT64_MAX, out);)
ACT(live_sessions, return overview_store_sessions(DB, WORLD_START, out);)
ACT(hours_purge, return overview_store_purge(DB, WORLD_START, 10, out);)
ACT(counts, return survey_store_counts(DB, out);)
ACT(survey, return survey_take(CONTEXT, out);)

static enum err hour_keep(struct trial *t, void *out)
{
	const struct overview_row row = {
		.hour_start = HOUR, .sessions = 5, .updated_at = WORLD_START + CLOCK_MINUTE};
	const struct overview_events events = {
		.sign_in = STR("authn_login_success"),
		.failure = STR("authn_login_fail"),
		.from = HOUR,
		.to = HOUR + CLOCK_HOUR,
	};

	(void)out;
	return overview_store_keep(DB, &row, &events);
}

static enum err hours_list(struct trial *t, void *out)
{
	struct overview_row rows[4];
	struct overview_page page = {.rows = rows, .room = 4};

	TRY(overview_store_list(DB, 0, &page));
	PUT(out, page.n);
	return must(page.n == 1 && rows[0].failures == 2);
}

static void ignore(void *context, const struct survey_table *table)
{
	(void)context;
	(void)table;
}

ACT(tables, return survey_store_tables(DB, CONTEXT->arena, ignore, NULL);)

static enum err keep_it(struct trial *t, void *out)
{
	(void)out;
	CONTEXT->now = WORLD_START + CLOCK_MINUTE;
	return overview_keep(CONTEXT, clock_monotonic() + CLOCK_MINUTE);
}

static void check_hours(struct trial *t, const void *out)
{
	(void)t;
	(void)out;
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM overview_hour"), 2);
	assert_int_equal(fixture_number("SELECT SUM(sign_ins) FROM overview_hour"),
			 fixture_number("SELECT COUNT(*) FROM audit_event "
					"WHERE event = 'authn_login_success'"));
}

static enum err read_it(struct trial *t, void *out)
{
	struct overview *overview = out;

	_Static_assert(sizeof *overview <= TRIAL_OUT, "there is room for it");
	return overview_read(CONTEXT, overview);
}

static void statements_under_every_failure(void **state)
{
	static const struct act acts[] = {
		{"overview newest", newest, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"overview sessions", live_sessions, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"overview keep", hour_keep, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"overview list", hours_list, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"overview purge", hours_purge, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"survey tables", tables, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"survey counts", counts, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"survey", survey, NULL, ACT_REPEATABLE},
		{"hours are kept", keep_it, check_hours, ACT_REPEATABLE},
		{"hours are read", read_it, NULL, ACT_REPEATABLE},
	};

	trial_run(*state, acts, sizeof acts / sizeof acts[0]);
}

static void no_statement_is_left_out(void **state)
{
	(void)state;
	trial_demand(TRIAL_OVERVIEW);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statements_under_every_failure),
		cmocka_unit_test(no_statement_is_left_out),
	};

	return cmocka_run_group_tests(tests, trial_open, trial_close);
}
