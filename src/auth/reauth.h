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
	REAUTH_WRONG,   /* the password; the session stays as it is */
	REAUTH_BAD_NEW, /* the new password is refused: see the opinion */
	REAUTH_DONE
};

struct reauth_request {
	struct str password;     /* as typed: the current one */
	struct str new_password; /* as typed; only for a change */
	const struct credential *presented;
	const struct session *current; /* live, held, waiting for a new password, or rotated away */
};

/*
 * THE check of a known user's password, for both below: one hash, whether or not there is a
 * password. *normal is set whatever was typed. Throttling by account belongs here.
 */
MUST_CHECK enum err reauth_check_password(const struct auth_context *context,
					  const struct id *user_id, struct str typed,
					  struct secret *normal, bool *right);

/*
 * Step-up: session_prove_again without a new password. A request with a value that was rotated
 * away is answered only if it is the one that did it, repeated. Wrong: an audit event, no more.
 */
MUST_CHECK enum err reauth_password(const struct auth_context *context,
				    const struct reauth_request *request,
				    enum reauth_verdict *verdict, struct session_issued *out);

/*
 * PUT /password: the new password's rules first (they need no hash), then the current password,
 * then session_prove_again with the new one.
 */
MUST_CHECK enum err reauth_change_password(const struct auth_context *context,
					   const struct reauth_request *request,
					   struct password_opinion *opinion,
					   enum reauth_verdict *verdict,
					   struct session_issued *out);

#endif
