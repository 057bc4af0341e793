/* Text under construction: growth, maximum, sticky failure. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arena.h"
#include "buf.h"

#define ASSERT_STR(slice, text) assert_true(str_equal((slice), STR(text)))

static int setup(void **state)
{
	struct arena *arena = NULL;

	if (arena_open(1024, 65536, &arena) != OK)
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

static void builds_text(void **state)
{
	struct buf buf;
	struct str out;

	buf_init(&buf, *state, 1000);
	assert_int_equal(arena_used(*state), 0);
	assert_int_equal(buf_str(&buf, &out), OK);
	assert_true(str_is_present(out));
	assert_int_equal(out.n, 0);
	assert_int_equal(out.p[0], '\0');

	buf_add(&buf, STR("a\0b"));
	buf_add(&buf, STR_NONE);
	buf_add_char(&buf, ' ');
	buf_add_u64(&buf, UINT64_MAX);
	buf_add_char(&buf, ' ');
	buf_add_i64(&buf, INT64_MIN);
	buf_add_i64(&buf, 0);
	buf_addf(&buf, " %s=%d", "x", -7);
	assert_int_equal(buf_str(&buf, &out), OK);
	ASSERT_STR(out, "a\0b 18446744073709551615 -92233720368547758080 x=-7");
	assert_int_equal(out.p[out.n], '\0');
}

static void grows_and_keeps_what_was_there(void **state)
{
	struct buf buf;
	struct str out;

	buf_init(&buf, *state, 10000);
	for (int i = 0; i < 10000; i++)
		buf_add_char(&buf, (char)('a' + i % 26));
	assert_int_equal(buf_str(&buf, &out), OK);
	assert_int_equal(out.n, 10000);
	for (size_t i = 0; i < out.n; i++)
		assert_int_equal(out.p[i], 'a' + (char)(i % 26));
	assert_int_equal(out.p[out.n], '\0');
}

/* ST-09: the copy left behind is wiped at once. */
static void old_copy_is_wiped(void **state)
{
	struct buf buf;

	buf_init(&buf, *state, 10000);
	buf_add(&buf, STR("something private"));
	const char *old = buf.p;
	for (int i = 0; i < 1000; i++)
		buf_add_char(&buf, 'x');
	assert_ptr_not_equal(old, buf.p);
	for (size_t i = 0; i < 17; i++)
		assert_int_equal(old[i], '\0');
}

static void maximum_is_exact_and_failure_sticks(void **state)
{
	struct buf buf;
	struct str out = STR("untouched");

	buf_init(&buf, *state, 5);
	buf_add(&buf, STR("12345"));
	assert_int_equal(buf_str(&buf, &out), OK);
	ASSERT_STR(out, "12345");
	buf_add_char(&buf, '6');
	out = STR("untouched");
	assert_int_equal(buf_str(&buf, &out), ERR_TOO_LARGE);
	ASSERT_STR(out, "untouched");
	buf_add(&buf, STR(""));
	assert_int_equal(buf_str(&buf, &out), ERR_TOO_LARGE);
	assert_int_equal(buf.n, 5);
}

static void memory_runs_out_and_failure_sticks(void **state)
{
	struct arena *small = NULL;
	struct buf buf;
	struct str out;

	(void)state;
	assert_int_equal(arena_open(64, 100, &small), OK);
	buf_init(&buf, small, 1000);
	buf_add(&buf, STR("x"));
	assert_int_equal(buf_str(&buf, &out), ERR_MEMORY);
	buf_addf(&buf, "%2000d", 1);
	assert_int_equal(buf_str(&buf, &out), ERR_MEMORY);
	arena_close(&small);
}

static void formatted_pieces_are_bounded(void **state)
{
	struct buf buf;
	struct str out;

	buf_init(&buf, *state, 10000);
	buf_addf(&buf, "%1023d", 1);
	assert_int_equal(buf_str(&buf, &out), OK);
	assert_int_equal(out.n, 1023);
	buf_addf(&buf, "%1024d", 1);
	assert_int_equal(buf_str(&buf, &out), ERR_TOO_LARGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(builds_text, setup, teardown),
		cmocka_unit_test_setup_teardown(grows_and_keeps_what_was_there, setup, teardown),
		cmocka_unit_test_setup_teardown(old_copy_is_wiped, setup, teardown),
		cmocka_unit_test_setup_teardown(maximum_is_exact_and_failure_sticks, setup,
						teardown),
		cmocka_unit_test_setup_teardown(memory_runs_out_and_failure_sticks, setup,
						teardown),
		cmocka_unit_test_setup_teardown(formatted_pieces_are_bounded, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
