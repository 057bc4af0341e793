/* Steps of a random walk: flows and counters. */
#include "walk.h"

#include "buf.h"

#define TEXT_MAX 20000

static void add_member(struct buf *text, const char *name, int value)
{
	if (value == KEEP)
		return;
	buf_add(text, text->n > 1 ? STR(",\"") : STR("\""));
	buf_add(text, str_of(name));
	buf_add(text, STR("\":"));
	if (value == NONE) {
		buf_add(text, STR("null"));
	} else if (name[0] != 'p') {
		buf_add_u64(text, (uint64_t)value);
	} else {
		buf_add_char(text, '"');
		for (int i = 0; i < value; i++)
			buf_add_char(text, 'x');
		buf_add_char(text, '"');
	}
}

/* A patch; of members that are KEEP it says nothing. */
static struct str text_of_data(struct walk *walk, const struct model_data *data)
{
	struct str out = STR_NONE;
	struct buf text;

	buf_init(&text, walk->w->context.arena, TEXT_MAX);
	buf_add_char(&text, '{');
	add_member(&text, "a", data->a);
	add_member(&text, "b", data->b);
	add_member(&text, "p", data->p);
	buf_add_char(&text, '}');
	assert_ok(buf_str(&text, &out));
	return out;
}

/* Who acts, and with which kind. */
struct scene {
	struct model_session *s;
	struct flow_reach reach;
	struct flow_key key;
	struct walk_arrival arrival;
	int kind;
};

/* Mostly one that runs, or if it shall begin, one that does not; the declared ones more often. */
static int pick_kind(struct walk *walk, struct model_session *s, bool begins)
{
	int kind = NONE;

	for (int tries = 0; tries < 4; tries++) {
		kind = walk_below(walk, MODEL_KINDS + 6);
		if (kind >= MODEL_KINDS)
			kind = kind % 3 == 0 ? KIND_TOUR : KIND_FUND;
		if (model_runs(&walk->m, model_flow_of(&walk->m, s, kind)) != begins)
			break;
	}
	return kind;
}

static bool set_scene(struct walk *walk, bool begins, struct scene *scene)
{
	int value = walk_pick_live(walk, walk_chance(walk, 45));

	if (value == NONE)
		return false;
	scene->arrival = walk_arrive(walk, value);
	scene->s = scene->arrival.live;
	/* It was, a microsecond ago. */
	if (scene->s == NULL)
		return false;
	scene->kind = pick_kind(walk, scene->s, begins);
	scene->reach = flow_reach_of(&scene->arrival.session);
	scene->key = (struct flow_key){.reach = scene->reach,
				       .kind = str_of(walk_kind_name(scene->kind))};
	walk_note(walk, " v%d (u%d) %s", value, scene->s->user, walk_kind_name(scene->kind));
	return true;
}

static void judge(struct walk *walk, const struct scene *scene, const struct flow_outcome *outcome,
		  enum model_verdict expected)
{
	static const enum flow_verdict verdicts[] = {
		[VERDICT_DONE] = FLOW_DONE,
		[VERDICT_CREATED] = FLOW_CREATED,
		[VERDICT_UNKNOWN] = FLOW_UNKNOWN,
		[VERDICT_OVER] = FLOW_OVER,
		[VERDICT_STALE] = FLOW_STALE,
		[VERDICT_NO_MOVE] = FLOW_NO_MOVE,
		[VERDICT_TOO_MANY] = FLOW_TOO_MANY,
		[VERDICT_TOO_LARGE] = FLOW_TOO_LARGE,
		[VERDICT_NO_COUNTER] = FLOW_NO_COUNTER,
		[VERDICT_USED_UP] = FLOW_USED_UP,
		[VERDICT_COOLING_DOWN] = FLOW_COOLING_DOWN,
	};

	walk_note(walk, " (%d)", (int)expected);
	walk->verdicts[expected]++;
	assert_verdict(*outcome, verdicts[expected]);
	const struct model_flow *flow = model_flow_of(&walk->m, scene->s, scene->kind);
	if (expected == VERDICT_CREATED)
		walk->flows[flow->serial] = outcome->flow.row.id;
	if ((expected == VERDICT_DONE && flow->is) || expected == VERDICT_CREATED ||
	    expected == VERDICT_STALE || expected == VERDICT_NO_MOVE) {
		walk_check_flow(walk, &outcome->flow, scene->s, scene->kind, flow);
		walk_keep_tag(walk, flow);
	}
	if (walk_chance(walk, 10) && model_is_live(&walk->m, scene->s))
		walk_check_flows(walk, &scene->arrival);
}

static int length(struct walk *walk)
{
	int what = walk_below(walk, 100);

	if (what < 70)
		return walk_below(walk, 40);
	if (what < 78)
		return 4050 + walk_below(walk, 60);
	return what < 98 ? 16350 + walk_below(walk, 30) : 17000;
}

static int member(struct walk *walk)
{
	int what = walk_below(walk, 10);

	if (what < 4)
		return KEEP;
	return what < 6 ? NONE : walk_below(walk, 3);
}

static struct model_data random_patch(struct walk *walk)
{
	struct model_data data = {.a = member(walk), .b = member(walk), .p = KEEP};

	if (walk_chance(walk, 60))
		data.p = walk_chance(walk, 15) ? NONE : length(walk);
	return data;
}

void walk_flow_start(struct walk *walk)
{
	struct model_data data = random_patch(walk);
	struct model_flow beginning = {.return_to = walk_below(walk, WALK_RETURNS)};
	struct flow_beginning request = {.return_to = str_of(walk_return(beginning.return_to))};
	struct flow_outcome outcome;
	struct scene scene;

	if (!set_scene(walk, true, &scene))
		return;
	walk_note(walk, " starts");
	beginning.data = (struct model_data){
		.a = data.a == KEEP ? NONE : data.a,
		.b = data.b == KEEP ? NONE : data.b,
		.p = data.p == KEEP ? NONE : data.p,
	};
	/* A beginning has no nulls. */
	data.a = beginning.data.a == NONE ? KEEP : data.a;
	data.b = beginning.data.b == NONE ? KEEP : data.b;
	data.p = beginning.data.p == NONE ? KEEP : data.p;
	request.data = text_of_data(walk, &data);
	enum model_verdict verdict = model_start(&walk->m, scene.s, scene.kind, &beginning);
	assert_ok(flow_start(&walk->w->context, &scene.key, &request, &outcome));
	judge(walk, &scene, &outcome, verdict);
	if (verdict == VERDICT_CREATED && scene.s->user == NONE && walk_chance(walk, 60))
		walk_flow_start(walk);
}

/* Mostly what it is now; else "*", or what it was, or another flow's. */
static struct model_match random_match(struct walk *walk, const struct scene *scene)
{
	const struct model_flow *flow = model_flow_of(&walk->m, scene->s, scene->kind);
	int n = walk->tag_count < WALK_RECENT ? walk->tag_count : WALK_RECENT;
	struct model_match match = {.serial = flow->serial, .version = flow->version};
	int what = walk_below(walk, 10);

	if (what == 0)
		match.any = true;
	else if (what == 1 && n > 0)
		match = walk->tags[walk_below(walk, n)];
	else if (what == 2)
		match.version--;
	return match;
}

static struct flow_match match_in(const struct walk *walk, const struct model_match *match)
{
	return (struct flow_match){
		.any = match->any,
		.tags = {{walk->flows[match->serial], match->version}},
		.n = 1,
	};
}

void walk_flow_patch(struct walk *walk)
{
	struct model_patch patch = {.data = random_patch(walk), .return_to = KEEP};
	struct flow_patch request = {.merge = json_merge, .data = STR_NONE, .return_to = STR_NONE};
	struct flow_outcome outcome;
	struct flow_match match;
	struct scene scene;

	if (!set_scene(walk, false, &scene))
		return;
	walk_note(walk, " patches");
	if (walk_chance(walk, 30)) {
		patch.return_to = walk_below(walk, WALK_RETURNS);
		request.return_to = str_of(walk_return(patch.return_to));
	}
	if (walk_chance(walk, 10)) {
		patch.data = (struct model_data){NONE, NONE, NONE};
		request.clears_data = true;
	} else if (patch.data.a != KEEP || patch.data.b != KEEP || patch.data.p != KEEP) {
		request.data = text_of_data(walk, &patch.data);
	}
	patch.match = random_match(walk, &scene);
	match = match_in(walk, &patch.match);
	request.match = &match;
	enum model_verdict verdict = model_patch(&walk->m, scene.s, scene.kind, &patch);
	assert_ok(flow_patch(&walk->w->context, &scene.key, &request, &outcome));
	judge(walk, &scene, &outcome, verdict);
}

void walk_flow_step(struct walk *walk)
{
	struct scene scene;

	if (!set_scene(walk, false, &scene))
		return;
	walk_note(walk, " steps");
	struct model_match expected = random_match(walk, &scene);
	struct flow_match match = match_in(walk, &expected);
	int to = walk_below(walk, model_steps_of(scene.kind));
	enum model_verdict verdict = model_step(&walk->m, scene.s, scene.kind, &expected, to);
	struct flow_outcome outcome = step(walk->w, scene.reach, walk_kind_name(scene.kind), &match,
					   walk_step_name(scene.kind, to));
	judge(walk, &scene, &outcome, verdict);
}

void walk_flow_end(struct walk *walk)
{
	struct scene scene;

	if (!set_scene(walk, false, &scene))
		return;
	walk_note(walk, " ends");
	struct model_match expected = random_match(walk, &scene);
	struct flow_match match = match_in(walk, &expected);
	bool asks = walk_chance(walk, 50);
	enum model_verdict verdict =
		model_drop(&walk->m, scene.s, scene.kind, asks ? &expected : NULL);
	struct flow_outcome outcome =
		end_flow(walk->w, scene.reach, walk_kind_name(scene.kind), asks ? &match : NULL);
	judge(walk, &scene, &outcome, verdict);
}

static enum model_verdict attempt_one(struct walk *walk, struct scene *scene, int counter)
{
	const char *name = walk_counter_name(scene->kind, counter);
	enum model_verdict verdict = model_attempt(&walk->m, scene->s, scene->kind, counter);
	struct flow_outcome outcome =
		attempt(walk->w, scene->reach, walk_kind_name(scene->kind), name);
	struct model_left left;

	walk_note(walk, " attempts %s", name);
	judge(walk, scene, &outcome, verdict);
	if (verdict != VERDICT_DONE && verdict < VERDICT_USED_UP)
		return verdict;
	left = model_left_of(&walk->m, scene->s, scene->kind, counter);
	assert_str(outcome.counter.name, name);
	assert_int_equal(outcome.counter.left, left.left);
	assert_int_equal(outcome.counter.retry_at, left.retry_at);
	return verdict;
}

/* Until it may be tried again, or its window is nearly over. */
static void wait_for_counter(struct walk *walk, const struct scene *scene, int counter)
{
	struct model_left left;

	if (!model_is_declared(scene->kind))
		return;
	left = model_left_of(&walk->m, scene->s, scene->kind, counter);
	if (left.retry_at != 0 && walk_chance(walk, 50))
		walk_wait(walk, left.retry_at);
	else
		walk_wait(walk, model_counter_of(&walk->m, scene->s, scene->kind, counter)->ends -
					walk_below(walk, (int)RESEND_COOLDOWN));
}

/* Where one was granted, more are tried at once. */
void walk_flow_attempt(struct walk *walk)
{
	int counter = walk_below(walk, MODEL_COUNTERS);
	struct scene scene;

	if (!set_scene(walk, false, &scene))
		return;
	if (scene.kind == KIND_TOUR && walk_chance(walk, 90))
		counter = 0;
	if (walk_chance(walk, 20))
		wait_for_counter(walk, &scene, counter);
	while (attempt_one(walk, &scene, counter) == VERDICT_DONE && walk_chance(walk, 50))
		walk->w->context.now = ++walk->m.now;
}

/* A guest tries twice in a window, the second time shortly before its end, and signs in then. */
void walk_flow_late(struct walk *walk)
{
	struct scene scene;

	for (int tries = 0; tries < 20; tries++) {
		if (!set_scene(walk, false, &scene))
			return;
		if (scene.s->user == NONE && scene.kind == KIND_FUND)
			break;
	}
	if (scene.s->user != NONE || scene.kind != KIND_FUND)
		return;
	(void)attempt_one(walk, &scene, 1);
	walk_wait(walk, model_counter_of(&walk->m, scene.s, KIND_FUND, 1)->ends -
				walk_below(walk, (int)RESEND_COOLDOWN));
	(void)attempt_one(walk, &scene, 1);
	walk_promote_late(walk, scene.s->value);
}

/* A service's, which ends it now and then. */
void walk_flow_serve(struct walk *walk)
{
	struct flow_service service = {.merge = json_merge, .facts = STR_NONE, .to = STR_NONE};
	struct flow_outcome outcome;
	enum model_verdict verdict = VERDICT_DONE;
	char facts[16];
	struct scene scene;

	if (!set_scene(walk, false, &scene))
		return;
	walk_note(walk, " is served");
	int to = walk_chance(walk, 60) ? walk_below(walk, model_steps_of(scene.kind)) : KEEP;
	int fact = to == KEEP || walk_chance(walk, 50) ? walk_below(walk, 4) : KEEP;
	if (model_is_declared(scene.kind) && walk_chance(walk, 5))
		to = model_steps_of(scene.kind);
	service.ends = walk_chance(walk, 10);
	(void)snprintf(facts, sizeof facts, fact == 0 ? "{\"f\":null}" : "{\"f\":%d}", fact);
	if (fact != KEEP)
		service.facts = str_of(facts);
	if (to != KEEP)
		service.to = str_of(walk_step_name(scene.kind, to));
	if (service.ends)
		verdict = model_serve_end(&walk->m, scene.s, scene.kind);
	else
		verdict = model_serve(&walk->m, scene.s, scene.kind, fact == 0 ? NONE : fact, to);
	assert_ok(flow_serve(&walk->w->context, &scene.key, &service, &outcome));
	judge(walk, &scene, &outcome, verdict);
}

void walk_flow_read(struct walk *walk)
{
	struct scene scene;

	if (!set_scene(walk, false, &scene))
		return;
	walk_note(walk, " reads");
	enum model_verdict verdict = model_read(&walk->m, scene.s, scene.kind);
	struct flow_outcome outcome = read_flow(walk->w, scene.reach, walk_kind_name(scene.kind));
	judge(walk, &scene, &outcome, verdict);
}
