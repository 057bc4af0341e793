/* Slices: comparing, cutting, UTF-8, numbers, copies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arena.h"
#include "str.h"

#define ASSERT_STR(slice, text) assert_true(str_equal((slice), STR(text)))

static void absent_and_empty_differ(void **state)
{
	(void)state;
	assert_false(str_is_present(STR_NONE));
	assert_false(str_is_present(str_of(NULL)));
	assert_true(str_is_present(STR("")));
	assert_true(str_equal(STR_NONE, STR("")));
	assert_int_equal(str_of("abc").n, 3);
}

static void equality_is_by_octets(void **state)
{
	(void)state;
	assert_true(str_equal(STR("abc"), STR("abc")));
	assert_false(str_equal(STR("abc"), STR("abC")));
	assert_false(str_equal(STR("abc"), STR("abc ")));
	assert_false(str_equal(STR("a\0b"), STR("a\0c")));
	assert_true(str_equal_nocase(STR("aBc-9"), STR("AbC-9")));
	assert_false(str_equal_nocase(STR("abc"), STR("abcd")));
	/* Only ASCII has a lower case here; @ and ` are 32 apart like letters. */
	assert_false(str_equal_nocase(STR("@"), STR("`")));
	assert_false(str_equal_nocase(STR("\xc3\x84"), STR("\xc3\xa4")));
}

static void finding_and_cutting(void **state)
{
	struct str head;
	struct str tail;

	(void)state;
	assert_true(str_starts(STR("/auth/x"), STR("/auth")));
	assert_false(str_starts(STR("/au"), STR("/auth")));
	assert_true(str_starts(STR_NONE, STR("")));
	assert_true(str_contains(STR("a;b"), ';'));
	assert_true(str_contains(STR("a\0b"), '\0'));
	assert_false(str_contains(STR_NONE, 'a'));
	ASSERT_STR(str_sub(STR("abcdef"), 2, 4), "cd");
	ASSERT_STR(str_sub(STR("abc"), 2, 99), "c");
	ASSERT_STR(str_sub(STR("abc"), 7, 3), "");
	assert_false(str_is_present(str_sub(STR_NONE, 0, 5)));
	ASSERT_STR(str_trim(STR(" \t a b\t ")), "a b");
	ASSERT_STR(str_trim(STR(" \t ")), "");
	ASSERT_STR(str_trim(STR("\na")), "\na");

	assert_true(str_cut(STR("a=b=c"), '=', &head, &tail));
	ASSERT_STR(head, "a");
	ASSERT_STR(tail, "b=c");
	assert_true(str_cut(STR("a="), '=', &head, &tail));
	ASSERT_STR(tail, "");
	assert_true(str_is_present(tail));
	assert_false(str_cut(STR("abc"), '=', &head, &tail));
	ASSERT_STR(head, "abc");
	assert_false(str_is_present(tail));
}

/* IN-03: overlong forms, surrogates and what lies beyond Unicode are refused. */
static void utf8_is_rfc_3629(void **state)
{
	const struct {
		struct str text;
		bool good;
		size_t points;
	} cases[] = {
		{STR(""), true, 0},
		{STR("abc"), true, 3},
		{STR("\xc3\xa4"), true, 1},
		{STR("\xe2\x82\xac"), true, 1},
		{STR("\xf0\x9f\x98\x80!"), true, 2},
		{STR("\xed\x9f\xbf\xee\x80\x80"), true, 2},
		{STR("\xf4\x8f\xbf\xbf"), true, 1},
		{STR("\xc0\x80"), false, 0},
		{STR("\xc1\xbf"), false, 0},
		{STR("\xe0\x9f\xbf"), false, 0},
		{STR("\xf0\x8f\xbf\xbf"), false, 0},
		{STR("\xed\xa0\x80"), false, 0},
		{STR("\xed\xbf\xbf"), false, 0},
		{STR("\xf4\x90\x80\x80"), false, 0},
		{STR("\xf5\x80\x80\x80"), false, 0},
		{STR("\xff"), false, 0},
		{STR("\x80"), false, 0},
		{STR("a\xc3"), false, 0},
		{STR("\xe2\x82"), false, 0},
		{STR("\xe2\x28\xa1"), false, 0},
		{STR("\xf0\x9f\x98\x28"), false, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(str_is_utf8(cases[i].text), cases[i].good);
		if (cases[i].good)
			assert_int_equal(str_code_points(cases[i].text), cases[i].points);
	}
}

static void code_points_are_read_one_by_one(void **state)
{
	uint32_t c = 7;

	(void)state;
	assert_int_equal(str_code_point(STR("\xf0\x9f\x98\x80x"), &c), 4);
	assert_int_equal(c, 0x1f600);
	assert_int_equal(str_code_point(STR("\0x"), &c), 1);
	assert_int_equal(c, 0);
	c = 7;
	assert_int_equal(str_code_point(STR("\xc0\x80"), &c), 0);
	assert_int_equal(str_code_point(STR_NONE, &c), 0);
	assert_int_equal(c, 7);
}

static void control_octets(void **state)
{
	(void)state;
	assert_true(str_has_control(STR("a\0b")));
	assert_true(str_has_control(STR("a\r\n")));
	assert_true(str_has_control(STR("\x7f")));
	assert_true(str_has_control(STR("\t")));
	assert_false(str_has_control(STR("a \xc2\x80")));
	assert_false(str_has_control(STR_NONE));
}

static void numbers_are_digits_only(void **state)
{
	const struct {
		struct str text;
		uint64_t max;
		bool good;
		uint64_t value;
	} cases[] = {
		{STR("0"), 0, true, 0},
		{STR("007"), 9, true, 7},
		{STR("18446744073709551615"), UINT64_MAX, true, UINT64_MAX},
		{STR("18446744073709551616"), UINT64_MAX, false, 0},
		{STR("99999999999999999999999"), UINT64_MAX, false, 0},
		{STR("256"), 255, false, 0},
		{STR("255"), 255, true, 255},
		{STR("9"), 5, false, 0},
		{STR(""), 9, false, 0},
		{STR("+1"), 9, false, 0},
		{STR("-1"), 9, false, 0},
		{STR(" 1"), 9, false, 0},
		{STR("1 "), 9, false, 0},
		{STR("1\0"), 9, false, 0},
		{STR("0x1"), 9, false, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint64_t value = 4711;
		enum err e = str_to_u64(cases[i].text, cases[i].max, &value);
		assert_int_equal(e, cases[i].good ? OK : ERR_INPUT);
		assert_int_equal(value, cases[i].good ? cases[i].value : 4711);
	}
}

static void copies_end_with_nul(void **state)
{
	struct arena *arena = NULL;
	struct str copy = STR("untouched");

	(void)state;
	assert_int_equal(arena_open(256, 16, &arena), OK);
	assert_int_equal(str_copy(arena, str_sub(STR("AbCdef"), 0, 3), &copy), OK);
	ASSERT_STR(copy, "AbC");
	assert_int_equal(copy.p[3], '\0');
	assert_int_equal(str_copy_lower(arena, STR("Z[\xc3\x84"), &copy), OK);
	ASSERT_STR(copy, "z[\xc3\x84");
	assert_int_equal(str_copy(arena, STR_NONE, &copy), OK);
	assert_false(str_is_present(copy));
	assert_int_equal(str_copy(arena, STR(""), &copy), OK);
	assert_true(str_is_present(copy));

	copy = STR("untouched");
	assert_int_equal(str_copy(arena, STR("longer than the ceiling"), &copy), ERR_MEMORY);
	assert_int_equal(str_copy_lower(arena, STR("longer than the ceiling"), &copy), ERR_MEMORY);
	ASSERT_STR(copy, "untouched");
	arena_close(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(absent_and_empty_differ),
		cmocka_unit_test(equality_is_by_octets),
		cmocka_unit_test(finding_and_cutting),
		cmocka_unit_test(utf8_is_rfc_3629),
		cmocka_unit_test(code_points_are_read_one_by_one),
		cmocka_unit_test(control_octets),
		cmocka_unit_test(numbers_are_digits_only),
		cmocka_unit_test(copies_end_with_nul),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
