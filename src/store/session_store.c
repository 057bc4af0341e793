/* Rows of session and rotation. */
#include "session_store.h"

#include "db.h"
#include "row.h"

/* Where the found rows go; the next one lands behind the last. */
struct batch {
	struct session_found *found;
	size_t n;
	size_t room;
};

static enum err take_found(struct row_sink *sink)
{
	struct batch *batch = sink->context;

	batch->n++;
	if (batch->n < batch->room)
		sink->into.row = &batch->found[batch->n];
	return OK;
}

/* The statements take 1, 2, 4 … keys, the first of them one; the last key fills the places that are
 * left. */
static enum err find_batch(struct db *db, struct arena *arena, enum stmt first, struct args keys,
			   struct batch *batch)
{
	struct arg list[SESSION_BATCH_MAX];
	struct row_sink sink = {
		.into = {.arena = arena, .row = batch->found},
		.take = take_found,
		.context = batch,
	};
	unsigned stmt = first;
	size_t places = 1;

	for (; places < keys.n; places *= 2)
		stmt++;
	for (size_t i = 0; i < places; i++)
		list[i] = keys.list[i < keys.n ? i : keys.n - 1];
	return row_each(db, (enum stmt)stmt, (struct args){list, places}, &sink);
}

/* NOLINTNEXTLINE(readability-function-size): the batch and its result are the caller's */
enum err session_store_find(struct db *db, struct arena *arena, const struct digest *hashes,
			    size_t n, struct session_found *found, size_t *count)
{
	struct arg list[SESSION_BATCH_MAX];
	struct batch batch = {.found = found, .room = n};

	if (n == 0 || n > SESSION_BATCH_MAX)
		return ERR_INTERNAL;
	for (size_t i = 0; i < n; i++)
		list[i] = arg_digest(&hashes[i]);
	TRY(find_batch(db, arena, STMT_SESSION_BY_HASH_1, (struct args){list, n}, &batch));
	*count = batch.n;
	return OK;
}

/* NOLINTNEXTLINE(readability-function-size): the batch and its result are the caller's */
enum err session_store_find_named(struct db *db, struct arena *arena, const struct id *ids,
				  size_t n, struct session_found *found, size_t *count)
{
	struct arg list[SESSION_BATCH_MAX];
	struct batch batch = {.found = found, .room = n};

	if (n == 0 || n > SESSION_BATCH_MAX)
		return ERR_INTERNAL;
	for (size_t i = 0; i < n; i++)
		list[i] = arg_id(&ids[i]);
	TRY(find_batch(db, arena, STMT_SESSION_FOUND_BY_ID_1, (struct args){list, n}, &batch));
	*count = batch.n;
	return OK;
}

enum err session_store_insert(struct db *db, const struct session_row *row)
{
	return row_run(
		db, STMT_SESSION_INSERT,
		ARGS(arg_digest(&row->hash), arg_id(&row->id), arg_int(row->epoch),
		     arg_int(row->carrier), arg_int(row->class), arg_int(row->state),
		     arg_int(row->value_used), arg_int(row->held), arg_id(&row->user_id),
		     arg_id(&row->tenant_id), arg_id(&row->device_id), arg_bytes(row->client),
		     arg_int(row->aal), arg_bytes(row->amr), arg_time(row->auth_time),
		     arg_time(row->aal2_end), arg_int(row->created_at), arg_int(row->last_seen),
		     arg_int(row->idle_end), arg_int(row->expires_at), arg_text(row->device_name),
		     arg_bytes(row->ip), arg_bytes(row->user_agent), arg_id(&row->pair_id),
		     arg_int(row->wish), arg_int(row->tries)),
		NULL);
}

/* The authorizer's account may write no more than that a session was used. */
enum err session_store_touch(struct db *db, const struct session_row *row)
{
	if (db_role_of(db) == DB_ROLE_GUARD)
		return row_run(db, STMT_SESSION_TOUCH_GUARD,
			       ARGS(arg_int(row->last_seen), arg_int(row->idle_end),
				    arg_id(&row->id), arg_int(row->epoch)),
			       NULL);
	return row_run(db, STMT_SESSION_TOUCH,
		       ARGS(arg_int(row->last_seen), arg_int(row->idle_end), arg_id(&row->pair_id),
			    arg_int(row->value_used), arg_bytes(row->ip), arg_id(&row->id),
			    arg_int(row->epoch)),
		       NULL);
}

enum err session_store_rotate(struct db *db, const struct digest *old_hash,
			      const struct session_row *row, bool *won)
{
	uint64_t affected = 0;

	TRY(row_run(db, STMT_SESSION_ROTATE,
		    ARGS(arg_digest(&row->hash), arg_int(row->epoch), arg_int(row->carrier),
			 arg_int(row->class), arg_int(row->state), arg_int(row->value_used),
			 arg_int(row->held), arg_id(&row->user_id), arg_id(&row->tenant_id),
			 arg_id(&row->device_id), arg_bytes(row->client), arg_int(row->aal),
			 arg_bytes(row->amr), arg_time(row->auth_time), arg_time(row->aal2_end),
			 arg_int(row->created_at), arg_int(row->last_seen), arg_int(row->idle_end),
			 arg_int(row->expires_at), arg_text(row->device_name), arg_bytes(row->ip),
			 arg_bytes(row->user_agent), arg_id(&row->pair_id), arg_int(row->wish),
			 arg_int(row->tries), arg_digest(old_hash),
			 arg_int((int64_t)row->epoch - 1)),
		    &affected));
	*won = affected == 1;
	return OK;
}

enum err session_store_step_down(struct db *db, const struct id *id, uint32_t epoch, bool *won)
{
	uint64_t affected = 0;

	TRY(row_run(db, STMT_SESSION_STEP_DOWN, ARGS(arg_id(id), arg_int(epoch)), &affected));
	*won = affected == 1;
	return OK;
}

enum err session_store_try(struct db *db, const struct session_row *row, unsigned most, bool *taken)
{
	uint64_t affected = 0;

	TRY(row_run(db, STMT_SESSION_TRY,
		    ARGS(arg_id(&row->id), arg_int(row->epoch), arg_int(most)), &affected));
	*taken = affected == 1;
	return OK;
}

enum err session_store_give_back(struct db *db, const struct session_row *row)
{
	return row_run(db, STMT_SESSION_GIVE_BACK, ARGS(arg_id(&row->id), arg_int(row->epoch)),
		       NULL);
}

enum err session_store_delete_tried(struct db *db, const struct id *id, unsigned most, bool *ended)
{
	uint64_t affected = 0;

	TRY(row_run(db, STMT_SESSION_DELETE_TRIED, ARGS(arg_id(id), arg_int(most)), &affected));
	*ended = affected == 1;
	return OK;
}

enum err rotation_store_insert(struct db *db, const struct rotation_row *row)
{
	return row_run(db, STMT_ROTATION_INSERT,
		       ARGS(arg_digest(&row->old_hash), arg_id(&row->session_id),
			    arg_int(row->epoch), arg_digest(&row->proof_hash), arg_id(&row->nonce),
			    arg_int(row->repeat_until), arg_int(row->purge_at)),
		       NULL);
}

enum err rotation_store_find(struct db *db, struct arena *arena, const struct digest hashes[2],
			     struct rotation_row *row, bool *found)
{
	struct rotation_row there = {.epoch = 0};
	bool any = false;

	TRY(row_find(db, STMT_ROTATION_FIND, ARGS(arg_digest(&hashes[0]), arg_digest(&hashes[1])),
		     (struct row_into){.arena = arena, .row = &there}, &any));
	if (any)
		*row = there;
	*found = any;
	return OK;
}

enum err session_store_owner(struct db *db, const struct id *id, struct id *user_id, bool *found)
{
	struct id owner = ID_NONE;
	bool any = false;

	TRY(row_find(db, STMT_SESSION_OWNER, ARGS(arg_id(id)), (struct row_into){.row = &owner},
		     &any));
	if (any)
		*user_id = owner;
	*found = any;
	return OK;
}

static enum err end_one(struct db *db, enum stmt stmt, struct args args, bool *ended)
{
	uint64_t affected = 0;

	TRY(row_run(db, stmt, args, &affected));
	*ended = affected > 0;
	return OK;
}

enum err session_store_delete_by_hash(struct db *db, const struct digest *hash, bool *ended)
{
	return end_one(db, STMT_SESSION_DELETE_BY_HASH, ARGS(arg_digest(hash)), ended);
}

enum err session_store_delete_by_id(struct db *db, const struct id *id, const struct id *user_id,
				    bool *ended)
{
	if (id_is_none(*user_id))
		return end_one(db, STMT_SESSION_DELETE_BY_ID, ARGS(arg_id(id)), ended);
	return end_one(db, STMT_SESSION_DELETE_BY_ID_OF_USER, ARGS(arg_id(id), arg_id(user_id)),
		       ended);
}

enum err session_store_delete_of_user(struct db *db, const struct id *user_id,
				      const struct id *keep, uint64_t *ended)
{
	return row_run(db, STMT_SESSION_DELETE_OF_USER, ARGS(arg_id(user_id), arg_id_or_zero(keep)),
		       ended);
}

enum err session_store_delete_any(struct db *db, unsigned limit, uint64_t *ended)
{
	return row_run(db, STMT_SESSION_DELETE_ANY, ARGS(arg_int(limit)), ended);
}

enum err session_store_delete_of_device(struct db *db, const struct id *user_id,
					const struct id *device_id, uint64_t *ended)
{
	return row_run(db, STMT_SESSION_DELETE_OF_DEVICE, ARGS(arg_id(device_id), arg_id(user_id)),
		       ended);
}

enum err session_store_count(struct db *db, const struct id *user_id, uint64_t *count)
{
	int64_t number = 0;
	bool found = false;

	TRY(row_find(db, STMT_SESSION_COUNT, ARGS(arg_id(user_id)),
		     (struct row_into){.row = &number}, &found));
	*count = (uint64_t)number;
	return OK;
}

enum err session_store_count_before(struct db *db, int64_t before, uint64_t *count)
{
	int64_t number = 0;
	bool found = false;

	TRY(row_find(db, STMT_SESSION_COUNT_BEFORE, ARGS(arg_int(before)),
		     (struct row_into){.row = &number}, &found));
	*count = (uint64_t)number;
	return OK;
}

enum err session_store_delete_idlest(struct db *db, const struct id *user_id, int64_t now,
				     uint64_t n)
{
	return row_run(db, STMT_SESSION_DELETE_IDLEST,
		       ARGS(arg_id(user_id), arg_int(now), arg_int((int64_t)n)), NULL);
}

/* NOLINTNEXTLINE(readability-function-size): the page and its rows are the caller's */
enum err session_store_list(struct db *db, struct arena *arena, const struct id *user_id,
			    int64_t now, const struct page_cursor *cursor, struct session_row *out,
			    size_t *count)
{
	struct row_page page = {arena, out, sizeof *out, cursor->limit, 0};
	int64_t before = cursor->at == 0 ? INT64_MAX : cursor->at;

	TRY(row_fill(db, STMT_SESSION_LIST,
		     ARGS(arg_id(user_id), arg_int(now), arg_int(before), arg_int(before),
			  arg_id_or_zero(&cursor->id), arg_int(cursor->limit)),
		     &page));
	*count = page.n;
	return OK;
}

enum err session_store_purge(struct db *db, int64_t before, unsigned limit, uint64_t *deleted)
{
	return row_run(db, STMT_SESSION_PURGE, ARGS(arg_int(before), arg_int(limit)), deleted);
}

enum err rotation_store_purge(struct db *db, int64_t before, unsigned limit, uint64_t *deleted)
{
	return row_run(db, STMT_ROTATION_PURGE, ARGS(arg_int(before), arg_int(limit)), deleted);
}

enum err session_store_find_by_id(struct db *db, struct arena *arena, const struct id *id,
				  struct session_row *row, bool *found)
{
	struct session_row there = {.epoch = 0};
	bool any = false;

	TRY(row_find(db, STMT_SESSION_BY_ID, ARGS(arg_id(id)),
		     (struct row_into){.arena = arena, .row = &there}, &any));
	if (any)
		*row = there;
	*found = any;
	return OK;
}

enum err session_store_hold_by_id(struct db *db, const struct id *id, uint64_t *held)
{
	return row_run(db, STMT_SESSION_HOLD_BY_ID, ARGS(arg_id(id)), held);
}

enum err session_store_hold_of_user(struct db *db, const struct id *user_id, uint64_t *held)
{
	return row_run(db, STMT_SESSION_HOLD_OF_USER, ARGS(arg_id(user_id)), held);
}

enum err session_store_lower_of_user(struct db *db, const struct id *user_id, int64_t auth_time,
				     uint64_t *lowered)
{
	return row_run(db, STMT_SESSION_LOWER_OF_USER, ARGS(arg_int(auth_time), arg_id(user_id)),
		       lowered);
}
