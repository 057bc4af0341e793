/* Ending sessions as an administrator: anybody's by id, or everybody's. */
#include "session_admin.h"

#include "audit.h"
#include "buf.h"
#include "db.h"
#include "session_store.h"

#define BATCH 500

enum err session_admin_end(const struct auth_context *context, const struct id *session_id,
			   bool *ended)
{
	const struct id anybody = ID_NONE;
	struct audit_event event = {.kind = AUDIT_SESSION_ENDED, .session_id = *session_id};
	bool gone = false;

	TRY(session_store_delete_by_id(context->db, session_id, &anybody, &gone));
	if (gone)
		TRY(audit_record(context, &event));
	*ended = gone;
	return OK;
}

static enum err record_all(const struct auth_context *context, uint64_t n)
{
	struct audit_event event = {.kind = AUDIT_SESSIONS_ENDED};
	struct buf text;

	buf_init(&text, context->arena, 40);
	buf_add_u64(&text, n);
	buf_add(&text, STR(" of everybody"));
	TRY(buf_str(&text, &event.detail));
	return audit_record(context, &event);
}

enum err session_admin_end_everybody(const struct auth_context *context, uint64_t *ended)
{
	uint64_t total = 0;
	uint64_t batch = 0;

	do {
		TRY(session_store_delete_any(context->db, BATCH, &batch));
		total += batch;
	} while (batch > 0);
	TRY(record_all(context, total));
	*ended = total;
	return OK;
}
