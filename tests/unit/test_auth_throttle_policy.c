/* The rules of throttling: waits, windows, sources. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "clock.h"
#include "throttle_policy.h"

#define NOW (INT64_C(1800000000) * CLOCK_SECOND)

static struct config defaults(void)
{
	struct config c = {0};

	c.throttle.free_failures = 5;
	c.throttle.first_wait = 30 * CLOCK_SECOND;
	c.throttle.longest_wait = CLOCK_HOUR;
	c.throttle.most = 100;
	c.throttle.device_failures = 10;
	c.throttle.source_short = 50;
	c.throttle.source_long = 300;
	c.throttle.guests = 20;
	return c;
}

/* TH-02: free at first, then doubling from 30 s to an hour. TH-01: then a day. */
static void waits_double(void **state)
{
	static const struct {
		uint32_t failures;
		int64_t wait;
	} cases[] = {
		{0, 0},
		{1, 0},
		{4, 0},
		{5, 30 * CLOCK_SECOND},
		{6, CLOCK_MINUTE},
		{7, 2 * CLOCK_MINUTE},
		{8, 4 * CLOCK_MINUTE},
		{9, 8 * CLOCK_MINUTE},
		{10, 16 * CLOCK_MINUTE},
		{11, 32 * CLOCK_MINUTE},
		{12, CLOCK_HOUR},
		{13, CLOCK_HOUR},
		{49, CLOCK_HOUR},
		{50, CLOCK_DAY},
		{51, CLOCK_DAY},
		{UINT32_MAX, CLOCK_DAY},
	};
	struct config c = defaults();

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(throttle_policy_wait(&c, cases[i].failures), cases[i].wait);
}

/* Unusual settings stay within sense. */
static void settings_change_waits(void **state)
{
	struct config c = defaults();

	(void)state;
	c.throttle.free_failures = 0;
	assert_int_equal(throttle_policy_wait(&c, 0), 0);
	assert_int_equal(throttle_policy_wait(&c, 1), CLOCK_MINUTE);
	c.throttle.longest_wait = 10 * CLOCK_SECOND;
	assert_int_equal(throttle_policy_wait(&c, 1), 10 * CLOCK_SECOND);
	c.throttle.free_failures = 100;
	assert_int_equal(throttle_policy_wait(&c, 49), 0);
	assert_int_equal(throttle_policy_wait(&c, 50), CLOCK_DAY);
	c.throttle.most = 2;
	assert_int_equal(throttle_policy_wait(&c, 0), 0);
	assert_int_equal(throttle_policy_wait(&c, 1), CLOCK_DAY);
}

static struct throttle_row account(uint32_t failures, int64_t before_at)
{
	return (struct throttle_row){
		.bucket = THROTTLE_ACCOUNT,
		.failures = failures,
		.before_at = before_at,
		.last_at = NOW,
	};
}

static void an_account_waits(void **state)
{
	static const struct {
		uint32_t failures; /* with the attempt itself */
		int64_t before_at;
		int64_t left;
	} cases[] = {
		{1, 0, 0},
		{5, NOW, 0},
		{6, NOW, 30 * CLOCK_SECOND},
		{6, NOW - 29 * CLOCK_SECOND, CLOCK_SECOND},
		{6, NOW - 30 * CLOCK_SECOND + 1, 1},
		{6, NOW - 30 * CLOCK_SECOND, 0},
		{7, NOW - 30 * CLOCK_SECOND, 30 * CLOCK_SECOND},
		{51, NOW, CLOCK_DAY},
		{51, NOW - CLOCK_HOUR, 23 * CLOCK_HOUR},
		/* Clocks of several machines differ: never longer than the rule asks for. */
		{6, NOW + 20 * CLOCK_SECOND, 30 * CLOCK_SECOND},
		/* A clock that stepped back: the time is put right. */
		{6, NOW + CLOCK_HOUR, 0},
	};
	struct config c = defaults();

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct throttle_row row = account(cases[i].failures, cases[i].before_at);

		assert_int_equal(throttle_policy_remaining(&c, &row, NOW), cases[i].left);
	}
}

/* TH-03: a short and a long window; the longer of the two waits holds. */
static void a_source_waits(void **state)
{
	static const struct {
		uint32_t brief, lasting;
		int64_t age;
		int64_t left;
	} cases[] = {
		{1, 1, 0, 0},
		{50, 50, 0, 0},
		{51, 51, 0, 10 * CLOCK_MINUTE},
		{51, 51, 9 * CLOCK_MINUTE, CLOCK_MINUTE},
		{1, 300, 0, 0},
		{1, 301, 0, CLOCK_DAY},
		{1, 301, CLOCK_HOUR, 23 * CLOCK_HOUR},
		{51, 301, CLOCK_MINUTE, CLOCK_DAY - CLOCK_MINUTE},
		{51, 301, -CLOCK_HOUR, CLOCK_DAY},
	};
	struct config c = defaults();

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct throttle_row row = {
			.bucket = THROTTLE_SOURCE,
			.short_start = NOW - cases[i].age,
			.short_count = cases[i].brief,
			.long_start = NOW - cases[i].age,
			.long_count = cases[i].lasting,
			.failures = 100000, /* a source has no waits of its own */
			.before_at = NOW,
		};

		assert_int_equal(throttle_policy_remaining(&c, &row, NOW), cases[i].left);
	}
}

/* Ten for each failure: a browser asks whenever it shows the page. */
static void a_source_has_challenges_to_spare(void **state)
{
	struct config c = defaults();
	struct throttle_row row = {
		.bucket = THROTTLE_CHALLENGE,
		.short_count = 509,
		.short_start = NOW,
		.long_count = 3009,
		.long_start = NOW,
	};

	(void)state;
	assert_int_equal(throttle_policy_remaining(&c, &row, NOW), 0);
	row.short_count = 510;
	assert_int_equal(throttle_policy_remaining(&c, &row, NOW), 10 * CLOCK_MINUTE);
	row.long_count = 3010;
	assert_int_equal(throttle_policy_remaining(&c, &row, NOW), CLOCK_DAY);
}

/* TH-01: ten, and the eleventh is that of an unknown device. A row of no known kind refuses. */
static void a_device_is_lost(void **state)
{
	struct config c = defaults();
	struct throttle_row row = {.bucket = THROTTLE_DEVICE, .failures = 10, .before_at = NOW};

	(void)state;
	assert_false(throttle_policy_is_lost(&c, &row));
	row.failures = 11;
	assert_true(throttle_policy_is_lost(&c, &row));
	assert_int_equal(throttle_policy_remaining(&c, &row, NOW), 0);
	row.bucket = THROTTLE_NONE;
	assert_int_equal(throttle_policy_remaining(&c, &row, NOW), CLOCK_DAY);
	row.bucket = THROTTLE_BUCKET_COUNT;
	assert_int_equal(throttle_policy_remaining(&c, &row, NOW), CLOCK_DAY);
}

/* TH-11: three in a quarter of an hour, ten in a day; more of a source. */
static void mails_are_few(void **state)
{
	struct config c = defaults();
	static const struct {
		enum throttle_bucket bucket;
		uint32_t brief, lasting;
		int64_t left;
	} cases[] = {
		{THROTTLE_MAIL, 3, 10, 0},
		{THROTTLE_MAIL, 4, 4, 10 * CLOCK_MINUTE},
		{THROTTLE_MAIL, 1, 11, 23 * CLOCK_HOUR},
		{THROTTLE_MAIL, 4, 11, 23 * CLOCK_HOUR},
		{THROTTLE_MAIL_SOURCE, 20, 200, 0},
		{THROTTLE_MAIL_SOURCE, 21, 200, 10 * CLOCK_MINUTE},
		{THROTTLE_MAIL_SOURCE, 20, 201, 23 * CLOCK_HOUR},
	};

	(void)state;
	c.throttle.mails = 3;
	c.throttle.mails_day = 10;
	c.throttle.source_mails = 20;
	c.throttle.source_mails_day = 200;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct throttle_row row = {
			.bucket = cases[i].bucket,
			.short_count = cases[i].brief,
			.long_count = cases[i].lasting,
			.short_start = NOW - 5 * CLOCK_MINUTE,
			.long_start = NOW - CLOCK_HOUR,
		};

		assert_int_equal(throttle_policy_remaining(&c, &row, NOW), cases[i].left);
		assert_int_equal(throttle_policy_spans(cases[i].bucket).brief, 15 * CLOCK_MINUTE);
		assert_int_equal(throttle_policy_spans(cases[i].bucket).lasting, CLOCK_DAY);
	}
}

static void names_have_no_holes(void **state)
{
	(void)state;
	for (unsigned i = 0; i < THROTTLE_BUCKET_COUNT; i++)
		assert_non_null(throttle_policy_name((enum throttle_bucket)i));
	assert_string_equal(throttle_policy_name(THROTTLE_ACCOUNT), "account");
	assert_string_equal(throttle_policy_name(THROTTLE_DEVICE), "device");
	assert_string_equal(throttle_policy_name(THROTTLE_SOURCE), "source");
	assert_string_equal(throttle_policy_name(THROTTLE_GUEST), "guest");
	assert_string_equal(throttle_policy_name(THROTTLE_SERVICE), "service");
	assert_string_equal(throttle_policy_name(THROTTLE_SERVICE_SOURCE), "service source");
	assert_string_equal(throttle_policy_name(THROTTLE_MAIL), "mail");
	assert_string_equal(throttle_policy_name(THROTTLE_MAIL_SOURCE), "mail source");
	assert_string_equal(throttle_policy_name(THROTTLE_CODE), "code");
	assert_string_equal(throttle_policy_name(THROTTLE_NAME), "name");
	assert_string_equal(throttle_policy_name(THROTTLE_FACTOR), "factor");
	assert_string_equal(throttle_policy_name(THROTTLE_CHALLENGE), "challenge");
	assert_string_equal(throttle_policy_name(THROTTLE_BUCKET_COUNT), "none");
}

static void sources_are_prefixes(void **state)
{
	static const struct {
		const char *one;
		const char *other;
		bool same;
	} cases[] = {
		{"192.0.2.7", "192.0.2.7", true},
		{"192.0.2.7", "192.0.2.8", false},
		{"192.0.2.7", "::ffff:192.0.2.7", true},
		{"::ffff:c000:207", "192.0.2.7", true},
		{"2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", true},
		{"2001:db8:1:2::1", "2001:DB8:1:2:0:0:0:9", true},
		{"2001:db8:1:2::1", "2001:db8:1:3::1", false},
		{"::1", "::2", true},
		{"0.0.0.0", "::", false},
	};
	struct throttle_source one;
	struct throttle_source other;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(throttle_policy_source(str_of(cases[i].one), &one), OK);
		assert_int_equal(throttle_policy_source(str_of(cases[i].other), &other), OK);
		assert_int_equal(one.n == other.n && memcmp(one.b, other.b, one.n) == 0,
				 cases[i].same);
	}
}

static void what_is_no_address_is_refused(void **state)
{
	static const char *const cases[] = {
		"",
		"localhost",
		"192.0.2",
		"192.0.2.7 ",
		"192.0.2.256",
		"1.2.3.4/8",
		"2001:db8::1%eth0",
		"unix:",
		":::",
		"fe80::1::2",
		"1234:1234:1234:1234:1234:1234:1234:1234:1234:1234:1234:1234",
	};
	struct throttle_source out = {.n = 77};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(throttle_policy_source(str_of(cases[i]), &out), ERR_INPUT);
	assert_int_equal(throttle_policy_source(STR("192.0.2.7\0x"), &out), ERR_INPUT);
	assert_int_equal(throttle_policy_source(STR_NONE, &out), ERR_INPUT);
	assert_int_equal(out.n, 77);
}

/* A window that is over begins anew; one that lies far ahead too. */
static void counting_moves_windows(void **state)
{
	struct throttle_row row = {
		.bucket = THROTTLE_SOURCE,
		.short_start = NOW,
		.short_count = 7,
		.long_start = NOW,
		.long_count = 9,
		.failures = 3,
		.before_at = NOW - 1,
		.last_at = NOW,
	};
	struct throttle_row next = throttle_policy_counted(&row, NOW + 10 * CLOCK_MINUTE - 1);

	(void)state;
	assert_int_equal(next.short_count, 8);
	assert_int_equal(next.short_start, NOW);
	assert_int_equal(next.long_count, 10);
	assert_int_equal(next.failures, 4);
	assert_int_equal(next.before_at, NOW);
	assert_int_equal(next.last_at, NOW + 10 * CLOCK_MINUTE - 1);
	next = throttle_policy_counted(&row, NOW + 10 * CLOCK_MINUTE);
	assert_int_equal(next.short_count, 1);
	assert_int_equal(next.short_start, NOW + 10 * CLOCK_MINUTE);
	assert_int_equal(next.long_count, 10);
	next = throttle_policy_counted(&row, NOW + CLOCK_DAY);
	assert_int_equal(next.long_count, 1);
	assert_int_equal(next.failures, 1);
	next = throttle_policy_counted(&row, NOW - CLOCK_DAY);
	assert_int_equal(next.short_count, 1);
	assert_int_equal(next.long_count, 1);
	assert_int_equal(next.failures, 1);
	row.bucket = THROTTLE_DEVICE;
	next = throttle_policy_counted(&row, NOW + 400 * CLOCK_DAY - 1);
	assert_int_equal(next.failures, 4);
	next = throttle_policy_counted(&row, NOW + 400 * CLOCK_DAY);
	assert_int_equal(next.failures, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waits_double),
		cmocka_unit_test(settings_change_waits),
		cmocka_unit_test(an_account_waits),
		cmocka_unit_test(a_source_waits),
		cmocka_unit_test(a_source_has_challenges_to_spare),
		cmocka_unit_test(a_device_is_lost),
		cmocka_unit_test(mails_are_few),
		cmocka_unit_test(names_have_no_holes),
		cmocka_unit_test(sources_are_prefixes),
		cmocka_unit_test(what_is_no_address_is_refused),
		cmocka_unit_test(counting_moves_windows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
