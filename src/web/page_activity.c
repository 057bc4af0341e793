/* What happened to one's account, in plain words. */
#include "activity.h"
#include "answer.h"
#include "buf.h"
#include "call.h"
#include "fields.h"
#include "handlers.h"
#include "language_call.h"
#include "moment.h"
#include "say.h"
#include "session_item.h"
#include "view.h"

#define KEY_MAX 128
#define PATH_MAX_TEXT 128

/* Of an event that this version does not know (a newer one runs beside it) only that it was. */
static enum err event_text(struct call *call, struct str event, struct str *out)
{
	struct str key;
	struct buf buf;
	buf_init(&buf, call->arena, KEY_MAX);
	buf_add(&buf, STR("activity.event."));
	buf_add(&buf, event);
	TRY(buf_str(&buf, &key));
	struct str text = language_text(language_of_call(call), key);
	*out = str_is_present(text) ? text : say(call, "activity.event.other");
	return OK;
}

static struct str by_text(const struct call *call, enum activity_by by)
{
	static const char *const keys[ACTIVITY_BY_COUNT] = {
		[ACTIVITY_BY_ADMINISTRATOR] = "activity.by.administrator",
		[ACTIVITY_BY_SERVICE] = "activity.by.service",
		[ACTIVITY_BY_OPERATOR] = "activity.by.operator",
	};
	return keys[by] != NULL ? say(call, keys[by]) : STR_NONE;
}

static enum err add_item(struct call *call, const struct activity_item *item,
			 struct template_data *data)
{
	struct str event, at, at_iso, device = STR_NONE;
	TRY(event_text(call, item->event, &event));
	TRY(say_time(call, item->at, &at));
	TRY(moment_iso(call->arena, item->at, &at_iso));
	if (item->session != NULL)
		TRY(session_item_device(call, item->session, &device));
	struct template_data *entry = template_item(data, "events");
	template_text(entry, "event", event);
	template_text(entry, "by", by_text(call, item->by));
	template_text(entry, "at", at);
	template_text(entry, "at_iso", at_iso);
	template_text(entry, "place", item->source);
	template_text(entry, "device", device);
	template_flag(entry, "current",
		      item->session != NULL &&
			      id_equal(item->session_id, call->session.found.session.id));
	return OK;
}

static enum err add_next(struct call *call, const struct activity_list *list,
			 struct template_data *data)
{
	struct str cursor = STR_NONE, path;
	struct buf text;
	buf_init(&text, call->arena, PATH_MAX_TEXT);
	buf_add(&text, STR("/account/activity"));
	if (list->more) {
		TRY(fields_cursor_text(call->arena, &list->next, &cursor));
		buf_add(&text, STR("?cursor="));
		buf_add(&text, cursor);
	}
	TRY(buf_str(&text, &path));
	template_flag(data, "has_more", list->more);
	return answer_url(call, data, "url_next", path);
}

enum err page_activity_show(struct call *call)
{
	struct page_cursor from = {.limit = FIELDS_LIMIT_DEFAULT};
	struct activity_list list;
	struct template_data *data;
	enum err err = fields_cursor_parse(call_query(call, "cursor"), &from);
	if (err == ERR_INPUT)
		return answer_bad_field(call, STR("cursor"), STR("not a cursor of this list"));
	TRY(err);
	TRY(activity_list(&call->auth, &call->session.found.session.user_id, &from, &list));
	TRY(view_page_data(call, &data));
	TRY(add_next(call, &list, data));
	template_flag(data, "has_events", list.n > 0);
	if (list.n == 0)
		template_flag(data, "events", false);
	for (size_t i = 0; i < list.n; i++)
		TRY(add_item(call, &list.items[i], data));
	return view_page(call, 200, "activity.html", data);
}
