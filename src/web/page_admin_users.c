/* Who there is, for administrators: the list, and finding somebody in it. */
#include "admin_call.h"
#include "answer.h"
#include "buf.h"
#include "call.h"
#include "fields.h"
#include "handlers.h"
#include "moment.h"
#include "say.h"
#include "url.h"
#include "view.h"

#define PLACE STR("/admin/users")
#define PLACE_MAX ((size_t)2048)

static enum err place_of(struct arena *arena, struct id id, struct str *out)
{
	struct buf text;
	buf_init(&text, arena, PLACE_MAX);
	buf_add(&text, PLACE);
	buf_add_char(&text, '/');
	id_add(&text, id);
	return buf_str(&text, out);
}

static enum err add_row(struct call *call, const struct user_row *user, struct template_data *data)
{
	struct template_data *item;
	struct str place, roles, since, since_iso;
	TRY(place_of(call->arena, user->id, &place));
	TRY(view_roles_text(call->arena, user->grants, &roles));
	TRY(say_time(call, user->created_at, &since));
	TRY(moment_iso(call->arena, user->created_at, &since_iso));
	item = template_item(data, "users");
	TRY(answer_url(call, item, "url_user", place));
	template_text(item, "name", user->display_name);
	template_text(item, "user_name", user->username);
	template_text(item, "address", user->email);
	template_text(item, "user_roles", roles);
	template_text(item, "since", since);
	template_text(item, "since_iso", since_iso);
	template_flag(item, "is_locked", user->state == USER_LOCKED);
	template_flag(item, "is_closed", user->state == USER_CLOSED);
	return OK;
}

static enum err add_next(struct call *call, const struct admin_users *users, struct str typed,
			 struct template_data *data)
{
	struct str path;
	struct buf text;
	buf_init(&text, call->arena, PLACE_MAX);
	buf_add(&text, PLACE);
	buf_add(&text, STR("?cursor="));
	buf_add(&text, users->next);
	if (typed.n > 0) {
		buf_add(&text, STR("&q="));
		url_add_encoded(&text, typed);
	}
	TRY(buf_str(&text, &path));
	template_flag(data, "has_more", str_is_present(users->next));
	return answer_url(call, data, "url_next", path);
}

static enum err show(struct call *call, const struct admin_users *users, struct str typed)
{
	struct template_data *data;
	TRY(view_page_data(call, &data));
	TRY(answer_url(call, data, "url_action", PLACE));
	TRY(add_next(call, users, typed, data));
	template_text(data, "typed", typed);
	template_flag(data, "users", false);
	template_flag(data, "has_users", users->n > 0);
	for (size_t i = 0; i < users->n; i++)
		TRY(add_row(call, &users->rows[i], data));
	return view_page(call, 200, "admin-users.html", data);
}

enum err page_admin_users_show(struct call *call)
{
	struct admin_query query = {
		.prefix = call_query(call, "q"),
		.cursor = call_query(call, "cursor"),
		.limit = FIELDS_LIMIT_DEFAULT,
	};
	struct admin_users users;
	enum err err = admin_list_users(call, &query, &users);
	if (err == ERR_INPUT)
		return answer_bad_field(call, STR("cursor"), STR("not a cursor of this list"));
	TRY(err);
	return show(call, &users, str_trim(query.prefix));
}
