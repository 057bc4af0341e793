/* QR codes: size by content, a path of nothing but rectangles inside the border, and what is
 * refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arena.h"
#include "qr.h"

#define BORDER 4

static int open_arena(void **state)
{
	struct arena *arena = NULL;

	if (arena_open(4096, (size_t)4 * 1024 * 1024, &arena) != OK)
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

struct rectangle {
	int x, y, width;
};

/* The next "Mx yhNv1h-Nz"; false at the end. */
static bool next(const char **at, struct rectangle *out)
{
	int back = 0;
	int used = 0;

	if (**at == '\0')
		return false;
	assert_int_equal(
		sscanf(*at, "M%d %dh%dv1h-%dz%n", &out->x, &out->y, &out->width, &back, &used), 4);
	assert_int_equal(out->width, back);
	assert_true(used > 0);
	*at += used;
	return true;
}

/* ISO/IEC 18004: 41 bytes at level M are version 3, 29 modules; the corner is 7 dark ones. */
static void a_code_has_its_version_and_border(void **state)
{
	char text[42];
	struct rectangle r;
	struct qr qr;
	const char *at = NULL;
	bool first = true;

	memset(text, 'a', sizeof text);
	assert_int_equal(qr_encode(*state, (struct str){text, 41}, &qr), OK);
	assert_int_equal(qr.size.n, 2);
	assert_memory_equal(qr.size.p, "37", 2);
	for (at = qr.path.p; next(&at, &r); first = false) {
		assert_true(r.x >= BORDER && r.y >= BORDER && r.width > 0);
		assert_true(r.x + r.width <= 29 + BORDER && r.y < 29 + BORDER);
		if (first)
			assert_true(r.x == BORDER && r.y == BORDER && r.width == 7);
	}
	assert_int_equal(qr_encode(*state, (struct str){text, 42}, &qr), OK);
	assert_int_equal(qr.size.n, 2);
	assert_true(strtol(qr.size.p, NULL, 10) >= 37);
}

static void another_text_is_another_code(void **state)
{
	struct qr one;
	struct qr other;

	assert_int_equal(qr_encode(*state, STR("https://a.example/1"), &one), OK);
	assert_int_equal(qr_encode(*state, STR("https://a.example/2"), &other), OK);
	assert_false(str_equal(one.path, other.path));
	assert_true(str_equal(one.size, other.size));
}

static void the_longest_text_fits_and_no_longer_one(void **state)
{
	static char text[QR_TEXT_MAX + 1];
	struct qr qr;

	memset(text, '~', sizeof text);
	assert_int_equal(qr_encode(*state, (struct str){text, QR_TEXT_MAX}, &qr), OK);
	assert_int_equal(qr_encode(*state, (struct str){text, QR_TEXT_MAX + 1}, &qr),
			 ERR_TOO_LARGE);
	assert_int_equal(qr_encode(*state, STR(""), &qr), ERR_INTERNAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_code_has_its_version_and_border),
		cmocka_unit_test(another_text_is_another_code),
		cmocka_unit_test(the_longest_text_fits_and_no_longer_one),
	};

	return cmocka_run_group_tests(tests, open_arena, close_arena);
}
