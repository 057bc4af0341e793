/* /user: the account of the one who asks, what they change of it, and closing it. */
#include "account_close.h"
#include "answer.h"
#include "call.h"
#include "guard.h"
#include "handlers.h"
#include "issued.h"
#include "profile_call.h"
#include "signout_call.h"
#include "view.h"

enum err api_user_show(struct call *call)
{
	struct str language = call->session.found.language;
	struct json_out out;
	answer_json_begin(call, 200, &out);
	view_user_json(&out, "user", &call->session);
	json_text(&out, "language", language.n > 0 ? language : STR_NONE);
	return answer_json_end(call, &out);
}

static enum err read_language(struct call *call, struct profile_change *change, bool *good)
{
	struct str tag = call_text(call, "language");
	*good = true;
	if (call_is_null(call, "language"))
		change->language = STR("");
	else if (str_is_present(tag))
		*good = tag.n > 0 && profile_language(call, tag, &change->language);
	return *good ? OK
		     : answer_bad_field(call, STR("language"),
					STR("must be one that this server has, or null"));
}

static enum err answer_change(struct call *call, const struct profile_effect *effect)
{
	switch (effect->outcome) {
	case PROFILE_DONE:
		profile_take(call, &effect->user);
		return api_user_show(call);
	case PROFILE_BAD_DISPLAY_NAME:
		return answer_bad_field(call, STR("display_name"),
					STR("must be 1 to 100 characters without controls"));
	case PROFILE_BAD_USERNAME:
		return answer_bad_field(call, STR("username"),
					STR("must be 2 to 64 of a-z, 0-9, dot, dash and underline, "
					    "and begin with a letter or a digit"));
	case PROFILE_TAKEN:
		return view_problem(
			call, PROBLEM_CONFLICT,
			&(struct problem_detail){
				.detail = STR("Somebody has this user name, so nothing was "
					      "changed.")});
	default:
		return issued_gone(call);
	}
}

enum err api_user_change(struct call *call)
{
	struct profile_change change = profile_of_call(call);
	struct profile_effect effect;
	bool good;
	change.display_name = call_text(call, "display_name");
	change.username = call_text(call, "username");
	TRY(read_language(call, &change, &good));
	if (!good)
		return OK;
	/* Another name to sign in with: whoever finds an open screen does not choose it. */
	if (str_is_present(change.username) && !guard_confirms(call))
		return view_problem(call, PROBLEM_REAUTHENTICATION_REQUIRED,
				    &(struct problem_detail){.detail = STR_NONE});
	TRY(profile_change(&call->auth, &change, &effect));
	return answer_change(call, &effect);
}

enum err api_user_close(struct call *call)
{
	const struct session_row *session = &call->session.found.session;
	struct closing closing = {session->user_id, session->id};
	enum account_outcome outcome;
	TRY(account_close(&call->auth, &closing, &outcome));
	if (outcome == ACCOUNT_LAST_ADMIN)
		return view_problem(call, PROBLEM_CONFLICT,
				    &(struct problem_detail){
					    .detail = STR("You are the last active administrator, "
							  "so nothing was done.")});
	if (outcome != ACCOUNT_DONE)
		return issued_gone(call);
	if (call->credential.carrier == CARRIER_COOKIE)
		signout_forget(call);
	response_status(&call->response, 204);
	return OK;
}
