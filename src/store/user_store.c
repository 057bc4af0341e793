/* Rows of user, password and setup_code. */
#include "user_store.h"

#include "buf.h"
#include "db.h"
#include "flow_store.h"
#include "row.h"
#include "token_store.h"

static enum err find(struct db *db, enum stmt stmt, struct args args, struct row_into into,
		     bool *found)
{
	struct user_row there = {.state = USER_NONE};
	struct user_row *row = into.row;
	bool any = false;

	into.row = &there;
	TRY(row_find(db, stmt, args, into, &any));
	if (any)
		*row = there;
	*found = any;
	return OK;
}

enum err user_store_find(struct db *db, struct arena *arena, struct str identifier,
			 struct user_row *row, bool *found)
{
	enum stmt stmt = str_contains(identifier, '@') ? STMT_USER_BY_EMAIL : STMT_USER_BY_USERNAME;

	return find(db, stmt, ARGS(arg_bytes(identifier)),
		    (struct row_into){.arena = arena, .row = row}, found);
}

enum err user_store_find_by_id(struct db *db, struct arena *arena, const struct id *id,
			       struct user_row *row, bool *found)
{
	return find(db, STMT_USER_BY_ID, ARGS(arg_id(id)),
		    (struct row_into){.arena = arena, .row = row}, found);
}

/* A lock holds on this node only; a change of the row is what all nodes of a cluster agree on. */
enum err user_store_lock_whole(struct db *db, const struct id *id, struct user_locked *locked,
			       bool *found)
{
	struct user_locked there = {.state = USER_NONE};
	bool any = false;

	if (db_is_consistent(db))
		TRY(row_run(db, STMT_USER_TAKE_TURN, ARGS(arg_id(id)), NULL));
	TRY(row_find(db, STMT_USER_LOCK, ARGS(arg_id(id)), (struct row_into){.row = &there}, &any));
	if (any)
		*locked = there;
	*found = any;
	return OK;
}

enum err user_store_lock(struct db *db, const struct id *id, uint32_t *state, bool *found)
{
	struct user_locked locked = {.state = USER_NONE};

	TRY(user_store_lock_whole(db, id, &locked, found));
	if (*found)
		*state = locked.state;
	return OK;
}

enum err user_store_insert(struct db *db, const struct user_row *row)
{
	return row_run(db, STMT_USER_INSERT,
		       ARGS(arg_id(&row->id), arg_bytes(row->username), arg_bytes(row->email),
			    arg_text(row->display_name), arg_int(row->state),
			    arg_time(row->email_proven_at), arg_id(&row->default_tenant),
			    arg_bytes(str_is_present(row->grants) ? row->grants : STR("")),
			    arg_bytes(str_is_present(row->language) ? row->language : STR("")),
			    arg_int(row->created_at), arg_int(row->updated_at)),
		       NULL);
}

enum err user_store_set_state(struct db *db, const struct id *id, enum user_state state,
			      int64_t now)
{
	return row_run(db, STMT_USER_SET_STATE, ARGS(arg_int(state), arg_int(now), arg_id(id)),
		       NULL);
}

enum err user_store_set_proven(struct db *db, const struct id *id, int64_t now)
{
	return row_run(db, STMT_USER_SET_PROVEN, ARGS(arg_int(now), arg_int(now), arg_id(id)),
		       NULL);
}

enum err user_store_delete(struct db *db, const struct id *id)
{
	static const enum stmt deletions[] = {
		STMT_PASSWORD_DELETE,           STMT_USER_ROLE_DELETE_OF_USER,
		STMT_MEMBERSHIP_DELETE_OF_USER, STMT_DEVICE_DELETE_OF_USER,
		STMT_OUTBOX_DELETE_OF_USER,     STMT_MAIL_CODE_DELETE_OF_USER,
		STMT_HANDOVER_DELETE_OF_USER,   STMT_TOTP_DELETE,
		STMT_RECOVERY_DELETE,           STMT_PASSKEY_DELETE_OF_USER,
		STMT_CHALLENGE_DELETE_OF_USER,  STMT_USER_DELETE,
	};
	uint64_t ended = 0;

	/* Flows and rotations are found by their sessions. */
	TRY(flow_store_delete_of_user(db, id));
	TRY(token_store_delete_of_user(db, id));
	TRY(row_run(db, STMT_ROTATION_DELETE_OF_USER, ARGS(arg_id(id)), NULL));
	TRY(session_store_delete_of_user(db, id, &ID_NONE, &ended));
	for (size_t i = 0; i < sizeof deletions / sizeof deletions[0]; i++)
		TRY(row_run(db, deletions[i], ARGS(arg_id(id)), NULL));
	return OK;
}

enum err user_store_list(struct db *db, struct arena *arena, const struct page_cursor *cursor,
			 struct user_row *out, size_t *count)
{
	struct row_page page = {arena, out, sizeof *out, cursor->limit, 0};

	TRY(row_fill(db, STMT_USER_LIST,
		     ARGS(arg_int(cursor->at), arg_int(cursor->at), arg_id_or_zero(&cursor->id),
			  arg_int(cursor->limit)),
		     &page));
	*count = page.n;
	return OK;
}

/* Names are ASCII, so this lies behind every one that begins so. */
static enum err end_of(struct arena *arena, struct str prefix, struct str *out)
{
	struct buf text;

	buf_init(&text, arena, prefix.n + 2);
	buf_add(&text, prefix);
	buf_add_char(&text, '\x7f');
	return buf_str(&text, out);
}

/* The least name behind another: with a NUL more, which no name has. */
static enum err start_of(struct arena *arena, const struct user_search *search, struct str *out)
{
	struct buf text;

	buf_init(&text, arena, search->prefix.n + search->after.n + 2);
	buf_add(&text, str_is_present(search->after) ? search->after : search->prefix);
	if (str_is_present(search->after))
		buf_add_char(&text, '\0');
	return buf_str(&text, out);
}

struct match_list {
	struct user_match *rows;
	size_t n;
	size_t room;
};

static enum err take_match(struct row_sink *sink)
{
	struct match_list *list = sink->context;

	list->n++;
	if (list->n < list->room)
		sink->into.row = &list->rows[list->n];
	return OK;
}

enum err user_store_search(struct db *db, struct arena *arena, const struct user_search *search,
			   struct user_match *out, size_t *count)
{
	struct match_list list = {.rows = out, .room = search->limit};
	struct row_sink sink = {
		.into = {.arena = arena, .row = out},
		.take = take_match,
		.context = &list,
	};
	struct str from = STR_NONE;
	struct str to = STR_NONE;
	struct arg limit = arg_int(search->limit);

	if (search->limit == 0)
		return ERR_INTERNAL;
	TRY(start_of(arena, search, &from));
	TRY(end_of(arena, search->prefix, &to));
	TRY(row_each(db, STMT_USER_SEARCH,
		     ARGS(arg_bytes(from), arg_bytes(to), limit, arg_bytes(from), arg_bytes(to),
			  arg_bytes(search->prefix), arg_bytes(to), limit, limit),
		     &sink));
	*count = list.n;
	return OK;
}

static enum err update_password(struct db *db, const struct id *user_id, struct secret hash,
				int64_t now, uint64_t *changed)
{
	return row_run(db, STMT_PASSWORD_UPDATE,
		       ARGS(arg_secret(hash), arg_int(now), arg_id(user_id)), changed);
}

/* Nothing changed: there is none yet; unless somebody inserts the first one at this very moment. */
enum err password_store_set(struct db *db, const struct id *user_id, struct secret hash,
			    int64_t now)
{
	uint64_t changed = 0;
	enum err e = OK;

	TRY(update_password(db, user_id, hash, now, &changed));
	if (changed > 0)
		return OK;
	e = row_run(db, STMT_PASSWORD_INSERT, ARGS(arg_id(user_id), arg_secret(hash), arg_int(now)),
		    NULL);
	return e == ERR_CONFLICT ? update_password(db, user_id, hash, now, NULL) : e;
}

enum err password_store_strengthen(struct db *db, const struct id *user_id, struct secret hash)
{
	return row_run(db, STMT_PASSWORD_STRENGTHEN, ARGS(arg_secret(hash), arg_id(user_id)), NULL);
}

enum err password_store_changed_at(struct db *db, const struct id *user_id, int64_t *at,
				   bool *found)
{
	int64_t number = 0;
	bool any = false;

	TRY(row_find(db, STMT_PASSWORD_CHANGED_AT, ARGS(arg_id(user_id)),
		     (struct row_into){.row = &number}, &any));
	if (any)
		*at = number;
	*found = any;
	return OK;
}

enum err password_store_get(struct db *hash_db, struct arena *arena, const struct id *user_id,
			    struct password_row *row, bool *own)
{
	struct password_row there = {.hash = SECRET_NONE};
	bool any = false;

	TRY(row_find(hash_db, STMT_PASSWORD_GET, ARGS(arg_id_or_zero(user_id)),
		     (struct row_into){.arena = arena, .row = &there}, &any));
	*row = there;
	*own = any && id_equal(there.user_id, *user_id);
	return OK;
}

struct password_list {
	struct password_row *rows;
	size_t n;
	size_t room;
};

static enum err take_password(struct row_sink *sink)
{
	struct password_list *list = sink->context;

	list->n++;
	if (list->n < list->room)
		sink->into.row = &list->rows[list->n];
	return OK;
}

/* NOLINTNEXTLINE(readability-function-size): the page and its place belong to the caller */
enum err password_store_walk(struct db *hash_db, struct arena *arena, const struct id *after,
			     unsigned limit, struct password_row *rows, size_t *n)
{
	struct password_list list = {.rows = rows, .room = limit};
	struct row_sink sink = {
		.into = {.arena = arena, .row = rows},
		.take = take_password,
		.context = &list,
	};

	if (limit == 0)
		return ERR_INTERNAL;
	TRY(row_each(hash_db, STMT_PASSWORD_WALK, ARGS(arg_id_or_zero(after), arg_int(limit)),
		     &sink));
	*n = list.n;
	return OK;
}

enum err password_store_must_change(struct db *db, const struct id *user_id, bool *must_change)
{
	int64_t number = 0;
	bool found = false;

	TRY(row_find(db, STMT_PASSWORD_MUST_CHANGE, ARGS(arg_id(user_id)),
		     (struct row_into){.row = &number}, &found));
	*must_change = found && number != 0;
	return OK;
}

enum err password_store_require_change(struct db *db, const struct id *user_id)
{
	return row_run(db, STMT_PASSWORD_REQUIRE_CHANGE, ARGS(arg_id(user_id)), NULL);
}

enum err password_store_refuse(struct db *db, const struct id *user_id)
{
	return row_run(db, STMT_PASSWORD_REFUSE, ARGS(arg_id(user_id)), NULL);
}

enum err password_store_delete(struct db *db, const struct id *user_id)
{
	return row_run(db, STMT_PASSWORD_DELETE, ARGS(arg_id(user_id)), NULL);
}

enum err setup_store_put(struct db *db, const struct digest *hash, int64_t expires_at)
{
	return row_run(db, STMT_SETUP_PUT, ARGS(arg_digest(hash), arg_int(expires_at)), NULL);
}

enum err setup_store_consume(struct db *db, const struct digest *hash, int64_t now, bool *consumed)
{
	uint64_t affected = 0;

	TRY(row_run(db, STMT_SETUP_CONSUME, ARGS(arg_digest(hash), arg_int(now)), &affected));
	*consumed = affected == 1;
	return OK;
}

enum err setup_store_clear(struct db *db, uint64_t *deleted)
{
	return row_run(db, STMT_SETUP_CLEAR, ARGS_NONE, deleted);
}
