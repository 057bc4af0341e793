/* Taking back a change of address, by who has the former one. */
#include "address.h"

#include "account_anew.h"
#include "account_store.h"
#include "address_mail.h"
#include "buf.h"
#include "db.h"
#include "device_store.h"
#include "factors_reset.h"
#include "recovery.h"

#define DETAIL_MAX 64

static enum err refuse(struct address_restoring *r, enum address_outcome outcome)
{
	r->effect = (struct address_effect){.outcome = outcome};
	return ERR_CONFLICT;
}

static enum err begin(struct address_restoring *r, struct db *db)
{
	uint32_t state = USER_NONE;
	bool found = false;
	enum err e = OK;

	TRY(user_store_lock(db, &r->row->user_id, &state, &found));
	if (!found)
		return refuse(r, ADDRESS_GONE);
	e = mail_code_use(r->context, db, r->row);
	if (e == ERR_CONFLICT)
		return refuse(r, ADDRESS_OVER);
	TRY(e);
	e = account_store_set_email(db, &r->row->user_id, r->row->address, r->context->now);
	return e == ERR_CONFLICT ? refuse(r, ADDRESS_TAKEN) : e;
}

/* All that whoever changed the address has, or could have made meanwhile. */
static enum err end_all(struct address_restoring *r, struct db *db, uint64_t *ended)
{
	const struct id *user_id = &r->row->user_id;

	TRY(account_store_reopen(db, user_id, r->context->now));
	TRY(account_end_access(r->context, db, user_id, ended));
	TRY(device_store_delete_of_user(db, user_id));
	TRY(mail_code_store_void_address(db, r->row->address));
	TRY(mail_code_store_void_elsewhere(db, user_id, r->row->address));
	return password_store_refuse(db, user_id);
}

static enum err tell(struct address_restoring *r, struct db *db)
{
	const struct address_mail mail = {
		.kind = STR("address-restored"),
		.recipient = r->row->address,
		.user = &r->effect.user,
		.language = r->row->language,
		.new_address = mail_code_unpack(r->row, STR("to")),
	};

	const struct recovery_mail recovery = {
		.address = r->row->address,
		.user = &r->effect.user,
		.asker = r->asker,
		.language = r->row->language,
	};

	TRY(address_mail(r->context, db, &mail));
	return recovery_queue(r->context, db, &recovery);
}

static enum err note(struct address_restoring *r, uint64_t ended)
{
	struct audit_event event = {
		.kind = AUDIT_ADDRESS_RESTORED,
		.user_id = r->row->user_id,
	};
	struct buf detail;

	buf_init(&detail, r->context->arena, DETAIL_MAX);
	buf_add(&detail, STR("sessions "));
	buf_add_u64(&detail, ended);
	TRY(buf_str(&detail, &event.detail));
	return audit_trail_add(r->context, &r->trail, &event);
}

enum err address_restore_work(struct db *db, struct address_restoring *r)
{
	uint64_t ended = 0;
	bool found = false;

	r->trail.n = 0;
	r->effect = (struct address_effect){.outcome = ADDRESS_DONE};
	TRY(begin(r, db));
	TRY(end_all(r, db, &ended));
	TRY(factors_reset_stop_for(r->context, db, &r->row->user_id, &r->trail));
	TRY(user_store_find_by_id(db, r->context->arena, &r->row->user_id, &r->effect.user,
				  &found));
	TRY(tell(r, db));
	return note(r, ended);
}

static enum err work(struct db *db, void *opaque)
{
	return address_restore_work(db, opaque);
}

enum err address_restore(struct address_restoring *restoring)
{
	enum err e = db_transact(restoring->context->db, work, restoring);

	if (e == ERR_CONFLICT && restoring->effect.outcome > ADDRESS_DONE)
		return OK;
	TRY(e);
	audit_trail_write(restoring->context, &restoring->trail);
	return OK;
}
