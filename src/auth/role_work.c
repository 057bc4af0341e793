/* The part of a changed role that concerns those who have it, a batch at a time. */
#include "role_work.h"

#include "audit.h"
#include "buf.h"
#include "clock.h"
#include "db.h"
#include "role.h"
#include "user_store.h"

#define DETAIL_MAX 256

/* "-editor: the role is removed" in the history of each who had it. */
static enum err note_loss(const struct auth_context *context, const struct role_row *role,
			  const struct id *user_id)
{
	struct audit_event event = {.kind = AUDIT_ROLE_CHANGED, .user_id = *user_id};
	struct buf detail;

	buf_init(&detail, context->arena, DETAIL_MAX);
	buf_add_char(&detail, '-');
	buf_add(&detail, role->name);
	buf_add(&detail, STR(": the role is removed"));
	TRY(buf_str(&detail, &event.detail));
	return audit_row(context, &event);
}

static enum err do_one(const struct auth_context *context, struct db *db,
		       const struct role_row *role, const struct member_key *key)
{
	uint32_t state = USER_NONE;
	bool found = false;

	TRY(user_store_lock(db, &key->user_id, &state, &found));
	if (role->work != ROLE_WORK_REMOVE)
		return member_store_rewrite(db, key);
	TRY(role_store_drop(db, &role->id, key));
	return note_loss(context, role, &key->user_id);
}

static enum err finish(struct db *db, struct role_row *role)
{
	bool removed = role->work == ROLE_WORK_REMOVE;

	role->work = ROLE_WORK_NONE;
	role->done = (struct member_key){.user_id = ID_NONE};
	return removed ? role_store_delete(db, &role->id) : role_store_set_work(db, role);
}

/* What was removed is no more there, so that a removal begins at the start each time. */
enum err role_work_batch(const struct auth_context *context, struct db *db, struct role_row *role)
{
	struct member_key keys[ROLE_WORK_BATCH];
	struct holder_page page = {.rows = keys, .room = ROLE_WORK_BATCH};

	TRY(role_store_holders(db, &role->id, &role->done, &page));
	for (size_t i = 0; i < page.n; i++)
		TRY(do_one(context, db, role, &keys[i]));
	if (page.n < ROLE_WORK_BATCH)
		return finish(db, role);
	if (role->work == ROLE_WORK_REWRITE)
		role->done = keys[page.n - 1];
	return role_store_set_work(db, role);
}

/* One batch of whatever role has work. */
struct going_on {
	const struct auth_context *context;
	struct str name;
};

static enum err go_on_work(struct db *db, void *opaque)
{
	struct going_on *g = opaque;
	struct role_row role = {.work = ROLE_WORK_NONE};
	bool found = false;

	TRY(role_store_lock(db, g->context->arena, g->name, &role, &found));
	if (!found || role.work == ROLE_WORK_NONE)
		return OK;
	return role_work_batch(g->context, db, &role);
}

enum err role_go_on(const struct auth_context *context, int64_t until, uint64_t *batches)
{
	uint64_t n = 0;
	bool found = true;

	while (found && (n == 0 || clock_monotonic() < until)) {
		struct role_row role = {.work = ROLE_WORK_NONE};
		struct going_on g = {.context = context};

		TRY(role_store_find_work(context->db, context->arena, &role, &found));
		if (!found)
			break;
		g.name = role.name;
		TRY(db_transact(context->db, go_on_work, &g));
		n++;
	}
	*batches = n;
	return OK;
}
