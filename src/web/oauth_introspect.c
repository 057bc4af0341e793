/* /oauth/introspect: what a token is worth now, for a service that its client lists (RFC 7662). */
#include "answer.h"
#include "clock.h"
#include "handlers.h"
#include "json.h"
#include "service_call.h"
#include "view.h"

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* The text lives in the arena and the row. */
struct facts {
	const struct session *session;
	const struct service_token *token;
	struct str issuer;
};

/* Not later than its session; that itself moves on with every use. */
static int64_t end_of(const struct facts *facts)
{
	int64_t end = earlier(facts->session->ends.idle, facts->session->ends.absolute);
	if (facts->token->is_access)
		end = earlier(end, facts->token->claims.expires_at * CLOCK_SECOND);
	if (facts->token->ticket.valid)
		end = earlier(end, facts->token->ticket.expires_at);
	return end / CLOCK_SECOND;
}

/* A value is as old as what it was last made anew for. */
static int64_t start_of(const struct facts *facts)
{
	const struct session_row *row = &facts->session->found.session;
	if (facts->token->is_access)
		return facts->token->claims.issued_at;
	if (facts->token->ticket.valid)
		return (facts->token->ticket.expires_at - TICKET_LIFE) / CLOCK_SECOND;
	return (row->auth_time > 0 ? row->auth_time : row->created_at) / CLOCK_SECOND;
}

static void add_audience(struct call *call, struct json_out *out, const struct facts *facts)
{
	const struct claims *claims = &facts->token->claims;
	const struct client_config *client =
		config_client(call->app->config, facts->session->found.session.client);
	json_open_array(out, "aud");
	for (size_t i = 0; facts->token->is_access && i < claims->audience_count; i++)
		json_text(out, NULL, claims->audiences[i]);
	if (!facts->token->is_access) {
		if (client != NULL && str_is_present(client->audience))
			json_text(out, NULL, client->audience);
		json_text(out, NULL, facts->issuer);
	}
	json_close_array(out);
}

static void add_token(struct call *call, struct json_out *out, const struct facts *facts)
{
	const struct claims *claims = &facts->token->claims;
	/* A ticket is none: RFC 8693 §2.2.1. */
	json_text(out, "token_type", facts->token->ticket.valid ? STR("N_A") : STR("Bearer"));
	json_text(out, "iss", facts->issuer);
	add_audience(call, out, facts);
	json_number(out, "iat", start_of(facts));
	json_number(out, "exp", end_of(facts));
	if (facts->token->is_access)
		json_id(out, "jti", claims->token);
	if (facts->token->is_access && str_is_present(claims->scope))
		json_text(out, "scope", claims->scope);
}

/* A guest is nobody: no sub, no user name. */
static void add_person(struct json_out *out, const struct session_found *found)
{
	if (id_is_none(found->session.user_id))
		return;
	json_id(out, "sub", found->session.user_id);
	if (found->username.n > 0)
		json_text(out, "username", found->username);
	json_number(out, "auth_time", found->session.auth_time / CLOCK_SECOND);
	view_words_json(out, "amr", found->session.amr);
}

static void add_session(struct json_out *out, const struct facts *facts)
{
	const struct session_found *found = &facts->session->found;
	struct str level = facts->session->aal >= 2 ? STR("aal2") : STR("aal1");
	json_id(out, "sid", found->session.id);
	json_text(out, "client_id", found->session.client);
	json_text(out, "class",
		  str_of(config_class_name((enum session_class)found->session.class)));
	json_text(out, "aal", level);
	json_text(out, "acr", level);
	add_person(out, found);
	view_grants_json(out, found);
}

/* RFC 7662 §2.2: of what is not active nothing is told, not even why. */
static enum err answer(struct call *call, const struct service_token *token)
{
	struct facts facts = {.session = &call->session, .token = token};
	bool active =
		call->session.standing == SESSION_LIVE && service_call_fits(token, &call->session);
	struct json_out out;
	TRY(access_token_issuer(call->arena, call->app->config, &facts.issuer));
	answer_json_begin(call, 200, &out);
	json_bool(&out, "active", active);
	if (active) {
		add_token(call, &out, &facts);
		add_session(&out, &facts);
	}
	return answer_json_end(call, &out);
}

enum err oauth_introspect(struct call *call)
{
	struct service_login login;
	struct service_token token;
	bool answered = false;
	TRY(service_call_login(call, &login, &answered));
	if (answered)
		return OK;
	TRY(service_call_token(call, call_text(call, "token"), login.name, &token));
	struct service_subject subject = service_call_subject(&token);
	TRY(service_call_ask(call, &login, &subject, SERVICE_INTROSPECT, &answered));
	return answered ? OK : answer(call, &token);
}
