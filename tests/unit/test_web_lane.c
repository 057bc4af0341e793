/* How much may wait for the hash lane (PW-21). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lane.h"

static void five_people_at_once_are_never_refused(void **state)
{
	(void)state;
	for (size_t waiting = 0; waiting < 5; waiting++)
		assert_true(lane_has_room(waiting, 1, 3600 * CLOCK_SECOND));
}

static void the_queue_has_an_end(void **state)
{
	(void)state;
	assert_true(lane_has_room(LANE_DEPTH - 1, 64, CLOCK_MS));
	assert_false(lane_has_room(LANE_DEPTH, 64, CLOCK_MS));
	assert_false(lane_has_room(LANE_DEPTH, 64, 0));
}

static void three_seconds_of_work_may_wait(void **state)
{
	(void)state;
	assert_true(lane_has_room(30, 1, 100 * CLOCK_MS));
	assert_false(lane_has_room(31, 1, 100 * CLOCK_MS));
	assert_true(lane_has_room(31, 2, 100 * CLOCK_MS));
	assert_true(lane_has_room(60, 2, 100 * CLOCK_MS));
	assert_false(lane_has_room(61, 2, 100 * CLOCK_MS));
}

static void nothing_is_known_yet(void **state)
{
	(void)state;
	assert_true(lane_has_room(LANE_DEPTH - 1, 1, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(five_people_at_once_are_never_refused),
		cmocka_unit_test(the_queue_has_an_end),
		cmocka_unit_test(three_seconds_of_work_may_wait),
		cmocka_unit_test(nothing_is_known_yet),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
