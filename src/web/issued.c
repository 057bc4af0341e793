/* A session's new value on its way to the client: what sign-in, step-up and change share. */
#include "issued.h"

#include "answer.h"
#include "call.h"
#include "token_call.h"
#include "view.h"

void issued_take(struct call *call, const struct session_issued *issued)
{
	view_issue_cookie(call, issued);
	call->session = issued->session;
}

enum err issued_json(struct call *call, int status, const struct session_issued *issued,
		     struct json_out *out)
{
	answer_json_begin(call, status, out);
	TRY(view_session_json(call, out, "session", &issued->session));
	view_user_json(out, "user", &issued->session);
	/* The one place where a handle leaves: its keeper must be told. */
	if (issued->carrier == CARRIER_HANDLE)
		json_text(out, "session_handle",
			  (struct str){(const char *)issued->text.bytes, issued->text.len});
	if (issued->carrier == CARRIER_TOKEN)
		TRY(token_pair_json(call, out, &issued->session, issued->text));
	return OK;
}

enum err issued_created(struct call *call, const struct session_issued *issued)
{
	struct json_out out;
	TRY(issued_json(call, 201, issued, &out));
	TRY(answer_location(call, STR("/api/v1/session"), STR("")));
	return answer_json_end(call, &out);
}

struct reauth_request issued_request(const struct call *call, struct str password)
{
	return (struct reauth_request){
		.password = password,
		.presented = &call->credential,
		.current = &call->session,
	};
}

bool issued_is_renewable(const struct call *call)
{
	return call->credential.carrier != CARRIER_TOKEN ||
	       call->session.found.session.carrier == CARRIER_TOKEN ||
	       call->session.standing == SESSION_REPLACED;
}

enum err issued_not_renewable(struct call *call)
{
	return view_problem(call, PROBLEM_FORBIDDEN,
			    &(struct problem_detail){
				    .detail = STR("The session is a cookie's or a handle's: it is "
						  "renewed with that, not with an access token.")});
}

enum err issued_ready(struct call *call)
{
	bool may_be_tokens = call->session.found.session.wish == CARRIER_TOKEN ||
			     call->credential.carrier == CARRIER_TOKEN;
	return may_be_tokens ? token_ready(call) : OK;
}

enum err issued_gone(struct call *call)
{
	bool rotated = call->session.standing == SESSION_REPLACED;
	return view_problem(call, PROBLEM_UNAUTHENTICATED,
			    &(struct problem_detail){.rotated = rotated});
}
