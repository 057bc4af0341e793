/* When a signing key moves on: next, active, retiring, gone. */
#include "key_policy.h"

#include "access_token.h"
#include "clock.h"

/* Workers read the keys every half a minute, and clocks of a cluster differ a little. */
#define KEY_MARGIN (2 * CLOCK_MINUTE)

struct key_periods key_policy_periods(const struct config *config)
{
	return (struct key_periods){
		.lead = config->token.jwks_cache + KEY_MARGIN,
		.active = config->token.key_active,
		/* Whatever life and leeway were when the last token was signed. */
		.keep = ACCESS_LIFE_MAX + ACCESS_LEEWAY_MAX + KEY_MARGIN,
	};
}

bool key_plan_is_empty(const struct key_plan *plan)
{
	return plan->n == 0 && !plan->make_active && !plan->make_next;
}

static void move(struct key_plan *plan, size_t at, enum key_state to)
{
	plan->moves[plan->n].at = at;
	plan->moves[plan->n++].to = to;
}

/* The one made first; n: none. */
static size_t first_of(const struct key_rows *keys, enum key_state state)
{
	size_t found = keys->n;

	for (size_t i = 0; i < keys->n; i++)
		if (keys->rows[i].state == state &&
		    (found == keys->n || keys->rows[i].made_at < keys->rows[found].made_at))
			found = i;
	return found;
}

static void plan_retiring(const struct key_periods *periods, const struct key_rows *keys,
			  int64_t now, struct key_plan *plan)
{
	for (size_t i = 0; i < keys->n; i++)
		if (keys->rows[i].state == KEY_RETIRING &&
		    keys->rows[i].retiring_at + periods->keep <= now)
			move(plan, i, KEY_GONE);
}

static void put_in_charge(const struct key_rows *keys, size_t next, struct key_plan *plan)
{
	for (size_t i = 0; i < keys->n; i++)
		if (keys->rows[i].state == KEY_ACTIVE)
			move(plan, i, KEY_RETIRING);
	move(plan, next, KEY_ACTIVE);
	plan->make_next = true;
}

static bool is_due(const struct key_periods *periods, const struct key_rows *keys, size_t active,
		   int64_t now)
{
	return keys->rows[active].active_at + periods->active <= now;
}

void key_policy_tend(const struct key_periods *periods, const struct key_rows *keys, int64_t now,
		     struct key_plan *plan)
{
	size_t active = first_of(keys, KEY_ACTIVE);
	size_t next = first_of(keys, KEY_NEXT);
	bool has_active = active < keys->n;
	bool has_next = next < keys->n;

	*plan = (struct key_plan){.n = 0};
	plan_retiring(periods, keys, now, plan);
	if (!has_next)
		plan->make_next = true;
	if (!has_active && !has_next)
		plan->make_active = true;
	else if (!has_active || (has_next && is_due(periods, keys, active, now) &&
				 keys->rows[next].made_at + periods->lead <= now))
		put_in_charge(keys, next, plan);
}

enum key_verdict key_policy_rotate(const struct key_periods *periods, const struct key_rows *keys,
				   int64_t now, struct key_plan *plan, int64_t *from)
{
	size_t next = first_of(keys, KEY_NEXT);
	bool has_active = first_of(keys, KEY_ACTIVE) < keys->n;

	*plan = (struct key_plan){.n = 0};
	plan_retiring(periods, keys, now, plan);
	if (has_active && next == keys->n) {
		plan->make_next = true;
		*from = now + periods->lead;
		return KEY_TOO_EARLY;
	}
	if (has_active && keys->rows[next].made_at + periods->lead > now) {
		*from = keys->rows[next].made_at + periods->lead;
		return KEY_TOO_EARLY;
	}
	if (next < keys->n)
		put_in_charge(keys, next, plan);
	else
		plan->make_active = plan->make_next = true;
	return KEY_ALLOWED;
}

void key_policy_replace(const struct key_rows *keys, struct key_plan *plan)
{
	*plan = (struct key_plan){.make_active = true, .make_next = true};
	for (size_t i = 0; i < keys->n; i++)
		if (keys->rows[i].state != KEY_GONE)
			move(plan, i, KEY_GONE);
}

enum key_verdict key_policy_retire(const struct key_rows *keys, const struct digest *kid,
				   struct key_plan *plan)
{
	*plan = (struct key_plan){.n = 0};
	for (size_t i = 0; i < keys->n; i++) {
		if (!digest_equal(&keys->rows[i].kid, kid) || keys->rows[i].state == KEY_GONE)
			continue;
		if (keys->rows[i].state == KEY_ACTIVE)
			return KEY_IN_USE;
		plan->make_next = keys->rows[i].state == KEY_NEXT;
		move(plan, i, KEY_GONE);
		return KEY_ALLOWED;
	}
	return KEY_UNKNOWN;
}

const char *key_state_name(enum key_state state)
{
	static const char *const names[KEY_STATE_COUNT] = {
		[KEY_STATE_NONE] = "none",   [KEY_NEXT] = "next", [KEY_ACTIVE] = "active",
		[KEY_RETIRING] = "retiring", [KEY_GONE] = "gone",
	};

	return (unsigned)state < KEY_STATE_COUNT ? names[state] : names[KEY_STATE_NONE];
}
