/* Rows of audit_event. */
#include "audit_store.h"

#include "row.h"

static struct arg or_empty(struct str s)
{
	return arg_bytes(str_is_present(s) ? s : STR(""));
}

enum err audit_store_insert(struct db *db, const struct audit_row *row)
{
	return row_run(db, STMT_AUDIT_INSERT,
		       ARGS(arg_int(row->at), arg_id(&row->id), arg_bytes(row->event),
			    arg_bytes(row->outcome), arg_id(&row->user_id), arg_id(&row->actor_id),
			    arg_id(&row->session_id), arg_id(&row->request_id),
			    or_empty(row->source), or_empty(row->detail)),
		       NULL);
}

enum err audit_store_purge(struct db *db, int64_t before, unsigned limit, uint64_t *deleted)
{
	return row_run(db, STMT_AUDIT_PURGE, ARGS(arg_int(before), arg_int(limit)), deleted);
}
