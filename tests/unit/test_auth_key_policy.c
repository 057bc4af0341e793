/* TK-22: when a signing key moves on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "clock.h"
#include "key_policy.h"

#define T INT64_C(1795000000000000)

static const struct key_periods periods = {
	.lead = 12 * CLOCK_MINUTE, .active = 30 * CLOCK_DAY, .keep = 18 * CLOCK_MINUTE};

/* What the store does with a plan. */
static void apply(struct key_rows *keys, const struct key_plan *plan, int64_t now)
{
	for (size_t i = 0; i < plan->n; i++) {
		struct key_row *row = &keys->rows[plan->moves[i].at];

		row->state = plan->moves[i].to;
		if (row->state == KEY_ACTIVE)
			row->active_at = now;
		if (row->state == KEY_RETIRING)
			row->retiring_at = now;
	}
	for (unsigned i = 0; i < 2; i++) {
		bool wanted = i == 0 ? plan->make_active : plan->make_next;
		struct key_row row = {.state = i == 0 ? KEY_ACTIVE : KEY_NEXT, .made_at = now};

		if (!wanted)
			continue;
		row.active_at = i == 0 ? now : 0;
		row.kid = (struct digest){{(unsigned char)(keys->n + 1)}};
		keys->rows[keys->n++] = row;
	}
}

static struct key_plan tend(struct key_rows *keys, int64_t now)
{
	struct key_plan plan;

	key_policy_tend(&periods, keys, now, &plan);
	apply(keys, &plan, now);
	return plan;
}

static unsigned count(const struct key_rows *keys, enum key_state state)
{
	unsigned n = 0;

	for (size_t i = 0; i < keys->n; i++)
		n += keys->rows[i].state == state ? 1 : 0;
	return n;
}

static void a_life_from_first_to_last(void **state)
{
	struct key_rows keys = {.n = 0};
	struct key_plan plan = tend(&keys, T);
	int64_t rotated = T + periods.active;

	(void)state;
	assert_true(plan.make_active && plan.make_next && plan.n == 0);
	plan = tend(&keys, T + 1);
	assert_true(key_plan_is_empty(&plan));
	plan = tend(&keys, rotated - 1);
	assert_true(key_plan_is_empty(&plan));
	plan = tend(&keys, rotated);
	assert_int_equal(keys.rows[0].state, KEY_RETIRING);
	assert_int_equal(keys.rows[1].state, KEY_ACTIVE);
	assert_int_equal(keys.rows[2].state, KEY_NEXT);
	plan = tend(&keys, rotated + periods.keep - 1);
	assert_true(key_plan_is_empty(&plan));
	plan = tend(&keys, rotated + periods.keep);
	assert_int_equal(keys.rows[0].state, KEY_GONE);
	assert_int_equal(count(&keys, KEY_ACTIVE), 1);
	plan = tend(&keys, rotated + periods.keep);
	assert_true(key_plan_is_empty(&plan));
}

/* However seldom or late the housekeeper comes: one signs, and no key signs that was not published
 * for the lead before, but for the very first. */
static void one_signs_and_was_known_before(void **state)
{
	struct key_rows keys = {.n = 0};
	int64_t now = T;
	uint32_t seed = 1;

	(void)state;
	for (unsigned i = 0; i < 200 && keys.n < KEY_ROWS_MAX - 2; i++) {
		(void)tend(&keys, now);
		assert_int_equal(count(&keys, KEY_ACTIVE), 1);
		assert_int_equal(count(&keys, KEY_NEXT), 1);
		for (size_t k = 1; k < keys.n; k++)
			if (keys.rows[k].active_at != 0)
				assert_true(keys.rows[k].active_at - keys.rows[k].made_at >=
					    periods.lead);
		seed = seed * 1664525 + 1013904223;
		now += (int64_t)(seed >> 8) % (40 * CLOCK_DAY / CLOCK_SECOND) * CLOCK_SECOND;
	}
}

static void a_late_next_key_is_waited_for(void **state)
{
	struct key_rows keys = {.n = 0};
	struct key_plan plan;
	int64_t from = 0;

	(void)state;
	(void)tend(&keys, T);
	keys.rows[1].made_at = T + periods.active; /* the first next was withdrawn */
	plan = tend(&keys, T + periods.active + periods.lead - 1);
	assert_true(key_plan_is_empty(&plan));
	assert_int_equal(key_policy_rotate(&periods, &keys, T + periods.active, &plan, &from),
			 KEY_TOO_EARLY);
	assert_int_equal(from, T + periods.active + periods.lead);
	plan = tend(&keys, T + periods.active + periods.lead);
	assert_int_equal(keys.rows[1].state, KEY_ACTIVE);
}

static void a_missing_active_key_is_replaced_at_once(void **state)
{
	struct key_rows keys = {.n = 0};

	(void)state;
	(void)tend(&keys, T);
	keys.rows[0].state = KEY_GONE;
	(void)tend(&keys, T + 1);
	assert_int_equal(keys.rows[1].state, KEY_ACTIVE);
	assert_int_equal(count(&keys, KEY_NEXT), 1);
}

static void asked_for(void **state)
{
	struct key_rows keys = {.n = 0};
	struct key_plan plan;
	int64_t from = 0;

	(void)state;
	assert_int_equal(key_policy_rotate(&periods, &keys, T, &plan, &from), KEY_ALLOWED);
	assert_true(plan.make_active && plan.make_next);
	(void)tend(&keys, T);
	assert_int_equal(key_policy_rotate(&periods, &keys, T + periods.lead - 1, &plan, &from),
			 KEY_TOO_EARLY);
	assert_int_equal(key_policy_rotate(&periods, &keys, T + periods.lead, &plan, &from),
			 KEY_ALLOWED);
	apply(&keys, &plan, T + periods.lead);
	assert_int_equal(keys.rows[0].state, KEY_RETIRING);
	assert_int_equal(keys.rows[1].state, KEY_ACTIVE);

	/* One that signs stays; one that does not goes; once. */
	assert_int_equal(key_policy_retire(&keys, &keys.rows[1].kid, &plan), KEY_IN_USE);
	assert_true(key_plan_is_empty(&plan));
	assert_int_equal(key_policy_retire(&keys, &keys.rows[0].kid, &plan), KEY_ALLOWED);
	assert_false(plan.make_next);
	apply(&keys, &plan, T);
	assert_int_equal(keys.rows[0].state, KEY_GONE);
	assert_int_equal(key_policy_retire(&keys, &keys.rows[0].kid, &plan), KEY_UNKNOWN);
	assert_int_equal(key_policy_retire(&keys, &keys.rows[2].kid, &plan), KEY_ALLOWED);
	assert_true(plan.make_next);

	/* The emergency leaves none. */
	key_policy_replace(&keys, &plan);
	apply(&keys, &plan, T);
	assert_int_equal(count(&keys, KEY_GONE), 3);
	assert_int_equal(count(&keys, KEY_ACTIVE), 1);
	assert_int_equal(count(&keys, KEY_NEXT), 1);
}

/* TK-22: published for what caches keep and a minute at least, kept for the longest life. */
static void periods_follow_the_configuration(void **state)
{
	struct config config = {.token = {.jwks_cache = CLOCK_HOUR, .key_active = CLOCK_DAY}};
	struct key_periods of = key_policy_periods(&config);

	(void)state;
	assert_true(of.lead >= CLOCK_HOUR + CLOCK_MINUTE);
	assert_int_equal(of.active, CLOCK_DAY);
	assert_true(of.keep >= 16 * CLOCK_MINUTE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_life_from_first_to_last),
		cmocka_unit_test(one_signs_and_was_known_before),
		cmocka_unit_test(a_late_next_key_is_waited_for),
		cmocka_unit_test(a_missing_active_key_is_replaced_at_once),
		cmocka_unit_test(asked_for),
		cmocka_unit_test(periods_follow_the_configuration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
