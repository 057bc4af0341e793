/* A random walk: dice, arrivals, and the comparison of all that can be seen. */
#include "walk.h"

#include <inttypes.h>

/* splitmix64 */
static uint64_t roll(struct walk *walk)
{
	uint64_t z = walk->dice += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

int walk_below(struct walk *walk, int n)
{
	return (int)(roll(walk) % (uint64_t)n);
}

bool walk_chance(struct walk *walk, int percent)
{
	return walk_below(walk, 100) < percent;
}

void walk_note(struct walk *walk, const char *format, ...)
{
	char *line = walk->trace[walk->step % WALK_TRACE];
	size_t n = strlen(line);
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(line + n, WALK_LINE - n, format, arguments);
	va_end(arguments);
}

void walk_wait(struct walk *walk, int64_t time)
{
	time += walk_below(walk, 4) - 2;
	if (time <= walk->m.now || time > walk->m.now + 2 * CLOCK_HOUR)
		return;
	walk_note(walk, " (+%" PRId64 " s)", (time - walk->m.now) / CLOCK_SECOND);
	walk->w->context.now = walk->m.now = time;
}

enum session_carrier walk_carrier(enum model_carrier carrier)
{
	static const enum session_carrier carriers[MODEL_CARRIERS] = {
		[MODEL_COOKIE] = CARRIER_COOKIE,
		[MODEL_HANDLE] = CARRIER_HANDLE,
		[MODEL_TOKEN] = CARRIER_TOKEN,
	};

	return carriers[carrier];
}

const char *walk_carrier_name(enum model_carrier carrier)
{
	static const char *const names[MODEL_CARRIERS] = {"cookie", "handle", "tokens"};

	return names[carrier];
}

static enum session_standing standing_of(enum model_standing standing)
{
	static const enum session_standing standings[] = {
		[MODEL_UNKNOWN] = SESSION_UNKNOWN,
		[MODEL_EXPIRED] = SESSION_EXPIRED,
		[MODEL_REPLACED] = SESSION_REPLACED,
		[MODEL_LIVE] = SESSION_LIVE,
	};

	return standings[standing];
}

static struct id tenant_of(const struct walk *walk, int tenant)
{
	return tenant == NONE ? ID_NONE : walk->tenants[tenant];
}

void walk_check_session(struct walk *walk, const struct session *real,
			const struct model_session *s)
{
	static const enum session_class classes[MODEL_CLASSES] = {
		[MODEL_GUEST] = CLASS_GUEST,
		[MODEL_BROWSER] = CLASS_BROWSER,
		[MODEL_REMEMBERED] = CLASS_REMEMBERED,
		[MODEL_NATIVE] = CLASS_NATIVE,
	};
	const struct session_row *row = &real->found.session;

	assert_true(id_equal(row->id, s->id));
	assert_true(id_equal(row->user_id, s->user == NONE ? ID_NONE : walk->users[s->user]));
	assert_true(id_equal(row->tenant_id, tenant_of(walk, s->tenant)));
	assert_int_equal(row->carrier, walk_carrier(s->carrier));
	assert_int_equal(row->class, classes[s->class]);
	assert_int_equal(row->auth_time, s->auth_time);
	assert_int_equal(row->created_at, s->began);
	assert_int_equal(row->last_seen, s->seen);
	assert_int_equal(row->idle_end, s->idle_end);
	assert_int_equal(row->expires_at, s->end);
	assert_int_equal(row->value_used, s->used);
	assert_int_equal(row->aal, s->user == NONE ? 0 : 1);
}

struct walk_arrival walk_look(struct walk *walk, int value)
{
	struct walk_arrival arrival = {.value = value};

	walk->looked_at = value;
	if (value == NONE) {
		arrival.credential = credential_of(walk->w, CARRIER_HANDLE, STR_NONE);
		arrival.session = resolve(walk->w, CARRIER_HANDLE, STR_NONE);
		assert_int_equal(arrival.session.standing, SESSION_ABSENT);
		return arrival;
	}
	enum model_carrier carrier = walk->m.values[value].carrier;
	enum model_standing standing = model_standing(&walk->m, value);
	arrival.credential = carrier == MODEL_TOKEN ? walk_access(walk, value)
						    : credential_of(walk->w, walk_carrier(carrier),
								    str_of(walk->texts[value]));
	assert_ok(session_resolve(&walk->w->context, &arrival.credential, 1, &arrival.session));
	assert_int_equal(arrival.session.standing, standing_of(standing));
	walk->standings[standing]++;
	arrival.live = model_live(&walk->m, value);
	if (arrival.live != NULL)
		walk_check_session(walk, &arrival.session, arrival.live);
	return arrival;
}

/* No two arrive at the same time, or nobody could tell which was idle longer. */
struct walk_arrival walk_arrive(struct walk *walk, int value)
{
	struct walk_arrival arrival;

	walk->w->context.now = ++walk->m.now;
	arrival = walk_look(walk, value);
	assert_ok(session_touch(&walk->w->context, &arrival.session));
	if (arrival.live == NULL)
		return arrival;
	walk->older += arrival.live->value != value ? 1 : 0;
	model_touch(&walk->m, value);
	return arrival;
}

/* Guests are many, and mostly the newest act: something shall become of them. */
int walk_pick_live(struct walk *walk, bool guest)
{
	const struct model *m = &walk->m;
	int found = NONE;

	for (int i = m->active_count - 1; i >= 0; i--) {
		const struct model_session *s = &m->sessions[m->active[i]];

		if (!model_is_live(m, s) || (s->user == NONE) != guest)
			continue;
		found = s->value;
		if (walk_chance(walk, guest ? 60 : 15))
			break;
	}
	return found;
}

int walk_pick_any(struct walk *walk)
{
	int n = walk->m.value_count;
	int span = walk_chance(walk, 80) ? 20 : 400;

	return n == 0 ? NONE : n - 1 - walk_below(walk, n < span ? n : span);
}

/* The user's sessions, newest first. */
static void check_list(struct walk *walk, int user)
{
	struct page_cursor from = {.limit = 100};
	struct session_list list;
	const struct model *m = &walk->m;
	size_t live = 0;

	assert_ok(session_list(&walk->w->context, &walk->users[user], &from, &list));
	for (int i = 0; i < m->active_count; i++) {
		const struct model_session *s = &m->sessions[m->active[i]];
		bool listed = false;

		if (s->user != user || !model_is_live(m, s))
			continue;
		for (size_t at = 0; at < list.n; at++)
			listed = listed || id_equal(list.rows[at].id, s->id);
		assert_true(listed);
		live++;
	}
	assert_int_equal(list.n, live);
	assert_true(list.n <= MODEL_MOST);
	for (size_t at = 1; at < list.n; at++)
		assert_true(list.rows[at - 1].created_at >= list.rows[at].created_at);
}

void walk_check_all(struct walk *walk, bool whole)
{
	struct model *m = &walk->m;
	int from = whole || m->value_count < 200 ? 0 : m->value_count - 200;
	struct walk_arrival arrival;

	for (int user = 0; user < MODEL_USERS; user++)
		check_list(walk, user);
	arena_reset(walk->w->context.arena);
	for (int i = 0; i < m->active_count; i++) {
		const struct model_session *s = &m->sessions[m->active[i]];

		arrival = walk_look(walk, s->value);
		if (arrival.live != NULL)
			walk_check_flows(walk, &arrival);
		arena_reset(walk->w->context.arena);
	}
	for (int value = from; value < m->value_count; value++) {
		(void)walk_look(walk, value);
		arena_reset(walk->w->context.arena);
	}
}
