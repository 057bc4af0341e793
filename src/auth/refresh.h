/* Exchanging refresh tokens: each is good once, and the second use tells of a thief. */
#ifndef GATEPOST_AUTH_REFRESH_H
#define GATEPOST_AUTH_REFRESH_H

#include <stdbool.h>

#include "context.h"
#include "err.h"
#include "revocation.h"
#include "secret.h"
#include "session.h"
#include "str.h"

/* 0 refuses. */
enum refresh_verdict {
	REFRESH_REFUSED =
		0,      /* unknown, over, replaced, another client's; its session is not live */
	REFRESH_REUSED, /* refused too; if the session was there, it has been ended */
	REFRESH_EXCHANGED,
	REFRESH_VERDICT_COUNT
};

struct refresh_request {
	struct str token;  /* "gpr_…"; anything else is refused without a query */
	struct str client; /* absent: not named */
};

struct refresh_outcome {
	enum refresh_verdict verdict;
	struct session session; /* as it is now; live */
	struct secret token;    /* the child, "gpr_…"; in the arena */
	bool repeated;          /* the same child, given again */
};

/*
 * One look-up. A token that was not exchanged yet: one transaction writes that the session was
 * used, that the token was, and the child (token_store.h); its value is derived from the parent's
 * and a nonce in the parent's row, so that only who has the parent can make it, and nothing that
 * is stored gives it. The account, the session's state, hold and ends are looked at anew; the end
 * of the session never moves.
 *
 * One that was exchanged already gives the same child only within refresh_grace of its client,
 * while neither child nor the access token that came with it was used, to the same source prefix
 * and User-Agent as the first time; an event records it. Otherwise it is reuse: family and session
 * end in one transaction, with an event that says of what kind (retry: as above, but too late or
 * after the child was used; recent: by somebody else, within an hour; stale: later; after
 * revocation: nothing was left to end) and a notice to the user.
 *
 * ERR_UNAVAILABLE, ERR_UNCERTAIN: the same token may be sent again. A failure touches nothing of
 * *outcome.
 */
MUST_CHECK enum err refresh_exchange(const struct auth_context *context,
				     const struct refresh_request *request,
				     struct refresh_outcome *outcome);

/*
 * Ends the family of a refresh token and its session, in one transaction; by used tokens too:
 * possession is enough. client absent: not named.
 */
MUST_CHECK enum err refresh_revoke(const struct auth_context *context,
				   const struct refresh_request *request,
				   enum revocation_outcome *out);

#endif
