/* What somebody would be let into: a session that is only thought of, or one that lives a minute.
 */
#ifndef GATEPOST_AUTH_TRIAL_H
#define GATEPOST_AUTH_TRIAL_H

#include <stdint.h>

#include "clock.h"
#include "context.h"
#include "err.h"
#include "ident.h"
#include "session.h"
#include "user_store.h"

#define TRIAL_SPAN CLOCK_MINUTE

struct trial {
	const struct user_row *user;
	struct id tenant_id; /* none: the user's default one */
};

/*
 * The session that the person would have had they signed in at auth_time with so many factors: with
 * the roles, the lock and the password that waits for a change as they are now. Nothing is written.
 */
MUST_CHECK enum err trial_imagine(const struct auth_context *context, const struct trial *trial,
				  int64_t auth_time, unsigned aal, struct session *out);

enum trial_verdict { TRIAL_REFUSED = 0, TRIAL_BEGUN };

/*
 * For the command only: a session of the person, carried by a handle, without any proof. It ends
 * TRIAL_SPAN later whatever is done with it, and has no power to step up: one factor, and an
 * auth_time as old as one of an elevated session can be, so that no confirmation that is asked for
 * is ever there. No other session ends for it. An event says that it was made, and its device's
 * name, what by. TRIAL_REFUSED: the person could not sign in, nothing was done.
 */
MUST_CHECK enum err trial_begin(const struct auth_context *context, const struct trial *trial,
				enum trial_verdict *verdict, struct session_issued *out);
/* The auth_time of such a session. */
int64_t trial_auth_time(const struct auth_context *context);

#endif
