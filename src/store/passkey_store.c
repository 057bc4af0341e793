/* Rows of passkey and challenge. */
#include "passkey_store.h"

#include "row.h"

enum err passkey_store_insert(struct db *db, const struct passkey_row *row)
{
	return row_run(db, STMT_PASSKEY_INSERT,
		       ARGS(arg_id(&row->id), arg_id(&row->user_id), arg_bytes(row->credential_id),
			    arg_int(row->algorithm), arg_bytes(row->public_key),
			    arg_int(row->sign_count), arg_int(row->eligible),
			    arg_int(row->backed_up), arg_int(row->verified),
			    arg_id_or_zero(&row->aaguid), arg_bytes(row->transports),
			    arg_text(row->name), arg_int(row->created_at)),
		       NULL);
}

enum err passkey_store_find(struct db *db, struct arena *arena, struct str credential_id,
			    struct passkey_row *row, bool *found)
{
	struct passkey_row there = {.algorithm = 0};
	bool any = false;

	TRY(row_find(db, STMT_PASSKEY_FIND, ARGS(arg_bytes(credential_id)),
		     (struct row_into){.arena = arena, .row = &there}, &any));
	if (any)
		*row = there;
	*found = any;
	return OK;
}

enum err passkey_store_list(struct db *db, struct arena *arena, const struct id *user_id,
			    struct passkey_row *rows, size_t *n)
{
	struct row_page page = {arena, rows, sizeof *rows, PASSKEYS_MAX, 0};

	TRY(row_fill(db, STMT_PASSKEY_LIST, ARGS(arg_id(user_id), arg_int(PASSKEYS_MAX)), &page));
	*n = page.n;
	return OK;
}

enum err passkey_store_use(struct db *db, const struct passkey_row *row, uint32_t former_count,
			   int64_t now, bool *won)
{
	uint64_t affected = 0;

	TRY(row_run(db, STMT_PASSKEY_USE,
		    ARGS(arg_int(row->sign_count), arg_int(row->backed_up), arg_int(now),
			 arg_id(&row->id), arg_int(former_count)),
		    &affected));
	*won = affected == 1;
	return OK;
}

enum err passkey_store_delete(struct db *db, const struct id *user_id, const struct id *id,
			      bool *deleted)
{
	uint64_t affected = 0;

	TRY(row_run(db, STMT_PASSKEY_DELETE, ARGS(arg_id(id), arg_id(user_id)), &affected));
	*deleted = affected > 0;
	return OK;
}

enum err passkey_store_delete_of_user(struct db *db, const struct id *user_id)
{
	return row_run(db, STMT_PASSKEY_DELETE_OF_USER, ARGS(arg_id(user_id)), NULL);
}

enum err challenge_store_insert(struct db *db, const struct challenge_row *row)
{
	return row_run(db, STMT_CHALLENGE_INSERT,
		       ARGS(arg_digest(&row->hash), arg_id(&row->user_id), arg_bytes(row->purpose),
			    arg_int(row->expires_at)),
		       NULL);
}

enum err challenge_store_find(struct db *db, struct arena *arena, const struct digest hashes[2],
			      struct challenge_row *row, bool *found)
{
	struct challenge_row there = {.expires_at = 0};
	bool any = false;

	TRY(row_find(db, STMT_CHALLENGE_FIND, ARGS(arg_digest(&hashes[0]), arg_digest(&hashes[1])),
		     (struct row_into){.arena = arena, .row = &there}, &any));
	if (any)
		*row = there;
	*found = any;
	return OK;
}

enum err challenge_store_take(struct db *db, const struct digest *hash, int64_t now, bool *taken)
{
	uint64_t affected = 0;

	TRY(row_run(db, STMT_CHALLENGE_TAKE, ARGS(arg_digest(hash), arg_int(now)), &affected));
	*taken = affected == 1;
	return OK;
}

enum err challenge_store_delete_of_user(struct db *db, const struct id *user_id)
{
	return row_run(db, STMT_CHALLENGE_DELETE_OF_USER, ARGS(arg_id(user_id)), NULL);
}

enum err challenge_store_delete_any(struct db *db, unsigned limit, uint64_t *deleted)
{
	return row_run(db, STMT_CHALLENGE_DELETE_ANY, ARGS(arg_int(limit)), deleted);
}

enum err challenge_store_purge(struct db *db, int64_t before, unsigned limit, uint64_t *deleted)
{
	return row_run(db, STMT_CHALLENGE_PURGE, ARGS(arg_int(before), arg_int(limit)), deleted);
}
