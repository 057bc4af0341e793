/* Prometheus' text format: heads, escaped labels, seconds without a rounding, cumulative buckets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arena.h"
#include "buf.h"
#include "prometheus.h"

static const struct prometheus_family requests = {
	.name = "x_requests_total", .help = "Requests.", .kind = PROMETHEUS_COUNTER};
static const struct prometheus_family age = {
	.name = "x_age_seconds", .help = "Age.", .kind = PROMETHEUS_GAUGE};
static const struct prometheus_family took = {
	.name = "x_seconds", .help = "Time.", .kind = PROMETHEUS_HISTOGRAM};

struct page {
	struct arena *arena;
	struct buf buf;
};

static int begin(void **state)
{
	static struct page page;

	if (arena_open(4096, 262144, &page.arena) != OK)
		return -1;
	buf_init(&page.buf, page.arena, 65536);
	*state = &page;
	return 0;
}

static int end(void **state)
{
	struct page *page = *state;

	arena_close(&page->arena);
	return 0;
}

static void assert_page(struct page *page, const char *expected)
{
	struct str text = STR_NONE;

	assert_int_equal(buf_str(&page->buf, &text), OK);
	assert_string_equal(text.p, expected);
}

static void heads_tell_name_help_and_type(void **state)
{
	struct page *page = *state;

	prometheus_head(&page->buf, &requests);
	prometheus_sample(&page->buf, &requests, PROMETHEUS_NO_LABELS, 12);
	prometheus_head(&page->buf, &age);
	prometheus_sample(&page->buf, &age, PROMETHEUS_NO_LABELS, -3);
	prometheus_head(&page->buf, &took);
	assert_page(page, "# HELP x_requests_total Requests.\n# TYPE x_requests_total counter\n"
			  "x_requests_total 12\n"
			  "# HELP x_age_seconds Age.\n# TYPE x_age_seconds gauge\n"
			  "x_age_seconds -3\n"
			  "# HELP x_seconds Time.\n# TYPE x_seconds histogram\n");
}

static void labels_are_escaped(void **state)
{
	struct page *page = *state;
	const struct prometheus_label labels[] = {
		{"route", STR("/a/{id}")},
		{"odd", STR("a\"b\\c\nd\xc4\x85,}")},
		{"empty", STR("")},
	};

	prometheus_sample(&page->buf, &requests, (struct prometheus_labels){.list = labels, .n = 3},
			  1);
	assert_page(page, "x_requests_total{route=\"/a/{id}\",odd=\"a\\\"b\\\\c\\nd\xc4\x85,}\","
			  "empty=\"\"} 1\n");
}

static void seconds_are_exact_to_the_microsecond(void **state)
{
	static const struct {
		int64_t span;
		const char *text;
	} rows[] = {
		{0, "x_age_seconds 0\n"},
		{1, "x_age_seconds 0.000001\n"},
		{500, "x_age_seconds 0.0005\n"},
		{1000000, "x_age_seconds 1\n"},
		{10000000, "x_age_seconds 10\n"},
		{2500000, "x_age_seconds 2.5\n"},
		{1700000000123456, "x_age_seconds 1700000000.123456\n"},
		{-1500000, "x_age_seconds -1.5\n"},
		{INT64_MAX, "x_age_seconds 9223372036854.775807\n"},
		{INT64_MIN, "x_age_seconds -9223372036854.775808\n"},
	};
	struct page *page = *state;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		buf_init(&page->buf, page->arena, 1024);
		prometheus_seconds(&page->buf, &age, PROMETHEUS_NO_LABELS, rows[i].span);
		assert_page(page, rows[i].text);
	}
}

static void buckets_add_up(void **state)
{
	static const int64_t bounds[] = {500, 10000, 2500000};
	static const uint64_t counts[] = {3, 0, 4, 2};
	struct page *page = *state;
	const struct prometheus_label labels[] = {{"route", STR("/login")}};
	const struct prometheus_histogram histogram = {
		.bounds = bounds, .counts = counts, .bounds_count = 3, .sum = 12345678};

	prometheus_histogram(&page->buf, &took, (struct prometheus_labels){.list = labels, .n = 1},
			     &histogram);
	prometheus_histogram(&page->buf, &took, PROMETHEUS_NO_LABELS, &histogram);
	assert_page(page, "x_seconds_bucket{route=\"/login\",le=\"0.0005\"} 3\n"
			  "x_seconds_bucket{route=\"/login\",le=\"0.01\"} 3\n"
			  "x_seconds_bucket{route=\"/login\",le=\"2.5\"} 7\n"
			  "x_seconds_bucket{route=\"/login\",le=\"+Inf\"} 9\n"
			  "x_seconds_sum{route=\"/login\"} 12.345678\n"
			  "x_seconds_count{route=\"/login\"} 9\n"
			  "x_seconds_bucket{le=\"0.0005\"} 3\n"
			  "x_seconds_bucket{le=\"0.01\"} 3\n"
			  "x_seconds_bucket{le=\"2.5\"} 7\n"
			  "x_seconds_bucket{le=\"+Inf\"} 9\n"
			  "x_seconds_sum 12.345678\n"
			  "x_seconds_count 9\n");
}

static void what_does_not_fit_fails_as_a_whole(void **state)
{
	struct page *page = *state;
	struct str text = STR_NONE;

	buf_init(&page->buf, page->arena, 20);
	prometheus_head(&page->buf, &requests);
	prometheus_sample(&page->buf, &requests, PROMETHEUS_NO_LABELS, 12);
	assert_int_equal(buf_str(&page->buf, &text), ERR_TOO_LARGE);
}

#define WITH_PAGE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_PAGE(heads_tell_name_help_and_type),        WITH_PAGE(labels_are_escaped),
		WITH_PAGE(seconds_are_exact_to_the_microsecond), WITH_PAGE(buckets_add_up),
		WITH_PAGE(what_does_not_fit_fails_as_a_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
