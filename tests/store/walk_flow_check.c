/* What a random walk compares of flows and counters, and what they are called. */
#include "walk.h"

static const char *const kinds[MODEL_KINDS] = {"fund",   "tour",   "free-2", "free-3",
					       "free-4", "free-5", "free-6", "free-7"};
static const char *const steps[][4] = {
	[KIND_FUND] = {"start", "kyc", "otp", "done"},
	[KIND_TOUR] = {"hello", "bye"},
	[KIND_FREE] = {"start", "a", "b", "c"},
};
static const char *const counters[][MODEL_COUNTERS] = {
	[KIND_FUND] = {"otp", "resend"},
	[KIND_TOUR] = {"ask", "none"},
	[KIND_FREE] = {"otp", "none"},
};
static const char *const returns[WALK_RETURNS] = {"", "/a", "/b", "/c"};

static int row_of(int kind)
{
	return kind < KIND_FREE ? kind : KIND_FREE;
}

const char *walk_kind_name(int kind)
{
	return kinds[kind];
}

const char *walk_counter_name(int kind, int counter)
{
	return counters[row_of(kind)][counter];
}

const char *walk_return(int which)
{
	return returns[which];
}

const char *walk_step_name(int kind, int step)
{
	return step < model_steps_of(kind) ? steps[row_of(kind)][step] : "nowhere";
}

/* The text of an object with the members a, b, p and f, and no others. */
static void read_object(struct walk *walk, struct str text, struct model_data *data, int *facts)
{
	struct json_object object;
	struct str bad;

	*data = (struct model_data){NONE, NONE, NONE};
	*facts = NONE;
	assert_ok(json_parse(walk->w->context.arena, text, &object, &bad));
	assert_int_equal(object.null_count, 0);
	for (size_t i = 0; i < object.n; i++) {
		const struct json_member *member = &object.members[i];

		assert_int_equal(member->name.n, 1);
		if (member->name.p[0] == 'a')
			data->a = (int)member->number;
		else if (member->name.p[0] == 'b')
			data->b = (int)member->number;
		else if (member->name.p[0] == 'f')
			*facts = (int)member->number;
		else
			data->p = (int)member->text.n;
	}
}

static void check_documents(struct walk *walk, const struct flow_row *row,
			    const struct model_flow *flow)
{
	struct model_data data;
	int facts = NONE;

	read_object(walk, row->data, &data, &facts);
	assert_int_equal(facts, NONE);
	assert_int_equal(row->data.n, model_data_size(&flow->data));
	assert_int_equal(data.a, flow->data.a);
	assert_int_equal(data.b, flow->data.b);
	assert_int_equal(data.p, flow->data.p);
	read_object(walk, row->facts, &data, &facts);
	assert_int_equal(facts, flow->facts);
	assert_int_equal(data.a, NONE);
}

static void check_counters(struct walk *walk, const struct flow *real, struct model_session *s,
			   int kind)
{
	if (!model_is_declared(kind)) {
		assert_int_equal(real->counter_count, 0);
		return;
	}
	assert_int_equal(real->counter_count, kind == KIND_FUND ? 2 : 1);
	for (size_t i = 0; i < real->counter_count; i++) {
		struct model_left left = model_left_of(&walk->m, s, kind, (int)i);

		assert_str(real->counters[i].name, counters[kind][i]);
		assert_int_equal(real->counters[i].left, left.left);
		assert_int_equal(real->counters[i].retry_at, left.retry_at);
	}
}

void walk_check_flow(struct walk *walk, const struct flow *real, struct model_session *s, int kind,
		     const struct model_flow *flow)
{
	const struct flow_row *row = &real->row;

	assert_true(id_equal(row->id, walk->flows[flow->serial]));
	assert_str(row->kind, kinds[kind]);
	assert_str(row->step, walk_step_name(kind, flow->step));
	assert_str(row->return_to, returns[flow->return_to]);
	assert_int_equal(row->from_guest, flow->from_guest);
	assert_int_equal(row->version, flow->version);
	assert_int_equal(row->updated_at, flow->updated_at);
	assert_int_equal(row->expires_at, flow->expires_at);
	check_documents(walk, row, flow);
	check_counters(walk, real, s, kind);
}

void walk_keep_tag(struct walk *walk, const struct model_flow *flow)
{
	walk->tags[walk->tag_count++ % WALK_RECENT] = (struct model_match){
		.serial = flow->serial,
		.version = flow->version,
	};
}

static int kind_of(const struct flow *flow)
{
	for (int kind = 0; kind < MODEL_KINDS; kind++)
		if (str_equal(flow->row.kind, str_of(kinds[kind])))
			return kind;
	fail_msg("a kind that nobody started");
	return NONE;
}

/* What a guest left comes first; else the one that changed last and leads somewhere. */
static void check_next(struct walk *walk, const struct flow_state *state, struct model_session *s)
{
	const struct model_flow *best = NULL;
	bool offers = false;

	for (int kind = 0; kind < MODEL_KINDS; kind++) {
		const struct model_flow *flow = model_flow_of(&walk->m, s, kind);

		offers = offers || model_offer_of(&walk->m, s, kind) != NULL;
		if (model_runs(&walk->m, flow) && flow->return_to != 0 &&
		    (best == NULL || flow->updated_at > best->updated_at))
			best = flow;
	}
	walk->offers += offers ? 1 : 0;
	if (offers) {
		assert_int_equal(state->why, FLOW_WHY_GUEST);
		int kind = kind_of(state->next);
		const struct model_flow *offer = model_offer_of(&walk->m, s, kind);
		assert_non_null(offer);
		walk_check_flow(walk, state->next, s, kind, offer);
	} else if (best != NULL) {
		assert_int_equal(state->why, FLOW_WHY_FLOW);
		assert_true(state->next->row.return_to.n > 0);
		assert_int_equal(state->next->row.updated_at, best->updated_at);
	} else {
		assert_int_equal(state->why, FLOW_WHY_NOTHING);
		assert_null(state->next);
	}
}

/* Counters outlive their flows, and show before the flow begins. */
static void check_declared(struct walk *walk, struct model_session *s, struct flow_reach reach)
{
	for (int kind = 0; kind < KIND_FREE; kind++) {
		struct flow_outcome outcome = read_flow(walk->w, reach, kinds[kind]);

		check_counters(walk, &outcome.flow, s, kind);
	}
}

void walk_check_flows(struct walk *walk, const struct walk_arrival *arrival)
{
	struct model_session *s = arrival->live;
	struct flow_state state = state_of_session(walk->w, &arrival->session);
	size_t running = 0;

	for (int kind = 0; kind < MODEL_KINDS; kind++) {
		const struct model_flow *flow = model_flow_of(&walk->m, s, kind);

		if (!model_runs(&walk->m, flow))
			continue;
		running++;
		if (walk_chance(walk, 20))
			walk_keep_tag(walk, flow);
	}
	assert_int_equal(state.n, running);
	for (size_t i = 0; i < state.n; i++) {
		int kind = kind_of(&state.flows[i]);
		const struct model_flow *flow = model_flow_of(&walk->m, s, kind);

		assert_true(model_runs(&walk->m, flow));
		walk_check_flow(walk, &state.flows[i], s, kind, flow);
		assert_true(i == 0 || state.flows[i - 1].row.updated_at >= flow->updated_at);
	}
	check_next(walk, &state, s);
	check_declared(walk, s, flow_reach_of(&arrival->session));
}
