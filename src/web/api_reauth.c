/* Step-up and password change for programs: both answer with the session's new value. */
#include "answer.h"
#include "call.h"
#include "handlers.h"
#include "issued.h"
#include "prove_call.h"
#include "view.h"

static enum err answer_wrong(struct call *call)
{
	return view_problem(call, PROBLEM_INVALID_CREDENTIALS,
			    &(struct problem_detail){.detail = STR("The password is not right.")});
}

#define STEP_UPS                                                                                   \
	(1U << PROVE_TOTP | 1U << PROVE_RECOVERY_CODE | 1U << PROVE_PASSKEY |                      \
	 1U << PROVE_DEVICE_KEY)

static enum err step_up_by_factor(struct call *call)
{
	struct prove_request request = {
		.purpose = call_text(call, "purpose"),
		.presented = &call->credential,
		.current = &call->session,
	};
	struct prove_outcome outcome;
	struct session_issued issued;
	bool answered;
	TRY(prove_call_read(call, STEP_UPS, &request.proof, &answered));
	if (answered)
		return OK;
	TRY(issued_ready(call));
	TRY(prove_step_up(&call->auth, &request, &outcome, &issued));
	return prove_call_answer(call, &outcome, &issued);
}

enum err api_session_reauth(struct call *call)
{
	struct reauth_request request = issued_request(call, call_text(call, "password"));
	struct reauth_outcome outcome;
	struct session_issued issued;
	struct json_out out;
	bool answered;
	request.purpose = call_text(call, "purpose");
	if (!issued_is_renewable(call))
		return issued_not_renewable(call);
	if (str_is_present(call_text(call, "purpose")) &&
	    !config_is_flow_name(call_text(call, "purpose")))
		return answer_bad_field(call, STR("purpose"),
					STR("must be a name: small letters, digits, . _ -"));
	if (!str_equal(call_text(call, "method"), STR("password")))
		return step_up_by_factor(call);
	TRY(prove_call_check(call, PROVE_NOTHING, &answered));
	if (answered)
		return OK;
	if (!str_is_present(request.password))
		return answer_bad_field(call, STR("password"), STR("is missing"));
	TRY(issued_ready(call));
	TRY(reauth_password(&call->auth, &request, &outcome, &issued));
	if (outcome.verdict == REAUTH_GONE)
		return issued_gone(call);
	if (outcome.verdict == REAUTH_THROTTLED)
		return answer_throttled(call, answer_seconds(outcome.wait));
	if (outcome.verdict != REAUTH_DONE)
		return answer_wrong(call);
	issued_take(call, &issued);
	TRY(issued_json(call, 200, &issued, &out));
	return answer_json_end(call, &out);
}

enum err api_password_change(struct call *call)
{
	struct reauth_request request = issued_request(call, call_text(call, "current_password"));
	struct password_opinion opinion;
	struct reauth_outcome outcome;
	struct session_issued issued;
	struct json_out out;
	struct str reason;
	if (!issued_is_renewable(call))
		return issued_not_renewable(call);
	request.new_password = call_text(call, "new_password");
	TRY(issued_ready(call));
	TRY(reauth_change_password(&call->auth, &request, &opinion, &outcome, &issued));
	if (outcome.verdict == REAUTH_GONE)
		return issued_gone(call);
	if (outcome.verdict == REAUTH_THROTTLED)
		return answer_throttled(call, answer_seconds(outcome.wait));
	if (outcome.verdict == REAUTH_WRONG)
		return answer_wrong(call);
	if (outcome.verdict == REAUTH_BAD_NEW) {
		TRY(answer_password_text(call, &opinion, &reason));
		return answer_bad_field(call, STR("new_password"), reason);
	}
	issued_take(call, &issued);
	TRY(issued_json(call, 200, &issued, &out));
	return answer_json_end(call, &out);
}
