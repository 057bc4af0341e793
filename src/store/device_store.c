/* Rows of device. */
#include "device_store.h"

#include "row.h"

enum err device_store_ensure(struct db *db, const struct device_row *row,
			     struct device_known *known)
{
	struct device_known there = {.trusted_until = 0};
	bool found = false;

	TRY(row_run(db, STMT_DEVICE_ENSURE,
		    ARGS(arg_id(&row->id), arg_id(&row->user_id), arg_digest(&row->ref_hash),
			 arg_int(row->kind), arg_text(row->name), arg_int(row->created_at),
			 arg_int(row->last_seen)),
		    NULL));
	TRY(row_find(db, STMT_DEVICE_BY_REF,
		     ARGS(arg_id(&row->user_id), arg_digest(&row->ref_hash)),
		     (struct row_into){.row = &there}, &found));
	/* Purged between the two: only possible outside the transaction this belongs in. */
	if (!found)
		return ERR_UNAVAILABLE;
	*known = there;
	return OK;
}

enum err device_store_find(struct db *db, const struct id *user_id, const struct digest *ref_hash,
			   struct id *id, bool *found)
{
	struct device_known there = {.trusted_until = 0};
	bool any = false;

	TRY(row_find(db, STMT_DEVICE_BY_REF, ARGS(arg_id(user_id), arg_digest(ref_hash)),
		     (struct row_into){.row = &there}, &any));
	if (any)
		*id = there.id;
	*found = any;
	return OK;
}

/* NOLINTNEXTLINE(readability-function-size): whose, which, and where it goes */
enum err device_store_find_by_id(struct db *db, struct arena *arena, const struct id *user_id,
				 const struct id *id, struct device_row *row, bool *found)
{
	struct device_row there = {.kind = DEVICE_NONE};
	bool any = false;

	TRY(row_find(db, STMT_DEVICE_BY_ID, ARGS(arg_id(id), arg_id(user_id)),
		     (struct row_into){.arena = arena, .row = &there}, &any));
	if (any)
		*row = there;
	*found = any;
	return OK;
}

/* NOLINTNEXTLINE(readability-function-size): the page and its rows are the caller's */
enum err device_store_list(struct db *db, struct arena *arena, const struct id *user_id,
			   const struct page_cursor *cursor, struct device_row *out, size_t *count)
{
	struct row_page page = {arena, out, sizeof *out, cursor->limit, 0};
	int64_t before = cursor->at == 0 ? INT64_MAX : cursor->at;

	TRY(row_fill(db, STMT_DEVICE_LIST,
		     ARGS(arg_id(user_id), arg_int(before), arg_int(before),
			  arg_id_or_zero(&cursor->id), arg_int(cursor->limit)),
		     &page));
	*count = page.n;
	return OK;
}

enum err device_store_set_key(struct db *db, const struct device_row *row)
{
	return row_run(db, STMT_DEVICE_SET_KEY,
		       ARGS(arg_int(row->key_kind), arg_bytes(row->public_key),
			    arg_time(row->key_set_at), arg_id(&row->id), arg_id(&row->user_id)),
		       NULL);
}

enum err device_store_trust(struct db *db, const struct id *user_id, const struct id *id,
			    int64_t until)
{
	return row_run(db, STMT_DEVICE_TRUST, ARGS(arg_time(until), arg_id(id), arg_id(user_id)),
		       NULL);
}

enum err device_store_delete(struct db *db, const struct id *user_id, const struct id *id,
			     bool *deleted)
{
	uint64_t affected = 0;

	TRY(row_run(db, STMT_DEVICE_DELETE, ARGS(arg_id(id), arg_id(user_id)), &affected));
	*deleted = affected > 0;
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
