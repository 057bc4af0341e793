/* Users page by page: all of them, or those whose name begins as was typed. */
#include "admin_call.h"
#include "arena.h"
#include "call.h"
#include "codec.h"
#include "fields.h"

#define NAME_MAX_BYTES 254

/* One more is asked for than shown: whether there are more. */
static enum err list_all(struct call *call, const struct admin_query *query,
			 struct admin_users *out)
{
	struct page_cursor from = {.limit = query->limit + 1};
	struct page_cursor next;
	struct admin_users users = {.next = STR_NONE};
	TRY(fields_cursor_parse(query->cursor, &from));
	users.rows = arena_array(call->arena, from.limit, sizeof(*users.rows));
	if (users.rows == NULL)
		return ERR_MEMORY;
	TRY(user_store_list(call->auth.db, call->arena, &from, users.rows, &users.n));
	if (users.n > query->limit) {
		users.n = query->limit;
		next.at = users.rows[users.n - 1].created_at;
		next.id = users.rows[users.n - 1].id;
		TRY(fields_cursor_text(call->arena, &next, &users.next));
	}
	*out = users;
	return OK;
}

static enum err name_cursor_text(struct arena *arena, struct str name, struct str *out)
{
	size_t n = CODEC_BASE64URL_LEN(name.n);
	char *text = arena_alloc(arena, n + 1);
	if (text == NULL)
		return ERR_MEMORY;
	codec_base64url((const unsigned char *)name.p, name.n, text);
	*out = (struct str){text, n};
	return OK;
}

static enum err name_cursor_parse(struct arena *arena, struct str text, struct str *name)
{
	size_t n = text.n * 3 / 4;
	if (!str_is_present(text)) {
		*name = STR_NONE;
		return OK;
	}
	if (n == 0 || n > NAME_MAX_BYTES)
		return ERR_INPUT;
	unsigned char *bytes = arena_alloc(arena, n);
	if (bytes == NULL)
		return ERR_MEMORY;
	TRY(codec_base64url_decode(text, bytes, n));
	*name = (struct str){(const char *)bytes, n};
	return OK;
}

/* Whoever went between the two statements is left out. */
static enum err find_rows(struct call *call, const struct user_match *matches, size_t n,
			  struct admin_users *users)
{
	users->rows = arena_array(call->arena, n + 1, sizeof(*users->rows));
	if (users->rows == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < n; i++) {
		bool found;
		TRY(user_store_find_by_id(call->auth.db, call->arena, &matches[i].id,
					  &users->rows[users->n], &found));
		users->n += found ? 1 : 0;
	}
	return OK;
}

static enum err search(struct call *call, const struct admin_query *query, struct str prefix,
		       struct admin_users *out)
{
	struct user_search search = {.prefix = prefix, .limit = query->limit + 1};
	struct admin_users users = {.next = STR_NONE};
	struct user_match *matches = arena_array(call->arena, search.limit, sizeof(*matches));
	size_t n;
	if (matches == NULL)
		return ERR_MEMORY;
	TRY(name_cursor_parse(call->arena, query->cursor, &search.after));
	TRY(user_store_search(call->auth.db, call->arena, &search, matches, &n));
	if (n > query->limit) {
		n = query->limit;
		TRY(name_cursor_text(call->arena, matches[n - 1].name, &users.next));
	}
	TRY(find_rows(call, matches, n, &users));
	*out = users;
	return OK;
}

enum err admin_list_users(struct call *call, const struct admin_query *query,
			  struct admin_users *out)
{
	struct str prefix;
	TRY(str_copy_lower(call->arena, str_trim(query->prefix), &prefix));
	return prefix.n == 0 ? list_all(call, query, out) : search(call, query, prefix, out);
}
