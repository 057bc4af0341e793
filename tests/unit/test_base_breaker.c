/* The circuit breaker: closed, open, one who tries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "breaker.h"
#include "clock.h"

static void all_try_until_one_fails(void **state)
{
	struct breaker breaker = {0};
	int64_t now = 7 * CLOCK_DAY;

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		assert_true(breaker_lets(&breaker, now));
	breaker_note(&breaker, now, OK);
	assert_true(breaker_lets(&breaker, now));
	breaker_note(&breaker, now, ERR_UNAVAILABLE);
	assert_false(breaker_lets(&breaker, now));
	assert_false(breaker_lets(&breaker, now + CLOCK_SECOND - 1));
}

static void after_a_pause_one_tries(void **state)
{
	struct breaker breaker = {0};
	int64_t now = 7 * CLOCK_DAY;

	(void)state;
	breaker_note(&breaker, now, ERR_UNAVAILABLE);
	now += CLOCK_SECOND;
	assert_true(breaker_lets(&breaker, now));
	assert_false(breaker_lets(&breaker, now));
	breaker_note(&breaker, now, ERR_UNAVAILABLE);
	assert_false(breaker_lets(&breaker, now));
	now += CLOCK_SECOND;
	assert_true(breaker_lets(&breaker, now));
	breaker_note(&breaker, now, OK);
	assert_true(breaker_lets(&breaker, now));
	assert_true(breaker_lets(&breaker, now));
}

static void who_never_tells_does_not_keep_it_open(void **state)
{
	struct breaker breaker = {0};
	int64_t now = 7 * CLOCK_DAY;

	(void)state;
	breaker_note(&breaker, now, ERR_UNAVAILABLE);
	now += CLOCK_SECOND;
	assert_true(breaker_lets(&breaker, now));
	assert_false(breaker_lets(&breaker, now + 5 * CLOCK_SECOND - 1));
	assert_true(breaker_lets(&breaker, now + 5 * CLOCK_SECOND));
}

/* Whoever could open it by a request of their own would shut everybody out. */
static void what_lies_in_one_request_opens_nothing(void **state)
{
	static const enum err harmless[] = {ERR_MEMORY, ERR_INPUT, ERR_TOO_LARGE};
	struct breaker breaker = {0};
	int64_t now = 7 * CLOCK_DAY;

	(void)state;
	for (size_t i = 0; i < sizeof harmless / sizeof harmless[0]; i++) {
		breaker_note(&breaker, now, harmless[i]);
		assert_true(breaker_lets(&breaker, now));
	}
	breaker_note(&breaker, now, ERR_CONFIG);
	now += CLOCK_SECOND;
	assert_true(breaker_lets(&breaker, now));
	breaker_note(&breaker, now, ERR_MEMORY);
	/* That was no trial: the next one tries, and only that one. */
	assert_true(breaker_lets(&breaker, now));
	assert_false(breaker_lets(&breaker, now));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_try_until_one_fails),
		cmocka_unit_test(after_a_pause_one_tries),
		cmocka_unit_test(who_never_tells_does_not_keep_it_open),
		cmocka_unit_test(what_lies_in_one_request_opens_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
