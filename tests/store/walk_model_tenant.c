/* The reference model of a random walk: tenants, whose change is one of the session. */
#include "walk_model.h"

bool model_choose(struct model *m, struct model_session *s, int tenant)
{
	if (!m->users[s->user].member[tenant])
		return false;
	if (s->tenant != tenant)
		s->changes++;
	s->tenant = tenant;
	return true;
}

bool model_join(struct model *m, int user, int tenant)
{
	struct model_user *u = &m->users[user];

	if (u->member[tenant])
		return false;
	u->member[tenant] = true;
	u->joined[tenant] = m->now;
	if (u->tenant == NONE)
		u->tenant = tenant;
	return true;
}

bool model_leave(struct model *m, int user, int tenant)
{
	struct model_user *u = &m->users[user];

	if (!u->member[tenant])
		return false;
	u->member[tenant] = false;
	for (int i = 0; i < m->active_count; i++) {
		struct model_session *s = &m->sessions[m->active[i]];

		if (!s->is || s->user != user || s->tenant != tenant)
			continue;
		s->tenant = NONE;
		s->changes++;
	}
	if (u->tenant != tenant)
		return true;
	u->tenant = NONE;
	for (int t = 0; t < MODEL_TENANTS; t++)
		if (u->member[t] && (u->tenant == NONE || u->joined[t] < u->joined[u->tenant]))
			u->tenant = t;
	return true;
}
