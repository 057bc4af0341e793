/* /oauth/revoke: a token, and its session, are over (RFC 7009). */
#include "access_call.h"
#include "answer.h"
#include "handlers.h"
#include "revocation.h"
#include "service_call.h"
#include "view.h"

#define REFRESH_PREFIX STR("gpr_")

/* Told from what was never there by nothing. */
static enum err answer_done(struct call *call)
{
	struct json_out out;
	answer_json_begin(call, 200, &out);
	return answer_json_end(call, &out);
}

static enum err answer_outcome(struct call *call, enum revocation_outcome outcome)
{
	if (outcome == REVOCATION_FOREIGN)
		return view_oauth_error(call, 400, "invalid_grant",
					STR("This token was issued to another client."));
	return answer_done(call);
}

static enum err revoke_access(struct call *call, struct str token, struct str client)
{
	struct access_reading reading;
	enum revocation_outcome outcome = REVOCATION_NOTHING;
	TRY(access_call_read(&call->auth, token, &reading));
	if (reading.verdict == ACCESS_VALID)
		TRY(revocation_of_access(&call->auth, &reading.claims, client, &outcome));
	return answer_outcome(call, outcome);
}

static enum err revoke_handle(struct call *call, struct str token, struct str client)
{
	const struct credential_input input = {.session_id_header = token};
	enum revocation_outcome outcome = REVOCATION_NOTHING;
	struct credential handle;
	TRY(credential_read(call->arena, call->app->keys, &input, &handle));
	if (handle.syntax == CREDENTIAL_WELL_FORMED)
		TRY(revocation_of_handle(&call->auth, &handle, client, &outcome));
	return answer_outcome(call, outcome);
}

/* A public client: having the token is enough. */
static enum err revoke(struct call *call, struct str token)
{
	struct str client = call_text(call, "client_id");
	enum revocation_outcome outcome;
	if (str_is_present(client) && config_client(call->app->config, client) == NULL)
		return view_oauth_error(call, 400, "invalid_client",
					STR("There is no such client."));
	if (str_starts(token, REFRESH_PREFIX)) {
		TRY(revocation_of_refresh(&call->auth, token, client, &outcome));
		return answer_outcome(call, outcome);
	}
	return str_contains(token, '.') ? revoke_access(call, token, client)
					: revoke_handle(call, token, client);
}

/* A service: what its clients do not list for it stays untouched, and it does not learn of it. */
static enum err revoke_for_service(struct call *call, struct str text)
{
	struct service_login login;
	struct service_token token;
	bool answered = false;
	TRY(service_call_login(call, &login, &answered));
	if (answered)
		return OK;
	TRY(service_call_token(call, text, login.name, &token));
	struct service_subject subject = service_call_subject(&token);
	TRY(service_call_ask(call, &login, &subject, SERVICE_SESSIONS_END, &answered));
	if (answered)
		return OK;
	if (!id_is_none(call->session.found.session.id) &&
	    service_call_fits(&token, &call->session))
		TRY(session_end(&call->auth, &call->session));
	return answer_done(call);
}

enum err oauth_revoke(struct call *call)
{
	struct str token = call_text(call, "token");
	if (ticket_is(token))
		return view_oauth_error(call, 400, "unsupported_token_type",
					STR("A ticket ends by itself, or with its session."));
	if (str_is_present(call->request.authorization))
		return revoke_for_service(call, token);
	return revoke(call, token);
}
