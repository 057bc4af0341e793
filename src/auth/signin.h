/* Signing in with a password: one decision for pages and API. */
#ifndef GATEPOST_AUTH_SIGNIN_H
#define GATEPOST_AUTH_SIGNIN_H

#include "context.h"
#include "err.h"
#include "session.h"
#include "str.h"

enum signin_verdict { SIGNIN_REFUSED = 0, SIGNIN_ACCEPTED, SIGNIN_THROTTLED };

struct signin_request {
	struct str identifier; /* as typed */
	struct str password;   /* as typed */
	enum session_carrier carrier;
	bool remember;
	struct str client;
	struct str device_name; /* absent: none */
	enum device_kind device_kind;
	struct secret device_ref;
	const struct credential *presented;
	const struct session *current;
};

/*
 * Needs context->hash_db and hasher. Unknown, locked, without password and wrong password are one
 * verdict and the same statements in the same order with one hash of the same cost. Nothing is
 * stored before the answer is right but the audit event and counters (throttle.h).
 * SIGNIN_THROTTLED: too many attempts before; nothing was judged or hashed, and *wait (else 0) is
 * how many microseconds to wait, alike for names of somebody and of nobody. ERR_UNAVAILABLE: no
 * slot or no database.
 */
MUST_CHECK enum err signin_password(const struct auth_context *context,
				    const struct signin_request *request,
				    enum signin_verdict *verdict, int64_t *wait,
				    struct session_issued *out);

#endif
