/* Error words and faults. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "err.h"

static void every_code_has_its_own_word(void **state)
{
	(void)state;
	for (int a = 0; a < ERR_COUNT; a++) {
		assert_non_null(err_name((enum err)a));
		assert_string_not_equal(err_name((enum err)a), "unknown");
		for (int b = 0; b < a; b++)
			assert_string_not_equal(err_name((enum err)a), err_name((enum err)b));
	}
	assert_string_equal(err_name(ERR_UNAVAILABLE), "unavailable");
	assert_string_equal(err_name(ERR_COUNT), "unknown");
}

static void fault_is_one_line_and_cut(void **state)
{
	struct fault fault;
	char longer[2 * sizeof fault.text];

	(void)state;
	assert_int_equal(fault_set(&fault, "%s:%d: %s", "a\nb\033[1m", 3, "bad"), ERR_CONFIG);
	assert_string_equal(fault.text, "a?b?[1m:3: bad");

	memset(longer, 'x', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	assert_int_equal(fault_set(&fault, "%s", longer), ERR_CONFIG);
	assert_int_equal(strlen(fault.text), sizeof fault.text - 1);
	assert_int_equal(fault_set(NULL, "nobody asks"), ERR_CONFIG);
}

static enum err tried(enum err e, int *reached)
{
	TRY(e);
	*reached = 1;
	return OK;
}

static void try_returns_what_failed(void **state)
{
	int reached = 0;

	(void)state;
	assert_int_equal(tried(ERR_CONFLICT, &reached), ERR_CONFLICT);
	assert_int_equal(reached, 0);
	assert_int_equal(tried(OK, &reached), OK);
	assert_int_equal(reached, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_has_its_own_word),
		cmocka_unit_test(fault_is_one_line_and_cut),
		cmocka_unit_test(try_returns_what_failed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
