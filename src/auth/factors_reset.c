/* Second factors that an administrator takes away, for somebody who has lost them: not at once. */
#include "factors_reset.h"

#include "account_anew.h"
#include "actor.h"
#include "arena.h"
#include "buf.h"
#include "clock.h"
#include "db.h"
#include "factor_store.h"
#include "notice.h"

#define DETAIL_MAX (64 + ACCOUNT_REASON_MAX)
#define DUE_MAX 100
/* Of one user: a mail each, and the housekeeper has little. */
#define DUE_MEMORY ((size_t)512 * 1024)

/* One act; effect and trail are made anew when the transaction runs again. */
struct doing {
	const struct auth_context *context;
	struct id user_id;
	struct str reason;
	bool own_too;
	enum err (*step)(struct doing *doing, struct db *db);
	struct account_effect effect;
	struct audit_trail trail;
};

/* The transaction is undone; why is the result. */
static enum err refuse(struct doing *d, enum account_outcome outcome)
{
	d->effect = (struct account_effect){.outcome = outcome};
	return ERR_CONFLICT;
}

static enum err note(struct doing *d, enum audit_kind kind, const char *before, int64_t at)
{
	struct audit_event event = {.kind = kind, .user_id = d->user_id};
	struct buf detail;

	buf_init(&detail, d->context->arena, DETAIL_MAX);
	buf_add(&detail, str_of(before));
	if (at > 0)
		clock_add_rfc3339(&detail, at);
	if (d->reason.n > 0) {
		buf_add(&detail, detail.n > 0 ? STR(": ") : STR(""));
		buf_add(&detail, d->reason);
	}
	TRY(buf_str(&detail, &event.detail));
	return audit_trail_add(d->context, &d->trail, &event);
}

static enum err check_actor(struct doing *d, struct db *db)
{
	const struct actor_wish wish = {.user_id = d->user_id, .own_too = d->own_too};
	enum actor_verdict verdict = ACTOR_DENIED;

	TRY(actor_check(d->context, db, &wish, &verdict));
	if (verdict == ACTOR_FINE)
		return OK;
	d->effect = (struct account_effect){.outcome = ACCOUNT_NOT_ALLOWED, .verdict = verdict};
	return ERR_CONFLICT;
}

static enum err lock_user(struct doing *d, struct db *db)
{
	uint32_t state = USER_NONE;
	bool found = false;

	TRY(user_store_lock(db, &d->user_id, &state, &found));
	if (found)
		TRY(user_store_find_by_id(db, d->context->arena, &d->user_id, &d->effect.user,
					  &found));
	return found ? OK : refuse(d, ACCOUNT_NO_SUCH_USER);
}

static enum err work(struct db *db, void *opaque)
{
	struct doing *d = opaque;

	d->trail.n = 0;
	d->effect = (struct account_effect){.outcome = ACCOUNT_DONE};
	TRY(check_actor(d, db));
	TRY(lock_user(d, db));
	return d->step(d, db);
}

static enum err note_refusal(const struct doing *d)
{
	const struct audit_event event = {
		.kind = AUDIT_ADMIN_REFUSED,
		.user_id = d->user_id,
		.detail = str_of(actor_text(d->effect.verdict)),
	};

	return d->effect.outcome == ACCOUNT_NOT_ALLOWED ? audit_record(d->context, &event) : OK;
}

static enum err run(struct doing *d, struct account_effect *out)
{
	enum err e = OK;

	if (!account_is_reason(d->reason)) {
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

/* What was stolen with a session, a trusted browser or a device's key goes with the factors. */
static enum err take_away(struct doing *d, struct db *db)
{
	struct user_row *user = &d->effect.user;
	const struct notice notice = notice_to(STR("factor-removed"), user);

	TRY(factor_store_delete_all(db, &user->id));
	TRY(account_end_access(d->context, db, &user->id, &d->effect.sessions));
	user->factors = 0;
	user->factors_end = 0;
	TRY(notice_queue(d->context, db, &notice));
	return note(d, AUDIT_FACTORS_RESET, "", 0);
}

static enum err ask_step(struct doing *d, struct db *db)
{
	struct user_row *user = &d->effect.user;
	struct notice notice = notice_to(STR("factors-reset"), user);
	int64_t delay = d->context->config->second_factor.reset_delay;

	if (user->state == USER_CLOSED)
		return refuse(d, ACCOUNT_IS_CLOSED);
	if (user->factors == 0)
		return refuse(d, ACCOUNT_NO_FACTOR);
	if (user->factors_end > 0 && delay > 0) {
		d->effect.outcome = ACCOUNT_ALREADY;
		return OK;
	}
	user->factors_end = d->context->now + delay;
	TRY(note(d, AUDIT_FACTORS_RESET_ASKED, "for ", user->factors_end));
	if (delay == 0)
		return take_away(d, db);
	notice.due_at = user->factors_end;
	TRY(factor_store_set_end(db, &user->id, user->factors_end));
	return notice_queue(d->context, db, &notice);
}

enum err factors_reset_ask(const struct auth_context *context, const struct account_act *act,
			   struct account_effect *out)
{
	struct doing doing = {
		.context = context,
		.user_id = act->user_id,
		.reason = act->reason,
		.step = ask_step,
	};

	return run(&doing, out);
}

static enum err stop_step(struct doing *d, struct db *db)
{
	struct user_row *user = &d->effect.user;

	if (user->factors_end == 0) {
		d->effect.outcome = ACCOUNT_ALREADY;
		return OK;
	}
	user->factors_end = 0;
	TRY(factor_store_set_end(db, &user->id, 0));
	return note(d, AUDIT_FACTORS_RESET_STOPPED, "", 0);
}

enum err factors_reset_stop(const struct auth_context *context, const struct account_act *act,
			    struct account_effect *out)
{
	struct doing doing = {
		.context = context,
		.user_id = act->user_id,
		.reason = act->reason,
		.own_too = true,
		.step = stop_step,
	};

	return run(&doing, out);
}

enum err factors_reset_stop_for(const struct auth_context *context, struct db *db,
				const struct id *user_id, struct audit_trail *trail)
{
	const struct audit_event event = {
		.kind = AUDIT_FACTORS_RESET_STOPPED,
		.user_id = *user_id,
		.detail = STR("by the account"),
	};
	int64_t at = 0;

	TRY(factor_store_end(db, user_id, &at));
	if (at == 0)
		return OK;
	TRY(factor_store_set_end(db, user_id, 0));
	return audit_trail_add(context, trail, &event);
}

/* Stopped since it was listed: stays. Who has none any more loses no session. */
static enum err due_step(struct doing *d, struct db *db)
{
	const struct user_row *user = &d->effect.user;

	d->effect.outcome = ACCOUNT_ALREADY;
	if (user->factors_end == 0 || user->factors_end > d->context->now)
		return OK;
	if (user->factors == 0)
		return factor_store_set_end(db, &user->id, 0);
	d->effect.outcome = ACCOUNT_DONE;
	return take_away(d, db);
}

static enum err due_work(struct db *db, void *opaque)
{
	struct doing *d = opaque;

	d->trail.n = 0;
	d->effect = (struct account_effect){.outcome = ACCOUNT_DONE};
	enum err e = lock_user(d, db);
	/* Removed since it was listed. */
	if (e == ERR_CONFLICT && d->effect.outcome == ACCOUNT_NO_SUCH_USER)
		return OK;
	TRY(e);
	return due_step(d, db);
}

enum err factors_reset_due(const struct auth_context *context, unsigned limit, uint64_t *n)
{
	struct auth_context own = *context;
	struct id ids[DUE_MAX];
	unsigned most = limit < DUE_MAX ? limit : DUE_MAX;
	size_t listed = 0;
	enum err e = OK;

	TRY(factor_store_due(context->db, context->now, most, ids, &listed));
	if (listed > 0)
		TRY(arena_open(0, DUE_MEMORY, &own.arena));
	for (size_t i = 0; i < listed && e == OK; i++) {
		struct doing doing = {.context = &own, .user_id = ids[i]};

		e = db_transact(own.db, due_work, &doing);
		if (e == OK)
			audit_trail_write(&own, &doing.trail);
		arena_reset(own.arena);
	}
	if (listed > 0)
		arena_close(&own.arena);
	TRY(e);
	*n = listed;
	return OK;
}
