/* What a person changes about themselves. */
#include "profile.h"

#include "account.h"
#include "account_store.h"
#include "audit.h"
#include "buf.h"
#include "db.h"

#define DETAIL_MAX 64

/* One change; effect and trail are made anew when the transaction runs again. */
struct changing {
	const struct auth_context *context;
	const struct profile_change *change;
	struct str display_name, username; /* in normal form; absent: stays */
	struct profile_effect effect;
	struct audit_trail trail;
};

static enum err refuse(struct changing *c, enum profile_outcome outcome)
{
	c->effect = (struct profile_effect){.outcome = outcome};
	return ERR_CONFLICT;
}

static enum err set_username(struct changing *c, struct db *db)
{
	enum err e = OK;

	if (!str_is_present(c->username))
		return OK;
	e = account_store_set_username(db, &c->change->user_id, c->username, c->context->now);
	return e == ERR_CONFLICT ? refuse(c, PROFILE_TAKEN) : e;
}

static enum err set_rest(const struct changing *c, struct db *db)
{
	const struct id *user_id = &c->change->user_id;
	int64_t now = c->context->now;

	if (str_is_present(c->display_name))
		TRY(account_store_set_display_name(db, user_id, c->display_name, now));
	if (str_is_present(c->change->language))
		TRY(account_store_set_language(db, user_id, c->change->language, now));
	return OK;
}

/* What was changed, and not to what. */
static enum err note(struct changing *c)
{
	struct audit_event event = {
		.kind = AUDIT_PROFILE_CHANGED,
		.user_id = c->change->user_id,
		.session_id = c->change->session_id,
	};
	struct buf detail;

	buf_init(&detail, c->context->arena, DETAIL_MAX);
	buf_add(&detail, str_is_present(c->display_name) ? STR(" display_name") : STR(""));
	buf_add(&detail, str_is_present(c->change->language) ? STR(" language") : STR(""));
	buf_add(&detail, str_is_present(c->username) ? STR(" username") : STR(""));
	TRY(buf_str(&detail, &event.detail));
	event.detail = str_trim(event.detail);
	return event.detail.n == 0 ? OK : audit_trail_add(c->context, &c->trail, &event);
}

static enum err work(struct db *db, void *opaque)
{
	struct changing *c = opaque;
	uint32_t state = USER_NONE;
	bool found = false;

	c->trail.n = 0;
	c->effect = (struct profile_effect){.outcome = PROFILE_DONE};
	TRY(user_store_lock(db, &c->change->user_id, &state, &found));
	if (!found || state != USER_ACTIVE)
		return refuse(c, PROFILE_GONE);
	TRY(set_username(c, db));
	TRY(set_rest(c, db));
	TRY(user_store_find_by_id(db, c->context->arena, &c->change->user_id, &c->effect.user,
				  &found));
	return note(c);
}

/* False: a flaw, in effect. */
static enum err read_names(struct changing *c, bool *good)
{
	const struct profile_change *change = c->change;
	enum err e = OK;

	*good = false;
	c->effect.outcome = PROFILE_BAD_DISPLAY_NAME;
	c->display_name = str_trim(change->display_name);
	if (str_is_present(change->display_name) && !account_is_display_name(c->display_name))
		return OK;
	c->effect.outcome = PROFILE_BAD_USERNAME;
	if (str_is_present(change->username))
		e = account_normal_username(c->context->arena, change->username, &c->username);
	*good = e == OK;
	return e == ERR_INPUT ? OK : e;
}

enum err profile_change(const struct auth_context *context, const struct profile_change *change,
			struct profile_effect *out)
{
	struct changing changing = {.context = context, .change = change};
	bool good = false;
	enum err e = OK;

	TRY(read_names(&changing, &good));
	if (good) {
		e = db_transact(context->db, work, &changing);
		if (e == OK)
			audit_trail_write(context, &changing.trail);
		else if (e != ERR_CONFLICT || changing.effect.outcome == PROFILE_DONE)
			return e;
	}
	*out = changing.effect;
	return OK;
}
