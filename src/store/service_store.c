/* Rows of service: back ends that may ask about sessions, and act on them. */
#include "service_store.h"

#include "row.h"

static enum err find(struct db *db, enum stmt stmt, struct args args, struct row_into into,
		     bool *found)
{
	bool any = false;

	TRY(row_find(db, stmt, args, into, &any));
	*found = any;
	return OK;
}

/* NOLINTNEXTLINE(readability-function-size): whom and about whom belong to the caller */
enum err service_store_find(struct db *db, struct arena *arena, struct str name,
			    const struct service_subject *subject, struct service_found *out,
			    bool *found)
{
	struct service_found there = {.service = {.state = SERVICE_STATE_NONE}};
	struct row_into into = {.arena = arena, .row = &there};
	bool any = false;

	if (subject->hashes != NULL)
		TRY(find(db, STMT_SERVICE_WITH_VALUE,
			 ARGS(arg_digest(&subject->hashes[0]), arg_digest(&subject->hashes[1]),
			      arg_bytes(name)),
			 into, &any));
	else if (subject->id != NULL)
		TRY(find(db, STMT_SERVICE_WITH_SESSION,
			 ARGS(arg_id_or_zero(subject->id), arg_bytes(name)), into, &any));
	else
		TRY(find(db, STMT_SERVICE_FIND, ARGS(arg_bytes(name)),
			 (struct row_into){.arena = arena, .row = &there.service}, &any));
	if (any)
		*out = there;
	*found = any;
	return OK;
}

enum err service_store_lock(struct db *db, struct arena *arena, struct str name,
			    struct service_row *row, bool *found)
{
	struct service_row there = {.state = SERVICE_STATE_NONE};
	bool any = false;

	TRY(find(db, STMT_SERVICE_LOCK, ARGS(arg_bytes(name)),
		 (struct row_into){.arena = arena, .row = &there}, &any));
	if (any)
		*row = there;
	*found = any;
	return OK;
}

static enum err take_service(struct row_sink *sink)
{
	struct service_page *page = sink->context;

	page->n++;
	if (page->n < page->room)
		sink->into.row = &page->rows[page->n];
	return OK;
}

enum err service_store_list(struct db *db, struct arena *arena, struct str after,
			    struct service_page *page)
{
	struct row_sink sink = {
		.into = {.arena = arena, .row = page->rows},
		.take = take_service,
		.context = page,
	};

	page->n = 0;
	return row_each(db, STMT_SERVICE_LIST, ARGS(arg_bytes(after), arg_int((int64_t)page->room)),
			&sink);
}

/* No former secret is NULL. */
static struct arg arg_former(const struct service_row *row)
{
	return row->former_until == 0 ? arg_bytes(STR_NONE) : arg_digest(&row->former_hash);
}

enum err service_store_insert(struct db *db, const struct service_row *row)
{
	return row_run(db, STMT_SERVICE_INSERT,
		       ARGS(arg_bytes(row->name), arg_digest(&row->secret_hash), arg_int(row->root),
			    arg_former(row), arg_time(row->former_until), arg_int(row->scopes),
			    arg_int(row->state), arg_int(row->created_at), arg_int(row->secret_at)),
		       NULL);
}

enum err service_store_set(struct db *db, const struct service_row *row)
{
	return row_run(db, STMT_SERVICE_SET,
		       ARGS(arg_digest(&row->secret_hash), arg_int(row->root), arg_former(row),
			    arg_time(row->former_until), arg_int(row->scopes), arg_int(row->state),
			    arg_int(row->secret_at), arg_bytes(row->name)),
		       NULL);
}

enum err service_store_renew_hash(struct db *db, const struct service_row *row,
				  const struct digest *former)
{
	return row_run(db, STMT_SERVICE_RENEW_HASH,
		       ARGS(arg_digest(&row->secret_hash), arg_int(row->root), arg_bytes(row->name),
			    arg_digest(former)),
		       NULL);
}

enum err service_store_delete(struct db *db, struct str name, bool *deleted)
{
	uint64_t affected = 0;

	TRY(row_run(db, STMT_SERVICE_DELETE, ARGS(arg_bytes(name)), &affected));
	*deleted = affected > 0;
	return OK;
}
