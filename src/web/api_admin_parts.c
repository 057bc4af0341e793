/* /admin/users/{id}/roles and /sessions: what belongs to one user. */
#include "admin_call.h"
#include "answer.h"
#include "arena.h"
#include "call.h"
#include "codec.h"
#include "fields.h"
#include "handlers.h"
#include "role_store.h"
#include "view.h"

#define PLACE_BYTES ((size_t)2 * ID_BYTES)
#define PLACE_TEXT CODEC_BASE64URL_LEN(PLACE_BYTES)

/* The cursor of roles: a tenant's and a role's id. */
static enum err place_text(struct arena *arena, const struct held_role *last, struct str *out)
{
	unsigned char bytes[PLACE_BYTES];
	char *text = arena_alloc(arena, PLACE_TEXT + 1);
	if (text == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < ID_BYTES; i++) {
		bytes[i] = last->tenant_id.b[i];
		bytes[ID_BYTES + i] = last->role_id.b[i];
	}
	codec_base64url(bytes, PLACE_BYTES, text);
	*out = (struct str){text, PLACE_TEXT};
	return OK;
}

static enum err place_parse(struct str text, struct held_place *place)
{
	unsigned char bytes[PLACE_BYTES];
	*place = (struct held_place){.tenant_id = ID_NONE};
	if (!str_is_present(text))
		return OK;
	TRY(codec_base64url_decode(text, bytes, PLACE_BYTES));
	for (size_t i = 0; i < ID_BYTES; i++) {
		place->tenant_id.b[i] = bytes[i];
		place->role_id.b[i] = bytes[ID_BYTES + i];
	}
	return OK;
}

static void add_role(struct json_out *out, const struct held_role *role)
{
	json_open_object(out, NULL);
	json_text(out, "name", role->name);
	json_bool(out, "elevated", role->elevated);
	if (id_is_none(role->tenant_id)) {
		json_none(out, "tenant");
	} else {
		json_open_object(out, "tenant");
		json_id(out, "id", role->tenant_id);
		json_text(out, "name", role->tenant_name);
		json_close_object(out);
	}
	json_close_object(out);
}

static enum err answer_roles(struct call *call, const struct held_page *page, unsigned limit)
{
	struct json_out out;
	struct str cursor = STR_NONE;
	size_t n = page->n > limit ? limit : page->n;
	if (page->n > limit)
		TRY(place_text(call->arena, &page->rows[n - 1], &cursor));
	answer_json_begin(call, 200, &out);
	json_open_array(&out, "roles");
	for (size_t i = 0; i < n; i++)
		add_role(&out, &page->rows[i]);
	json_close_array(&out);
	json_text(&out, "next_cursor", cursor);
	return answer_json_end(call, &out);
}

enum err api_admin_roles(struct call *call)
{
	struct held_page page;
	struct held_place after;
	struct user_row user;
	unsigned limit;
	bool found;
	if (fields_limit_parse(call_query(call, "limit"), &limit) != OK)
		return answer_bad_field(call, STR("limit"), STR("must be 1 to 100"));
	if (place_parse(call_query(call, "cursor"), &after) != OK)
		return answer_bad_field(call, STR("cursor"), STR("not a cursor of this list"));
	TRY(admin_find(call, &user, &found));
	if (!found)
		return answer_not_found(call);
	page.room = (size_t)limit + 1;
	page.rows = arena_array(call->arena, page.room, sizeof(*page.rows));
	if (page.rows == NULL)
		return ERR_MEMORY;
	TRY(role_store_list_of_user(call->auth.db, call->arena, &user.id, &after, &page));
	return answer_roles(call, &page, limit);
}

static enum err answer_sessions(struct call *call, const struct user_row *user,
				const struct session_list *list)
{
	struct json_out out;
	struct str cursor = STR_NONE;
	bool *elevated;
	if (list->more)
		TRY(fields_cursor_text(call->arena, &list->next, &cursor));
	TRY(admin_elevated(call, user, list, &elevated));
	answer_json_begin(call, 200, &out);
	json_open_array(&out, "sessions");
	for (size_t i = 0; i < list->n; i++)
		view_session_row_json(&out, call, &list->rows[i], elevated[i]);
	json_close_array(&out);
	json_text(&out, "next_cursor", cursor);
	return answer_json_end(call, &out);
}

enum err api_admin_sessions(struct call *call)
{
	struct session_list list;
	struct page_cursor from;
	struct user_row user;
	bool found;
	if (fields_limit_parse(call_query(call, "limit"), &from.limit) != OK)
		return answer_bad_field(call, STR("limit"), STR("must be 1 to 100"));
	if (fields_cursor_parse(call_query(call, "cursor"), &from) != OK)
		return answer_bad_field(call, STR("cursor"), STR("not a cursor of this list"));
	TRY(admin_find(call, &user, &found));
	if (!found)
		return answer_not_found(call);
	TRY(session_list(&call->auth, &user.id, &from, &list));
	return answer_sessions(call, &user, &list);
}

enum err api_admin_sessions_end(struct call *call)
{
	struct json_out out;
	struct user_row user;
	uint64_t ended;
	bool found;
	TRY(admin_find(call, &user, &found));
	if (!found)
		return answer_not_found(call);
	TRY(session_end_all(&call->auth, &user.id, NULL, &ended));
	answer_json_begin(call, 200, &out);
	json_number(&out, "revoked", (int64_t)ended);
	return answer_json_end(call, &out);
}

enum err api_admin_session_end(struct call *call)
{
	struct id user_id;
	struct id session_id;
	bool ended = false;
	if (id_parse(call->match.segment, &user_id) == OK &&
	    id_parse(call->match.second, &session_id) == OK && !id_is_none(user_id))
		TRY(session_end_one(&call->auth, &user_id, &session_id, &ended));
	if (!ended)
		return answer_not_found(call);
	response_status(&call->response, 204);
	return OK;
}
