/* A recovery that an administrator begins: the mail goes to the account, and to nobody else. */
#include "account_admin.h"

#include "audit.h"
#include "db.h"
#include "recovery.h"

/* Everything below "act" is made anew when the transaction runs again. */
struct sending {
	const struct auth_context *context;
	const struct account_act *act;
	struct account_effect effect;
	struct audit_trail trail;
};

static enum err refuse(struct sending *s, enum account_outcome outcome)
{
	s->effect = (struct account_effect){.outcome = outcome};
	return ERR_CONFLICT;
}

static enum err check_actor(struct sending *s, struct db *db)
{
	struct actor_wish wish = {.user_id = s->act->user_id, .own_too = true};
	enum actor_verdict verdict = ACTOR_DENIED;

	TRY(actor_check(s->context, db, &wish, &verdict));
	if (verdict == ACTOR_FINE)
		return OK;
	s->effect = (struct account_effect){.outcome = ACCOUNT_NOT_ALLOWED, .verdict = verdict};
	return ERR_CONFLICT;
}

static enum err find_user(struct sending *s, struct db *db)
{
	struct user_row *user = &s->effect.user;
	uint32_t state = USER_NONE;
	bool found = false;

	TRY(user_store_lock(db, &s->act->user_id, &state, &found));
	if (found)
		TRY(user_store_find_by_id(db, s->context->arena, &s->act->user_id, user, &found));
	if (!found)
		return refuse(s, ACCOUNT_NO_SUCH_USER);
	if (user->state == USER_CLOSED)
		return refuse(s, ACCOUNT_IS_CLOSED);
	if (user->state != USER_ACTIVE)
		return refuse(s, ACCOUNT_IS_LOCKED);
	return user->email.n > 0 ? OK : refuse(s, ACCOUNT_NO_ADDRESS);
}

static enum err work(struct db *db, void *opaque)
{
	struct sending *s = opaque;
	struct audit_event event = {
		.kind = AUDIT_RECOVERY_ASKED,
		.user_id = s->act->user_id,
		.detail = s->act->reason,
	};
	struct recovery_mail mail = {.user = &s->effect.user, .asker = {MAIL_ASKER_NOWHERE}};

	s->trail.n = 0;
	s->effect = (struct account_effect){.outcome = ACCOUNT_DONE};
	TRY(check_actor(s, db));
	TRY(find_user(s, db));
	mail.address = s->effect.user.email;
	TRY(recovery_queue(s->context, db, &mail));
	return audit_trail_add(s->context, &s->trail, &event);
}

enum err account_recover(const struct auth_context *context, const struct account_act *act,
			 struct account_effect *out)
{
	struct sending sending = {.context = context, .act = act};
	enum err e = OK;

	if (!account_is_reason(act->reason)) {
		*out = (struct account_effect){.outcome = ACCOUNT_BAD_REASON};
		return OK;
	}
	e = db_transact(context->db, work, &sending);
	if (e == ERR_CONFLICT && sending.effect.outcome > ACCOUNT_ALREADY)
		e = OK;
	else if (e == OK)
		audit_trail_write(context, &sending.trail);
	TRY(e);
	*out = sending.effect;
	return OK;
}
