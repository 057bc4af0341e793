/* /session: who am I, now; and signing out. */
#include "answer.h"
#include "call.h"
#include "handlers.h"
#include "signout_call.h"
#include "view.h"

enum err api_session_show(struct call *call)
{
	struct json_out out;
	answer_json_begin(call, 200, &out);
	TRY(view_session_json(call, &out, "session", &call->session));
	view_user_json(&out, "user", &call->session);
	return answer_json_end(call, &out);
}

enum err api_session_end(struct call *call)
{
	if (call->by_service) {
		TRY(session_end(&call->auth, &call->session));
		response_status(&call->response, 204);
		return OK;
	}
	TRY(signout_of_call(call));
	response_status(&call->response, 204);
	return OK;
}
