/* Rows of handover. */
#include "handover_store.h"

#include "row.h"

enum err handover_store_insert(struct db *db, const struct handover_row *row)
{
	return row_run(db, STMT_HANDOVER_INSERT,
		       ARGS(arg_digest(&row->code_hash), arg_digest(&row->challenge),
			    arg_int(row->receiver), arg_id(&row->user_id), arg_id(&row->session_id),
			    arg_int(row->epoch), arg_int(row->created_at),
			    arg_int(row->expires_at)),
		       NULL);
}

enum err handover_store_find(struct db *db, const struct digest hashes[2], struct handover_row *row,
			     bool *found)
{
	struct handover_row there = {.receiver = HANDOVER_NOBODY};
	bool any = false;

	TRY(row_find(db, STMT_HANDOVER_FIND, ARGS(arg_digest(&hashes[0]), arg_digest(&hashes[1])),
		     (struct row_into){.row = &there}, &any));
	if (any)
		*row = there;
	*found = any;
	return OK;
}

enum err handover_store_use(struct db *db, const struct digest *code_hash, int64_t now, bool *used)
{
	uint64_t affected = 0;

	TRY(row_run(db, STMT_HANDOVER_USE, ARGS(arg_int(now), arg_digest(code_hash), arg_int(now)),
		    &affected));
	*used = affected == 1;
	return OK;
}

enum err handover_store_delete_of_session(struct db *db, const struct id *session_id)
{
	return row_run(db, STMT_HANDOVER_DELETE_OF_SESSION, ARGS(arg_id(session_id)), NULL);
}

enum err handover_store_delete_of_user(struct db *db, const struct id *user_id)
{
	return row_run(db, STMT_HANDOVER_DELETE_OF_USER, ARGS(arg_id(user_id)), NULL);
}

enum err handover_store_purge(struct db *db, int64_t before, unsigned limit, uint64_t *deleted)
{
	return row_run(db, STMT_HANDOVER_PURGE, ARGS(arg_int(before), arg_int(limit)), deleted);
}
