/* The reference model of a random walk: sessions that are carried by tokens. */
#include "walk_model.h"

#define SECOND INT64_C(1000000)
#define DAY (INT64_C(86400) * SECOND)
#define GRACE (10 * SECOND)
#define IDLE (INT64_C(14) * DAY)

static bool is_pair_of(const struct model_value *v, int session)
{
	return v->carrier == MODEL_TOKEN && v->session == session;
}

/* Any access token of the version that holds; one of a version that was rotated away says so. */
enum model_standing model_token_standing(const struct model *m, int value)
{
	const struct model_value *v = &m->values[value];
	const struct model_session *s = &m->sessions[v->session];

	if (!s->is)
		return MODEL_UNKNOWN;
	if (v->version != s->changes)
		return v->rotated && !v->forgotten ? MODEL_REPLACED : MODEL_UNKNOWN;
	return model_is_live(m, s) ? MODEL_LIVE : MODEL_EXPIRED;
}

/* The version is over, for every pair of it. Only the request that did it can be repeated. */
void model_token_rotate(struct model *m, int presented)
{
	int session = m->values[presented].session;

	for (int v = 0; v < m->value_count; v++) {
		struct model_value *other = &m->values[v];

		if (!is_pair_of(other, session) || other->version != m->sessions[session].changes)
			continue;
		other->rotated = true;
		other->rotated_at = m->now;
		other->request = 0;
	}
}

/* A session has a new first pair, in place of all before it. */
void model_token_begin(struct model *m, struct model_session *s)
{
	if (s->carrier != MODEL_TOKEN)
		return;
	for (int v = 0; v < s->value; v++)
		if (is_pair_of(&m->values[v], m->values[s->value].session))
			m->values[v].replaced =
				m->values[v].replaced || m->values[v].exchanged == 0;
	m->values[s->value].end = s->end;
}

/* What is over is told from what never was for a day; with its family every token is gone. */
void model_token_purge(struct model *m)
{
	for (int i = 0; i < m->value_count; i++) {
		struct model_value *v = &m->values[i];
		const struct model_session *s = &m->sessions[v->session];

		if (v->carrier == MODEL_TOKEN && (v->end < m->now - DAY || s->end < m->now - DAY))
			v->purged = true;
	}
}

/* Only who did it before, soon, and while nothing of what came of it was used. */
static bool is_retry(const struct model *m, const struct model_value *v, int presenter)
{
	const struct model_session *s = &m->sessions[v->session];

	return model_is_live(m, s) && m->now < v->exchanged + GRACE && v->presenter == presenter &&
	       s->value == v->heir && !s->used;
}

enum model_exchange model_exchange(struct model *m, int value, int presenter, int *heir)
{
	struct model_value *v = &m->values[value];
	struct model_session *s = &m->sessions[v->session];

	if (v->purged)
		return EXCHANGE_REFUSED;
	if (v->exchanged != 0 && is_retry(m, v, presenter)) {
		*heir = v->heir;
		m->values[v->heir].version = s->changes;
		return EXCHANGE_REPEATED;
	}
	if (v->exchanged != 0) {
		s->is = false;
		s->ended = true;
		return EXCHANGE_REUSED;
	}
	if (v->replaced || !model_is_live(m, s))
		return EXCHANGE_REFUSED;
	v->exchanged = m->now;
	v->presenter = presenter;
	v->heir = *heir = model_add_value(m, MODEL_TOKEN, v->session);
	s->used = false;
	s->seen = m->now;
	s->idle_end = m->now + IDLE < s->end ? m->now + IDLE : s->end;
	return EXCHANGE_DONE;
}

bool model_revoke(struct model *m, int value)
{
	struct model_session *s = &m->sessions[m->values[value].session];
	bool ends = s->is || !s->ended;

	if (m->values[value].purged)
		return false;
	s->is = false;
	s->ended = true;
	return ends;
}
