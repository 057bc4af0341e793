/* Tokens over HTTP: the access token a request came with, and pairs on their way to a client. */
#include "token_call.h"

#include "access_call.h"
#include "call.h"
#include "clock.h"
#include "json.h"
#include "key_set.h"

static struct str text_of(const struct credential *credential)
{
	return (struct str){(const char *)credential->value.bytes, credential->value.len};
}

static void settle(struct call *call, const struct access_reading *reading)
{
	struct credential *credential = &call->credential;
	if (reading->verdict == ACCESS_REFUSED)
		*credential = (struct credential){.syntax = CREDENTIAL_MALFORMED};
	if (reading->verdict != ACCESS_VALID)
		return;
	const struct credential_claim claim = {
		.session_id = reading->claims.session,
		.user_id = reading->claims.subject,
		.token_id = reading->claims.token,
		.version = reading->claims.version,
	};
	credential_prove(call->app->keys, &claim, credential);
}

static bool is_unproven(const struct credential *credential)
{
	return credential->syntax == CREDENTIAL_WELL_FORMED &&
	       credential->carrier == CARRIER_TOKEN && credential->roots == 0;
}

enum err token_prove(struct call *call)
{
	struct access_reading reading;
	if (!is_unproven(&call->credential))
		return OK;
	TRY(access_call_read(&call->auth, text_of(&call->credential), &reading));
	settle(call, &reading);
	return OK;
}

enum err token_recall(struct call *call)
{
	struct access_reading reading;
	bool known = false;
	if (!is_unproven(&call->credential))
		return OK;
	TRY(access_call_recall(&call->auth, text_of(&call->credential), &reading, &known));
	if (known)
		settle(call, &reading);
	return OK;
}

enum err token_ready(const struct call *call)
{
	struct key_set *set = NULL;
	enum err e = key_box_take_to_sign(&call->auth, &set);
	key_set_release(&set);
	return e == ERR_CONFIG ? ERR_UNAVAILABLE : e;
}

static enum err add_access(struct call *call, struct json_out *out,
			   const struct access_grant *grant)
{
	struct access_issued issued;
	TRY(access_call_issue(&call->auth, grant, &issued));
	json_text(out, "access_token",
		  (struct str){(const char *)issued.text.bytes, issued.text.len});
	json_text(out, "token_type", STR("Bearer"));
	json_number(out, "expires_in", issued.expires_in);
	return OK;
}

static struct access_grant grant_of(const struct call *call, const struct session *session)
{
	struct str name = session->found.session.client;
	const struct client_config *client = config_client(call->app->config, name);
	return (struct access_grant){
		.session = session,
		.client = name,
		.audience = client != NULL ? client->audience : STR_NONE,
	};
}

enum err token_access_json(struct call *call, struct json_out *out, const struct session *session)
{
	struct access_grant grant = grant_of(call, session);
	return add_access(call, out, &grant);
}

enum err token_pair_json(struct call *call, struct json_out *out, const struct session *session,
			 struct secret refresh)
{
	const struct session_row *row = &session->found.session;
	struct access_grant grant = grant_of(call, session);
	grant.token = row->pair_id;
	grant.issued_at = row->last_seen;
	TRY(add_access(call, out, &grant));
	json_text(out, "refresh_token", (struct str){(const char *)refresh.bytes, refresh.len});
	json_number(out, "refresh_expires_in",
		    (session->ends.idle - row->last_seen) / CLOCK_SECOND);
	return OK;
}
