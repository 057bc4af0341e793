/* Reading flows: one, or all that a session needs to resume. */
#include "arena.h"
#include "flow_change.h"

enum err flow_read(const struct auth_context *context, const struct flow_key *key,
		   struct flow_outcome *out)
{
	struct flow_change *change = arena_alloc(context->arena, sizeof *change);

	if (change == NULL)
		return ERR_MEMORY;
	*change = (struct flow_change){.context = context, .key = key};
	*out = (struct flow_outcome){.verdict = FLOW_UNKNOWN};
	if (!flow_rule_kind(context->config, key->kind, &change->kind))
		return OK;
	TRY(flow_change_read(change, context->db));
	(void)flow_change_is_on(change, NULL);
	*out = change->outcome;
	return OK;
}

static enum err build_all(const struct auth_context *context, const struct flow_lines *lines,
			  const struct flow_reach *reach, struct flow_state *out,
			  struct flow **left_over)
{
	struct flow *all = arena_array(context->arena, lines->n, sizeof *all);
	struct flow *free_end = all + lines->n;
	struct flow_kind kind;
	bool offer = false;

	if (all == NULL)
		return ERR_MEMORY;
	out->flows = all;
	for (const struct flow_line *line = lines->first; line != NULL; line = line->next) {
		if (line->is_count || !flow_rule_kind(context->config, line->flow.kind, &kind))
			continue;
		if (flow_rule_is_current(context->config, reach, &line->flow, &offer)) {
			flow_change_build(&kind, &line->flow, lines, context->now, &all[out->n++]);
		} else if (offer && *left_over == NULL) {
			*left_over = --free_end;
			flow_change_build(&kind, &line->flow, lines, context->now, *left_over);
		}
	}
	return OK;
}

static enum err read_all(const struct auth_context *context, const struct flow_reach *reach,
			 struct flow_state *out, struct flow **left_over)
{
	struct flow_lines lines = {.n = 0};

	TRY(flow_store_list(context->db, context->arena, reach, context->now, &lines));
	return lines.n > 0 ? build_all(context, &lines, reach, out, left_over) : OK;
}

enum err flow_state(const struct auth_context *context, const struct session *session,
		    struct flow_state *out)
{
	struct flow_reach reach = flow_reach_of(session);
	struct flow *left_over = NULL;

	*out = (struct flow_state){.n = 0};
	if (session->standing == SESSION_LIVE)
		TRY(read_all(context, &reach, out, &left_over));
	flow_rule_next(session, left_over, out);
	return OK;
}

enum err flow_list(const struct auth_context *context, const struct flow_reach *reach,
		   struct flow_state *out)
{
	struct flow_state state = {.n = 0};
	struct flow *left_over = NULL;

	TRY(read_all(context, reach, &state, &left_over));
	if (left_over != NULL) {
		state.why = FLOW_WHY_GUEST;
		state.next = left_over;
	}
	*out = state;
	return OK;
}
