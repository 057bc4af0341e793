/* GET /activity: what happened to one's account. */
#include "activity.h"
#include "answer.h"
#include "call.h"
#include "fields.h"
#include "handlers.h"

static void add_item(struct json_out *out, const struct call *call,
		     const struct activity_item *item)
{
	json_open_object(out, NULL);
	json_time(out, "at", item->at);
	json_text(out, "event", item->event);
	json_text(out, "outcome", item->outcome);
	json_text(out, "by", str_of(activity_by_name(item->by)));
	json_text(out, "source", item->source);
	if (id_is_none(item->session_id))
		json_none(out, "session_id");
	else
		json_id(out, "session_id", item->session_id);
	json_bool(out, "live", item->session != NULL);
	json_bool(out, "current",
		  item->session != NULL &&
			  id_equal(item->session_id, call->session.found.session.id));
	if (str_is_present(item->detail))
		json_text(out, "detail", item->detail);
	json_close_object(out);
}

enum err api_activity(struct call *call)
{
	struct page_cursor from;
	struct activity_list list;
	struct str cursor = STR_NONE;
	struct json_out out;
	if (fields_limit_parse(call_query(call, "limit"), &from.limit) != OK)
		return answer_bad_field(call, STR("limit"), STR("must be 1 to 100"));
	if (fields_cursor_parse(call_query(call, "cursor"), &from) != OK)
		return answer_bad_field(call, STR("cursor"), STR("not a cursor of this list"));
	TRY(activity_list(&call->auth, &call->session.found.session.user_id, &from, &list));
	if (list.more)
		TRY(fields_cursor_text(call->arena, &list.next, &cursor));
	answer_json_begin(call, 200, &out);
	json_open_array(&out, "activity");
	for (size_t i = 0; i < list.n; i++)
		add_item(&out, call, &list.items[i]);
	json_close_array(&out);
	json_text(&out, "next_cursor", cursor);
	return answer_json_end(call, &out);
}
