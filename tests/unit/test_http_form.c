/* Forms: decoding, repeated names, bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "arena.h"
#include "form.h"

static int open_arena(void **state)
{
	struct arena *arena = NULL;

	if (arena_open(4096, 1048576, &arena) != OK)
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

static void assert_field(const struct form *form, const char *name, const char *value)
{
	struct str found = form_get(form, str_of(name));

	assert_true(str_is_present(found));
	assert_int_equal(found.n, strlen(value));
	assert_memory_equal(found.p, value, found.n);
}

static void decodes_names_and_values(void **state)
{
	struct form form;
	struct str bad = STR("set");
	struct str body = STR("a=1&b=two+words&c=%C3%A9%0d%0A&d=&e&%66=100%25&g=x=y&&h=%2B+%26&");

	assert_int_equal(form_parse(*state, body, &form, &bad), OK);
	assert_false(str_is_present(bad));
	assert_int_equal(form.n, 8);
	assert_field(&form, "a", "1");
	assert_field(&form, "b", "two words");
	assert_field(&form, "c", "\xc3\xa9\r\n");
	assert_field(&form, "d", "");
	assert_field(&form, "e", "");
	assert_field(&form, "f", "100%");
	assert_field(&form, "g", "x=y");
	assert_field(&form, "h", "+ &");
	assert_false(str_is_present(form_get(&form, STR("A"))));
	assert_false(str_is_present(form_get(&form, STR("%66"))));
}

static void nothing_is_no_field(void **state)
{
	struct form form;
	struct str bad = STR("set");

	assert_int_equal(form_parse(*state, STR_NONE, &form, &bad), OK);
	assert_int_equal(form.n, 0);
	assert_int_equal(form_parse(*state, STR(""), &form, &bad), OK);
	assert_int_equal(form.n, 0);
	assert_int_equal(form_parse(*state, STR("&&&"), &form, &bad), OK);
	assert_int_equal(form.n, 0);
}

static void assert_refused(struct arena *arena, struct str body, const char *name)
{
	struct form form = {.n = 77};
	struct str bad = STR("unset");

	assert_int_equal(form_parse(arena, body, &form, &bad), ERR_INPUT);
	assert_int_equal(form.n, 77);
	assert_true(str_equal(bad, str_of(name)));
	assert_int_equal(str_is_present(bad), name != NULL);
}

/* IN-04: a repeated parameter, also when its name is written differently. */
static void refuses_repeated_names(void **state)
{
	assert_refused(*state, STR("a=1&b=2&a=3"), "a");
	assert_refused(*state, STR("a=1&a=1"), "a");
	assert_refused(*state, STR("a=1&%61=2"), "a");
	assert_refused(*state, STR("a&a"), "a");
	assert_refused(*state, STR("a=&a="), "a");
	assert_refused(*state, STR("a+b=1&a%20b=2"), "a b");
}

/* IN-03: NUL, broken escapes, overlong and otherwise malformed UTF-8. */
static void refuses_malformed_text(void **state)
{
	static const char *const values[] = {
		"%00",       "%",      "%4",           "%zz",    "%4g", "%c0%af", "%ff", "\xff",
		"%ed%a0%80", "%e2%82", "%f5%80%80%80", "%C3%28", "%-1", "%+1",    "% 1", "%u0041",
	};
	char body[64];

	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		(void)snprintf(body, sizeof body, "x=1&a=%s&y=2", values[i]);
		assert_refused(*state, str_of(body), "a");
		(void)snprintf(body, sizeof body, "x=1&%s=a&y=2", values[i]);
		assert_refused(*state, str_of(body), NULL);
	}
	assert_refused(*state, (struct str){.p = "a=x\0y", .n = 5}, "a");
}

/* IN-06: the number of fields is bounded. */
static void refuses_too_many_fields(void **state)
{
	char body[1024] = "";
	size_t at = 0;
	struct form form;
	struct str bad = STR_NONE;

	for (int i = 0; i < FORM_FIELDS_MAX; i++)
		at += (size_t)snprintf(body + at, sizeof body - at, "f%d=%d&", i, i);
	assert_int_equal(form_parse(*state, str_of(body), &form, &bad), OK);
	assert_int_equal(form.n, FORM_FIELDS_MAX);
	assert_field(&form, "f63", "63");
	(void)snprintf(body + at, sizeof body - at, "one-more=1");
	assert_refused(*state, str_of(body), NULL);
}

static void memory_runs_out(void **state)
{
	struct arena *small = NULL;
	struct form form = {.n = 77};
	struct str bad = STR("unset");

	(void)state;
	assert_int_equal(arena_open(256, 256, &small), OK);
	struct str body =
		STR("a=0123456789012345678901234567890123456789012345678901234567890123"
		    "&b=0123456789012345678901234567890123456789012345678901234567890123"
		    "&c=0123456789012345678901234567890123456789012345678901234567890123"
		    "&d=0123456789012345678901234567890123456789012345678901234567890123");
	assert_int_equal(form_parse(small, body, &form, &bad), ERR_MEMORY);
	assert_int_equal(form.n, 77);
	arena_close(&small);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_arena, close_arena)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(decodes_names_and_values), TEST(nothing_is_no_field),
		TEST(refuses_repeated_names),   TEST(refuses_malformed_text),
		TEST(refuses_too_many_fields),  TEST(memory_runs_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
