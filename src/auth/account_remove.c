/* Accounts go: the row and all that belongs to it, but what was recorded. */
#include "account.h"

#include "audit.h"
#include "db.h"

struct removal {
	const struct auth_context *context;
	const struct id *user_id;
	struct audit_trail trail;
};

static enum err remove_work(struct db *db, void *opaque)
{
	struct removal *r = opaque;
	struct audit_event event = {.kind = AUDIT_USER_REMOVED, .user_id = *r->user_id};
	uint32_t state = USER_NONE;
	bool found = false;

	r->trail.n = 0;
	TRY(user_store_lock(db, r->user_id, &state, &found));
	if (!found)
		return OK;
	TRY(user_store_delete(db, r->user_id));
	return audit_trail_add(r->context, &r->trail, &event);
}

enum err account_remove(const struct auth_context *context, const struct id *user_id)
{
	struct removal removal = {.context = context, .user_id = user_id};

	TRY(db_transact(context->db, remove_work, &removal));
	audit_trail_write(context, &removal.trail);
	return OK;
}
