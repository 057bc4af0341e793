/* Where requests are counted: every route has a place of its own, and no two counters are one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "authorizer.h"
#include "meter.h"
#include "routes.h"

static void every_route_has_its_place(void **state)
{
	const struct route *row;
	size_t n = 0;

	(void)state;
	for (; (row = routes_at(n)) != NULL; n++) {
		assert_ptr_equal(meter_place_route(n), row->path);
		assert_string_equal(meter_place_method(n), method_name(row->method));
	}
	assert_int_equal(n, routes_count());
	assert_int_equal(meter_places(), n + 2);
	assert_string_equal(meter_place_route(n), "(unknown)");
	assert_string_equal(meter_place_route(n + 1), authorizer_route.path);
}

static void a_match_knows_its_place(void **state)
{
	const struct route *row;

	(void)state;
	for (size_t i = 0; (row = routes_at(i)) != NULL; i++) {
		struct route_match match = routes_match(row->method, str_of(row->path));

		if (match.route == row)
			assert_int_equal(match.index, i);
		else
			assert_ptr_equal(routes_at(match.index), match.route);
	}
}

static void mark(unsigned char *taken, size_t n, size_t at)
{
	assert_true(at < n);
	assert_int_equal(taken[at], 0);
	taken[at] = 1;
}

static void no_two_counters_are_one(void **state)
{
	size_t n = meter_refused_at(METER_QUEUE_COUNT);
	unsigned char *taken = calloc(n, 1);

	(void)state;
	assert_non_null(taken);
	for (size_t place = 0; place < meter_places(); place++) {
		for (size_t status = 0; status < METER_STATUSES; status++)
			mark(taken, n, meter_requests_at(place, status));
		for (size_t bucket = 0; bucket <= METER_BOUNDS; bucket++)
			mark(taken, n, meter_bucket_at(place, bucket));
		mark(taken, n, meter_sum_at(place));
	}
	for (unsigned queue = 0; queue < METER_QUEUE_COUNT; queue++)
		mark(taken, n, meter_refused_at((enum meter_queue)queue));
	free(taken);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_route_has_its_place),
		cmocka_unit_test(a_match_knows_its_place),
		cmocka_unit_test(no_two_counters_are_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
