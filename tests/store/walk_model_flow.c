/* The reference model of a random walk: flows, offers and counters. */
#include "walk_model.h"

#define SECOND INT64_C(1000000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)

#define GUEST_FLOWS 5
#define GUEST_BYTES 4096
#define USER_BYTES 16384
#define ALL_BYTES 65536

/* gatepost.conf of the walk; free kinds have none of it but the day. */
static const struct {
	int steps, counters;
	bool moves[4][4];
	int64_t expires;
	struct {
		int attempts;
		int64_t cooldown, reset;
	} counter[MODEL_COUNTERS];
} declared[KIND_FREE] = {
	[KIND_FUND] = {4,
		       2,
		       {[0] = {[1] = true}},
		       24 * HOUR,
		       {{5, 0, 15 * MINUTE}, {3, 30 * SECOND, HOUR}}},
	[KIND_TOUR] = {2, 1, {[0] = {[1] = true}}, 2 * HOUR, {{2, 0, HOUR}}},
};

bool model_is_declared(int kind)
{
	return kind < KIND_FREE;
}

int model_steps_of(int kind)
{
	return model_is_declared(kind) ? declared[kind].steps : 4;
}

size_t model_data_size(const struct model_data *data)
{
	size_t members = (size_t)((data->a != NONE) + (data->b != NONE) + (data->p != NONE));
	size_t size = 2 + (members > 0 ? members - 1 : 0);

	size += data->a != NONE ? sizeof "\"a\":0" - 1 : 0;
	size += data->b != NONE ? sizeof "\"b\":0" - 1 : 0;
	return data->p != NONE ? size + sizeof "\"p\":\"\"" - 1 + (size_t)data->p : size;
}

bool model_runs(const struct model *m, const struct model_flow *flow)
{
	return flow->is && flow->expires_at > m->now;
}

static bool is_session_scoped(int kind)
{
	return kind == KIND_TOUR;
}

struct model_owner *model_owner_of(struct model *m, struct model_session *s, int kind)
{
	return s->user == NONE || is_session_scoped(kind) ? &s->own : &m->users[s->user].own;
}

struct model_flow *model_flow_of(struct model *m, struct model_session *s, int kind)
{
	return &model_owner_of(m, s, kind)->flows[kind];
}

const struct model_flow *model_offer_of(const struct model *m, const struct model_session *s,
					int kind)
{
	const struct model_flow *flow = &s->own.flows[kind];

	if (s->user == NONE || is_session_scoped(kind) || !model_runs(m, flow))
		return NULL;
	return flow;
}

struct model_counter *model_counter_of(struct model *m, struct model_session *s, int kind, int i)
{
	struct model_owner *owner = s->user == NONE ? &s->own : &m->users[s->user].own;

	return &owner->counters[kind][i];
}

struct model_left model_left_of(struct model *m, struct model_session *s, int kind, int i)
{
	const struct model_counter *c = model_counter_of(m, s, kind, i);
	int64_t cool = c->last + declared[kind].counter[i].cooldown;
	struct model_left left = {.left = declared[kind].counter[i].attempts};

	if (c->last != 0 && cool > m->now)
		left.retry_at = cool;
	if (c->ends <= m->now)
		return left;
	left.left -= c->taken;
	if (left.left == 0 && left.retry_at < c->ends)
		left.retry_at = c->ends;
	return left;
}

static enum model_verdict find(const struct model *m, const struct model_flow *flow,
			       const struct model_match *match)
{
	if (!flow->is)
		return VERDICT_UNKNOWN;
	if (!model_runs(m, flow))
		return VERDICT_OVER;
	if (match == NULL || match->any)
		return VERDICT_DONE;
	return match->serial == flow->serial && match->version == flow->version ? VERDICT_DONE
										: VERDICT_STALE;
}

/* A write to the kind: what is offered of it goes. */
static enum model_verdict wrote(struct model_session *s, int kind)
{
	if (s->user != NONE && !is_session_scoped(kind))
		s->own.flows[kind].is = false;
	return VERDICT_DONE;
}

static void count_in(const struct model *m, const struct model_owner *owner,
		     const struct model_flow *but, int *flows, size_t *bytes)
{
	for (int k = 0; k < MODEL_KINDS; k++) {
		const struct model_flow *flow = &owner->flows[k];

		if (flow == but || !model_runs(m, flow))
			continue;
		++*flows;
		*bytes += model_data_size(&flow->data);
	}
}

/* What a flow with so much data would be. */
static enum model_verdict check_size(struct model *m, struct model_session *s,
				     const struct model_flow *flow, size_t bytes)
{
	size_t all = bytes;
	int flows = 0;

	if (bytes > (s->user == NONE ? GUEST_BYTES : USER_BYTES))
		return VERDICT_TOO_LARGE;
	if (s->user == NONE) {
		count_in(m, &s->own, flow, &flows, &all);
		return !model_runs(m, flow) && flows >= GUEST_FLOWS ? VERDICT_TOO_MANY
								    : VERDICT_DONE;
	}
	count_in(m, &m->users[s->user].own, flow, &flows, &all);
	for (int i = 0; i < m->active_count; i++) {
		const struct model_session *other = &m->sessions[m->active[i]];

		if (other->is && other->user == s->user)
			count_in(m, &other->own, flow, &flows, &all);
	}
	return all > ALL_BYTES ? VERDICT_TOO_LARGE : VERDICT_DONE;
}

enum model_verdict model_read(struct model *m, struct model_session *s, int kind)
{
	return find(m, model_flow_of(m, s, kind), NULL);
}

enum model_verdict model_start(struct model *m, struct model_session *s, int kind,
			       const struct model_flow *beginning)
{
	struct model_flow *flow = model_flow_of(m, s, kind);
	enum model_verdict verdict = VERDICT_DONE;

	if (model_runs(m, flow))
		return wrote(s, kind);
	verdict = check_size(m, s, flow, model_data_size(&beginning->data));
	if (verdict != VERDICT_DONE)
		return verdict;
	*flow = (struct model_flow){
		.is = true,
		.serial = ++m->serials,
		.return_to = beginning->return_to,
		.facts = NONE,
		.data = beginning->data,
		.version = 1,
		.updated_at = m->now,
		.expires_at =
			m->now + (model_is_declared(kind) ? declared[kind].expires : 24 * HOUR),
	};
	(void)wrote(s, kind);
	return VERDICT_CREATED;
}

static bool set(int *member, int value)
{
	bool changes = value != KEEP && value != *member;

	if (changes)
		*member = value;
	return changes;
}

static void change(const struct model *m, struct model_flow *flow)
{
	flow->version++;
	flow->updated_at = m->now;
}

enum model_verdict model_patch(struct model *m, struct model_session *s, int kind,
			       const struct model_patch *patch)
{
	struct model_flow *flow = model_flow_of(m, s, kind);
	enum model_verdict verdict = find(m, flow, &patch->match);
	struct model_flow then = *flow;
	bool changes = false;

	if (verdict != VERDICT_DONE)
		return verdict;
	changes |= set(&then.data.a, patch->data.a);
	changes |= set(&then.data.b, patch->data.b);
	changes |= set(&then.data.p, patch->data.p);
	if (model_data_size(&then.data) > model_data_size(&flow->data))
		verdict = check_size(m, s, flow, model_data_size(&then.data));
	if (verdict != VERDICT_DONE)
		return verdict;
	changes |= set(&then.return_to, patch->return_to);
	if (changes)
		change(m, &then);
	*flow = then;
	return wrote(s, kind);
}

enum model_verdict model_step(struct model *m, struct model_session *s, int kind,
			      const struct model_match *match, int to)
{
	struct model_flow *flow = model_flow_of(m, s, kind);
	enum model_verdict verdict = find(m, flow, match);

	if (verdict != VERDICT_DONE)
		return verdict;
	if (model_is_declared(kind) && !declared[kind].moves[flow->step][to])
		return VERDICT_NO_MOVE;
	flow->step = to;
	change(m, flow);
	return wrote(s, kind);
}

enum model_verdict model_drop(struct model *m, struct model_session *s, int kind,
			      const struct model_match *match)
{
	struct model_flow *flow = model_flow_of(m, s, kind);
	enum model_verdict verdict = find(m, flow, match);

	if (verdict != VERDICT_DONE)
		return verdict;
	flow->is = false;
	return wrote(s, kind);
}

enum model_verdict model_attempt(struct model *m, struct model_session *s, int kind, int i)
{
	enum model_verdict verdict = model_read(m, s, kind);
	struct model_counter *c = model_counter_of(m, s, kind, i);

	if (verdict != VERDICT_DONE)
		return verdict;
	if (!model_is_declared(kind) || i >= declared[kind].counters)
		return VERDICT_NO_COUNTER;
	struct model_left left = model_left_of(m, s, kind, i);
	if (left.left == 0)
		return VERDICT_USED_UP;
	if (left.retry_at != 0)
		return VERDICT_COOLING_DOWN;
	if (c->ends <= m->now)
		*c = (struct model_counter){.ends = m->now + declared[kind].counter[i].reset};
	c->taken++;
	c->last = m->now;
	return wrote(s, kind);
}

/* It is not the session that writes: what is offered stays. */
enum model_verdict model_serve(struct model *m, struct model_session *s, int kind, int facts,
			       int to)
{
	struct model_flow *flow = model_flow_of(m, s, kind);
	enum model_verdict verdict = model_read(m, s, kind);

	if (verdict != VERDICT_DONE)
		return verdict;
	if (to != KEEP && model_is_declared(kind) && to >= declared[kind].steps)
		return VERDICT_NO_MOVE;
	(void)set(&flow->facts, facts);
	(void)set(&flow->step, to);
	change(m, flow);
	return VERDICT_DONE;
}

enum model_verdict model_serve_end(struct model *m, struct model_session *s, int kind)
{
	enum model_verdict verdict = model_read(m, s, kind);

	if (verdict == VERDICT_DONE)
		model_flow_of(m, s, kind)->is = false;
	return verdict;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* In every respect the worse one. */
static void worsen(const struct model *m, struct model_counter *c, const struct model_counter *g)
{
	bool runs = c->ends > m->now;

	c->last = later(c->last, g->last);
	if (g->ends <= m->now)
		return;
	c->taken = runs && c->taken > g->taken ? c->taken : g->taken;
	c->ends = later(c->ends, g->ends);
}

/* The user's stays, the guest's is offered for an hour; else it becomes the user's. */
static void carry_over(struct model *m, struct model_flow *flow, struct model_flow *users)
{
	if (users != NULL && model_runs(m, users)) {
		if (flow->expires_at > m->now + HOUR)
			flow->expires_at = m->now + HOUR;
	} else if (users != NULL) {
		*users = *flow;
		flow->is = false;
	}
}

void model_promote(struct model *m, struct model_session *s, struct model_user *user)
{
	for (int k = 0; k < MODEL_KINDS; k++) {
		struct model_flow *flow = &s->own.flows[k];

		for (int i = 0; i < MODEL_COUNTERS; i++)
			worsen(m, &user->own.counters[k][i], &s->own.counters[k][i]);
		if (!model_runs(m, flow))
			continue;
		flow->from_guest = true;
		flow->facts = NONE;
		change(m, flow);
		carry_over(m, flow, is_session_scoped(k) ? NULL : &user->own.flows[k]);
	}
}
