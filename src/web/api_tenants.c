/* /tenants and /session/tenant: where one is a member, and in which tenant the session is. */
#include "answer.h"
#include "arena.h"
#include "call.h"
#include "fields.h"
#include "grants.h"
#include "guard.h"
#include "handlers.h"
#include "member.h"
#include "view.h"

static void add_roles(struct json_out *out, struct str grants)
{
	struct str role;
	json_open_array(out, "roles");
	while (grants_next(&grants, STR("role:"), &role))
		json_text(out, NULL, role);
	json_close_array(out);
}

static void add_member(struct json_out *out, const struct call *call, const struct member_row *row)
{
	json_open_object(out, NULL);
	json_id(out, "id", row->tenant.id);
	json_text(out, "name", row->tenant.name);
	json_text(out, "title", row->tenant.title);
	add_roles(out, row->grants);
	json_bool(out, "default", row->is_default);
	json_bool(out, "current", id_equal(row->tenant.id, call->session.found.session.tenant_id));
	json_close_object(out);
}

/* One row more was asked for than is shown: whether there is a next page. */
static enum err answer_list(struct call *call, const struct member_page *page, unsigned limit)
{
	struct json_out out;
	struct str cursor = STR_NONE;
	size_t n = page->n > limit ? limit : page->n;
	if (page->n > limit) {
		struct page_cursor next = {
			.at = page->rows[n - 1].created_at,
			.id = page->rows[n - 1].tenant.id,
		};
		TRY(fields_cursor_text(call->arena, &next, &cursor));
	}
	answer_json_begin(call, 200, &out);
	json_open_array(&out, "tenants");
	for (size_t i = 0; i < n; i++)
		add_member(&out, call, &page->rows[i]);
	json_close_array(&out);
	json_text(&out, "next_cursor", cursor);
	return answer_json_end(call, &out);
}

enum err api_tenants_list(struct call *call)
{
	const struct session_row *current = &call->session.found.session;
	struct page_cursor from;
	struct member_page page;
	if (fields_limit_parse(call_query(call, "limit"), &from.limit) != OK)
		return answer_bad_field(call, STR("limit"), STR("must be 1 to 100"));
	if (fields_cursor_parse(call_query(call, "cursor"), &from) != OK)
		return answer_bad_field(call, STR("cursor"), STR("not a cursor of this list"));
	page.room = (size_t)from.limit + 1;
	page.rows = arena_array(call->arena, page.room, sizeof(*page.rows));
	if (page.rows == NULL)
		return ERR_MEMORY;
	TRY(member_store_list_of_user(call->auth.db, call->arena, &current->user_id, &from, &page));
	return answer_list(call, &page, from.limit);
}

static enum err answer_session(struct call *call)
{
	struct json_out out;
	answer_json_begin(call, 200, &out);
	TRY(view_session_json(call, &out, "session", &call->session));
	view_user_json(&out, "user", &call->session);
	return answer_json_end(call, &out);
}

enum err api_session_tenant(struct call *call)
{
	struct problem_detail none = {.rotated = false};
	enum member_choice choice;
	struct session session;
	struct id tenant_id;
	if (id_parse(call_text(call, "tenant"), &tenant_id) != OK)
		return answer_not_found(call);
	enum err err = member_choose(&call->auth, &call->credential, &tenant_id, &choice, &session);
	/* The session went between the check and the lock. */
	if (err == ERR_CONFLICT)
		return view_problem(call, PROBLEM_UNAUTHENTICATED, &none);
	TRY(err);
	if (choice == MEMBER_CHOICE_STALE) {
		/* For what the answer names: the password, or a factor. */
		bool confirmed = guard_confirms(call);
		(void)confirmed;
		return view_problem(call, PROBLEM_REAUTHENTICATION_REQUIRED, &none);
	}
	if (choice != MEMBER_CHOICE_MADE)
		return answer_not_found(call);
	call->session = session;
	return answer_session(call);
}
