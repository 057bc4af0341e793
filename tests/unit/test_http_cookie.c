/* Cookie and Set-Cookie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arena.h"
#include "buf.h"
#include "cookie.h"

static struct str text(const char *c_string)
{
	return str_of(c_string);
}

static void assert_value(const char *header, const char *value)
{
	struct str found = STR("untouched");

	assert_int_equal(cookie_find(text(header), STR(COOKIE_SESSION), &found), OK);
	if (value == NULL) {
		assert_false(str_is_present(found));
		return;
	}
	assert_true(str_is_present(found));
	assert_int_equal(found.n, text(value).n);
	assert_memory_equal(found.p, value, found.n);
}

static void finds_exactly_one_name(void **state)
{
	(void)state;
	assert_value("__Host-gatepost=abc", "abc");
	assert_value("a=1; __Host-gatepost=abc; b=2", "abc");
	assert_value("a=1;__Host-gatepost=abc;b=2", "abc");
	assert_value("__Host-gatepost-pre=x; __Host-gatepost=abc; __Host-gatepost-device=y", "abc");
	assert_value("__Host-gatepost=", "");
	assert_value("__Host-gatepost=a=b", "a=b");
	assert_value(";;; ;__Host-gatepost=abc;", "abc");
}

/* RFC 6265 §4.1.1; the rest of a Cookie header of RFC 2109 is other cookies. */
static void takes_the_quotes_off(void **state)
{
	(void)state;
	assert_value("__Host-gatepost=\"abc\"", "abc");
	assert_value("$Version=\"1\"; __Host-gatepost=\"abc\";$Path=\"/\";$Domain=\"x.org\"",
		     "abc");
	assert_value("__Host-gatepost=\"\"", "");
}

/* CO-07: exact and case-sensitive. */
static void takes_no_similar_name(void **state)
{
	static const char *const headers[] = {
		"",
		"a=1",
		"__host-gatepost=abc",
		"__HOST-GATEPOST=abc",
		"__Host-gatepost =abc",
		"__Host-gatepost-pre=abc",
		"x__Host-gatepost=abc",
		"__Host-gatepos=abc",
		"__Host-gatepost",
		"=__Host-gatepost=abc",
		"\xc2\xa0__Host-gatepost=abc",
		"$Version=1; a=\"__Host-gatepost=abc\"",
	};

	(void)state;
	for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
		assert_value(headers[i], NULL);
	assert_value(NULL, NULL);
}

/* CO-07: twice, or a value with anything but cookie-octets. */
static void refuses_twice_and_bad_octets(void **state)
{
	static const char *const headers[] = {
		"__Host-gatepost=abc; __Host-gatepost=abc",
		"__Host-gatepost=; __Host-gatepost=abc",
		"__Host-gatepost=a; x=1; __Host-gatepost=b",
		"__Host-gatepost=\"",
		"__Host-gatepost=\"abc",
		"__Host-gatepost=abc\"",
		"__Host-gatepost=\"\"abc\"\"",
		"__Host-gatepost=\"a\"c\"",
		"__Host-gatepost=\"a b\"",
		"__Host-gatepost=\"abc\"; __Host-gatepost=abc",
		"__Host-gatepost=a b",
		"__Host-gatepost=abc ; x=1",
		"__Host-gatepost=a,b",
		"__Host-gatepost=a\\b",
		"__Host-gatepost=a\tb",
		"__Host-gatepost=a\x01",
		"__Host-gatepost=a\x7f",
		"__Host-gatepost=\xc3\xa9",
	};
	struct str found = STR("untouched");

	(void)state;
	for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
		assert_int_equal(cookie_find(text(headers[i]), STR(COOKIE_SESSION), &found),
				 ERR_INPUT);
		assert_true(str_equal(found, STR("untouched")));
	}
	/* A NUL inside. */
	assert_int_equal(cookie_find((struct str){.p = "__Host-gatepost=a\0b", .n = 19},
				     STR(COOKIE_SESSION), &found),
			 ERR_INPUT);
	/* Another cookie's bad value is none of our business. */
	assert_value("x=\"a b\"; y=\xff; __Host-gatepost=abc", "abc");
}

static int open_arena(void **state)
{
	struct arena *arena = NULL;

	if (arena_open(4096, 262144, &arena) != OK)
		return -1;
	*state = arena;
	return 0;
}

static int close_arena(void **state)
{
	struct arena *arena = *state;

	arena_close(&arena);
	return 0;
}

static void assert_set(struct arena *arena, struct cookie cookie, const char *expected)
{
	struct buf buf;
	struct str made = STR_NONE;

	buf_init(&buf, arena, 8192);
	cookie_add(&buf, &cookie);
	assert_int_equal(buf_str(&buf, &made), OK);
	assert_string_equal(made.p, expected);
}

/* CO-01, CO-02, CO-03, CO-06, CO-08. */
static void writes_all_attributes(void **state)
{
	assert_set(*state, (struct cookie){.name = STR("n"), .value = STR("v"), .max_age = -1},
		   "n=v; Path=/; Secure; HttpOnly; SameSite=Lax");
	assert_set(
		*state,
		(struct cookie){.name = STR("n"), .value = STR("v"), .max_age = 60, .strict = true},
		"n=v; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=60");
	assert_set(*state, (struct cookie){.name = STR("n"), .value = STR(""), .max_age = 0},
		   "n=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0");
}

static enum err set(struct arena *arena, struct str name, struct str value)
{
	struct buf buf;
	struct str made = STR_NONE;
	struct cookie cookie = {.name = name, .value = value, .max_age = -1};

	buf_init(&buf, arena, 16384);
	cookie_add(&buf, &cookie);
	return buf_str(&buf, &made);
}

/* CO-04: cookie-octets only, name and value together below 4096 octets. */
static void refuses_to_write_bad_cookies(void **state)
{
	static char big[4096];

	for (size_t i = 0; i < sizeof big; i++)
		big[i] = 'x';
	assert_int_equal(set(*state, STR("n"), STR("a;b")), ERR_INTERNAL);
	assert_int_equal(set(*state, STR("n"), STR("a\r\nX: y")), ERR_INTERNAL);
	assert_int_equal(set(*state, STR("n"), STR("a b")), ERR_INTERNAL);
	assert_int_equal(set(*state, STR("n=m"), STR("a")), ERR_INTERNAL);
	assert_int_equal(set(*state, STR(""), STR("a")), ERR_INTERNAL);
	assert_int_equal(set(*state, STR("n"), (struct str){.p = big, .n = 4094}), OK);
	assert_int_equal(set(*state, STR("n"), (struct str){.p = big, .n = 4095}), ERR_TOO_LARGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_exactly_one_name),
		cmocka_unit_test(takes_the_quotes_off),
		cmocka_unit_test(takes_no_similar_name),
		cmocka_unit_test(refuses_twice_and_bad_octets),
		cmocka_unit_test_setup_teardown(writes_all_attributes, open_arena, close_arena),
		cmocka_unit_test_setup_teardown(refuses_to_write_bad_cookies, open_arena,
						close_arena),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
