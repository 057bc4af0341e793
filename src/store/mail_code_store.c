/* Rows of mail_code. */
#include "mail_code_store.h"

#include "row.h"

enum err mail_code_store_put(struct db *db, const struct mail_code_row *row)
{
	return row_run(db, STMT_MAIL_CODE_PUT,
		       ARGS(arg_id(&row->id), arg_int(row->purpose), arg_digest(&row->slot_hash),
			    arg_bytes(row->address), arg_id(&row->user_id),
			    arg_digest(&row->code_hash), arg_digest(&row->link_hash),
			    arg_digest(&row->asker_hash), arg_bytes(row->payload),
			    arg_bytes(row->language), arg_int(row->created_at),
			    arg_int(row->code_end), arg_int(row->expires_at)),
		       NULL);
}

enum err mail_code_store_delete_slot(struct db *db, const struct digest *slot_hash)
{
	return row_run(db, STMT_MAIL_CODE_DELETE_SLOT, ARGS(arg_digest(slot_hash)), NULL);
}

enum err mail_code_store_try(struct db *db, const struct digest hashes[2], int64_t now, bool *taken)
{
	uint64_t affected = 0;

	TRY(row_run(db, STMT_MAIL_CODE_TRY,
		    ARGS(arg_digest(&hashes[0]), arg_digest(&hashes[1]), arg_int(now),
			 arg_int(MAIL_CODE_TRIES)),
		    &affected));
	*taken = affected > 0;
	return OK;
}

enum err mail_code_store_untry(struct db *db, const struct id *id)
{
	return row_run(db, STMT_MAIL_CODE_UNTRY, ARGS(arg_id(id)), NULL);
}

/* Where what is found goes. */
struct sought {
	struct arena *arena;
	struct mail_code_row *row;
	bool *found;
};

static enum err find(struct db *db, enum stmt stmt, struct args args, struct sought to)
{
	struct mail_code_row there = {.purpose = MAIL_NOTHING};
	bool any = false;

	TRY(row_find(db, stmt, args, (struct row_into){.arena = to.arena, .row = &there}, &any));
	if (any)
		*to.row = there;
	*to.found = any;
	return OK;
}

enum err mail_code_store_find(struct db *db, struct arena *arena, const struct digest hashes[2],
			      struct mail_code_row *row, bool *found)
{
	return find(db, STMT_MAIL_CODE_BY_SLOT,
		    ARGS(arg_digest(&hashes[0]), arg_digest(&hashes[1])),
		    (struct sought){arena, row, found});
}

enum err mail_code_store_find_link(struct db *db, struct arena *arena,
				   const struct digest hashes[2], struct mail_code_row *row,
				   bool *found)
{
	return find(db, STMT_MAIL_CODE_BY_LINK,
		    ARGS(arg_digest(&hashes[0]), arg_digest(&hashes[1])),
		    (struct sought){arena, row, found});
}

enum err mail_code_store_find_id(struct db *db, struct arena *arena, const struct id *id,
				 struct mail_code_row *row, bool *found)
{
	return find(db, STMT_MAIL_CODE_BY_ID, ARGS(arg_id(id)), (struct sought){arena, row, found});
}

enum err mail_code_store_use(struct db *db, const struct id *id, int64_t now, bool *used)
{
	uint64_t affected = 0;

	TRY(row_run(db, STMT_MAIL_CODE_USE, ARGS(arg_int(now), arg_id(id), arg_int(now)),
		    &affected));
	*used = affected == 1;
	return OK;
}

enum err mail_code_store_void_address(struct db *db, struct str address)
{
	return row_run(db, STMT_MAIL_CODE_VOID_ADDRESS, ARGS(arg_bytes(address)), NULL);
}

enum err mail_code_store_void_user(struct db *db, const struct id *user_id)
{
	return row_run(db, STMT_MAIL_CODE_VOID_USER, ARGS(arg_id(user_id)), NULL);
}

enum err mail_code_store_void_elsewhere(struct db *db, const struct id *user_id, struct str address)
{
	return row_run(db, STMT_MAIL_CODE_VOID_ELSEWHERE, ARGS(arg_id(user_id), arg_bytes(address)),
		       NULL);
}

enum err mail_code_store_void_closed(struct db *db, const struct id *user_id)
{
	return row_run(db, STMT_MAIL_CODE_VOID_CLOSED, ARGS(arg_id(user_id)), NULL);
}

static enum err is_there(struct db *db, enum stmt stmt, struct args args, bool *out)
{
	int64_t number = 0;
	bool found = false;

	TRY(row_find(db, stmt, args, (struct row_into){.row = &number}, &found));
	*out = number > 0;
	return OK;
}

enum err mail_code_store_is_asked(struct db *db, const struct id *user_id, struct str address,
				  bool *asked)
{
	return is_there(db, STMT_MAIL_CODE_ASKED, ARGS(arg_id(user_id), arg_bytes(address)), asked);
}

enum err mail_code_store_is_restorable(struct db *db, const struct id *user_id, int64_t now,
				       bool *restorable)
{
	return is_there(db, STMT_MAIL_CODE_RESTORABLE, ARGS(arg_id(user_id), arg_int(now)),
			restorable);
}

enum err mail_code_store_find_restoration(struct db *db, struct arena *arena,
					  const struct mail_restoration *of,
					  struct mail_code_row *row, bool *found)
{
	return find(db, STMT_MAIL_CODE_RESTORATION,
		    ARGS(arg_id(&of->user_id), arg_bytes(of->address), arg_int(of->now)),
		    (struct sought){arena, row, found});
}

enum err mail_code_store_is_reserved(struct db *db, struct str address, int64_t now, bool *reserved)
{
	return is_there(db, STMT_MAIL_CODE_RESERVED, ARGS(arg_bytes(address), arg_int(now)),
			reserved);
}

enum err mail_code_store_purge(struct db *db, int64_t before, unsigned limit, uint64_t *deleted)
{
	return row_run(db, STMT_MAIL_CODE_PURGE, ARGS(arg_int(before), arg_int(limit)), deleted);
}
