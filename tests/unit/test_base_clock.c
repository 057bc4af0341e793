/* Dates against the C library's own, and spans. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "arena.h"
#include "buf.h"
#include "clock.h"

/* As STR, where only constants may stand. */
#define LITERAL(text)                                                                              \
	{                                                                                          \
		(text), sizeof(text) - 1                                                           \
	}

static struct str written(struct arena *arena, void (*add)(struct buf *, int64_t), int64_t at)
{
	struct buf buf;
	struct str out = STR_NONE;

	buf_init(&buf, arena, 100);
	add(&buf, at);
	assert_int_equal(buf_str(&buf, &out), OK);
	return out;
}

static void assert_like_libc(struct arena *arena, int64_t seconds)
{
	time_t t = (time_t)seconds;
	struct tm tm;
	char text[64];

	assert_non_null(gmtime_r(&t, &tm));
	assert_true(strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm) > 0);
	assert_string_equal(written(arena, clock_add_rfc3339, seconds * CLOCK_SECOND + 999999).p,
			    text);
	assert_true(strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &tm) > 0);
	assert_string_equal(written(arena, clock_add_http_date, seconds * CLOCK_SECOND).p, text);
}

static void dates_are_those_of_the_c_library(void **state)
{
	static const int64_t seconds[] = {
		0,          1,          86399,      86400,      68169599,
		68169600,   951782399,  951782400,  951868800,  1795227884,
		4107542399, 4107542400, 4102444800, 7258118399, 253402300799,
	};
	struct arena *arena = NULL;

	(void)state;
	assert_int_equal(arena_open(1024, 65536, &arena), OK);
	for (size_t i = 0; i < sizeof seconds / sizeof seconds[0]; i++)
		assert_like_libc(arena, seconds[i]);
	/* Every eleventh day or so of 300 years. */
	for (int64_t at = 0; at < INT64_C(300) * 31556952; at += 955217) {
		assert_like_libc(arena, at);
		arena_reset(arena);
	}
	arena_close(&arena);
}

static void dates_outside_show_the_nearer_end(void **state)
{
	struct arena *arena = NULL;

	(void)state;
	assert_int_equal(arena_open(1024, 4096, &arena), OK);
	assert_string_equal(written(arena, clock_add_rfc3339, -1).p, "1970-01-01T00:00:00Z");
	assert_string_equal(written(arena, clock_add_rfc3339, INT64_MIN).p, "1970-01-01T00:00:00Z");
	assert_string_equal(written(arena, clock_add_rfc3339, INT64_MAX).p, "9999-12-31T23:59:59Z");
	arena_close(&arena);
}

static void milliseconds(void **state)
{
	char text[CLOCK_MS_TEXT + 1];

	(void)state;
	clock_rfc3339_ms(INT64_C(1795227884) * CLOCK_SECOND + 7999, text);
	assert_string_equal(text, "2026-11-21T02:24:44.007Z");
	assert_int_equal(strlen(text), CLOCK_MS_TEXT);
}

static void clocks_run(void **state)
{
	struct timespec before;
	struct timespec after;

	(void)state;
	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &before), 0);
	int64_t a = clock_monotonic();
	int64_t b = clock_monotonic();
	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &after), 0);
	assert_true(a >= before.tv_sec * CLOCK_SECOND + before.tv_nsec / 1000);
	assert_true(b >= a);
	assert_true(b <= after.tv_sec * CLOCK_SECOND + after.tv_nsec / 1000);
	assert_true(clock_now() > INT64_C(1700000000) * CLOCK_SECOND);
}

static void dates_are_read_as_they_are_written(void **state)
{
	static const struct str wrong[] = {
		LITERAL("2026-02-29T00:00:00Z"),   LITERAL("2026-04-31T00:00:00Z"),
		LITERAL("2026-00-01T00:00:00Z"),   LITERAL("2026-13-01T00:00:00Z"),
		LITERAL("2026-01-00T00:00:00Z"),   LITERAL("1969-12-31T23:59:59Z"),
		LITERAL("2026-01-01T24:00:00Z"),   LITERAL("2026-01-01T00:60:00Z"),
		LITERAL("2026-01-01T00:00:60Z"),   LITERAL("2026-01-01 00:00:00Z"),
		LITERAL("2026-01-01T00:00:00z"),   LITERAL("2026-01-01T00:00:00"),
		LITERAL("2026-01-01T00:00:00.5Z"), LITERAL("+026-01-01T00:00:00Z"),
		LITERAL("2026-01-01T00:00:0 Z"),   LITERAL(""),
	};
	struct arena *arena = NULL;
	int64_t out = 7;

	(void)state;
	assert_int_equal(arena_open(1024, 65536, &arena), OK);
	for (int64_t at = 0; at < INT64_C(253402300800); at += INT64_C(86400) * 17 + 12345) {
		struct str text = written(arena, clock_add_rfc3339, at * CLOCK_SECOND);

		assert_int_equal(clock_parse_rfc3339(text, &out), OK);
		assert_int_equal(out, at * CLOCK_SECOND);
		arena_reset(arena);
	}
	arena_close(&arena);
	assert_int_equal(clock_parse_rfc3339(STR("2024-02-29T23:59:59Z"), &out), OK);
	assert_int_equal(out, INT64_C(1709251199) * CLOCK_SECOND);
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_int_equal(clock_parse_rfc3339(wrong[i], &out), ERR_INPUT);
	assert_int_equal(out, INT64_C(1709251199) * CLOCK_SECOND);
}

static void spans(void **state)
{
	const struct {
		struct str text;
		int64_t value; /* -1: refused */
	} cases[] = {
		{STR("90s"), 90 * CLOCK_SECOND},
		{STR("90"), 90 * CLOCK_SECOND},
		{STR("0"), 0},
		{STR("30m"), 30 * CLOCK_MINUTE},
		{STR("12h"), 12 * CLOCK_HOUR},
		{STR("14d"), 14 * CLOCK_DAY},
		{STR("3650d"), 3650 * CLOCK_DAY},
		{STR("315360000"), 3650 * CLOCK_DAY},
		{STR("3651d"), -1},
		{STR("315360001"), -1},
		{STR("99999999999999999999d"), -1},
		{STR(""), -1},
		{STR("s"), -1},
		{STR("m5"), -1},
		{STR("5M"), -1},
		{STR("5w"), -1},
		{STR("5 m"), -1},
		{STR("1h30m"), -1},
		{STR("1.5h"), -1},
		{STR("-5m"), -1},
		{STR("+5m"), -1},
		{STR("5ms"), -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int64_t value = -1;
		enum err e = clock_parse_span(cases[i].text, &value);
		assert_int_equal(e, cases[i].value < 0 ? ERR_INPUT : OK);
		assert_int_equal(value, cases[i].value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dates_are_those_of_the_c_library),
		cmocka_unit_test(dates_outside_show_the_nearer_end),
		cmocka_unit_test(milliseconds),
		cmocka_unit_test(clocks_run),
		cmocka_unit_test(dates_are_read_as_they_are_written),
		cmocka_unit_test(spans),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
