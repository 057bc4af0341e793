/* Authenticator apps of accounts: setting one up, and taking it away. */
#ifndef GATEPOST_AUTH_TOTP_H
#define GATEPOST_AUTH_TOTP_H

#include <stdbool.h>
#include <stdint.h>

#include "context.h"
#include "err.h"
#include "factors.h"
#include "secret.h"
#include "session.h"
#include "totp_code.h"

#define TOTP_OFFER_SPAN CLOCK_HOUR /* so long a code of a new secret may come */

/* What an app needs, shown once. */
struct totp_offer {
	struct secret secret; /* base32, for typing */
	struct secret uri;    /* otpauth:// */
};
/*
 * A new secret for the person of session (live, or waiting for just this), in place of one that was
 * offered before; the one in use stays as it is (MF-06). ERR_CONFLICT: the user is not active.
 */
MUST_CHECK enum err totp_begin(const struct auth_context *context, const struct session *session,
			       struct totp_offer *out);
/* The same offer again, to show it once more with an error: *found false when it is over. */
MUST_CHECK enum err totp_offered(const struct auth_context *context, const struct session *session,
				 struct totp_offer *out, bool *found);

struct totp_confirmed {
	enum factors_verdict verdict; /* GONE: no offer (any more), or the session is gone */
	int64_t wait;                 /* FACTORS_THROTTLED */
	/* The recovery codes that come with the first strong factor: texts, in the arena; n 0:
	 * there are some already. */
	struct secret codes[RECOVERY_SET_CODES];
	size_t n;
	bool renewed; /* the session has a new value: issued is set */
	struct session_issued issued;
};
struct totp_confirm_request {
	struct str code; /* as typed */
	/* The session gets a new value and is of aal 2; always so for one that waits for this. */
	bool renews;
	const struct credential *presented;
	const struct session *current;
};
/*
 * The offered secret is the one in use, if the code is of it: the code is used with that (MF-04,
 * MF-06). Takes a try of the account's counter before. Told to the address.
 */
MUST_CHECK enum err totp_confirm(const struct auth_context *context,
				 const struct totp_confirm_request *request,
				 struct totp_confirmed *out);
/* GONE: there was none. */
MUST_CHECK enum err totp_remove(const struct auth_context *context, const struct session *session,
				enum factors_verdict *verdict);

#endif
