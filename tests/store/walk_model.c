/* The reference model of a random walk: sessions, their values and hand-overs. */
#include "walk_model.h"

#include <stdlib.h>

#define SECOND INT64_C(1000000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

static const struct {
	int64_t idle, absolute;
} classes[MODEL_CLASSES] = {
	[MODEL_GUEST] = {24 * HOUR, 7 * DAY},
	[MODEL_BROWSER] = {30 * MINUTE, 12 * HOUR},
	[MODEL_REMEMBERED] = {14 * DAY, 30 * DAY},
	[MODEL_NATIVE] = {14 * DAY, 30 * DAY},
};

void model_open(struct model *m, int room)
{
	*m = (struct model){.room = room};
	m->sessions = calloc((size_t)room, sizeof *m->sessions);
	m->values = calloc((size_t)room, sizeof *m->values);
	m->codes = calloc((size_t)room, sizeof *m->codes);
	m->active = calloc((size_t)room, sizeof *m->active);
	if (m->sessions == NULL || m->values == NULL || m->codes == NULL || m->active == NULL)
		abort();
	for (int u = 0; u < MODEL_USERS; u++)
		m->users[u].tenant = NONE;
}

void model_close(struct model *m)
{
	free(m->sessions);
	free(m->values);
	free(m->codes);
	free(m->active);
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

bool model_is_live(const struct model *m, const struct model_session *s)
{
	return s->is && m->now < s->idle_end && m->now < s->end;
}

enum model_standing model_standing(const struct model *m, int value)
{
	const struct model_value *v = &m->values[value];
	const struct model_session *s = &m->sessions[v->session];

	if (v->carrier == MODEL_TOKEN)
		return model_token_standing(m, value);
	if (v->rotated)
		return v->forgotten ? MODEL_UNKNOWN : MODEL_REPLACED;
	if (!s->is)
		return MODEL_UNKNOWN;
	return model_is_live(m, s) ? MODEL_LIVE : MODEL_EXPIRED;
}

struct model_session *model_live(const struct model *m, int value)
{
	if (value == NONE || model_standing(m, value) != MODEL_LIVE)
		return NULL;
	return &m->sessions[m->values[value].session];
}

bool model_shows(const struct model *m, int value)
{
	enum model_standing standing = model_standing(m, value);

	return standing == MODEL_LIVE || standing == MODEL_EXPIRED;
}

/* An older access token says nothing of the newest pair. */
void model_touch(struct model *m, int value)
{
	struct model_session *s = &m->sessions[m->values[value].session];
	bool is_older = s->value != value;

	if ((s->used || is_older) && m->now - s->seen < MINUTE)
		return;
	s->used = s->used || !is_older;
	s->seen = m->now;
	s->idle_end = earlier(m->now + classes[s->class].idle, s->end);
}

int model_add_value(struct model *m, enum model_carrier carrier, int session)
{
	if (m->value_count == m->room)
		abort();
	m->values[m->value_count] = (struct model_value){
		.carrier = carrier,
		.session = session,
		.child = NONE,
		.heir = NONE,
		.version = m->sessions[session].changes,
		.end = m->sessions[session].end,
	};
	m->sessions[session].value = m->value_count;
	m->sessions[session].carrier = carrier;
	return m->value_count++;
}

static int add_session(struct model *m, enum model_carrier carrier)
{
	int session = m->session_count++;
	int kept = 0;

	for (int i = 0; i < m->active_count; i++)
		if (m->sessions[m->active[i]].is)
			m->active[kept++] = m->active[i];
	m->active[kept++] = session;
	m->active_count = kept;
	m->sessions[session] = (struct model_session){
		.is = true,
		.user = NONE,
		.tenant = NONE,
		.device = NONE,
		.began = m->now,
		.seen = m->now,
	};
	(void)model_add_value(m, carrier, session);
	return session;
}

bool model_guest(struct model *m, int source, enum model_carrier carrier, int64_t *wait)
{
	struct model_session *s;

	if (m->guest_count[source] == 0 || m->now >= m->guest_window[source] + HOUR) {
		m->guest_window[source] = m->now;
		m->guest_count[source] = 0;
	}
	*wait = m->guest_window[source] + HOUR - m->now;
	if (m->guest_count[source] == MODEL_GUESTS)
		return false;
	m->guest_count[source]++;
	s = &m->sessions[add_session(m, carrier)];
	s->class = MODEL_GUEST;
	s->idle_end = m->now + HOUR;
	s->end = m->now + classes[MODEL_GUEST].absolute;
	return true;
}

static void fill(struct model *m, struct model_session *s, const struct model_entry *entry)
{
	s->user = entry->user;
	s->class = entry->carrier != MODEL_COOKIE ? MODEL_NATIVE
		   : entry->remember              ? MODEL_REMEMBERED
						  : MODEL_BROWSER;
	if (s->tenant == NONE)
		s->tenant = entry->tenant;
	if (entry->device != NONE)
		s->device = entry->device;
	s->auth_time = entry->auth_time != 0 ? entry->auth_time : m->now;
	s->seen = m->now;
	s->end = m->now + classes[s->class].absolute;
	if (entry->latest_end != 0)
		s->end = earlier(s->end, entry->latest_end);
	s->idle_end = earlier(m->now + classes[s->class].idle, s->end);
}

static void rotate(struct model *m, int presented, enum model_carrier carrier, uint64_t request)
{
	struct model_value *old = &m->values[presented];
	struct model_session *s = &m->sessions[old->session];

	if (old->carrier == MODEL_TOKEN)
		model_token_rotate(m, presented);
	old->rotated = true;
	old->rotated_at = m->now;
	old->request = request;
	s->changes++;
	old->child = model_add_value(m, carrier, old->session);
	s->used = false;
}

/* The same request within 30 s, the new value unused. */
static bool is_repeated(const struct model *m, int presented, uint64_t request)
{
	const struct model_value *old = &m->values[presented];
	const struct model_session *s = &m->sessions[old->session];

	return presented != NONE && model_standing(m, presented) == MODEL_REPLACED &&
	       old->request == request && m->now < old->rotated_at + 30 * SECOND &&
	       model_is_live(m, s) && s->value == old->child && !s->used;
}

static void end_device(struct model *m, const struct model_entry *entry,
		       const struct model_session *but)
{
	if (entry->device == NONE || (but != NULL && but->device == entry->device))
		return;
	for (int i = 0; i < m->active_count; i++) {
		struct model_session *s = &m->sessions[m->active[i]];

		if (s->user == entry->user && s->device == entry->device)
			s->is = false;
	}
}

static int repeat(struct model *m, int presented)
{
	int child = m->values[presented].child;

	m->values[child].version = m->sessions[m->values[child].session].changes;
	return child;
}

/* Those that are over first, then the longest idle. */
static void make_room(struct model *m, int user)
{
	struct model_session *idlest = NULL;
	int count = 0;

	for (int i = 0; i < m->active_count; i++) {
		struct model_session *s = &m->sessions[m->active[i]];

		if (!s->is || s->user != user)
			continue;
		count++;
		if (idlest == NULL || model_is_live(m, idlest) > model_is_live(m, s) ||
		    (model_is_live(m, idlest) == model_is_live(m, s) && s->seen < idlest->seen))
			idlest = s;
	}
	if (count >= MODEL_MOST)
		idlest->is = false;
}

enum model_way model_sign_in(struct model *m, const struct model_entry *entry, int *value)
{
	struct model_session *s = model_live(m, entry->presented);
	bool promotes = s != NULL && s->user == NONE;
	bool renews = s != NULL && s->user == entry->user && s->carrier == entry->carrier;

	if (entry->presented != NONE && is_repeated(m, entry->presented, entry->request)) {
		*value = repeat(m, entry->presented);
		return WAY_REPEATED;
	}
	if (!promotes && !renews && entry->presented != NONE && model_shows(m, entry->presented))
		m->sessions[m->values[entry->presented].session].is = false;
	end_device(m, entry, promotes || renews ? s : NULL);
	if (!renews)
		make_room(m, entry->user);
	if (promotes || renews) {
		rotate(m, entry->presented, entry->carrier, entry->request);
		fill(m, s, entry);
		if (promotes)
			model_promote(m, s, &m->users[entry->user]);
	} else {
		s = &m->sessions[add_session(m, entry->carrier)];
		s->used = true;
		fill(m, s, entry);
	}
	model_token_begin(m, s);
	*value = s->value;
	return promotes ? WAY_PROMOTED : renews ? WAY_RENEWED : WAY_NEW;
}

enum model_way model_step_up(struct model *m, int presented, uint64_t request, int *value)
{
	struct model_session *s = model_live(m, presented);

	if (is_repeated(m, presented, request)) {
		*value = repeat(m, presented);
		return WAY_REPEATED;
	}
	if (s == NULL || s->user == NONE)
		return WAY_GONE;
	rotate(m, presented, s->carrier, request);
	model_token_begin(m, s);
	s->auth_time = s->seen = m->now;
	s->idle_end = earlier(m->now + classes[s->class].idle, s->end);
	*value = s->value;
	return WAY_RENEWED;
}

int model_end(struct model *m, int user, const struct model_session *only,
	      const struct model_session *keep)
{
	int ended = 0;

	for (int i = 0; i < m->active_count; i++) {
		struct model_session *s = &m->sessions[m->active[i]];

		if (!s->is || s->user != user || s == keep || (only != NULL && s != only))
			continue;
		s->is = false;
		ended++;
	}
	return ended;
}

static void purge_flows(const struct model *m, struct model_owner *owner)
{
	for (int k = 0; k < MODEL_KINDS; k++)
		if (owner->flows[k].expires_at < m->now - DAY)
			owner->flows[k].is = false;
}

/* What is over is told from what never was for a day, a code for an hour. */
void model_purge(struct model *m)
{
	for (int u = 0; u < MODEL_USERS; u++)
		purge_flows(m, &m->users[u].own);
	for (int i = 0; i < m->active_count; i++) {
		struct model_session *s = &m->sessions[m->active[i]];

		purge_flows(m, &s->own);
		if (s->idle_end < m->now - DAY)
			s->is = false;
	}
	model_token_purge(m);
	for (int v = 0; v < m->value_count; v++)
		if (m->values[v].rotated && m->values[v].rotated_at + DAY < m->now)
			m->values[v].forgotten = true;
	for (int c = 0; c < m->code_count; c++)
		if (m->codes[c].ends < m->now - HOUR)
			m->codes[c].withdrawn = true;
}

void model_give(struct model *m, const struct model_session *giver, int receiver)
{
	int session = (int)(giver - m->sessions);

	for (int c = 0; c < m->code_count; c++)
		if (m->codes[c].giver == session)
			m->codes[c].withdrawn = true;
	m->codes[m->code_count++] = (struct model_code){
		.giver = session,
		.changes = giver->changes,
		.user = giver->user,
		.receiver = receiver,
		.ends = m->now + MINUTE,
	};
}

enum model_take model_look(const struct model *m, const struct model_taking *taking)
{
	const struct model_code *code = &m->codes[taking->code];
	const struct model_session *giver = &m->sessions[code->giver];
	const struct model_session *here = model_live(m, taking->entry.presented);
	bool again = taking->entry.presented != NONE &&
		     is_repeated(m, taking->entry.presented, taking->entry.request);

	if (code->withdrawn || !taking->knows_verifier || taking->receiver != code->receiver)
		return TAKE_REFUSED;
	if (!model_is_live(m, giver) || giver->changes != code->changes)
		return TAKE_OVER;
	if (!again && (code->used || m->now >= code->ends))
		return TAKE_OVER;
	if (here != NULL && here->user != NONE && here->user != code->user &&
	    !taking->replaces_other)
		return TAKE_OTHER;
	return TAKE_ACCEPTED;
}

enum model_take model_take(struct model *m, struct model_taking *taking, enum model_way *way,
			   int *value)
{
	struct model_code *code = &m->codes[taking->code];
	const struct model_session *giver = &m->sessions[code->giver];
	enum model_take take = model_look(m, taking);

	if (take != TAKE_ACCEPTED)
		return take;
	code->used = true;
	taking->entry.user = code->user;
	taking->entry.tenant = giver->tenant;
	taking->entry.auth_time = giver->auth_time;
	taking->entry.latest_end = giver->end;
	*way = model_sign_in(m, &taking->entry, value);
	return TAKE_ACCEPTED;
}
