/* Paths of charts: every point in its place, gaps, nothing outside of the picture, whatever the
 * numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arena.h"
#include "chart.h"

static int begin(void **state)
{
	struct arena *arena = NULL;

	if (arena_open(4096, 1 << 20, &arena) != OK)
		return -1;
	*state = arena;
	return 0;
}

static int end(void **state)
{
	struct arena *arena = *state;

	arena_close(&arena);
	return 0;
}

static struct chart known(size_t n, const uint64_t *values)
{
	struct chart chart = {.n = n};

	for (size_t i = 0; i < n; i++) {
		chart.values[i] = values[i];
		chart.is_known[i] = true;
	}
	return chart;
}

static void the_top_is_round_and_not_below(void **state)
{
	static const struct {
		uint64_t peak, top;
	} rows[] = {
		{0, 1},
		{1, 1},
		{7, 7},
		{10, 10},
		{11, 15},
		{16, 20},
		{99, 100},
		{101, 150},
		{2412, 2500},
		{12937, 15000},
		{999999, 1000000},
		{UINT32_MAX, 5000000000},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(chart_top(rows[i].peak), rows[i].top);
	for (uint64_t peak = 1; peak < UINT64_MAX / 3; peak = peak * 3 + 1)
		assert_true(chart_top(peak) >= peak);
	assert_true(chart_top(UINT64_MAX) == UINT64_MAX);
}

static void bars_stand_side_by_side(void **state)
{
	static const uint64_t values[] = {10, 5, 0, 1000000000};
	struct str path;
	struct chart chart = known(2, values);

	assert_int_equal(chart_bars(*state, &chart, &path), OK);
	assert_string_equal(path.p, "M48 200v-200h384v200zM528 200v-100h384v100z");
	chart = known(4, values);
	assert_int_equal(chart_bars(*state, &chart, &path), OK);
	/* What is small is seen, what is 0 is not. */
	assert_string_equal(path.p, "M24 200v-3h192v3zM264 200v-3h192v3zM744 200v-200h192v200z");
	chart.is_known[3] = false;
	assert_int_equal(chart_peak(&chart), 10);
	assert_int_equal(chart_gaps(*state, &chart, &path), OK);
	assert_string_equal(path.p, "M720 200v-200h240v200z");
}

static void a_line_is_broken_where_nothing_is_known(void **state)
{
	static const uint64_t values[] = {0, 10, 5, 99, 10, 99};
	struct str path;
	struct chart chart = known(6, values);

	chart.is_known[3] = false;
	chart.is_known[5] = false;
	assert_int_equal(chart_line(*state, &chart, &path), OK);
	assert_string_equal(path.p, "M80 200L80 200L240 0L400 100M717 0L717 0h6");
	assert_int_equal(chart_area(*state, &chart, &path), OK);
	assert_string_equal(path.p, "M80 200L80 200L240 0L400 100V200zM720 200L717 0h6V200z");
}

static void nothing_known_is_nothing_drawn(void **state)
{
	struct chart chart = {.n = 3};
	struct str path;

	assert_int_equal(chart_peak(&chart), 0);
	assert_int_equal(chart_bars(*state, &chart, &path), OK);
	assert_int_equal(path.n, 0);
	assert_int_equal(chart_line(*state, &chart, &path), OK);
	assert_int_equal(path.n, 0);
	assert_int_equal(chart_area(*state, &chart, &path), OK);
	assert_int_equal(path.n, 0);
}

/* The largest number that a path names. */
static long largest(struct str path)
{
	long most = 0;

	for (const char *c = path.p; *c != '\0';) {
		char *after = NULL;
		long number = labs(strtol(c, &after, 10));
		most = number > most ? number : most;
		c = after == c ? c + 1 : after;
	}
	return most;
}

static void whatever_the_numbers_it_fits(void **state)
{
	struct chart chart = {.n = CHART_POINTS};
	struct str path;

	for (size_t i = 0; i < CHART_POINTS; i++) {
		chart.values[i] = i % 2 == 0 ? UINT64_MAX - i : UINT32_MAX;
		chart.is_known[i] = true;
	}
	for (chart.n = 1; chart.n <= CHART_POINTS; chart.n++) {
		assert_int_equal(chart_bars(*state, &chart, &path), OK);
		assert_true(largest(path) <= CHART_WIDTH);
		assert_int_equal(chart_area(*state, &chart, &path), OK);
		assert_true(largest(path) <= CHART_WIDTH);
		assert_int_equal(chart_line(*state, &chart, &path), OK);
		assert_true(largest(path) <= CHART_WIDTH);
		assert_null(strstr(path.p, " -"));
	}
}

static void numbers_are_grouped(void **state)
{
	static const struct {
		uint64_t number;
		const char *text;
	} rows[] = {
		{0, "0"},
		{999, "999"},
		{1000, "1\u202f000"},
		{1234567, "1\u202f234\u202f567"},
		{UINT64_MAX, "18\u202f446\u202f744\u202f073\u202f709\u202f551\u202f615"},
	};
	struct str text;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(chart_number(*state, rows[i].number, &text), OK);
		assert_string_equal(text.p, rows[i].text);
	}
}

#define WITH_ARENA(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_ARENA(the_top_is_round_and_not_below),
		WITH_ARENA(bars_stand_side_by_side),
		WITH_ARENA(a_line_is_broken_where_nothing_is_known),
		WITH_ARENA(nothing_known_is_nothing_drawn),
		WITH_ARENA(whatever_the_numbers_it_fits),
		WITH_ARENA(numbers_are_grouped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
