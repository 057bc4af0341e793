/* /sessions/{id}/hold: a service makes a session ask who it is. */
#include "account_admin.h"
#include "answer.h"
#include "call.h"
#include "handlers.h"
#include "view.h"

enum err api_session_hold(struct call *call)
{
	const struct account_act act = {.reason = str_trim(call_text(call, "reason"))};
	struct account_effect effect;
	if (!call->by_service)
		return view_problem(call, PROBLEM_FORBIDDEN,
				    &(struct problem_detail){
					    .detail = STR("Only a service may hold a session."),
				    });
	if (act.reason.n == 0)
		return answer_bad_field(call, STR("reason"), STR("is empty"));
	TRY(account_hold_session(&call->auth, &call->session.found.session.id, &act, &effect));
	if (effect.outcome == ACCOUNT_BAD_REASON)
		return answer_bad_field(call, STR("reason"),
					STR("at most 200 bytes, no control characters"));
	if (effect.outcome != ACCOUNT_DONE && effect.outcome != ACCOUNT_ALREADY)
		return answer_not_found(call);
	response_status(&call->response, 204);
	return OK;
}
