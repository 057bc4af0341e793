/* Plural rules: those of real languages, C's precedence, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "arena.h"
#include "plural.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int setup(void **state)
{
	struct arena *arena = NULL;

	if (arena_open(4096, 1 << 22, &arena) != OK)
		return -1;
	*state = arena;
	return 0;
}

static int teardown(void **state)
{
	struct arena *arena = *state;

	arena_close(&arena);
	return 0;
}

static const struct plural *parse(void *arena, const char *rule, unsigned forms)
{
	const struct plural *plural = NULL;
	const char *reason = "";

	if (plural_parse(arena, str_of(rule), forms, &plural, &reason) != OK)
		fail_msg("%s: %s", rule, reason);
	return plural;
}

#define PL "n == 1 ? 0 : n % 10 >= 2 && n % 10 <= 4 && (n % 100 < 10 || n % 100 >= 20) ? 1 : 2"
#define RU "n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2"
#define AR "n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5"

/* The forms of CLDR for some numbers of every language. */
static void rules_of_real_languages(void **state)
{
	static const struct {
		const char *rule;
		unsigned forms;
		uint64_t n[12];
		unsigned expected[12];
	} rows[] = {
		{"n != 1", 2, {0, 1, 2, 11, 21, 100, 101}, {1, 0, 1, 1, 1, 1, 1}},
		{PL,
		 3,
		 {0, 1, 2, 4, 5, 11, 12, 14, 21, 22, 112, 1000002},
		 {2, 0, 1, 1, 2, 2, 2, 2, 2, 1, 2, 1}},
		{RU,
		 3,
		 {0, 1, 2, 4, 5, 11, 12, 14, 21, 22, 111, 101},
		 {2, 0, 1, 1, 2, 2, 2, 2, 0, 1, 2, 0}},
		{AR,
		 6,
		 {0, 1, 2, 3, 10, 11, 99, 100, 101, 102, 103, 111},
		 {0, 1, 2, 3, 3, 4, 4, 5, 5, 5, 3, 4}},
		{"0", 1, {0, 1, 2, 7}, {0, 0, 0, 0}},
		{"(n==1) ? 0 : (n>=2 && n<=4) ? 1 : 2",
		 3,
		 {0, 1, 2, 4, 5, 21, 22},
		 {2, 0, 1, 1, 2, 2, 2}},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct plural *plural = parse(*state, rows[i].rule, rows[i].forms);
		for (size_t k = 0; k < COUNT(rows[i].n); k++) {
			if (k > 0 && rows[i].n[k] == 0)
				break;
			assert_int_equal(plural_form(plural, rows[i].n[k]), rows[i].expected[k]);
		}
	}
}

/* Each is 0 for every number, in C; were another operator first, it would not be. */
static void binds_as_c_does(void **state)
{
	static const char *const rules[] = {
		"1 + 2 * 3 - 7",
		"(1 + 2) * 3 - 9",
		"10 - 4 - 6",
		"8 / 4 / 2 - 1",
		"7 % 4 % 2 - 1",
		"2 + 3 < 4 + 1",
		"1 < 2 == 0",
		"!1 + 0",
		"!(1 && 1)",
		"!!0",
		"0 && 0 || 0",
		"!(1 || 0 && 0)",
		"1 ? 0 : 1 ? 1 : 1",
		"0 ? 1 : 0 ? 1 : 0",
		"1 == 1 != 1",
		"1 / 0",
		"n % 0",
		"\t3 - 2 - 1 ",
		"n - n",
		"4294967295 - 4294967295",
		"n >= 0 && n < 0",
	};

	for (size_t i = 0; i < COUNT(rules); i++)
		assert_int_equal(plural_form(parse(*state, rules[i], 1), 5), 0);
}

static void refuses(void *arena, const char *rule, unsigned forms, const char *why)
{
	const struct plural *plural = NULL;
	const char *reason = "";

	if (plural_parse(arena, str_of(rule), forms, &plural, &reason) != ERR_INPUT)
		fail_msg("%s was taken", rule);
	assert_null(plural);
	if (strstr(reason, why) == NULL)
		fail_msg("%s: %s is not %s", rule, reason, why);
}

static void refuses_what_is_no_rule(void **state)
{
	static const struct {
		const char *rule;
		unsigned forms;
		const char *why;
	} rows[] = {
		{"", 1, "something else"},
		{"n", 2, "more forms"},
		{"n != 1", 3, "fewer forms"},
		{"n != 1", 1, "more forms"},
		{"n > 4000", 2, "fewer forms"},
		{"0 - 1", 2, "more forms"},
		{"0", 0, "1 to 8"},
		{"0", 9, "1 to 8"},
		{"n = 1", 2, "behind its end"},
		{"n != 1;", 2, "behind its end"},
		{"m != 1", 2, "something else"},
		{"n != ", 2, "something else"},
		{"(n != 1", 2, "( without"},
		{"n != 1)", 2, "behind its end"},
		{"n ? 1", 2, "? without"},
		{"n & 1", 2, "behind its end"},
		{"-1", 2, "something else"},
		{"4294967296", 2, "too large"},
		{"99999999999999999999999", 2, "too large"},
		{"exit()", 2, "something else"},
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		refuses(*state, rows[i].rule, rows[i].forms, rows[i].why);
}

static void refuses_what_is_endless(void **state)
{
	char deep[4096];
	char bangs[4096];
	char wide[4096] = "0";

	memset(deep, '(', sizeof deep - 1);
	deep[sizeof deep - 1] = '\0';
	memset(bangs, '!', sizeof bangs - 1);
	bangs[sizeof bangs - 1] = '\0';
	for (size_t i = 1; i + 2 < sizeof wide; i += 2)
		memcpy(wide + i, "+0", 3);
	refuses(*state, deep, 1, "too deep");
	refuses(*state, bangs, 1, "too deep");
	refuses(*state, wide, 1, "too long");
	/* The same within the bounds. */
	deep[PLURAL_NESTING_MAX] = '0';
	memset(deep + PLURAL_NESTING_MAX + 1, ')', PLURAL_NESTING_MAX);
	deep[2 * PLURAL_NESTING_MAX + 1] = '\0';
	assert_int_equal(plural_form(parse(*state, deep, 1), 0), 0);
	wide[PLURAL_NODES_MAX - 1] = '\0';
	assert_int_equal(plural_form(parse(*state, wide, 1), 0), 0);
}

/* A number that was not tried when the rule was read. */
static void a_form_that_is_not_there_is_the_last(void **state)
{
	const struct plural *plural = parse(*state, "n < 2000 ? n == 1 : 7", 2);

	assert_int_equal(plural_form(plural, 1), 1);
	assert_int_equal(plural_form(plural, 1999), 0);
	assert_int_equal(plural_form(plural, 2000), 1);
	assert_int_equal(plural_form(plural, UINT64_MAX), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(rules_of_real_languages, setup, teardown),
		cmocka_unit_test_setup_teardown(binds_as_c_does, setup, teardown),
		cmocka_unit_test_setup_teardown(refuses_what_is_no_rule, setup, teardown),
		cmocka_unit_test_setup_teardown(refuses_what_is_endless, setup, teardown),
		cmocka_unit_test_setup_teardown(a_form_that_is_not_there_is_the_last, setup,
						teardown),
	};

	return cmocka_run_group_tests_name("plural", tests, NULL, NULL);
}
