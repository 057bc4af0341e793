/* Rows of device. */
#include "device_store.h"

#include "row.h"

enum err device_store_ensure(struct db *db, struct arena *arena, const struct device_row *row,
			     struct id *id)
{
	struct id there = ID_NONE;
	bool found = false;

	TRY(row_run(db, STMT_DEVICE_ENSURE,
		    ARGS(arg_id(&row->id), arg_id(&row->user_id), arg_digest(&row->ref_hash),
			 arg_int(row->kind), arg_text(row->name), arg_int(row->created_at),
			 arg_int(row->last_seen)),
		    NULL));
	TRY(row_find(db, STMT_DEVICE_BY_REF,
		     ARGS(arg_id(&row->user_id), arg_digest(&row->ref_hash)),
		     (struct row_into){.arena = arena, .row = &there}, &found));
	/* Purged between the two: only possible outside the transaction this belongs in. */
	if (!found)
		return ERR_UNAVAILABLE;
	*id = there;
	return OK;
}

enum err device_store_find(struct db *db, const struct id *user_id, const struct digest *ref_hash,
			   struct id *id, bool *found)
{
	struct id there = ID_NONE;
	bool any = false;

	TRY(row_find(db, STMT_DEVICE_BY_REF, ARGS(arg_id(user_id), arg_digest(ref_hash)),
		     (struct row_into){.row = &there}, &any));
	if (any)
		*id = there;
	*found = any;
	return OK;
}

enum err device_store_is_first(struct db *db, const struct device_first *of, bool *first)
{
	int64_t number = 0;
	bool found = false;

	TRY(row_find(db, STMT_DEVICE_IS_FIRST,
		     ARGS(arg_id(&of->user_id), arg_int(of->since), arg_id_or_zero(&of->device_id),
			  arg_id_or_zero(&of->session_id)),
		     (struct row_into){.row = &number}, &found));
	*first = number > 0;
	return OK;
}

enum err device_store_disarm(struct db *db, const struct id *user_id)
{
	return row_run(db, STMT_DEVICE_DISARM, ARGS(arg_id(user_id)), NULL);
}

enum err device_store_delete_of_user(struct db *db, const struct id *user_id)
{
	return row_run(db, STMT_DEVICE_DELETE_OF_USER, ARGS(arg_id(user_id)), NULL);
}

enum err device_store_purge(struct db *db, int64_t before, unsigned limit, uint64_t *deleted)
{
	return row_run(db, STMT_DEVICE_PURGE, ARGS(arg_int(before), arg_int(limit)), deleted);
}
