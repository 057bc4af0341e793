/* What administrators do to accounts: one transaction each, and an administrator is always left. */
#include "account_admin.h"

#include "audit.h"
#include "buf.h"
#include "clock.h"
#include "db.h"
#include "grants.h"
#include "role_store.h"
#include "session_store.h"

#define ROLE_PREFIX STR("role:")
#define DETAIL_MAX 512
/* So long ago that no limit of freshness in use is met, and the session's own end is near enough
 * where it was. */
#define NOT_FRESH CLOCK_HOUR

/* One act; everything below "session_id" is made anew when the transaction runs again. */
struct doing {
	const struct auth_context *context;
	const struct account_act *act;
	enum err (*step)(struct doing *doing, struct db *db);
	bool may_lose_admin;
	bool own_too;                /* may be done to oneself */
	struct str gives;            /* absent: nothing */
	const struct id *session_id; /* the one to hold; else NULL */
	struct account_effect effect;
	struct audit_trail trail;
};

/* The transaction is undone; why is the result. */
static enum err refuse(struct doing *d, enum account_outcome outcome)
{
	d->effect = (struct account_effect){.outcome = outcome};
	return ERR_CONFLICT;
}

bool account_is_reason(struct str reason)
{
	return reason.n <= ACCOUNT_REASON_MAX && str_is_utf8(reason) && !str_has_control(reason);
}

/* "3 sessions: asked for by the owner": either part may be missing. */
static enum err note(struct doing *d, enum audit_kind kind, struct str what)
{
	struct audit_event event = {
		.kind = kind,
		.user_id = d->effect.user.id,
		.session_id = d->session_id != NULL ? *d->session_id : ID_NONE,
	};
	struct buf detail;

	buf_init(&detail, d->context->arena, DETAIL_MAX);
	buf_add(&detail, what);
	if (what.n == 0 && d->effect.sessions > 0 && d->session_id == NULL)
		buf_addf(&detail, "sessions %llu", (unsigned long long)d->effect.sessions);
	if (d->act->reason.n > 0) {
		buf_add(&detail, detail.n > 0 ? STR(": ") : STR(""));
		buf_add(&detail, d->act->reason);
	}
	TRY(buf_str(&detail, &event.detail));
	return audit_trail_add(d->context, &d->trail, &event);
}

static enum err find_user(struct doing *d, struct db *db)
{
	bool found = false;

	TRY(user_store_find_by_id(db, d->context->arena, &d->act->user_id, &d->effect.user,
				  &found));
	return found ? OK : refuse(d, ACCOUNT_NO_SUCH_USER);
}

static enum err lock_user(struct doing *d, struct db *db)
{
	uint32_t state = USER_NONE;
	bool found = false;

	TRY(user_store_lock(db, &d->act->user_id, &state, &found));
	return found ? find_user(d, db) : refuse(d, ACCOUNT_NO_SUCH_USER);
}

/* Counted before and after: a server that never had an administrator has none to lose. */
static enum err protected_step(struct doing *d, struct db *db)
{
	uint64_t before = 0;
	uint64_t after = 0;

	TRY(role_store_count_managers(db, NULL, &before));
	TRY(d->step(d, db));
	TRY(role_store_count_managers(db, NULL, &after));
	return before > 0 && after == 0 ? refuse(d, ACCOUNT_LAST_ADMIN) : OK;
}

static enum err check_actor(struct doing *d, struct db *db)
{
	struct actor_wish wish = {
		.user_id = d->act->user_id, .own_too = d->own_too, .gives = d->gives};
	enum actor_verdict verdict = ACTOR_DENIED;

	TRY(actor_check(d->context, db, &wish, &verdict));
	if (verdict == ACTOR_FINE)
		return OK;
	d->effect = (struct account_effect){.outcome = ACCOUNT_NOT_ALLOWED, .verdict = verdict};
	return ERR_CONFLICT;
}

/* What comes before the user's lock, in the order that all keep. */
static enum err prepare(struct doing *d, struct db *db)
{
	bool known = true;

	if (d->may_lose_admin)
		TRY(role_store_take_turn(db, ROLE_ADMIN));
	if (str_is_present(d->gives))
		TRY(role_store_share(db, d->gives, &known));
	if (!known)
		return refuse(d, ACCOUNT_NO_SUCH_ROLE);
	return check_actor(d, db);
}

static enum err work(struct db *db, void *opaque)
{
	struct doing *d = opaque;

	d->trail.n = 0;
	d->effect = (struct account_effect){.outcome = ACCOUNT_DONE};
	TRY(prepare(d, db));
	TRY(lock_user(d, db));
	TRY(d->may_lose_admin ? protected_step(d, db) : d->step(d, db));
	return find_user(d, db);
}

static enum err note_refusal(const struct doing *d)
{
	struct audit_event event = {
		.kind = AUDIT_ADMIN_REFUSED,
		.user_id = d->act->user_id,
		.detail = STR("last administrator"),
	};

	if (d->effect.outcome == ACCOUNT_NOT_ALLOWED)
		event.detail = str_of(actor_text(d->effect.verdict));
	else if (d->effect.outcome != ACCOUNT_LAST_ADMIN)
		return OK;
	return audit_record(d->context, &event);
}

static enum err run(struct doing *d, struct account_effect *out)
{
	enum err e = OK;

	if (!account_is_reason(d->act->reason)) {
		*out = (struct account_effect){.outcome = ACCOUNT_BAD_REASON};
		return OK;
	}
	e = db_transact(d->context->db, work, d);
	if (e == ERR_CONFLICT && d->effect.outcome > ACCOUNT_ALREADY)
		e = note_refusal(d);
	else if (e == OK)
		audit_trail_write(d->context, &d->trail);
	TRY(e);
	*out = d->effect;
	return OK;
}

static enum err end_sessions(struct doing *d, struct db *db)
{
	return session_store_delete_of_user(db, &d->act->user_id, &ID_NONE, &d->effect.sessions);
}

/* What changes nothing is no event. */
static bool is_nothing(const struct doing *d)
{
	return d->effect.outcome == ACCOUNT_ALREADY && d->effect.sessions == 0;
}

static enum err lock_step(struct doing *d, struct db *db)
{
	const struct id *user_id = &d->act->user_id;

	if (d->effect.user.state == USER_CLOSED)
		return refuse(d, ACCOUNT_IS_CLOSED);
	if (d->effect.user.state == USER_LOCKED)
		d->effect.outcome = ACCOUNT_ALREADY;
	else
		TRY(user_store_set_state(db, user_id, USER_LOCKED, d->context->now));
	TRY(end_sessions(d, db));
	return is_nothing(d) ? OK : note(d, AUDIT_USER_LOCKED, STR_NONE);
}

enum err account_lock(const struct auth_context *context, const struct account_act *act,
		      struct account_effect *out)
{
	struct doing doing = {
		.context = context, .act = act, .step = lock_step, .may_lose_admin = true};

	return run(&doing, out);
}

static enum err unlock_step(struct doing *d, struct db *db)
{
	if (d->effect.user.state == USER_CLOSED)
		return refuse(d, ACCOUNT_IS_CLOSED);
	if (d->effect.user.state == USER_ACTIVE) {
		d->effect.outcome = ACCOUNT_ALREADY;
		return OK;
	}
	TRY(user_store_set_state(db, &d->act->user_id, USER_ACTIVE, d->context->now));
	return note(d, AUDIT_USER_UNLOCKED, STR_NONE);
}

enum err account_unlock(const struct auth_context *context, const struct account_act *act,
			struct account_effect *out)
{
	struct doing doing = {.context = context, .act = act, .step = unlock_step, .own_too = true};

	return run(&doing, out);
}

static enum err compromised_step(struct doing *d, struct db *db)
{
	bool must_change = false;

	if (d->effect.user.must_change)
		d->effect.outcome = ACCOUNT_ALREADY;
	TRY(password_store_require_change(db, &d->act->user_id));
	TRY(password_store_must_change(db, &d->act->user_id, &must_change));
	if (!must_change)
		return refuse(d, ACCOUNT_NO_PASSWORD);
	TRY(end_sessions(d, db));
	return is_nothing(d) ? OK : note(d, AUDIT_PASSWORD_COMPROMISED, STR_NONE);
}

enum err account_compromised(const struct auth_context *context, const struct account_act *act,
			     struct account_effect *out)
{
	struct doing doing = {.context = context, .act = act, .step = compromised_step};

	return run(&doing, out);
}

static enum err hold_step(struct doing *d, struct db *db)
{
	TRY(session_store_hold_of_user(db, &d->act->user_id, &d->effect.sessions));
	if (d->effect.sessions == 0) {
		d->effect.outcome = ACCOUNT_ALREADY;
		return OK;
	}
	return note(d, AUDIT_SESSIONS_HELD, STR_NONE);
}

enum err account_hold(const struct auth_context *context, const struct account_act *act,
		      struct account_effect *out)
{
	struct doing doing = {.context = context, .act = act, .step = hold_step, .own_too = true};

	return run(&doing, out);
}

/* The user is found by the session, and locked before the session is changed; a guest's has none.
 */
static enum err hold_session_work(struct db *db, void *opaque)
{
	struct doing *d = opaque;
	struct session_row row = {.epoch = 0};
	uint32_t state = USER_NONE;
	bool found = false;

	d->trail.n = 0;
	d->effect = (struct account_effect){.outcome = ACCOUNT_DONE};
	TRY(session_store_find_by_id(db, d->context->arena, d->session_id, &row, &found));
	if (!found)
		return refuse(d, ACCOUNT_NO_SUCH_SESSION);
	if (!id_is_none(row.user_id))
		TRY(user_store_lock(db, &row.user_id, &state, &found));
	d->effect.user.id = row.user_id;
	TRY(session_store_hold_by_id(db, d->session_id, &d->effect.sessions));
	if (d->effect.sessions > 0)
		return note(d, AUDIT_SESSION_HELD, STR_NONE);
	d->effect.outcome = ACCOUNT_ALREADY;
	TRY(session_store_find_by_id(db, d->context->arena, d->session_id, &row, &found));
	return found ? OK : refuse(d, ACCOUNT_NO_SUCH_SESSION);
}

enum err account_hold_session(const struct auth_context *context, const struct id *session_id,
			      const struct account_act *act, struct account_effect *out)
{
	struct doing doing = {.context = context, .act = act, .session_id = session_id};
	enum err e = OK;

	if (!account_is_reason(act->reason)) {
		*out = (struct account_effect){.outcome = ACCOUNT_BAD_REASON};
		return OK;
	}
	e = db_transact(context->db, hold_session_work, &doing);
	if (e == ERR_CONFLICT && doing.effect.outcome > ACCOUNT_ALREADY)
		e = OK;
	else if (e == OK)
		audit_trail_write(context, &doing.trail);
	TRY(e);
	*out = doing.effect;
	return OK;
}

static bool holds(const struct doing *d)
{
	return grants_has_named(d->effect.user.grants, ROLE_PREFIX, d->act->role);
}

static enum err note_role(struct doing *d, struct str sign)
{
	struct str text = STR_NONE;
	struct buf what;

	buf_init(&what, d->context->arena, DETAIL_MAX);
	buf_add(&what, sign);
	buf_add(&what, d->act->role);
	TRY(buf_str(&what, &text));
	return note(d, AUDIT_ROLE_CHANGED, text);
}

int64_t account_stale_age(const struct config *config)
{
	int64_t fresh = config->session.fresh;

	return fresh < NOT_FRESH ? NOT_FRESH : fresh + CLOCK_SECOND;
}

static enum err lower_sessions(struct doing *d, struct db *db)
{
	bool elevated = false;

	TRY(role_store_is_elevated(db, d->act->role, &elevated));
	if (!elevated)
		return OK;
	return session_store_lower_of_user(db, &d->act->user_id,
					   d->context->now - account_stale_age(d->context->config),
					   &d->effect.sessions);
}

/* Given again in either case: so grants that were wrong are right afterwards. */
static enum err give_step(struct doing *d, struct db *db)
{
	bool had = holds(d);
	bool known = false;

	enum err e = role_store_give(db, &d->act->user_id, d->act->role, d->context->now, &known);
	if (e == ERR_TOO_LARGE)
		return refuse(d, ACCOUNT_TOO_MUCH);
	TRY(e);
	if (!known)
		return refuse(d, ACCOUNT_NO_SUCH_ROLE);
	if (had) {
		d->effect.outcome = ACCOUNT_ALREADY;
		return OK;
	}
	TRY(lower_sessions(d, db));
	return note_role(d, STR("+"));
}

enum err account_give_role(const struct auth_context *context, const struct account_act *act,
			   struct account_effect *out)
{
	struct doing doing = {
		.context = context, .act = act, .step = give_step, .gives = act->role};

	return run(&doing, out);
}

static enum err take_step(struct doing *d, struct db *db)
{
	bool had = holds(d);
	bool known = false;

	TRY(role_store_take(db, &d->act->user_id, d->act->role, &known));
	if (!known)
		return refuse(d, ACCOUNT_NO_SUCH_ROLE);
	if (!had) {
		d->effect.outcome = ACCOUNT_ALREADY;
		return OK;
	}
	return note_role(d, STR("-"));
}

enum err account_take_role(const struct auth_context *context, const struct account_act *act,
			   struct account_effect *out)
{
	struct doing doing = {
		.context = context, .act = act, .step = take_step, .may_lose_admin = true};

	return run(&doing, out);
}
