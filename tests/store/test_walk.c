/* SE-05, TH-08, TK-13, TK-14: a random walk of sign-ins, guests, flows, attempts, rotations, ends,
 * expiry, hand-overs and exchanged tokens, every step compared with a reference model;
 * GATEPOST_SEED repeats one. */
#include "walk.h"

#include <inttypes.h>

#include "tenant.h"

#define STEPS 10000
#define FIXED_SEED UINT64_C(20260101)
#define CHECK_EVERY 300
#define CANDIDATES 512

static const struct {
	int weight;
	void (*step)(struct walk *walk);
} acts[] = {
	{10, walk_sign_in},     {6, walk_guest},     {5, walk_step_up},   {5, walk_repeat},
	{2, walk_logout},       {2, walk_revoke},    {3, walk_tenant},    {5, walk_give},
	{4, walk_take},         {6, walk_use},       {1, walk_purge},     {12, walk_flow_start},
	{12, walk_flow_patch},  {8, walk_flow_step}, {2, walk_flow_end},  {16, walk_flow_attempt},
	{6, walk_flow_serve},   {4, walk_flow_read}, {1, walk_flow_late}, {10, walk_exchange},
	{1, walk_revoke_token},
};

/* Times at which something ends, of which one is taken as the next. */
struct candidates {
	int64_t now, until, times[CANDIDATES];
	int n;
};

static void add_time(struct candidates *c, int64_t time)
{
	if (time > c->now && time <= c->until && c->n < CANDIDATES)
		c->times[c->n++] = time;
}

static void add_owner(struct candidates *c, const struct model_owner *owner)
{
	for (int k = 0; k < MODEL_KINDS; k++) {
		if (owner->flows[k].is) {
			add_time(c, owner->flows[k].expires_at);
			add_time(c, owner->flows[k].expires_at + CLOCK_DAY);
		}
		for (int i = 0; i < MODEL_COUNTERS; i++) {
			add_time(c, owner->counters[k][i].ends);
			add_time(c, owner->counters[k][i].last + RESEND_COOLDOWN);
		}
	}
}

static void add_sessions(struct candidates *c, const struct model *m)
{
	for (int i = 0; i < m->active_count; i++) {
		const struct model_session *s = &m->sessions[m->active[i]];

		if (!s->is)
			continue;
		add_time(c, s->idle_end);
		add_time(c, s->seen + CLOCK_MINUTE);
		add_owner(c, &s->own);
	}
	for (int v = m->value_count > 20 ? m->value_count - 20 : 0; v < m->value_count; v++) {
		if (m->values[v].rotated)
			add_time(c, m->values[v].rotated_at + 30 * CLOCK_SECOND);
		if (m->values[v].exchanged != 0)
			add_time(c, m->values[v].exchanged + 10 * CLOCK_SECOND);
	}
	for (int code = m->code_count > 3 ? m->code_count - 3 : 0; code < m->code_count; code++)
		add_time(c, m->codes[code].ends);
}

/* To where something ends, or just before or behind it. */
static void jump(struct walk *walk)
{
	static const int64_t spans[] = {CLOCK_MINUTE,      CLOCK_MINUTE,   5 * CLOCK_MINUTE,
					20 * CLOCK_MINUTE, 2 * CLOCK_HOUR, 3 * CLOCK_DAY};
	struct model *m = &walk->m;
	struct candidates *c = arena_alloc(walk->w->context.arena, sizeof *c);
	int64_t time = 0;

	assert_non_null(c);
	c->now = m->now + 2;
	c->until = m->now + spans[walk_below(walk, walk_chance(walk, 75) ? 3 : 6)];
	c->n = 0;
	for (int user = 0; user < MODEL_USERS; user++)
		add_owner(c, &m->users[user].own);
	for (int source = 0; source < MODEL_SOURCES; source++)
		add_time(c, m->guest_window[source] + CLOCK_HOUR);
	add_sessions(c, m);
	if (c->n == 0)
		return;
	time = c->times[walk_below(walk, c->n)] + walk_below(walk, 4) - 2;
	walk_note(walk, " (+%" PRId64 " s)", (time - m->now) / CLOCK_SECOND);
	m->now = time;
}

static void pass_time(struct walk *walk)
{
	walk->m.now += 1 + walk_below(walk, (int)(3 * CLOCK_SECOND));
	if (walk_chance(walk, 6))
		jump(walk);
	walk->w->context.now = walk->m.now;
}

static void take_step(struct walk *walk)
{
	int left = 0;

	for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++)
		left += acts[i].weight;
	left = walk_below(walk, left);
	for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
		left -= acts[i].weight;
		if (left >= 0)
			continue;
		acts[i].step(walk);
		return;
	}
}

static void add_people(struct walk *walk)
{
	static const char *const users[] = {"alice", "bob", "carol", "dave"};
	static const char *const tenants[] = {"acme", "umbrella"};
	struct tenant_effect effect;

	for (int u = 0; u < MODEL_USERS; u++)
		walk->users[u] = fixture_add_user(walk->w->fixture, users[u]);
	for (int t = 0; t < MODEL_TENANTS; t++) {
		struct tenant_request request = {.name = str_of(tenants[t])};

		assert_ok(tenant_create(&walk->w->context, &request, &effect));
		walk->tenants[t] = effect.tenant.id;
	}
}

static void print_course(const char *name, const int *counts, int n)
{
	print_message("%s:", name);
	for (int i = 0; i < n; i++)
		print_message(" %d", counts[i]);
	print_message("\n");
}

/* A walk in which something never happened shows nothing of it. */
static void check_course(const struct walk *walk)
{
	for (int i = 0; i <= WAY_NEW; i++)
		assert_true(walk->ways[i] > 0);
	for (int i = 0; i <= TAKE_ACCEPTED; i++)
		assert_true(walk->takes[i] > 0);
	for (int i = 0; i <= MODEL_LIVE; i++)
		assert_true(walk->standings[i] > 0);
	for (int i = 0; i <= VERDICT_COOLING_DOWN; i++)
		assert_true(walk->verdicts[i] > 0);
	for (int i = 0; i <= EXCHANGE_DONE; i++)
		assert_true(walk->exchanges[i] > 0);
	assert_true(walk->throttled > 0 && walk->offers > 0 && walk->gone > 0);
	assert_true(walk->revoked > 0 && walk->older > 0);
}

static void walk_on(struct walk *walk)
{
	print_message("%d steps, seed %" PRIu64 " (GATEPOST_SEED repeats it)\n", walk->steps,
		      walk->seed);
	add_people(walk);
	walk->going = true;
	for (walk->step = 0; walk->step < walk->steps; walk->step++) {
		arena_reset(walk->w->context.arena);
		walk->trace[walk->step % WALK_TRACE][0] = '\0';
		pass_time(walk);
		take_step(walk);
		if (walk->step % CHECK_EVERY == CHECK_EVERY - 1)
			walk_check_all(walk, false);
	}
	walk->step--;
	walk_check_all(walk, true);
	walk->going = false;
	print_message("%d values, %d sessions, %u flows, %d codes, %" PRId64 " h; at %" PRIx64 "\n",
		      walk->m.value_count, walk->m.session_count, walk->m.serials,
		      walk->m.code_count, (walk->m.now - WORLD_START) / CLOCK_HOUR, walk->dice);
	print_course("ways of signing in", walk->ways, WAY_NEW + 1);
	print_course("hand-overs", walk->takes, TAKE_ACCEPTED + 1);
	print_course("standings", walk->standings, MODEL_LIVE + 1);
	print_course("verdicts on flows", walk->verdicts, VERDICT_COOLING_DOWN + 1);
	print_course("exchanges", walk->exchanges, EXCHANGE_DONE + 1);
	print_message("%d throttled, %d offers, %d gone, %d revoked, %d by older tokens\n",
		      walk->throttled, walk->offers, walk->gone, walk->revoked, walk->older);
}

static struct walk *walk_of(struct world *w)
{
	static struct walk walk;

	walk.w = w;
	return &walk;
}

static int set_out(void **state)
{
	static struct client_config clients[] = {
		{.name = {"app", 3}, .refresh_grace = 10 * CLOCK_SECOND},
	};
	struct walk *walk = walk_of(*state);
	struct world *w = walk->w;
	size_t room = STEPS * 4;

	if (flow_world_clean(state) != 0)
		return -1;
	*walk = (struct walk){.w = w, .steps = STEPS};
	w->config.throttle.guests = MODEL_GUESTS;
	w->config.session.most = MODEL_MOST;
	w->config.clients = clients;
	w->config.client_count = 1;
	model_open(&walk->m, (int)room);
	walk->m.now = WORLD_START;
	walk->texts = calloc(room, sizeof *walk->texts);
	walk->codes = calloc(room, sizeof *walk->codes);
	walk->flows = calloc(room, sizeof *walk->flows);
	walk->claims = calloc(room, sizeof *walk->claims);
	return walk->texts != NULL && walk->codes != NULL && walk->flows != NULL &&
			       walk->claims != NULL
		       ? 0
		       : -1;
}

/* Where it stumbled, and how it came there. */
static int come_home(void **state)
{
	struct walk *walk = walk_of(*state);
	int from = walk->step >= WALK_TRACE ? walk->step - WALK_TRACE + 1 : 0;

	if (walk->going)
		print_message("seed %" PRIu64 ", failed in step %d, last looked at v%d (s%d):\n",
			      walk->seed, walk->step, walk->looked_at,
			      walk->looked_at == NONE ? NONE
						      : walk->m.values[walk->looked_at].session);
	for (int step = from; walk->going && step <= walk->step; step++)
		print_message("%6d:%s\n", step, walk->trace[step % WALK_TRACE]);
	model_close(&walk->m);
	free(walk->texts);
	free(walk->codes);
	free(walk->flows);
	free(walk->claims);
	return 0;
}

static void the_same_way_every_time(void **state)
{
	struct walk *walk = walk_of(*state);

	walk->seed = walk->dice = FIXED_SEED;
	walk_on(walk);
	check_course(walk);
}

static void another_way(void **state)
{
	struct walk *walk = walk_of(*state);
	const char *text = getenv("GATEPOST_SEED");
	struct id random = id_random();

	memcpy(&walk->seed, random.b, sizeof walk->seed);
	walk->seed = text != NULL ? strtoull(text, NULL, 10) : walk->seed >> 16;
	walk->dice = walk->seed;
	walk_on(walk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_same_way_every_time, set_out, come_home),
		cmocka_unit_test_setup_teardown(another_way, set_out, come_home),
	};

	return cmocka_run_group_tests(tests, flow_world_open, world_close);
}
