/* /session/handover and signing in with what it gave. */
#include "answer.h"
#include "call.h"
#include "handlers.h"
#include "handover_call.h"
#include "issued.h"
#include "view.h"

enum err api_handover_give(struct call *call)
{
	enum handover_receiver receiver = handover_receiver_of(call_text(call, "to"));
	struct handover_given given;
	struct digest challenge;
	struct json_out out;
	if (handover_challenge_of(call_text(call, "challenge"), &challenge) != OK)
		return answer_bad_field(
			call, STR("challenge"),
			STR("must be the SHA-256 of the verifier, 43 characters of base64url"));
	if (receiver == HANDOVER_NOBODY)
		return answer_bad_field(call, STR("to"), STR("must be browser or native"));
	TRY(handover_give(&call->auth, &call->session, &challenge, receiver, &given));
	answer_json_begin(call, 201, &out);
	/* The one place where a code leaves as JSON: its keeper must be told. */
	json_text(&out, "handover", (struct str){(const char *)given.code.bytes, given.code.len});
	json_time(&out, "expires_at", given.expires_at);
	return answer_json_end(call, &out);
}

/* A handle or tokens are an app's; a cookie may be a browser's or that of an app with a cookie jar.
 */
static enum handover_receiver receiver_of(const struct signin_form *form)
{
	return form->carrier == CARRIER_COOKIE ? HANDOVER_NOBODY : HANDOVER_NATIVE;
}

static enum err answer_refused(struct call *call, enum handover_verdict verdict)
{
	static const struct problem_detail other = {
		.detail = {"Somebody else is signed in here, so nothing was done. Sign out first.",
			   68}};
	static const struct problem_detail wrong = {
		.detail = {"The code is not right, or was not made for this device.", 55}};
	if (verdict == HANDOVER_OTHER)
		return view_problem(call, PROBLEM_CONFLICT, &other);
	if (verdict == HANDOVER_OVER)
		return view_problem(call, PROBLEM_CODE_EXPIRED,
				    &(struct problem_detail){.rotated = false});
	return view_problem(call, PROBLEM_INVALID_CREDENTIALS, &wrong);
}

enum err api_handover_take(struct call *call, const struct signin_form *form,
			   struct session_issued *issued, bool *taken)
{
	struct handover_request request = {
		.verifier = call_text(call, "verifier"),
		.receiver = receiver_of(form),
	};
	enum handover_verdict verdict = HANDOVER_REFUSED;
	struct signin_form with = *form;
	*taken = false;
	with.identifier = STR("handover");
	with.password = request.verifier;
	if (handover_code_hashes(call->app->keys, call_text(call, "handover"), request.hashes))
		TRY(handover_of_call(call, &with, &request, &verdict, issued));
	*taken = verdict == HANDOVER_ACCEPTED;
	return *taken ? OK : answer_refused(call, verdict);
}
