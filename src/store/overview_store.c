/* Rows of overview_hour, and what they are made of. */
#include "overview_store.h"

#include "row.h"

enum err overview_store_newest(struct db *db, int64_t by, struct overview_row *out)
{
	struct overview_row there = {.hour_start = 0};
	bool found = false;

	TRY(row_find(db, STMT_OVERVIEW_NEWEST, ARGS(arg_int(by)), (struct row_into){.row = &there},
		     &found));
	*out = there;
	return OK;
}

enum err overview_store_sessions(struct db *db, int64_t now, uint32_t *sessions)
{
	int64_t count = 0;
	bool found = false;

	TRY(row_find(db, STMT_OVERVIEW_SESSIONS, ARGS(arg_int(now)),
		     (struct row_into){.row = &count}, &found));
	*sessions = count > UINT32_MAX ? UINT32_MAX : (uint32_t)count;
	return OK;
}

enum err overview_store_keep(struct db *db, const struct overview_row *row,
			     const struct overview_events *events)
{
	return row_run(db, STMT_OVERVIEW_KEEP,
		       ARGS(arg_int(row->hour_start), arg_bytes(events->sign_in),
			    arg_bytes(events->failure), arg_int(row->sessions),
			    arg_int(row->updated_at), arg_int(events->from), arg_int(events->to),
			    arg_int(events->to)),
		       NULL);
}

static enum err take(struct row_sink *sink)
{
	struct overview_page *page = sink->context;

	page->n++;
	if (page->n < page->room)
		sink->into.row = &page->rows[page->n];
	return OK;
}

enum err overview_store_list(struct db *db, int64_t from, struct overview_page *page)
{
	struct overview_page filled = {.rows = page->rows, .room = page->room};
	struct row_sink sink = {
		.into = {.row = page->rows},
		.take = take,
		.context = &filled,
	};

	if (page->room == 0)
		return ERR_INTERNAL;
	TRY(row_each(db, STMT_OVERVIEW_LIST, ARGS(arg_int(from), arg_int((int64_t)page->room)),
		     &sink));
	*page = filled;
	return OK;
}

enum err overview_store_purge(struct db *db, int64_t before, unsigned limit, uint64_t *deleted)
{
	return row_run(db, STMT_OVERVIEW_PURGE, ARGS(arg_int(before), arg_int(limit)), deleted);
}
