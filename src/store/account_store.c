/* What a person changes about the rows of their account. */
#include "account_store.h"

#include "row.h"
#include "session_store.h"

enum err account_store_set_email(struct db *db, const struct id *user_id, struct str email,
				 int64_t now)
{
	return row_run(db, STMT_ACCOUNT_SET_EMAIL,
		       ARGS(arg_bytes(email), arg_int(now), arg_int(now), arg_id(user_id)), NULL);
}

enum err account_store_set_username(struct db *db, const struct id *user_id, struct str username,
				    int64_t now)
{
	return row_run(db, STMT_ACCOUNT_SET_USERNAME,
		       ARGS(arg_bytes(username), arg_int(now), arg_id(user_id)), NULL);
}

enum err account_store_set_display_name(struct db *db, const struct id *user_id,
					struct str display_name, int64_t now)
{
	return row_run(db, STMT_ACCOUNT_SET_DISPLAY_NAME,
		       ARGS(arg_text(display_name), arg_int(now), arg_id(user_id)), NULL);
}

enum err account_store_set_language(struct db *db, const struct id *user_id, struct str language,
				    int64_t now)
{
	return row_run(db, STMT_ACCOUNT_SET_LANGUAGE,
		       ARGS(arg_bytes(language), arg_int(now), arg_id(user_id)), NULL);
}

enum err account_store_close(struct db *db, const struct id *user_id, int64_t now)
{
	return row_run(db, STMT_ACCOUNT_CLOSE,
		       ARGS(arg_int(USER_CLOSED), arg_int(now), arg_int(now), arg_id(user_id)),
		       NULL);
}

enum err account_store_reopen(struct db *db, const struct id *user_id, int64_t now)
{
	return row_run(
		db, STMT_ACCOUNT_REOPEN,
		ARGS(arg_int(USER_ACTIVE), arg_int(now), arg_id(user_id), arg_int(USER_CLOSED)),
		NULL);
}

struct id_list {
	struct id *ids;
	size_t n;
	size_t room;
};

static enum err take(struct row_sink *sink)
{
	struct id_list *list = sink->context;

	list->n++;
	if (list->n < list->room)
		sink->into.row = &list->ids[list->n];
	return OK;
}

enum err account_store_closed(struct db *db, int64_t before, size_t limit, struct id *ids,
			      size_t *count)
{
	struct id_list list = {.ids = ids, .room = limit};
	struct row_sink sink = {.into = {.row = ids}, .take = take, .context = &list};

	if (limit == 0)
		return ERR_INTERNAL;
	TRY(row_each(db, STMT_ACCOUNT_CLOSED, ARGS(arg_int(before), arg_int((int64_t)limit)),
		     &sink));
	*count = list.n;
	return OK;
}

enum err account_store_closed_at(struct db *db, const struct id *user_id, int64_t *at)
{
	int64_t number = 0;
	bool found = false;

	TRY(row_find(db, STMT_ACCOUNT_CLOSED_AT, ARGS(arg_id(user_id)),
		     (struct row_into){.row = &number}, &found));
	*at = number;
	return OK;
}
