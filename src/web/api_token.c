/* /session/token: an access token for who has a session by another carrier. */
#include "answer.h"
#include "audit.h"
#include "call.h"
#include "handlers.h"
#include "token_call.h"
#include "view.h"

/* Who came with an access token has a refresh token for the next, or was not to have one. */
static enum err refuse(struct call *call)
{
	return view_problem(call, PROBLEM_FORBIDDEN,
			    &(struct problem_detail){
				    .detail = STR("An access token gives no other: refresh it.")});
}

enum err api_session_token(struct call *call)
{
	struct json_out out;
	if (call->credential.carrier == CARRIER_TOKEN)
		return refuse(call);
	answer_json_begin(call, 200, &out);
	TRY(token_access_json(call, &out, &call->session));
	audit_line(&call->auth, &(struct audit_event){
					.kind = AUDIT_TOKEN_ISSUED,
					.user_id = call->session.found.session.user_id,
					.session_id = call->session.found.session.id,
					.detail = call->session.found.session.client,
				});
	return answer_json_end(call, &out);
}
