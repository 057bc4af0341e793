/* Rows of outbox on their way out. */
#include "outbox_work_store.h"

#include "arena.h"
#include "db.h"
#include "row.h"

struct taking {
	struct arena *arena;
	int64_t lease;
	struct outbox_batch *out;
};

static enum err take_row(struct row_sink *sink)
{
	struct outbox_batch *batch = sink->context;

	batch->n++;
	sink->into.row = &batch->mails[batch->n < OUTBOX_BATCH ? batch->n : 0];
	return OK;
}

/* Free ones, then those whose taker has not come back in time. */
static enum err read_due(struct db *db, struct taking *taking, enum outbox_state state)
{
	struct outbox_batch *batch = taking->out;
	struct row_sink sink = {
		.into = {.arena = taking->arena, .row = &batch->mails[batch->n]},
		.take = take_row,
		.context = batch,
	};

	if (batch->n == OUTBOX_BATCH)
		return OK;
	return row_each(db, STMT_OUTBOX_DUE,
			ARGS(arg_int(state), arg_int(OUTBOX_BATCH - (int64_t)batch->n)), &sink);
}

/* On another Galera node somebody may have read the same: of two updates one does not commit. */
static enum err take(struct db *db, void *context)
{
	struct taking *taking = context;
	struct outbox_batch *batch = taking->out;
	size_t n = 0;

	batch->n = 0;
	batch->taker = id_random();
	TRY(read_due(db, taking, OUTBOX_WAITING));
	TRY(read_due(db, taking, OUTBOX_TAKEN));
	for (size_t i = 0; i < batch->n; i++) {
		struct outbox_mail *mail = &batch->mails[i];
		uint64_t affected = 0;

		TRY(row_run(db, STMT_OUTBOX_CLAIM,
			    ARGS(arg_id(&batch->taker), arg_int(taking->lease), arg_id(&mail->id),
				 arg_int(mail->state), arg_int(mail->due_at),
				 arg_int(mail->attempts)),
			    &affected));
		mail->attempts++;
		if (affected == 1)
			batch->mails[n++] = *mail;
	}
	batch->n = n;
	return OK;
}

enum err outbox_work_take(struct db *db, struct arena *arena, int64_t lease,
			  struct outbox_batch *out)
{
	struct outbox_batch *batch = arena_alloc(arena, sizeof *batch);
	struct taking taking = {.arena = arena, .lease = lease, .out = batch};

	if (batch == NULL)
		return ERR_MEMORY;
	TRY(db_transact(db, take, &taking));
	*out = *batch;
	return OK;
}

enum err outbox_work_sent(struct db *db, const struct id *id)
{
	return row_run(db, STMT_OUTBOX_SENT, ARGS(arg_id(id)), NULL);
}

/* The column's length counts characters: no code point is cut. */
static struct arg arg_error(struct str error)
{
	struct str rest = error;
	uint32_t point = 0;

	for (size_t i = 0; i < OUTBOX_ERROR_MAX && rest.n > 0; i++) {
		size_t n = str_code_point(rest, &point);

		if (n == 0)
			break;
		rest = str_sub(rest, n, rest.n);
	}
	return arg_text(str_sub(error, 0, error.n - rest.n));
}

enum err outbox_work_failed(struct db *db, const struct outbox_taken *mail, int64_t wait)
{
	return row_run(db, STMT_OUTBOX_FAILED,
		       ARGS(arg_int(wait), arg_error(mail->error), arg_id(&mail->id),
			    arg_id(&mail->taker)),
		       NULL);
}

enum err outbox_work_give_back(struct db *db, const struct outbox_taken *mail, int64_t wait)
{
	return row_run(db, STMT_OUTBOX_GIVE_BACK,
		       ARGS(arg_int(wait), arg_error(mail->error), arg_id(&mail->id),
			    arg_id(&mail->taker)),
		       NULL);
}

enum err outbox_work_dead(struct db *db, const struct outbox_taken *mail, bool kept)
{
	return row_run(db, STMT_OUTBOX_DIE,
		       ARGS(arg_int(kept), arg_error(mail->error), arg_id(&mail->id),
			    arg_id(&mail->taker)),
		       NULL);
}

struct listing {
	struct outbox_list list;
	unsigned limit;
};

static enum err take_item(struct row_sink *sink)
{
	struct listing *listing = sink->context;

	listing->list.n++;
	sink->into.row = &listing->list.items[listing->list.n % listing->limit];
	return OK;
}

enum err outbox_work_list(struct db *db, struct arena *arena, enum outbox_state state,
			  unsigned limit, struct outbox_list *out)
{
	struct listing listing = {
		.list = {.items = arena_array(arena, limit, sizeof(struct outbox_item))},
		.limit = limit,
	};
	struct row_sink sink = {
		.into = {.arena = arena, .row = listing.list.items},
		.take = take_item,
		.context = &listing,
	};

	if (listing.list.items == NULL)
		return ERR_MEMORY;
	TRY(row_each(db, STMT_OUTBOX_LIST, ARGS(arg_int(state), arg_int(limit)), &sink));
	*out = listing.list;
	return OK;
}

enum err outbox_work_retry(struct db *db, const struct id *id, bool *found)
{
	uint64_t affected = 0;

	TRY(row_run(db, STMT_OUTBOX_RETRY, ARGS(arg_id(id)), &affected));
	*found = affected == 1;
	return OK;
}

enum err outbox_work_retry_dead(struct db *db, unsigned limit, uint64_t *n)
{
	return row_run(db, STMT_OUTBOX_RETRY_DEAD, ARGS(arg_int(limit)), n);
}

enum err outbox_work_count(struct db *db, int64_t late_before, struct outbox_count *out)
{
	struct outbox_count count = {.waiting = 0};
	bool found = false;

	TRY(row_find(db, STMT_OUTBOX_COUNT, ARGS(arg_int(late_before)),
		     (struct row_into){.row = &count}, &found));
	*out = count;
	return OK;
}

enum err outbox_work_count_sealed(struct db *db, uint32_t root, int64_t *n)
{
	int64_t value = 0;
	bool found = false;

	TRY(row_find(db, STMT_OUTBOX_COUNT_SEALED, ARGS(arg_int(root)),
		     (struct row_into){.row = &value}, &found));
	*n = value;
	return OK;
}

enum err outbox_work_purge_sent(struct db *db, int64_t before, unsigned limit, uint64_t *deleted)
{
	return row_run(db, STMT_OUTBOX_PURGE,
		       ARGS(arg_int(OUTBOX_SENT), arg_int(before), arg_int(limit)), deleted);
}

enum err outbox_work_purge_dead(struct db *db, int64_t before, unsigned limit, uint64_t *deleted)
{
	return row_run(db, STMT_OUTBOX_PURGE,
		       ARGS(arg_int(OUTBOX_DEAD), arg_int(before), arg_int(limit)), deleted);
}
