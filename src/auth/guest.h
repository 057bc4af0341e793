/* Guest sessions: somebody whom nobody knows yet, and whose way shall not be lost. */
#ifndef GATEPOST_AUTH_GUEST_H
#define GATEPOST_AUTH_GUEST_H

#include "context.h"
#include "err.h"
#include "session.h"
#include "str.h"

enum guest_verdict { GUEST_THROTTLED = 0, GUEST_BEGUN };

struct guest_request {
	enum session_carrier carrier; /* CARRIER_COOKIE or CARRIER_HANDLE */
	struct str client;
	struct str device_name; /* absent: none */
};

/*
 * Begins a session without a user, of class guest. It ends an hour later if it is never used; its
 * first use gives it the time of its class. GUEST_THROTTLED: the source began too many in the last
 * hour, nothing was stored, and *wait (else 0) is how many microseconds to wait.
 */
MUST_CHECK enum err guest_begin(const struct auth_context *context,
				const struct guest_request *request, enum guest_verdict *verdict,
				int64_t *wait, struct session_issued *out);

#endif
