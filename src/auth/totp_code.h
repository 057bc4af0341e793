/* Codes of authenticator apps: TOTP (RFC 6238) with SHA-1, six digits, steps of 30 seconds. */
#ifndef GATEPOST_AUTH_TOTP_CODE_H
#define GATEPOST_AUTH_TOTP_CODE_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "secret.h"
#include "str.h"

struct arena;

#define TOTP_SECRET 20 /* octets: as many as SHA-1 has (RFC 4226 §4, R6) */
#define TOTP_DIGITS 6
#define TOTP_STEP_SECONDS 30
/* Octets that a name has at most in the URI, escapes counted; what is behind is left out. */
#define TOTP_ISSUER_TEXT 180
#define TOTP_ACCOUNT_TEXT 540

/*
 * Whether the typed code is the one of the step that now (clock.h) lies in, or of the step before,
 * for the network and the typing to take their time (RFC 6238 §5.2). Spaces are left out; what then
 * is not six digits of ASCII is not right, as nothing is before 1970. *step is the one whose code
 * it is, the later of two with the same code, and 0 if it is not right: that no code is good twice,
 * nor one of an earlier step behind it, is for the caller to see to. The time taken does not depend
 * on which digits are right. ERR_INTERNAL: the secret has not TOTP_SECRET octets, or liboath
 * failed.
 */
MUST_CHECK enum err totp_code_step(struct secret secret, struct str typed, int64_t now,
				   uint64_t *step, bool *right);

/* The secret as a person types it into an app: base32 (RFC 4648 §6) without padding, in the arena,
 * a NUL behind it. ERR_INTERNAL as above, ERR_MEMORY. */
MUST_CHECK enum err totp_code_secret_text(struct arena *arena, struct secret secret,
					  struct secret *out);

/* Whose code it is, as the app shows it. */
struct totp_name {
	struct str issuer;
	struct str account;
};

/*
 * What an app reads from the QR code: otpauth://totp/ISSUER:ACCOUNT?secret=…, names as UTF-8 and
 * percent-encoded, at most 1000 octets. Apps cut the label at its first colon, so those of the
 * issuer become dashes. In the arena, a NUL behind it. ERR_INPUT: a name is empty or malformed;
 * ERR_INTERNAL as above, ERR_MEMORY.
 */
MUST_CHECK enum err totp_code_uri(struct arena *arena, const struct totp_name *name,
				  struct secret secret, struct secret *out);

#endif
