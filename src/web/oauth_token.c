/* /oauth/token: a refresh token for the next pair (RFC 6749 §6). */
#include "answer.h"
#include "call.h"
#include "handlers.h"
#include "refresh.h"
#include "token_call.h"
#include "view.h"

static enum err refuse(struct call *call, const char *word, const char *sentence)
{
	return view_oauth_error(call, 400, word, str_of(sentence));
}

static enum err answer_pair(struct call *call, const struct refresh_outcome *outcome)
{
	struct json_out out;
	answer_json_begin(call, 200, &out);
	TRY(token_pair_json(call, &out, &outcome->session, outcome->token));
	return answer_json_end(call, &out);
}

static enum err exchange(struct call *call, const struct refresh_request *request)
{
	struct refresh_outcome outcome;
	/* What cannot be answered must not be used up. */
	TRY(token_ready(call));
	TRY(refresh_exchange(&call->auth, request, &outcome));
	if (outcome.verdict == REFRESH_EXCHANGED)
		return answer_pair(call, &outcome);
	return refuse(call, "invalid_grant",
		      outcome.verdict == REFRESH_REUSED
			      ? "This token was used before, so its session has ended."
			      : "This token is not good (any more).");
}

enum err oauth_token(struct call *call)
{
	const struct refresh_request request = {
		.token = call_text(call, "refresh_token"),
		.client = call_text(call, "client_id"),
	};
	if (!str_equal(call_text(call, "grant_type"), STR("refresh_token")))
		return refuse(call, "unsupported_grant_type", "Only refresh_token is known here.");
	if (!str_is_present(request.token))
		return refuse(call, "invalid_request", "refresh_token is missing.");
	if (str_is_present(request.client) &&
	    config_client(call->app->config, request.client) == NULL)
		return refuse(call, "invalid_client", "There is no such client.");
	/* None was granted, and a refresh never widens. */
	if (call_text(call, "scope").n > 0)
		return refuse(call, "invalid_scope", "No scope was granted.");
	return exchange(call, &request);
}
