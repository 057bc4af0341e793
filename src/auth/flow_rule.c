/* Rules of flows that need no database: kinds, moves, what is left, where to go on. */
#include "flow_rule.h"

#include "clock.h"

#define FREE_EXPIRES CLOCK_DAY
#define FREE_FIRST STR("start")

bool flow_rule_kind(const struct config *config, struct str name, struct flow_kind *out)
{
	const struct flow_config *declared = config_flow(config, name);

	*out = (struct flow_kind){
		.name = name,
		.declared = declared,
		.scope = FLOW_SCOPE_USER,
		.first = FREE_FIRST,
		.expires = FREE_EXPIRES,
	};
	if (declared != NULL) {
		out->scope = declared->scope;
		out->first = declared->steps[0];
		out->expires = declared->expires;
	}
	return declared != NULL || config->free_flows;
}

/* A guest's flows are all their session's; a user's only those that shall end with it. */
bool flow_rule_is_current(const struct config *config, const struct flow_reach *reach,
			  const struct flow_row *row, bool *offer)
{
	struct flow_kind kind;
	bool known = flow_rule_kind(config, row->kind, &kind);
	bool is_users = row->owner_kind == FLOW_OWNER_USER;

	*offer = !id_is_none(reach->user_id) && !is_users && row->scope == FLOW_SCOPE_USER;
	if (!known || *offer)
		return false;
	if (id_is_none(reach->user_id))
		return true;
	return is_users == (kind.scope == FLOW_SCOPE_USER);
}

bool flow_rule_matches(const struct flow_match *match, const struct flow_row *row)
{
	if (match->any)
		return true;
	for (size_t i = 0; i < match->n; i++) {
		if (id_equal(match->tags[i].id, row->id) && match->tags[i].version == row->version)
			return true;
	}
	return false;
}

/* The number of steps: it has none of this name. */
static size_t find_step(const struct flow_config *declared, struct str step)
{
	size_t i = 0;

	while (i < declared->step_count && !str_equal(declared->steps[i], step))
		i++;
	return i;
}

bool flow_rule_may_move(const struct flow *flow, struct str to)
{
	const struct flow_config *declared = flow->declared;

	if (declared == NULL)
		return true;
	size_t from_step = find_step(declared, flow->row.step);
	size_t to_step = find_step(declared, to);
	if (from_step == declared->step_count || to_step == declared->step_count)
		return false;
	return (declared->moves[from_step] >> to_step & 1U) != 0;
}

bool flow_rule_is_step(const struct flow *flow, struct str step)
{
	return flow->declared == NULL ||
	       find_step(flow->declared, step) < flow->declared->step_count;
}

struct flow_counter flow_rule_left(const struct flow_counter_config *counter,
				   const struct flow_count_row *count, int64_t now)
{
	struct flow_counter out = {.name = counter->name, .left = counter->attempts};

	if (count == NULL)
		return out;
	if (counter->cooldown > 0 && count->last_at + counter->cooldown > now)
		out.retry_at = count->last_at + counter->cooldown;
	if (count->purge_at <= now)
		return out;
	if (count->taken < (int64_t)counter->attempts) {
		out.left = counter->attempts - (unsigned)count->taken;
		return out;
	}
	out.left = 0;
	if (out.retry_at < count->purge_at)
		out.retry_at = count->purge_at;
	return out;
}

void flow_rule_next(const struct session *session, const struct flow *left_over,
		    struct flow_state *state)
{
	state->why = FLOW_WHY_NOTHING;
	state->next = NULL;
	if (session->standing != SESSION_LIVE) {
		state->why = FLOW_WHY_STATE;
		return;
	}
	if (left_over != NULL) {
		state->why = FLOW_WHY_GUEST;
		state->next = left_over;
		return;
	}
	for (size_t i = 0; i < state->n; i++) {
		if (state->flows[i].row.return_to.n == 0)
			continue;
		state->why = FLOW_WHY_FLOW;
		state->next = &state->flows[i];
		return;
	}
}
