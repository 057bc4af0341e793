/* Rows of tenant and membership, and the tenant of sessions and users. */
#include "tenant_store.h"

#include "row.h"

enum err tenant_store_insert(struct db *db, const struct tenant_row *row)
{
	return row_run(db, STMT_TENANT_INSERT,
		       ARGS(arg_id(&row->id), arg_bytes(row->name), arg_text(row->title),
			    arg_int(row->created_at)),
		       NULL);
}

static enum err find_tenant(struct db *db, enum stmt stmt, struct args args, struct row_into into,
			    bool *found)
{
	struct tenant_row there = {.created_at = 0};
	struct tenant_row *row = into.row;
	bool any = false;

	into.row = &there;
	TRY(row_find(db, stmt, args, into, &any));
	if (any)
		*row = there;
	*found = any;
	return OK;
}

enum err tenant_store_find(struct db *db, struct arena *arena, const struct id *id,
			   struct tenant_row *row, bool *found)
{
	return find_tenant(db, STMT_TENANT_BY_ID, ARGS(arg_id_or_zero(id)),
			   (struct row_into){.arena = arena, .row = row}, found);
}

enum err tenant_store_find_named(struct db *db, struct arena *arena, struct str name,
				 struct tenant_row *row, bool *found)
{
	return find_tenant(db, STMT_TENANT_BY_NAME, ARGS(arg_bytes(name)),
			   (struct row_into){.arena = arena, .row = row}, found);
}

static enum err take_tenant(struct row_sink *sink)
{
	struct tenant_page *page = sink->context;

	page->n++;
	if (page->n < page->room)
		sink->into.row = &page->rows[page->n];
	return OK;
}

enum err tenant_store_list(struct db *db, struct arena *arena, struct str after,
			   struct tenant_page *page)
{
	struct row_sink sink = {
		.into = {.arena = arena, .row = page->rows},
		.take = take_tenant,
		.context = page,
	};

	page->n = 0;
	if (page->room == 0)
		return ERR_INTERNAL;
	return row_each(db, STMT_TENANT_LIST, ARGS(arg_bytes(after), arg_int((int64_t)page->room)),
			&sink);
}

enum err tenant_store_set(struct db *db, const struct tenant_row *row)
{
	return row_run(db, STMT_TENANT_SET,
		       ARGS(arg_bytes(row->name), arg_text(row->title), arg_id(&row->id)), NULL);
}

static enum err hold(struct db *db, enum stmt stmt, const struct id *id, bool *found)
{
	struct id there = ID_NONE;

	return row_find(db, stmt, ARGS(arg_id_or_zero(id)), (struct row_into){.row = &there},
			found);
}

enum err tenant_store_share(struct db *db, const struct id *id, bool *found)
{
	return hold(db, STMT_TENANT_SHARE, id, found);
}

enum err tenant_store_lock(struct db *db, const struct id *id, bool *found)
{
	return hold(db, STMT_TENANT_LOCK, id, found);
}

enum err tenant_store_delete(struct db *db, const struct id *id)
{
	return row_run(db, STMT_TENANT_DELETE, ARGS(arg_id(id)), NULL);
}

enum err member_store_add(struct db *db, const struct member_key *key, int64_t now, bool *added)
{
	uint64_t affected = 0;

	TRY(row_run(db, STMT_MEMBERSHIP_INSERT,
		    ARGS(arg_id(&key->user_id), arg_id(&key->tenant_id), arg_int(now)), &affected));
	*added = affected == 1;
	return OK;
}

enum err member_store_remove(struct db *db, const struct member_key *key, bool *removed)
{
	struct args both = ARGS(arg_id(&key->user_id), arg_id(&key->tenant_id));
	uint64_t affected = 0;

	TRY(row_run(db, STMT_USER_ROLE_DELETE_OF_MEMBER, both, NULL));
	TRY(row_run(db, STMT_MEMBERSHIP_DELETE, both, &affected));
	*removed = affected == 1;
	return OK;
}

enum err member_store_find(struct db *db, struct arena *arena, const struct member_key *key,
			   struct member_row *row, bool *found)
{
	struct member_row there = {.created_at = 0};
	bool any = false;

	TRY(row_find(db, STMT_MEMBERSHIP_FIND,
		     ARGS(arg_id_or_zero(&key->user_id), arg_id_or_zero(&key->tenant_id)),
		     (struct row_into){.arena = arena, .row = &there}, &any));
	if (any)
		*row = there;
	*found = any;
	return OK;
}

static enum err take_member(struct row_sink *sink)
{
	struct member_page *page = sink->context;

	page->n++;
	if (page->n < page->room)
		sink->into.row = &page->rows[page->n];
	return OK;
}

static enum err list(struct db *db, struct arena *arena, enum stmt stmt, struct args args,
		     struct member_page *page)
{
	struct row_sink sink = {
		.into = {.arena = arena, .row = page->rows},
		.take = take_member,
		.context = page,
	};

	page->n = 0;
	if (page->room == 0)
		return ERR_INTERNAL;
	return row_each(db, stmt, args, &sink);
}

enum err member_store_list_of_user(struct db *db, struct arena *arena, const struct id *user_id,
				   const struct page_cursor *after, struct member_page *page)
{
	return list(db, arena, STMT_MEMBERSHIP_LIST_OF_USER,
		    ARGS(arg_id_or_zero(user_id), arg_int(after->at), arg_int(after->at),
			 arg_id_or_zero(&after->id), arg_int((int64_t)page->room)),
		    page);
}

enum err member_store_list_of_tenant(struct db *db, struct arena *arena,
				     const struct member_key *key, struct member_page *page)
{
	return list(db, arena, STMT_MEMBERSHIP_LIST_OF_TENANT,
		    ARGS(arg_id_or_zero(&key->tenant_id), arg_id_or_zero(&key->user_id),
			 arg_int((int64_t)page->room)),
		    page);
}

enum err member_store_set_default(struct db *db, const struct member_key *key, int64_t now)
{
	return row_run(db, STMT_USER_SET_DEFAULT_TENANT,
		       ARGS(arg_id(&key->tenant_id), arg_int(now), arg_id(&key->user_id)), NULL);
}

enum err member_store_enter(struct db *db, const struct member_key *key,
			    const struct id *session_id, bool *found)
{
	uint64_t affected = 0;

	TRY(row_run(db, STMT_SESSION_SET_TENANT,
		    ARGS(arg_id(&key->tenant_id), arg_id(session_id), arg_id(&key->user_id)),
		    &affected));
	*found = affected == 1;
	return OK;
}

enum err member_store_leave(struct db *db, const struct member_key *key, uint64_t *left)
{
	return row_run(db, STMT_SESSION_LEAVE_TENANT,
		       ARGS(arg_id(&key->user_id), arg_id(&key->tenant_id)), left);
}
