/* The rules about sessions as pure functions of rows, configuration and time. */
#include "policy.h"

#include "factor_store.h"
#include "grants.h"
#include "ident.h"

#define POLICY_CLOCK_SKEW CLOCK_MINUTE

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* A class that the program does not know has no time at all. */
static struct class_limits limits_of(const struct config *config, const struct session_row *row)
{
	return config->session.classes[row->class < CLASS_COUNT ? row->class : CLASS_NONE];
}

bool policy_is_elevated(const struct session_found *found)
{
	return grants_has(found->user_grants, STR("elevated")) ||
	       grants_has(found->tenant_grants, STR("elevated"));
}

/* A role of the list, held everywhere or in the session's tenant. */
static bool has_listed_role(const struct config *config, const struct session_found *found)
{
	struct str rest = config->second_factor.roles;
	struct str role;

	while (rest.n > 0) {
		(void)str_cut(rest, ' ', &role, &rest);
		if (str_equal(role, STR("elevated")) && policy_is_elevated(found))
			return true;
		if (role.n > 0 && (grants_has_named(found->user_grants, STR("role:"), role) ||
				   grants_has_named(found->tenant_grants, STR("role:"), role)))
			return true;
	}
	return false;
}

bool policy_requires_factor(const struct config *config, const struct session_found *found)
{
	if (id_is_none(found->session.user_id))
		return false;
	return config->second_factor.require == FACTOR_ALL ||
	       (config->second_factor.require == FACTOR_ROLES && has_listed_role(config, found));
}

bool policy_has_factor(const struct config *config, unsigned factors)
{
	return config->second_factor.require != FACTOR_OFF && (factors & FACTORS_STRONG) != 0;
}

enum session_state policy_state(const struct config *config, const struct session_found *found)
{
	const struct session_row *row = &found->session;
	enum session_state state = (enum session_state)row->state;

	if (state != SESSION_ACTIVE && state != SESSION_PASSWORD_CHANGE_REQUIRED)
		return state;
	if (!policy_requires_factor(config, found) || grants_has(row->amr, STR("mfa")))
		return state;
	if ((found->factors & FACTORS_STRONG) == 0)
		return state == SESSION_ACTIVE ? SESSION_ENROLMENT_REQUIRED : state;
	if (grants_has(row->amr, STR("rba")) && !policy_is_elevated(found))
		return state;
	return SESSION_SECOND_FACTOR_REQUIRED;
}

struct policy_ends policy_ends(const struct config *config, const struct session_row *row,
			       bool elevated)
{
	struct policy_ends ends = {.idle = row->idle_end, .absolute = row->expires_at};

	if (elevated) {
		ends.idle = earlier(ends.idle, row->last_seen + config->session.elevated.idle);
		ends.absolute =
			earlier(ends.absolute, row->auth_time + config->session.elevated.absolute);
	}
	ends.idle = earlier(ends.idle, ends.absolute);
	return ends;
}

enum session_standing policy_standing(const struct config *config,
				      const struct session_found *found, int64_t now)
{
	const struct session_row *row = &found->session;
	struct policy_ends ends = policy_ends(config, row, policy_is_elevated(found));

	if (!id_is_none(row->user_id) && found->user_state != USER_ACTIVE)
		return SESSION_UNKNOWN;
	if (row->state == SESSION_STATE_NONE || row->state >= SESSION_STATE_COUNT)
		return SESSION_UNKNOWN;
	if (now >= ends.idle || now >= ends.absolute)
		return SESSION_EXPIRED;
	if (row->held)
		return SESSION_HELD;
	return policy_state(config, found) == SESSION_ACTIVE ? SESSION_LIVE : SESSION_PENDING;
}

unsigned policy_aal(const struct config *config, const struct session_row *row, int64_t now)
{
	if (row->aal < 2)
		return row->aal;
	return now < row->aal2_end && now < row->last_seen + config->session.aal2.idle ? 2 : 1;
}

bool policy_is_factor_fresh(const struct config *config, const struct session_row *row,
			    int64_t max_age, int64_t now)
{
	int64_t shown = earlier(row->aal2_end - config->session.aal2.absolute, row->auth_time);
	int64_t age = now - shown;

	return policy_aal(config, row, now) >= 2 && age <= max_age && age >= -POLICY_CLOCK_SKEW;
}

bool policy_is_fresh(const struct session_row *row, int64_t max_age, int64_t now)
{
	int64_t age = now - row->auth_time;

	return row->auth_time > 0 && age <= max_age && age >= -POLICY_CLOCK_SKEW;
}

bool policy_is_seen_late(const struct session_row *row, int64_t now)
{
	return now - row->last_seen >= CLOCK_MINUTE;
}

bool policy_must_touch(const struct session_row *row, int64_t now)
{
	return !row->value_used || policy_is_seen_late(row, now);
}

enum session_class policy_class(enum session_carrier carrier, bool remember)
{
	if (carrier != CARRIER_COOKIE)
		return CLASS_NATIVE;
	return remember ? CLASS_REMEMBERED : CLASS_BROWSER;
}

int64_t policy_idle_end(const struct config *config, const struct session_row *row, int64_t now)
{
	int64_t end = earlier(now + limits_of(config, row).idle, row->expires_at);

	if (row->state == SESSION_SECOND_FACTOR_REQUIRED)
		return earlier(end, row->auth_time + POLICY_FACTOR_SPAN);
	return end;
}
