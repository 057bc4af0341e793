/* Rows of throttle. */
#include "throttle_store.h"

#include "row.h"

enum err throttle_store_take(struct db *db, const struct throttle_count *count)
{
	struct arg now = arg_int(count->now);
	struct arg brief = arg_int(count->spans.brief);
	struct arg lasting = arg_int(count->spans.lasting);

	return row_run(db, STMT_THROTTLE_TAKE,
		       ARGS(arg_digest(&count->key), arg_int(count->bucket), now, now, now,
			    arg_int(count->now + count->spans.lasting), brief, brief, lasting,
			    lasting, lasting),
		       NULL);
}

/* Where the rows of one statement go. */
struct rows {
	struct throttle_row *rows;
	size_t n, room;
};

static enum err take_row(struct row_sink *sink)
{
	struct rows *rows = sink->context;

	rows->n++;
	if (rows->n < rows->room)
		sink->into.row = &rows->rows[rows->n];
	return OK;
}

static enum err read_rows(struct db *db, enum stmt stmt, struct args args, struct rows *rows)
{
	struct row_sink sink = {
		.into = {.row = rows->rows},
		.take = take_row,
		.context = rows,
	};

	return row_each(db, stmt, args, &sink);
}

enum err throttle_store_find(struct db *db, const struct digest keys[2], struct throttle_row *rows,
			     size_t *n)
{
	struct rows found = {.rows = rows, .room = 2};

	TRY(read_rows(db, STMT_THROTTLE_FIND, ARGS(arg_digest(&keys[0]), arg_digest(&keys[1])),
		      &found));
	*n = found.n;
	return OK;
}

enum err throttle_store_give_back(struct db *db, const struct throttle_row *row)
{
	return row_run(
		db, STMT_THROTTLE_GIVE_BACK,
		ARGS(arg_int(row->short_start), arg_int(row->long_start), arg_digest(&row->key)),
		NULL);
}

enum err throttle_store_clear(struct db *db, const struct digest keys[THROTTLE_KEYS],
			      uint64_t *cleared)
{
	return row_run(db, STMT_THROTTLE_CLEAR,
		       ARGS(arg_digest(&keys[0]), arg_digest(&keys[1]), arg_digest(&keys[2])),
		       cleared);
}

enum err throttle_store_clear_any(struct db *db, unsigned limit, uint64_t *cleared)
{
	return row_run(db, STMT_THROTTLE_DELETE_ANY, ARGS(arg_int(limit)), cleared);
}

enum err throttle_store_list(struct db *db, const struct digest *after, unsigned limit,
			     struct throttle_row *rows, size_t *n)
{
	struct rows found = {.rows = rows, .room = limit};

	TRY(read_rows(db, STMT_THROTTLE_LIST, ARGS(arg_digest(after), arg_int(limit)), &found));
	*n = found.n;
	return OK;
}

enum err throttle_store_purge(struct db *db, int64_t before, unsigned limit, uint64_t *deleted)
{
	return row_run(db, STMT_THROTTLE_PURGE, ARGS(arg_int(before), arg_int(limit)), deleted);
}
