/* Secrets: copies, randomness, comparison, wiping. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arena.h"
#include "secret.h"

static struct secret of(char *text)
{
	return (struct secret){.bytes = (unsigned char *)text, .len = strlen(text)};
}

/* PW-20: and missing never equals missing. */
static void missing_and_empty_equal_nothing(void **state)
{
	char text[] = "value";
	char same[] = "value";
	char other[] = "valuE";
	char longer[] = "value ";
	char empty[] = "";

	(void)state;
	assert_true(secret_equal(of(text), of(same)));
	assert_true(secret_equal(of(text), of(text)));
	assert_false(secret_equal(of(text), of(other)));
	assert_false(secret_equal(of(text), of(longer)));
	assert_false(secret_equal(of(longer), of(text)));
	assert_false(secret_equal(SECRET_NONE, SECRET_NONE));
	assert_false(secret_equal(of(empty), of(empty)));
	assert_false(secret_equal(of(empty), SECRET_NONE));
	assert_false(secret_equal(SECRET_NONE, of(text)));
	assert_false(secret_equal(of(text), SECRET_NONE));
}

static void copies_live_in_the_arena(void **state)
{
	struct arena *arena = NULL;
	struct secret secret = SECRET_NONE;
	char source[] = "from a form";

	(void)state;
	assert_int_equal(arena_open(256, 64, &arena), OK);
	assert_int_equal(secret_from_str(arena, str_of(source), &secret), OK);
	source[0] = 'X';
	assert_int_equal(secret.len, 11);
	assert_string_equal((const char *)secret.bytes, "from a form");
	assert_true(secret_is_present(secret));

	assert_int_equal(secret_from_str(arena, STR(""), &secret), OK);
	assert_true(secret_is_present(secret));
	assert_int_equal(secret.len, 0);
	assert_int_equal(secret_from_str(arena, STR_NONE, &secret), OK);
	assert_false(secret_is_present(secret));
	assert_int_equal(secret_random(arena, 64, &secret), ERR_MEMORY);
	assert_false(secret_is_present(secret));
	arena_close(&arena);
}

static void random_values_differ(void **state)
{
	struct arena *arena = NULL;
	struct secret a = SECRET_NONE;
	struct secret b = SECRET_NONE;

	(void)state;
	assert_int_equal(arena_open(256, 1024, &arena), OK);
	assert_int_equal(secret_random(arena, 32, &a), OK);
	assert_int_equal(secret_random(arena, 32, &b), OK);
	assert_int_equal(a.len, 32);
	assert_false(secret_equal(a, b));
	arena_close(&arena);
}

/* ST-09 */
static void wiping(void **state)
{
	char text[] = "value";
	struct secret secret = of(text);

	(void)state;
	secret_wipe(&secret);
	assert_false(secret_is_present(secret));
	assert_int_equal(secret.len, 0);
	assert_memory_equal(text, "\0\0\0\0\0", 6);
	secret_wipe(&secret);
	secret_wipe_bytes(NULL, 0);
	char more[] = "abc";
	secret_wipe_bytes(more, 2);
	assert_memory_equal(more, "\0\0c", 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(missing_and_empty_equal_nothing),
		cmocka_unit_test(copies_live_in_the_arena),
		cmocka_unit_test(random_values_differ),
		cmocka_unit_test(wiping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
