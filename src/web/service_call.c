/* A service that comes by Basic: who it is, and whose session it asks about. */
#include "service_call.h"

#include "access_call.h"
#include "answer.h"
#include "basic.h"
#include "cookie.h"
#include "view.h"

static enum err refuse(struct call *call, enum problem problem, const char *sentence,
		       bool *answered)
{
	*answered = true;
	return view_problem(call, problem, &(struct problem_detail){.detail = str_of(sentence)});
}

bool service_call_is(const struct call *call)
{
	const struct route *route = call->match.route;
	return route != NULL && route->service != SERVICE_NOTHING &&
	       basic_is(call->request.authorization);
}

enum err service_call_login(struct call *call, struct service_login *out, bool *answered)
{
	struct basic basic;
	enum err err = basic_read(call->arena, call->request.authorization, &basic);
	if (err == ERR_INPUT)
		return refuse(call, PROBLEM_UNAUTHENTICATED,
			      "A service must prove itself by HTTP Basic.", answered);
	TRY(err);
	*out = (struct service_login){.name = basic.user, .secret = basic.password};
	return OK;
}

enum err service_call_ask(struct call *call, const struct service_login *login,
			  const struct service_subject *subject, unsigned scope, bool *answered)
{
	struct service_admission admission;
	TRY(service_admit(&call->auth, login, subject, &admission));
	if (admission.verdict == SERVICE_THROTTLED) {
		*answered = true;
		return answer_throttled(call, answer_seconds(admission.wait));
	}
	if (admission.verdict != SERVICE_ADMITTED)
		return refuse(call, PROBLEM_UNAUTHENTICATED,
			      "The service is not known here, or its secret is wrong.", answered);
	call->auth.service = admission.service.name;
	call->session = admission.session;
	if ((admission.service.scopes & scope) == 0)
		return refuse(call, PROBLEM_FORBIDDEN, "The service has not the scope for this.",
			      answered);
	return OK;
}

static enum err read_handle(struct call *call, struct str text, struct service_token *token)
{
	const struct credential_input input = {.session_id_header = text};
	return credential_read(call->arena, call->app->keys, &input, &token->handle);
}

static enum err read_access(struct call *call, struct str text, struct service_token *token)
{
	struct access_reading reading;
	TRY(access_call_read(&call->auth, text, &reading));
	token->is_access = reading.verdict == ACCESS_VALID;
	token->claims = reading.claims;
	token->id = reading.claims.session;
	return OK;
}

enum err service_call_token(struct call *call, struct str text, struct str service,
			    struct service_token *out)
{
	struct service_token token = {.handle = {.syntax = CREDENTIAL_MALFORMED}};
	if (ticket_is(text)) {
		ticket_read(&call->auth, text, service, &token.ticket);
		token.id = token.ticket.session_id;
	} else if (str_contains(text, '.')) {
		TRY(read_access(call, text, &token));
	} else {
		TRY(read_handle(call, text, &token));
	}
	*out = token;
	return OK;
}

struct service_subject service_call_subject(const struct service_token *token)
{
	struct service_subject subject = {.hashes = NULL, .id = NULL};
	if (token->ticket.valid || token->is_access)
		subject.id = &token->id;
	else if (token->handle.syntax == CREDENTIAL_WELL_FORMED)
		subject.hashes = token->handle.hashes;
	return subject;
}

bool service_call_fits(const struct service_token *token, const struct session *session)
{
	const struct session_row *row = &session->found.session;
	const struct claims *claims = &token->claims;
	if (token->is_access)
		return claims->version == row->epoch && id_equal(claims->subject, row->user_id) &&
		       str_equal(claims->client, row->client);
	return token->ticket.valid || row->carrier == CARRIER_HANDLE;
}

/* One session at most, and no cookie, which would be a client's. */
static bool is_ambiguous(const struct call *call)
{
	const struct request *request = &call->request;
	struct str cookie;
	if (cookie_find(request->cookie, STR(COOKIE_SESSION), &cookie) != OK ||
	    str_is_present(cookie))
		return true;
	return str_is_present(request->session_id_header) && str_is_present(request->ticket_header);
}

/* What the header has, or the path. *sent: there was something to read. */
static enum err read_subject(struct call *call, struct str service, struct service_token *token,
			     bool *sent)
{
	const struct request *request = &call->request;
	*sent = true;
	if (str_is_present(request->session_id_header))
		return read_handle(call, request->session_id_header, token);
	if (str_is_present(request->ticket_header)) {
		ticket_read(&call->auth, request->ticket_header, service, &token->ticket);
		token->id = token->ticket.session_id;
		return OK;
	}
	*sent = false;
	return OK;
}

/* Journeys go on while their session is on hold; a sign-in that is not complete has none. */
static bool is_reached(const struct call *call)
{
	const unsigned whole = SERVICE_SESSIONS_END | SERVICE_SESSIONS_HOLD;
	enum session_standing standing = call->session.standing;
	return standing == SESSION_LIVE || standing == SESSION_HELD ||
	       (standing == SESSION_PENDING && (call->match.route->service & whole) != 0);
}

enum err service_call_admit(struct call *call, bool *answered)
{
	const struct route *route = call->match.route;
	struct service_token token = {.handle = {.syntax = CREDENTIAL_MALFORMED}};
	struct service_subject subject;
	struct service_login login;
	struct id named = ID_NONE;
	bool sent;
	if (is_ambiguous(call))
		return refuse(call, PROBLEM_AMBIGUOUS_CREDENTIALS, NULL, answered);
	TRY(service_call_login(call, &login, answered));
	if (*answered)
		return OK;
	TRY(read_subject(call, login.name, &token, &sent));
	subject = service_call_subject(&token);
	/* What is no id names nothing, as one that nobody has. */
	if (route->names_session && id_parse(call->match.segment, &named) == OK && !sent)
		subject.id = &named;
	TRY(service_call_ask(call, &login, &subject, route->service, answered));
	if (*answered)
		return OK;
	if (!sent && !route->names_session)
		return refuse(call, PROBLEM_INVALID_REQUEST,
			      "Whose session? Send X-Session-Id or X-Gatepost-Ticket.", answered);
	bool is_named = !route->names_session || id_equal(call->session.found.session.id, named);
	if (is_named && is_reached(call))
		return OK;
	*answered = true;
	return answer_not_found(call);
}
