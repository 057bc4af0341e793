/* Access tokens as text: issued for a session, read and judged; what the endpoints build on. */
#ifndef GATEPOST_WEB_ACCESS_CALL_H
#define GATEPOST_WEB_ACCESS_CALL_H

#include "access_token.h"
#include "claims.h"
#include "context.h"
#include "err.h"
#include "secret.h"
#include "str.h"

struct access_issued {
	struct secret text;   /* the token, in the arena */
	unsigned expires_in;  /* seconds */
	struct claims claims; /* what it says: jti for the audit trail */
};

/*
 * A signed token for a live session of a user, in the arena. No statement while the process knows
 * its keys. ERR_CONFLICT: not live, or nobody's. ERR_UNAVAILABLE: no key can sign now (503).
 * Nothing is written: commit first, then issue, or issue first and send it only when committed.
 */
MUST_CHECK enum err access_call_issue(const struct auth_context *context,
				      const struct access_grant *grant, struct access_issued *out);

/* Zeroed: refused. */
struct access_reading {
	enum access_verdict verdict;
	struct claims claims; /* set unless refused; in the arena */
};

/*
 * Whether the text is a token of ours, for us, now: form, signature by a published key, claims. OK
 * with ACCESS_REFUSED for whatever is wrong with it. It does not look at the session's row:
 * the caller finds it by claims.session and compares claims.version with its epoch (and
 * claims.subject with its user). ERR_UNAVAILABLE: the keys cannot be read: nothing may be granted.
 * ERR_MEMORY. One statement only when the process does not know the kid, once every few seconds.
 */
MUST_CHECK enum err access_call_read(const struct auth_context *context, struct str text,
				     struct access_reading *out);

/*
 * What access_call_read would say of a token whose signature is remembered and whose key is known:
 * no statement, no verification. *known false: that remains to be done, and *out is untouched.
 * ERR_MEMORY.
 */
MUST_CHECK enum err access_call_recall(const struct auth_context *context, struct str text,
				       struct access_reading *out, bool *known);

#endif
