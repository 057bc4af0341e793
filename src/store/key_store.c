/* Rows of signing_key, and the turn that decides between changes of them. */
#include "key_store.h"

#include "row.h"

enum err key_store_turn(struct db *db, int64_t *turn)
{
	int64_t there = 0;
	bool found = false;

	TRY(row_find(db, STMT_SIGNING_TURN_FIND, ARGS_NONE, (struct row_into){.row = &there},
		     &found));
	/* Should somebody have taken it since, then it cannot be taken as the first one again. */
	if (!found)
		TRY(row_run(db, STMT_SIGNING_TURN_ENSURE, ARGS_NONE, NULL));
	*turn = there;
	return OK;
}

enum err key_store_take_turn(struct db *db, int64_t turn, bool *taken)
{
	uint64_t affected = 0;

	TRY(row_run(db, STMT_SIGNING_TURN_TAKE, ARGS(arg_int(turn)), &affected));
	*taken = affected == 1;
	return OK;
}

static enum err take_key(struct row_sink *sink)
{
	struct key_page *page = sink->context;

	if (page->n == page->room)
		return ERR_INTERNAL;
	page->rows[page->n++] = *(const struct key_row *)sink->into.row;
	return OK;
}

enum err key_store_list(struct db *db, struct arena *arena, enum key_state latest,
			struct key_page *page)
{
	struct key_row row = {.state = KEY_STATE_NONE};
	struct row_sink sink = {
		.into = {.arena = arena, .row = &row}, .take = take_key, .context = page};

	page->n = 0;
	return row_each(db, STMT_SIGNING_KEY_LIST,
			ARGS(arg_int(latest), arg_int((int64_t)page->room)), &sink);
}

enum err key_store_insert(struct db *db, const struct key_row *row)
{
	return row_run(db, STMT_SIGNING_KEY_INSERT,
		       ARGS(arg_digest(&row->kid), arg_int(row->state), arg_int(row->alg),
			    arg_digest(&row->public_key), arg_int(row->root), arg_secret(row->seed),
			    arg_int(row->made_at), arg_time(row->active_at)),
		       NULL);
}

enum err key_store_set(struct db *db, const struct key_row *row)
{
	return row_run(db, STMT_SIGNING_KEY_SET,
		       ARGS(arg_int(row->state), arg_int(row->root), arg_secret(row->seed),
			    arg_time(row->active_at), arg_time(row->retiring_at),
			    arg_time(row->gone_at), arg_digest(&row->kid)),
		       NULL);
}

enum err key_store_purge(struct db *db, int64_t before, unsigned limit, uint64_t *deleted)
{
	return row_run(db, STMT_SIGNING_KEY_PURGE, ARGS(arg_int(before), arg_int(limit)), deleted);
}
