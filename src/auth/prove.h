/* A person in a session shows a factor: the second one of a sign-in, or one for a step up. */
#ifndef GATEPOST_AUTH_PROVE_H
#define GATEPOST_AUTH_PROVE_H

#include <stdbool.h>
#include <stdint.h>

#include "challenge.h"
#include "context.h"
#include "err.h"
#include "session.h"
#include "str.h"
#include "webauthn.h"

/* Part of the counters' keys: the numbers never change. */
enum prove_method {
	PROVE_NOTHING = 0,
	PROVE_TOTP,
	PROVE_RECOVERY_CODE,
	PROVE_PASSKEY,
	PROVE_DEVICE_KEY,
	PROVE_METHOD_COUNT
};
/* "totp", "recovery_code", "passkey", "device_key"; static. PROVE_NOTHING for another word. */
const char *prove_method_name(enum prove_method method);
enum prove_method prove_method_of(struct str name);

/* What is shown. */
struct prove_proof {
	enum prove_method method;
	struct str code;                   /* TOTP, RECOVERY_CODE: as typed */
	struct webauthn_assertion passkey; /* PASSKEY */
	struct str user_handle;            /* PASSKEY: octets; absent: none was sent */
	struct str device;                 /* DEVICE_KEY: its id, or what the app calls it */
	struct str challenge;              /* DEVICE_KEY: the signed text, as it was given out */
	struct str sent; /* DEVICE_KEY: that text as base64url, as it was sent: signed, it is as
			    good */
	struct str signature; /* DEVICE_KEY: octets */
};

/* 0 denies: the session has gone meanwhile, waits for something else, or was rotated away. */
enum prove_verdict {
	PROVE_GONE = 0,
	PROVE_WRONG, /* not right, used before, not this user's, or for something else */
	PROVE_ENDED, /* not right, and with it the last try of this sign-in: it is over (MF-07) */
	PROVE_THROTTLED, /* too many tries: nothing was looked at */
	PROVE_DONE
};
struct prove_outcome {
	enum prove_verdict verdict;
	int64_t wait; /* PROVE_THROTTLED: microseconds until it may be tried */
};

struct prove_request {
	struct prove_proof proof;
	struct str purpose; /* a name, for the record; absent: the challenge's, if there is one.
			       Both: they must be the same */
	bool trust;         /* do not ask on this device for a time, where that is offered */
	const struct credential *presented;
	const struct session *current; /* presented, resolved: pending, live, held, rotated away */
};

#define PROVE_TRIES 5 /* of one sign-in (MF-07) */

/*
 * POST /session/second-factor: of a session that waits for a second factor and none else; a
 * device's key is none here. Takes a try of the sign-in and one of the account's counter for the
 * method (throttle.h: no device is exempt) before anything is looked at. A recovery code is told to
 * the address.
 */
MUST_CHECK enum err prove_second_factor(const struct auth_context *context,
					const struct prove_request *request,
					struct prove_outcome *outcome, struct session_issued *out);
/*
 * POST /session/reauth with anything but a password: of a session that is live or held. A passkey
 * has to verify the person. The device of a device's key is the session's own.
 */
MUST_CHECK enum err prove_step_up(const struct auth_context *context,
				  const struct prove_request *request,
				  struct prove_outcome *outcome, struct session_issued *out);

/* What this user could show now, for "methods": a bit 1 << enum prove_method each. second: for the
 * second factor of a sign-in; else for a step up, where has_key says that the session's device has
 * a key. */
unsigned prove_methods(const struct auth_context *context, const struct session_found *found,
		       bool second, bool has_key);

/* What a device signs: lines of text that name what the signature is good for. */
#define PROVE_TEXT_MAX 512
MUST_CHECK enum err prove_device_text(const struct auth_context *context,
				      const struct id *session_id,
				      const struct challenge *challenge, struct str *out);
/* True and the value of the challenge: text is what that function made for this session. */
bool prove_device_text_read(const struct auth_context *context, struct str text,
			    const struct id *session_id, unsigned char *value);

#endif
