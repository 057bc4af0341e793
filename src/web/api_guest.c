/* /sessions/guest: a session for somebody who has not signed in. */
#include "answer.h"
#include "call.h"
#include "fields.h"
#include "guest.h"
#include "handlers.h"
#include "issued.h"
#include "view.h"

/* What is wrong with the body; field absent: nothing, and the client is one of ours. */
static struct problem_detail flaw_of(const struct call *call, struct guest_request *request)
{
	const struct fields_client client = {.name = request->client, .class = CLASS_GUEST};
	struct str reason;
	if (request->carrier != CARRIER_HANDLE && request->carrier != CARRIER_COOKIE)
		return (struct problem_detail){.field = STR("transport"),
					       .reason = STR("must be handle or cookie")};
	request->client = fields_client(call->app->config, &client, &reason);
	if (!str_is_present(request->client))
		return (struct problem_detail){.field = STR("client"), .reason = reason};
	if (str_is_present(request->device_name) && !fields_is_device_name(request->device_name))
		return (struct problem_detail){
			.field = STR("device_name"),
			.reason = STR("at most 100 characters, no control characters")};
	return (struct problem_detail){.field = STR_NONE};
}

/* What is there is not thrown away for less. */
static bool has_session(const struct call *call)
{
	return call->session.standing >= SESSION_HELD;
}

enum err api_guest_create(struct call *call)
{
	struct guest_request request = {
		.carrier = fields_carrier(call_text(call, "transport")),
		.client = call_text(call, "client"),
		.device_name = call_text(call, "device_name"),
	};
	struct problem_detail flaw = flaw_of(call, &request);
	enum guest_verdict verdict;
	struct session_issued issued;
	int64_t wait;
	if (str_is_present(flaw.field))
		return view_problem(call, PROBLEM_INVALID_REQUEST, &flaw);
	if (has_session(call))
		return view_problem(
			call, PROBLEM_CONFLICT,
			&(struct problem_detail){.detail = STR("There is a session already.")});
	TRY(guest_begin(&call->auth, &request, &verdict, &wait, &issued));
	if (verdict == GUEST_THROTTLED)
		return answer_throttled(call, answer_seconds(wait));
	issued_take(call, &issued);
	return issued_created(call, &issued);
}
