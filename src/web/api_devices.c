/* /devices: what one signs in from, its key, and taking it away. */
#include "answer.h"
#include "call.h"
#include "device_key_call.h"
#include "devices.h"
#include "fields.h"
#include "handlers.h"
#include "signout_call.h"
#include "view.h"

static struct str kind_name(const struct device_row *row)
{
	return row->kind == DEVICE_APP ? STR("app") : STR("browser");
}

static void add_device(struct json_out *out, const struct call *call, const struct device_row *row)
{
	bool trusted = row->trusted_until > call->request.now;
	json_open_object(out, NULL);
	json_id(out, "id", row->id);
	json_text(out, "kind", kind_name(row));
	json_text(out, "name", row->name);
	json_time(out, "created_at", row->created_at);
	json_time(out, "last_seen_at", row->last_seen);
	json_time(out, "trusted_until", trusted ? row->trusted_until : 0);
	json_bool(out, "has_key", row->key_kind != DEVICE_KEY_NONE);
	json_bool(out, "current", id_equal(row->id, call->session.found.session.device_id));
	json_close_object(out);
}

enum err api_devices_list(struct call *call)
{
	struct str cursor = STR_NONE;
	struct page_cursor from;
	struct devices_list list;
	struct json_out out;
	if (fields_limit_parse(call_query(call, "limit"), &from.limit) != OK)
		return answer_bad_field(call, STR("limit"), STR("must be 1 to 100"));
	if (fields_cursor_parse(call_query(call, "cursor"), &from) != OK)
		return answer_bad_field(call, STR("cursor"), STR("not a cursor of this list"));
	TRY(devices_list(&call->auth, &call->session.found.session.user_id, &from, &list));
	if (list.more)
		TRY(fields_cursor_text(call->arena, &list.next, &cursor));
	answer_json_begin(call, 200, &out);
	json_open_array(&out, "devices");
	for (size_t i = 0; i < list.n; i++)
		add_device(&out, call, &list.rows[i]);
	json_close_array(&out);
	json_text(&out, "next_cursor", cursor);
	return answer_json_end(call, &out);
}

enum err api_devices_set_key(struct call *call)
{
	enum devices_verdict verdict;
	struct device_key key;
	struct str reason;
	struct id id;
	if (id_parse(call->match.segment, &id) != OK)
		return answer_not_found(call);
	TRY(device_key_call_read(call->arena, call_text(call, "public_key"), &key, &reason));
	if (key.kind == DEVICE_KEY_NONE)
		return answer_bad_field(call, STR("public_key"), reason);
	TRY(devices_set_key(&call->auth, &call->session, &id, &key, &verdict));
	if (verdict == DEVICES_ELSEWHERE)
		return view_problem(
			call, PROBLEM_CONFLICT,
			&(struct problem_detail){
				.detail = STR("The session is on another device: a device "
					      "sets its own key.")});
	if (verdict != DEVICES_DONE)
		return answer_not_found(call);
	response_status(&call->response, 204);
	return OK;
}

enum err api_devices_remove(struct call *call)
{
	enum devices_verdict verdict;
	struct id id;
	if (id_parse(call->match.segment, &id) != OK)
		return answer_not_found(call);
	TRY(devices_remove(&call->auth, &call->session, &id, &verdict));
	if (verdict != DEVICES_DONE)
		return answer_not_found(call);
	/* Its session has ended with it. */
	if (id_equal(id, call->session.found.session.device_id) &&
	    call->credential.carrier == CARRIER_COOKIE)
		signout_forget(call);
	response_status(&call->response, 204);
	return OK;
}
