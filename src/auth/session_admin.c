/* Ending sessions as an administrator: anybody's by id, or everybody's. */
#include "session_admin.h"

#include "audit.h"
#include "buf.h"
#include "db.h"
#include "session_store.h"

#define BATCH 500

/* Made anew when the transaction runs again. */
struct ending {
	const struct auth_context *context;
	const struct id *session_id;
	bool ended;
	struct audit_trail trail;
};

static enum err end_work(struct db *db, void *opaque)
{
	struct ending *ending = opaque;
	const struct id anybody = ID_NONE;
	struct audit_event event = {
		.kind = AUDIT_SESSION_ENDED,
		.session_id = *ending->session_id,
	};

	ending->trail.n = 0;
	TRY(session_store_delete_by_id(db, ending->session_id, &anybody, &ending->ended));
	if (!ending->ended)
		return OK;
	return audit_trail_add(ending->context, &ending->trail, &event);
}

enum err session_admin_end(const struct auth_context *context, const struct id *session_id,
			   bool *ended)
{
	struct ending ending = {.context = context, .session_id = session_id};

	TRY(db_transact(context->db, end_work, &ending));
	audit_trail_write(context, &ending.trail);
	*ended = ending.ended;
	return OK;
}

/* One batch of everybody's. */
struct sweep {
	const struct auth_context *context;
	uint64_t ended;
	bool first;
	struct audit_trail trail;
};

static enum err note_sweep(struct sweep *sweep)
{
	struct audit_event event = {.kind = AUDIT_SESSIONS_ENDED};
	struct buf text;

	buf_init(&text, sweep->context->arena, 40);
	buf_add_u64(&text, sweep->ended);
	buf_add(&text, STR(" of everybody"));
	TRY(buf_str(&text, &event.detail));
	return audit_trail_add(sweep->context, &sweep->trail, &event);
}

static enum err sweep_work(struct db *db, void *opaque)
{
	struct sweep *sweep = opaque;

	sweep->trail.n = 0;
	TRY(session_store_delete_any(db, BATCH, &sweep->ended));
	return sweep->ended > 0 || sweep->first ? note_sweep(sweep) : OK;
}

enum err session_admin_end_everybody(const struct auth_context *context, uint64_t *ended)
{
	struct sweep sweep = {.context = context, .first = true};
	uint64_t total = 0;

	do {
		TRY(db_transact(context->db, sweep_work, &sweep));
		audit_trail_write(context, &sweep.trail);
		total += sweep.ended;
		sweep.first = false;
	} while (sweep.ended > 0);
	*ended = total;
	return OK;
}
