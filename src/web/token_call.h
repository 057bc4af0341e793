/* Tokens over HTTP: the access token a request came with, and pairs on their way to a client. */
#ifndef GATEPOST_WEB_TOKEN_CALL_H
#define GATEPOST_WEB_TOKEN_CALL_H

#include "err.h"
#include "secret.h"
#include "session.h"

struct call;
struct json_out;

/*
 * The call's credential may be an access token that is not proven yet: proves it, when its
 * signature, time and audience are right. One that is over stays unproven, which resolves to
 * nobody; whatever else is wrong with it, it becomes malformed. ERR_UNAVAILABLE: the keys are not
 * known. ERR_MEMORY.
 */
MUST_CHECK enum err token_prove(struct call *call);
/*
 * The same for whom nobody may hold up, as one thread that answers for many: only when its
 * signature is remembered. Else it stays unproven, for one keyed hash of its text: a verification
 * takes as long as three checks, so a flood of tokens that nobody has signed would stand in the
 * way of all who come with cookies, while it costs other threads no more than their own time.
 */
MUST_CHECK enum err token_recall(struct call *call);

/* Before a session is made that tokens carry. ERR_UNAVAILABLE: no key can sign now. */
MUST_CHECK enum err token_ready(const struct call *call);

/* "access_token", "token_type" and "expires_in" of a session, any carrier's: a token of its own. */
MUST_CHECK enum err token_access_json(struct call *call, struct json_out *out,
				      const struct session *session);
/*
 * The same and "refresh_token", "refresh_expires_in": the pair that the session's row tells of
 * (pair_id, last_seen), so that it is made alike when it is asked for again.
 */
MUST_CHECK enum err token_pair_json(struct call *call, struct json_out *out,
				    const struct session *session, struct secret refresh);

#endif
