/* Closing an account, opening it again, and letting its names go. */
#include "account_close.h"

#include "account_anew.h"
#include "account_store.h"
#include "actor.h"
#include "audit.h"
#include "buf.h"
#include "db.h"
#include "device_store.h"
#include "flow_store.h"
#include "mail.h"
#include "mail_code_store.h"
#include "role_store.h"
#include "session_store.h"
#include "user_store.h"

#define DETAIL_MAX (64 + ACCOUNT_REASON_MAX)
#define REMOVE_MAX 100

/* One act; outcome and trail are made anew when the transaction runs again. */
struct doing {
	const struct auth_context *context;
	struct id user_id, session_id;
	struct user_row user;
	struct str reason;
	uint64_t sessions;
	enum account_outcome outcome;
	enum actor_verdict verdict;
	struct audit_trail trail;
};

/* The transaction is undone; why is the result. */
static enum err refuse(struct doing *d, enum account_outcome outcome)
{
	d->outcome = outcome;
	return ERR_CONFLICT;
}

static enum err lock_user(struct doing *d, struct db *db)
{
	uint32_t state = USER_NONE;
	bool found = false;

	TRY(user_store_lock(db, &d->user_id, &state, &found));
	if (!found)
		return refuse(d, ACCOUNT_NO_SUCH_USER);
	TRY(user_store_find_by_id(db, d->context->arena, &d->user_id, &d->user, &found));
	return found ? OK : refuse(d, ACCOUNT_NO_SUCH_USER);
}

static enum err check_session(struct doing *d, struct db *db)
{
	struct session_row row = {.epoch = 0};
	bool found = false;

	TRY(session_store_find_by_id(db, d->context->arena, &d->session_id, &row, &found));
	if (!found || !id_equal(row.user_id, d->user_id) || d->user.state != USER_ACTIVE)
		return refuse(d, ACCOUNT_NO_SUCH_SESSION);
	return OK;
}

static enum err close_all(struct doing *d, struct db *db)
{
	TRY(account_store_close(db, &d->user_id, d->context->now));
	/* Flows are found by their sessions. */
	TRY(flow_store_delete_of_user(db, &d->user_id));
	TRY(account_end_access(d->context, db, &d->user_id, &d->sessions));
	TRY(device_store_delete_of_user(db, &d->user_id));
	TRY(mail_code_store_void_closed(db, &d->user_id));
	return password_store_delete(db, &d->user_id);
}

static enum err tell(const struct doing *d, struct db *db)
{
	const struct mail_value values[] = {{"display_name", d->user.display_name}};
	const struct mail mail = {
		.kind = STR("closed"),
		.user_id = d->user_id,
		.recipient = d->user.email,
		.language = d->user.language,
		.values = values,
		.n = 1,
	};

	return d->user.email.n > 0 ? mail_queue(d->context, db, &mail) : OK;
}

static enum err note(struct doing *d, enum audit_kind kind)
{
	struct audit_event event = {
		.kind = kind, .user_id = d->user_id, .session_id = d->session_id};
	struct buf detail;

	buf_init(&detail, d->context->arena, DETAIL_MAX);
	if (kind == AUDIT_USER_CLOSED) {
		buf_add(&detail, STR("sessions "));
		buf_add_u64(&detail, d->sessions);
	}
	if (str_is_present(d->reason))
		buf_add(&detail, d->reason);
	TRY(buf_str(&detail, &event.detail));
	return audit_trail_add(d->context, &d->trail, &event);
}

static enum err close_work(struct db *db, void *opaque)
{
	struct doing *d = opaque;
	uint64_t before = 0;
	uint64_t after = 0;

	d->trail.n = 0;
	d->outcome = ACCOUNT_DONE;
	/* Of two who go at once one is the last, on any number of nodes. */
	TRY(role_store_take_turn(db, ROLE_ADMIN));
	TRY(lock_user(d, db));
	TRY(check_session(d, db));
	TRY(role_store_count_managers(db, NULL, &before));
	TRY(close_all(d, db));
	TRY(role_store_count_managers(db, NULL, &after));
	if (before > 0 && after == 0)
		return refuse(d, ACCOUNT_LAST_ADMIN);
	TRY(tell(d, db));
	return note(d, AUDIT_USER_CLOSED);
}

static enum err note_refusal(const struct doing *d)
{
	struct audit_event event = {
		.kind = AUDIT_ADMIN_REFUSED,
		.user_id = d->user_id,
		.detail = STR("last administrator"),
	};

	if (d->outcome == ACCOUNT_NOT_ALLOWED)
		event.detail = str_of(actor_text(d->verdict));
	else if (d->outcome != ACCOUNT_LAST_ADMIN)
		return OK;
	return audit_record(d->context, &event);
}

static enum err run(struct doing *d, enum err (*work)(struct db *, void *),
		    enum account_outcome *outcome)
{
	enum err e = db_transact(d->context->db, work, d);

	if (e == ERR_CONFLICT && d->outcome > ACCOUNT_ALREADY)
		e = note_refusal(d);
	else if (e == OK)
		audit_trail_write(d->context, &d->trail);
	TRY(e);
	*outcome = d->outcome;
	return OK;
}

enum err account_close(const struct auth_context *context, const struct closing *closing,
		       enum account_outcome *outcome)
{
	struct doing doing = {
		.context = context,
		.user_id = closing->user_id,
		.session_id = closing->session_id,
	};

	return run(&doing, close_work, outcome);
}

static enum err check_actor(struct doing *d, struct db *db)
{
	const struct actor_wish wish = {.user_id = d->user_id};

	TRY(actor_check(d->context, db, &wish, &d->verdict));
	return d->verdict == ACTOR_FINE ? OK : refuse(d, ACCOUNT_NOT_ALLOWED);
}

static enum err reopen_work(struct db *db, void *opaque)
{
	struct doing *d = opaque;
	bool found = false;

	d->trail.n = 0;
	d->outcome = ACCOUNT_DONE;
	TRY(check_actor(d, db));
	TRY(lock_user(d, db));
	if (d->user.state != USER_CLOSED) {
		d->outcome = ACCOUNT_ALREADY;
		return OK;
	}
	TRY(account_store_reopen(db, &d->user_id, d->context->now));
	TRY(user_store_find_by_id(db, d->context->arena, &d->user_id, &d->user, &found));
	return note(d, AUDIT_USER_REOPENED);
}

enum err account_reopen(const struct auth_context *context, const struct account_act *act,
			struct account_effect *out)
{
	struct doing doing = {.context = context, .user_id = act->user_id, .reason = act->reason};
	struct account_effect effect = {.outcome = ACCOUNT_BAD_REASON};

	if (account_is_reason(act->reason)) {
		TRY(run(&doing, reopen_work, &effect.outcome));
		effect.verdict = doing.verdict;
		if (effect.outcome <= ACCOUNT_ALREADY)
			effect.user = doing.user;
	}
	*out = effect;
	return OK;
}

/* Before when it must have been closed. */
static int64_t limit_of(const struct auth_context *context)
{
	int64_t closed = context->config->account.closed;
	int64_t restorable = context->config->account.restorable;

	return context->now - (closed > restorable ? closed : restorable);
}

/* Opened again, or closed anew, since it was listed: stays. */
static enum err remove_work(struct db *db, void *opaque)
{
	struct doing *d = opaque;
	uint32_t state = USER_NONE;
	int64_t at = 0;
	bool found = false;

	d->trail.n = 0;
	d->outcome = ACCOUNT_ALREADY;
	TRY(user_store_lock(db, &d->user_id, &state, &found));
	if (!found || state != USER_CLOSED)
		return OK;
	TRY(account_store_closed_at(db, &d->user_id, &at));
	if (at == 0 || at >= limit_of(d->context))
		return OK;
	d->outcome = ACCOUNT_DONE;
	TRY(user_store_delete(db, &d->user_id));
	return note(d, AUDIT_USER_REMOVED);
}

enum err account_remove_closed(const struct auth_context *context, unsigned limit,
			       uint64_t *removed)
{
	struct id ids[REMOVE_MAX];
	size_t most = limit < REMOVE_MAX ? limit : REMOVE_MAX;
	size_t n = 0;
	uint64_t count = 0;

	TRY(account_store_closed(context->db, limit_of(context), most, ids, &n));
	for (size_t i = 0; i < n; i++) {
		struct doing doing = {.context = context, .user_id = ids[i]};
		enum account_outcome outcome = ACCOUNT_REFUSED;

		TRY(run(&doing, remove_work, &outcome));
		count += outcome == ACCOUNT_DONE ? 1 : 0;
	}
	*removed = count;
	return OK;
}
