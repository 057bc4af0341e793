/* Signing in with a passkey over HTTP: what page and API share. */
#ifndef GATEPOST_WEB_PASSKEY_CALL_H
#define GATEPOST_WEB_PASSKEY_CALL_H

#include <stdbool.h>

#include "err.h"
#include "signin_call.h"
#include "str.h"

struct call;

/* What became of it. */
struct passkey_call_outcome {
	bool well_formed; /* false: the text is not what a browser gives, and nothing was done */
	enum signin_verdict verdict;
	unsigned wait; /* SIGNIN_THROTTLED: seconds, at least 1 */
};
/*
 * json: an AuthenticationResponseJSON to a challenge of POST /sessions/passkey/options. Decides,
 * and on SIGNIN_ACCEPTED lets the answer carry the session as signin_of_call does. form: carrier,
 * remember, client and device of it.
 */
MUST_CHECK enum err passkey_call_sign_in(struct call *call, const struct signin_form *form,
					 struct str json, struct passkey_call_outcome *outcome,
					 struct session_issued *issued);

#endif
