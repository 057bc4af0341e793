/* /password/recover and /password/reset: a forgotten password, for programs. */
#include "answer.h"
#include "call.h"
#include "handlers.h"
#include "recovery_call.h"
#include "view.h"

enum err api_password_recover(struct call *call)
{
	struct json_out out;
	struct str email;
	bool bad;
	TRY(recovery_ask_of(call, &email, &bad));
	if (bad)
		return answer_bad_field(call, STR("email"),
					STR("not an address of the form name@example.org (ASCII)"));
	answer_json_begin(call, 202, &out);
	json_text(&out, "email", email);
	return answer_json_end(call, &out);
}

enum err api_password_reset(struct call *call)
{
	struct recovery_request request = {
		.claim = {.code = call_text(call, "code")},
		.new_password = call_text(call, "new_password"),
	};
	struct recovery_outcome outcome;
	struct str reason;
	if (account_normal_email(call->arena, call_text(call, "email"), &request.claim.address) !=
	    OK)
		return view_problem(call, PROBLEM_INVALID_CREDENTIALS,
				    &(struct problem_detail){.retry_after = 0});
	TRY(recovery_asker(call, &request.claim.asker));
	TRY(recovery_reset(&call->auth, &request, &outcome));
	switch (outcome.verdict) {
	case RECOVERY_DONE:
		response_status(&call->response, 204);
		return OK;
	case RECOVERY_OVER:
		return view_problem(call, PROBLEM_CODE_EXPIRED,
				    &(struct problem_detail){.retry_after = 0});
	case RECOVERY_THROTTLED:
		return answer_throttled(call, answer_seconds(outcome.wait));
	case RECOVERY_BAD_PASSWORD:
		TRY(answer_password_text(call, &outcome.opinion, &reason));
		return answer_bad_field(call, STR("new_password"), reason);
	default:
		return view_problem(
			call, PROBLEM_INVALID_CREDENTIALS,
			&(struct problem_detail){.detail = STR("The code is not right here.")});
	}
}
