/* Rows of audit_event. */
#include "audit_store.h"

#include "row.h"

static struct arg or_empty(struct str s)
{
	return arg_bytes(str_is_present(s) ? s : STR(""));
}

enum err audit_store_insert(struct db *db, const struct audit_row *row)
{
	return row_run(db, STMT_AUDIT_INSERT,
		       ARGS(arg_int(row->at), arg_id(&row->id), arg_bytes(row->event),
			    arg_bytes(row->outcome), arg_id(&row->user_id), arg_id(&row->actor_id),
			    arg_id(&row->session_id), arg_id(&row->request_id),
			    or_empty(row->source), or_empty(row->detail)),
		       NULL);
}

enum err audit_store_purge(struct db *db, int64_t before, unsigned limit, uint64_t *deleted)
{
	return row_run(db, STMT_AUDIT_PURGE, ARGS(arg_int(before), arg_int(limit)), deleted);
}

/* A page under way: how many rows there may be. */
struct filling {
	struct audit_page *page;
	size_t n;
	size_t room;
};

static enum err take(struct row_sink *sink)
{
	struct filling *filling = sink->context;

	filling->n++;
	if (filling->n < filling->room)
		sink->into.row = &filling->page->rows[filling->n];
	return OK;
}

/* NOLINTNEXTLINE(readability-function-size): the page and its place belong to the caller */
static enum err fill(struct db *db, struct arena *arena, enum stmt stmt, struct args args,
		     size_t room, struct audit_page *page)
{
	struct filling filling = {.page = page, .room = room};
	struct row_sink sink = {
		.into = {.arena = arena, .row = page->rows},
		.take = take,
		.context = &filling,
	};

	if (room == 0)
		return ERR_INTERNAL;
	TRY(row_each(db, stmt, args, &sink));
	page->n = filling.n;
	return OK;
}

enum err audit_store_list(struct db *db, struct arena *arena, const struct audit_query *query,
			  struct audit_page *page)
{
	const struct page_cursor *from = &query->from;
	struct arg since = arg_int(query->since);
	struct arg before = arg_int(from->at == 0 ? INT64_MAX : from->at);
	struct arg id = arg_id_or_zero(&from->id);
	struct arg event = or_empty(query->event);
	struct arg limit = arg_int(from->limit);

	if (id_is_none(query->user_id))
		return fill(db, arena, STMT_AUDIT_LIST,
			    ARGS(since, before, before, id, event, event, limit), from->limit,
			    page);
	return fill(db, arena, STMT_AUDIT_LIST_OF_USER,
		    ARGS(arg_id(&query->user_id), since, before, before, id, event, event, limit),
		    from->limit, page);
}

enum err audit_store_follow(struct db *db, struct arena *arena, const struct page_cursor *from,
			    struct audit_page *page)
{
	return fill(db, arena, STMT_AUDIT_FOLLOW,
		    ARGS(arg_int(from->at), arg_int(from->at), arg_id_or_zero(&from->id),
			 arg_int(from->limit)),
		    from->limit, page);
}
