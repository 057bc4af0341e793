/* Signing in over HTTP: what page and API share between their fields and the decision. */
#ifndef GATEPOST_WEB_SIGNIN_CALL_H
#define GATEPOST_WEB_SIGNIN_CALL_H

#include <stdbool.h>

#include "err.h"
#include "session.h"
#include "signin.h"
#include "str.h"

struct call;

/* What a form or a body says, as typed. */
struct signin_form {
	struct str identifier;
	struct str password;
	enum session_carrier carrier; /* not CARRIER_NONE */
	bool remember;
	struct str client;
	struct str device_name; /* absent: none */
	struct str device_id;   /* absent: a cookie's device is known by the device cookie */
};

/* Which device signs in. */
struct signin_device {
	enum device_kind kind;
	struct secret ref;
	struct str cookie; /* the value to keep in the device cookie; absent: none */
};
MUST_CHECK enum err signin_name_device(const struct call *call, const struct signin_form *form,
				       struct signin_device *out);
/* The answer sets the device cookie, if there is one to keep. */
void signin_keep_device(struct call *call, const struct signin_device *device);

/*
 * Decides, and on SIGNIN_ACCEPTED lets the answer carry the session cookie and the device cookie
 * (carrier cookie only) and makes the new session the call's. Else nothing is in the answer; on
 * SIGNIN_THROTTLED *wait says how many seconds to wait, at least 1.
 */
MUST_CHECK enum err signin_of_call(struct call *call, const struct signin_form *form,
				   enum signin_verdict *verdict, unsigned *wait,
				   struct session_issued *issued);

#endif
