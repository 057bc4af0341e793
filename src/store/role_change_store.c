/* Rows of role and permission, and who holds a role. */
#include "role_store.h"

#include "db.h"
#include "row.h"
#include "user_store.h"

static enum err find(struct db *db, enum stmt stmt, struct args args, struct row_into into,
		     bool *found)
{
	struct role_row there = {.work = ROLE_WORK_NONE};
	struct role_row *row = into.row;
	bool any = false;

	into.row = &there;
	TRY(row_find(db, stmt, args, into, &any));
	if (any)
		*row = there;
	*found = any;
	return OK;
}

enum err role_store_find(struct db *db, struct arena *arena, struct str name, struct role_row *row,
			 bool *found)
{
	return find(db, STMT_ROLE_FIND, ARGS(arg_bytes(name)),
		    (struct row_into){.arena = arena, .row = row}, found);
}

/* A lock holds on this node only; a change is what all nodes of a Galera cluster agree on. */
enum err role_store_share(struct db *db, struct str role, bool *known)
{
	struct id there = ID_NONE;

	if (db_is_consistent(db))
		TRY(role_store_take_turn(db, role));
	return row_find(db, STMT_ROLE_SHARE, ARGS(arg_bytes(role)),
			(struct row_into){.row = &there}, known);
}

enum err role_store_lock(struct db *db, struct arena *arena, struct str name, struct role_row *row,
			 bool *found)
{
	if (db_is_consistent(db))
		TRY(role_store_take_turn(db, name));
	return find(db, STMT_ROLE_LOCK, ARGS(arg_bytes(name)),
		    (struct row_into){.arena = arena, .row = row}, found);
}

enum err role_store_insert(struct db *db, const struct role_row *row)
{
	return row_run(db, STMT_ROLE_INSERT,
		       ARGS(arg_id(&row->id), arg_bytes(row->name), arg_int(row->elevated ? 1 : 0),
			    arg_int(row->created_at)),
		       NULL);
}

static enum err take_role(struct row_sink *sink)
{
	struct role_page *page = sink->context;

	page->n++;
	if (page->n < page->room)
		sink->into.row = &page->rows[page->n];
	return OK;
}

enum err role_store_list(struct db *db, struct arena *arena, struct str after,
			 struct role_page *page)
{
	struct row_sink sink = {
		.into = {.arena = arena, .row = page->rows},
		.take = take_role,
		.context = page,
	};

	page->n = 0;
	if (page->room == 0)
		return ERR_INTERNAL;
	return row_each(db, STMT_ROLE_LIST, ARGS(arg_bytes(after), arg_int((int64_t)page->room)),
			&sink);
}

enum err role_store_delete(struct db *db, const struct id *id)
{
	TRY(row_run(db, STMT_PERMISSION_DELETE_OF_ROLE, ARGS(arg_id(id)), NULL));
	return row_run(db, STMT_ROLE_DELETE, ARGS(arg_id(id)), NULL);
}

enum err role_store_set_work(struct db *db, const struct role_row *row)
{
	return row_run(db, STMT_ROLE_SET_WORK,
		       ARGS(arg_int(row->work), arg_id(&row->done.user_id),
			    arg_id(&row->done.tenant_id), arg_id(&row->id)),
		       NULL);
}

enum err role_store_find_work(struct db *db, struct arena *arena, struct role_row *row, bool *found)
{
	return find(db, STMT_ROLE_FIND_WORK, ARGS_NONE,
		    (struct row_into){.arena = arena, .row = row}, found);
}

static enum err take_holder(struct row_sink *sink)
{
	struct holder_page *page = sink->context;

	page->n++;
	if (page->n < page->room)
		sink->into.row = &page->rows[page->n];
	return OK;
}

enum err role_store_holders(struct db *db, const struct id *role_id, const struct member_key *after,
			    struct holder_page *page)
{
	struct row_sink sink = {
		.into = {.row = page->rows},
		.take = take_holder,
		.context = page,
	};
	struct arg user = arg_id_or_zero(&after->user_id);

	page->n = 0;
	if (page->room == 0)
		return ERR_INTERNAL;
	return row_each(db, STMT_ROLE_HOLDERS,
			ARGS(arg_id(role_id), user, user, arg_id_or_zero(&after->tenant_id),
			     arg_int((int64_t)page->room)),
			&sink);
}

enum err role_store_drop(struct db *db, const struct id *role_id, const struct member_key *key)
{
	TRY(row_run(db, STMT_USER_ROLE_TAKE,
		    ARGS(arg_id(&key->user_id), arg_id_or_zero(&key->tenant_id), arg_id(role_id)),
		    NULL));
	return member_store_rewrite(db, key);
}

static enum err count(struct db *db, enum stmt stmt, struct args args, uint64_t *out)
{
	int64_t number = 0;
	bool found = false;

	TRY(row_find(db, stmt, args, (struct row_into){.row = &number}, &found));
	*out = (uint64_t)number;
	return OK;
}

enum err role_store_count_holders(struct db *db, const struct id *role_id, uint64_t *out)
{
	return count(db, STMT_ROLE_COUNT_HOLDERS, ARGS(arg_id(role_id)), out);
}

enum err role_store_longest_grants(struct db *db, const struct id *role_id, uint64_t *bytes)
{
	return count(db, STMT_ROLE_LONGEST_GRANTS, ARGS(arg_id(role_id)), bytes);
}

enum err role_store_count_managers(struct db *db, const struct id *but, uint64_t *out)
{
	return count(db, STMT_ROLE_COUNT_MANAGERS,
		     ARGS(arg_id_or_zero(NULL), arg_bytes(ROLE_MANAGE), arg_id_or_zero(but),
			  arg_int(USER_ACTIVE)),
		     out);
}

enum err permission_store_add(struct db *db, const struct id *role_id, struct str name, bool *added)
{
	uint64_t affected = 0;

	TRY(row_run(db, STMT_PERMISSION_ADD, ARGS(arg_id(role_id), arg_bytes(name)), &affected));
	*added = affected == 1;
	return OK;
}

enum err permission_store_remove(struct db *db, const struct id *role_id, struct str name,
				 bool *removed)
{
	uint64_t affected = 0;

	TRY(row_run(db, STMT_PERMISSION_REMOVE, ARGS(arg_id(role_id), arg_bytes(name)), &affected));
	*removed = affected == 1;
	return OK;
}

static enum err take_name(struct row_sink *sink)
{
	struct permission_page *page = sink->context;

	page->n++;
	if (page->n < page->room)
		sink->into.row = &page->names[page->n];
	return OK;
}

enum err permission_store_list(struct db *db, struct arena *arena, const struct id *role_id,
			       struct str after, struct permission_page *page)
{
	struct row_sink sink = {
		.into = {.arena = arena, .row = page->names},
		.take = take_name,
		.context = page,
	};

	page->n = 0;
	if (page->room == 0)
		return ERR_INTERNAL;
	return row_each(db, STMT_PERMISSION_LIST,
			ARGS(arg_id(role_id), arg_bytes(after), arg_int((int64_t)page->room)),
			&sink);
}

static enum err take_held(struct row_sink *sink)
{
	struct held_page *page = sink->context;

	page->n++;
	if (page->n < page->room)
		sink->into.row = &page->rows[page->n];
	return OK;
}

enum err role_store_list_of_user(struct db *db, struct arena *arena, const struct id *user_id,
				 const struct held_place *after, struct held_page *page)
{
	struct row_sink sink = {
		.into = {.arena = arena, .row = page->rows},
		.take = take_held,
		.context = page,
	};
	struct arg tenant = arg_id_or_zero(&after->tenant_id);

	page->n = 0;
	if (page->room == 0)
		return ERR_INTERNAL;
	return row_each(db, STMT_USER_ROLE_LIST,
			ARGS(arg_id(user_id), tenant, tenant, arg_id_or_zero(&after->role_id),
			     arg_int((int64_t)page->room)),
			&sink);
}
