/* A service that comes by Basic: who it is, and whose session it asks about. */
#ifndef GATEPOST_WEB_SERVICE_CALL_H
#define GATEPOST_WEB_SERVICE_CALL_H

#include "access_token.h"
#include "call.h"
#include "claims.h"
#include "service.h"
#include "ticket.h"

/* The route is open to services, and this is one. No statement. */
bool service_call_is(const struct call *call);

/*
 * The guard of such a call: one statement. Sets call->session, which the service may see and which
 * is held, pending or live, and call->auth.service. *answered: 400 (more than one that it could be
 * about, or none), 401, 403 (its scopes), 404, 429.
 */
MUST_CHECK enum err service_call_admit(struct call *call, bool *answered);

/* What a service shows of a client's: a handle, a ticket, an access token; or nothing known. */
struct service_token {
	struct credential handle;
	struct ticket ticket;
	bool is_access; /* claims are believed as far as they go without the row */
	struct claims claims;
	struct id id; /* of the session, by ticket or claims */
};
/* By its form alone which one it is. Cookies' values are none. ERR_UNAVAILABLE: no keys to read. */
MUST_CHECK enum err service_call_token(struct call *call, struct str text, struct str service,
				       struct service_token *out);
/* token stays where it is. */
struct service_subject service_call_subject(const struct service_token *token);
/* The row is the one that the token was made for, and still as it was then. */
bool service_call_fits(const struct service_token *token, const struct session *session);

/*
 * At the OAuth endpoints: reads Basic. *answered: 401, there is none or it is malformed.
 */
MUST_CHECK enum err service_call_login(struct call *call, struct service_login *out,
				       bool *answered);
/* Admits it for a scope; sets auth.service and session. *answered: 401, 403, 429. */
MUST_CHECK enum err service_call_ask(struct call *call, const struct service_login *login,
				     const struct service_subject *subject, unsigned scope,
				     bool *answered);

#endif
