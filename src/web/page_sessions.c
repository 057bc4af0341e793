/* Where a person is signed in: the list, and ending one, the others, or all. */
#include "answer.h"
#include "buf.h"
#include "call.h"
#include "fields.h"
#include "handlers.h"
#include "say.h"
#include "session_item.h"
#include "signout_call.h"
#include "view.h"

#define LABEL_MAX 512

struct sessions_page {
	int status;
	struct str notice, error;
	struct page_cursor from;
};

/* What the word of a redirect after an act says; others say nothing. */
struct outcome {
	const char *word;
	const char *notice; /* a key */
};
static const struct outcome OUTCOMES[] = {
	{"one", "sessions.done_one"},
	{"others", "sessions.done_others"},
	{"gone", "sessions.done_gone"},
};

static struct str outcome_notice(const struct call *call, struct str word)
{
	for (size_t i = 0; i < sizeof(OUTCOMES) / sizeof(OUTCOMES[0]); i++)
		if (str_equal(word, str_of(OUTCOMES[i].word)))
			return say(call, OUTCOMES[i].notice);
	return STR_NONE;
}

static bool is_current(const struct call *call, const struct session_row *row)
{
	return id_equal(row->id, call->session.found.session.id);
}

static enum err add_next(struct call *call, const struct session_list *list,
			 struct template_data *data)
{
	struct str cursor = STR_NONE, path;
	struct buf text;
	buf_init(&text, call->arena, LABEL_MAX);
	buf_add(&text, STR("/account/sessions"));
	if (list->more) {
		TRY(fields_cursor_text(call->arena, &list->next, &cursor));
		buf_add(&text, STR("?cursor="));
		buf_add(&text, cursor);
	}
	TRY(buf_str(&text, &path));
	template_flag(data, "has_more", list->more);
	return answer_url(call, data, "url_next", path);
}

static enum err show(struct call *call, const struct sessions_page *page)
{
	const struct session_row *current = &call->session.found.session;
	struct session_list list;
	struct template_data *data;
	TRY(session_list(&call->auth, &current->user_id, &page->from, &list));
	TRY(view_page_data(call, &data));
	TRY(answer_url(call, data, "url_action", STR("/account/sessions")));
	TRY(add_next(call, &list, data));
	bool others = list.more || page->from.at != 0;
	if (list.n == 0) /* past the end of the list */
		template_flag(data, "sessions", false);
	for (size_t i = 0; i < list.n; i++) {
		others = others || !is_current(call, &list.rows[i]);
		TRY(session_item_add(call, &list.rows[i], data));
	}
	template_flag(data, "has_others", others);
	template_text(data, "notice", page->notice);
	template_text(data, "error", page->error);
	return view_page(call, page->status, "sessions.html", data);
}

enum err page_sessions_show(struct call *call)
{
	struct sessions_page page = {
		.status = 200,
		.notice = outcome_notice(call, call_query(call, "done")),
		.from = {.limit = FIELDS_LIMIT_DEFAULT},
	};
	enum err err = fields_cursor_parse(call_query(call, "cursor"), &page.from);
	if (err == ERR_INPUT)
		return answer_bad_field(call, STR("cursor"), STR("not a cursor of this list"));
	TRY(err);
	return show(call, &page);
}

static enum err end_one(struct call *call, struct str typed)
{
	const struct session_row *current = &call->session.found.session;
	struct id id;
	bool ended = false;
	if (id_parse(typed, &id) != OK)
		return view_redirect(call, STR("/account/sessions?done=gone"));
	if (id_equal(id, current->id)) {
		TRY(signout_of_call(call));
		return signout_page(call);
	}
	TRY(session_end_one(&call->auth, &current->user_id, &id, &ended));
	return view_redirect(call, ended ? STR("/account/sessions?done=one")
					 : STR("/account/sessions?done=gone"));
}

static enum err end_many(struct call *call, struct str scope)
{
	const struct session_row *current = &call->session.found.session;
	uint64_t ended;
	if (str_equal(scope, STR("others"))) {
		TRY(session_end_all(&call->auth, &current->user_id, &current->id, &ended));
		return view_redirect(call, STR("/account/sessions?done=others"));
	}
	if (!str_equal(scope, STR("all")))
		return answer_bad_field(call, STR("scope"), STR("must be others or all"));
	TRY(session_end_all(&call->auth, &current->user_id, NULL, &ended));
	signout_forget(call);
	return signout_page(call);
}

enum err page_sessions_post(struct call *call)
{
	struct str one = call_text(call, "end"), scope = call_text(call, "scope");
	if (call->csrf_stale)
		return show(call, &(struct sessions_page){.status = 403,
							  .error = say(call, "page.stale"),
							  .from = {.limit = FIELDS_LIMIT_DEFAULT}});
	if (str_is_present(one) && str_is_present(scope))
		return answer_bad_field(call, STR("scope"), STR("not together with end"));
	return str_is_present(one) ? end_one(call, one) : end_many(call, scope);
}
