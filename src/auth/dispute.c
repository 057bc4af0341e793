/* "This wasn't me": what the link of a notice does, once, for whoever got it. */
#include "dispute.h"

#include "account_anew.h"
#include "address.h"
#include "audit.h"
#include "buf.h"
#include "db.h"
#include "factors_reset.h"
#include "recovery.h"

#define DETAIL_MAX 64

/* "user" and below are made anew when the transaction runs again. */
struct disputing {
	const struct auth_context *context;
	const struct dispute_request *request;
	struct mail_code_row row;
	struct user_row user;
	struct audit_trail trail;
};

static enum err find_user(struct disputing *d, struct db *db)
{
	uint32_t state = USER_NONE;
	bool found = false;

	d->user = (struct user_row){.state = USER_NONE};
	TRY(user_store_lock(db, &d->row.user_id, &state, &found));
	if (found)
		TRY(user_store_find_by_id(db, d->context->arena, &d->row.user_id, &d->user,
					  &found));
	return found ? OK : ERR_CONFLICT;
}

static enum err queue_recovery(const struct disputing *d, struct db *db)
{
	const struct recovery_mail mail = {
		.address = d->user.email,
		.user = &d->user,
		.asker = d->request->asker,
		.language = d->request->language,
	};

	return str_is_present(d->user.email) ? recovery_queue(d->context, db, &mail) : OK;
}

static enum err note(struct disputing *d, uint64_t sessions)
{
	struct audit_event event = {.kind = AUDIT_NOTICE_DISPUTED, .user_id = d->user.id};
	struct buf text;

	buf_init(&text, d->context->arena, DETAIL_MAX);
	buf_addf(&text, "sessions %llu", (unsigned long long)sessions);
	TRY(buf_str(&text, &event.detail));
	return audit_trail_add(d->context, &d->trail, &event);
}

/* The notice went to an address that the account was moved from since. */
static enum err find_restoration(const struct disputing *d, struct db *db,
				 struct mail_code_row *row, bool *found)
{
	const struct mail_restoration of = {
		.user_id = d->user.id,
		.address = d->row.address,
		.now = d->context->now,
	};

	*found = false;
	if (str_equal(d->row.address, d->user.email))
		return OK;
	return mail_code_store_find_restoration(db, d->context->arena, &of, row, found);
}

/* A mail to the present address would be the thief's: the former one is given back first. */
static enum err restore(struct disputing *d, struct db *db, const struct mail_code_row *row)
{
	struct address_restoring restoring = {
		.context = d->context,
		.row = row,
		.asker = d->request->asker,
	};

	TRY(address_restore_work(db, &restoring));
	d->trail = restoring.trail;
	return note(d, 0);
}

static enum err work(struct db *db, void *opaque)
{
	struct disputing *d = opaque;
	struct mail_code_row moved;
	uint64_t sessions = 0;
	bool found = false;

	d->trail.n = 0;
	TRY(find_user(d, db));
	TRY(mail_code_use(d->context, db, &d->row));
	TRY(find_restoration(d, db, &moved, &found));
	if (found)
		return restore(d, db, &moved);
	TRY(account_end_access(d->context, db, &d->user.id, &sessions));
	TRY(password_store_refuse(db, &d->user.id));
	TRY(factors_reset_stop_for(d->context, db, &d->user.id, &d->trail));
	TRY(queue_recovery(d, db));
	return note(d, sessions);
}

enum err dispute_act(const struct auth_context *context, const struct dispute_request *request,
		     enum mail_verdict *verdict)
{
	struct disputing disputing = {.context = context, .request = request};
	struct mail_claim claim = request->claim;
	enum mail_verdict judged = MAIL_WRONG;
	int64_t wait = 0;
	enum err e = OK;

	claim.links = 1U << MAIL_NOT_ME;
	TRY(mail_code_check(context, &claim, &judged, &disputing.row, &wait));
	if (judged == MAIL_RIGHT) {
		e = db_transact(context->db, work, &disputing);
		if (e == ERR_CONFLICT)
			judged = MAIL_OVER;
		else if (e == OK)
			audit_trail_write(context, &disputing.trail);
	}
	if (e != ERR_CONFLICT)
		TRY(e);
	*verdict = judged;
	return OK;
}
