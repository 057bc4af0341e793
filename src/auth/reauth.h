/* A person in a session proves again who they are: step-up by password, change of the password. */
#ifndef GATEPOST_AUTH_REAUTH_H
#define GATEPOST_AUTH_REAUTH_H

#include "account.h"
#include "context.h"
#include "err.h"
#include "session.h"
#include "str.h"

/* 0 denies: the session has gone meanwhile, or was rotated away by another request. */
enum reauth_verdict {
	REAUTH_GONE = 0,
	REAUTH_WRONG,     /* the password; the session stays as it is */
	REAUTH_THROTTLED, /* too many tries: nothing was compared */
	REAUTH_BAD_NEW,   /* the new password is refused: see the opinion */
	REAUTH_DONE
};

/* What became of it. */
struct reauth_outcome {
	enum reauth_verdict verdict;
	int64_t wait; /* REAUTH_THROTTLED: microseconds until it may be tried */
};

struct reauth_request {
	struct str password;     /* as typed: the current one */
	struct str new_password; /* as typed; only for a change */
	struct str purpose;      /* of a step-up: a name, for the record; absent: none */
	const struct credential *presented;
	const struct session *current; /* live, held, waiting for a new password, or rotated away */
};

/*
 * Both count as attempts of the account (throttle.h), taken before anything is compared.
 *
 * Step-up: session_prove_again without a new password. A request with a value that was rotated
 * away is answered only if it is the one that did it, repeated. Wrong: an audit event, no more.
 */
MUST_CHECK enum err reauth_password(const struct auth_context *context,
				    const struct reauth_request *request,
				    struct reauth_outcome *outcome, struct session_issued *out);

/*
 * PUT /password: the new password's rules first (they need no hash), then the current password,
 * then session_prove_again with the new one.
 */
MUST_CHECK enum err reauth_change_password(const struct auth_context *context,
					   const struct reauth_request *request,
					   struct password_opinion *opinion,
					   struct reauth_outcome *outcome,
					   struct session_issued *out);

#endif
