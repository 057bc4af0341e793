/* Rows of token_family and refresh_token. */
#include "token_store.h"

#include "db.h"
#include "row.h"

enum err token_store_find(struct db *db, struct arena *arena, const struct digest hashes[2],
			  struct token_found *out, bool *found)
{
	struct token_found there = {.child_used_at = 0};
	bool any = false;

	TRY(row_find(db, STMT_TOKEN_FIND, ARGS(arg_digest(&hashes[0]), arg_digest(&hashes[1])),
		     (struct row_into){.arena = arena, .row = &there}, &any));
	if (any)
		*out = there;
	*found = any;
	return OK;
}

static enum err insert(struct db *db, const struct refresh_token_row *row)
{
	return row_run(db, STMT_TOKEN_INSERT,
		       ARGS(arg_digest(&row->hash), arg_id(&row->session_id), arg_id(&row->pair_id),
			    arg_int(row->issued_at), arg_int(row->expires_at)),
		       NULL);
}

enum err token_store_begin(struct db *db, const struct token_family_row *family,
			   const struct refresh_token_row *first)
{
	TRY(row_run(db, STMT_TOKEN_FAMILY_ENSURE,
		    ARGS(arg_id(&family->session_id), arg_id(&family->user_id),
			 arg_bytes(family->client), arg_int(family->created_at),
			 arg_int(family->expires_at)),
		    NULL));
	TRY(row_run(db, STMT_TOKEN_REPLACE,
		    ARGS(arg_int(first->issued_at), arg_id(&family->session_id)), NULL));
	return insert(db, first);
}

enum err token_store_exchange(struct db *db, const struct token_exchange *exchange, bool *won)
{
	const struct session_row *session = exchange->session;
	const struct refresh_token_row *used = exchange->used;
	uint64_t affected = 0;

	*won = false;
	TRY(row_run(db, STMT_TOKEN_TOUCH_SESSION,
		    ARGS(arg_int(session->last_seen), arg_int(session->idle_end),
			 arg_id(&session->pair_id), arg_id(&session->id), arg_int(session->epoch)),
		    &affected));
	if (affected != 1)
		return OK;
	TRY(row_run(db, STMT_TOKEN_USE,
		    ARGS(arg_int(used->used_at), arg_id(&used->nonce),
			 arg_digest(&used->child_hash), arg_digest(&used->presenter),
			 arg_digest(&used->hash)),
		    &affected));
	if (affected != 1)
		return OK;
	TRY(insert(db, exchange->child));
	*won = true;
	return OK;
}

enum err token_store_end(struct db *db, const struct id *session_id, int64_t now, bool *ended)
{
	uint64_t affected = 0;

	TRY(row_run(db, STMT_TOKEN_FAMILY_END, ARGS(arg_int(now), arg_id(session_id)), &affected));
	*ended = affected == 1;
	return OK;
}

enum err token_store_end_of_user(struct db *db, const struct id *user_id, int64_t now)
{
	return row_run(db, STMT_TOKEN_FAMILY_END_OF_USER, ARGS(arg_int(now), arg_id(user_id)),
		       NULL);
}

enum err token_store_delete_of_user(struct db *db, const struct id *user_id)
{
	return row_run(db, STMT_TOKEN_DELETE_OF_USER, ARGS(arg_id(user_id)), NULL);
}

enum err token_store_purge(struct db *db, int64_t before, unsigned limit, uint64_t *deleted)
{
	return row_run(db, STMT_TOKEN_PURGE, ARGS(arg_int(before), arg_int(limit)), deleted);
}

enum err token_family_store_purge(struct db *db, int64_t before, unsigned limit, uint64_t *deleted)
{
	return row_run(db, STMT_TOKEN_FAMILY_PURGE, ARGS(arg_int(before), arg_int(limit)), deleted);
}
