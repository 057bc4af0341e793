/* A session's new value on its way to the client: what sign-in, step-up and change share. */
#ifndef GATEPOST_WEB_ISSUED_H
#define GATEPOST_WEB_ISSUED_H

#include "err.h"
#include "reauth.h"
#include "session.h"

struct call;
struct json_out;

/* The answer sets the cookie (carrier cookie only), and the session becomes the call's. */
void issued_take(struct call *call, const struct session_issued *issued);
/* Begins the body: "session", "user" and, for a handle, "session_handle", for tokens the pair. The
 * caller ends it (answer_json_end). */
MUST_CHECK enum err issued_json(struct call *call, int status, const struct session_issued *issued,
				struct json_out *out);

/* 201 with that body, and where the session is. */
MUST_CHECK enum err issued_created(struct call *call, const struct session_issued *issued);

/* The request of a step-up or change with what it presented; password and new one from fields. */
struct reauth_request issued_request(const struct call *call, struct str password);
/* False: it came with an access token of a session that a cookie or a handle carries, which gets a
 * new value only with that. Then issued_not_renewable (403). */
bool issued_is_renewable(const struct call *call);
MUST_CHECK enum err issued_not_renewable(struct call *call);
/* Before what gives a new value: it may be tokens, for which there must be a key. ERR_UNAVAILABLE.
 */
MUST_CHECK enum err issued_ready(struct call *call);
/* 401: the session went meanwhile, or another request renewed it. */
MUST_CHECK enum err issued_gone(struct call *call);

#endif
