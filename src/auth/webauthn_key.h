/* Public keys of authenticators: COSE (RFC 9052 §7) on the way in, libfido2's own form as stored.
 */
#ifndef GATEPOST_AUTH_WEBAUTHN_KEY_H
#define GATEPOST_AUTH_WEBAUTHN_KEY_H

#include <stdbool.h>

#include "err.h"
#include "str.h"
#include "webauthn.h"

struct fido_assert;

/*
 * Of a COSE key that has exactly the members of an algorithm that is offered, with the curve and
 * the lengths it must have (P-256, uncompressed; Ed25519; RSA of 2048 bits). Whether they are a
 * point: webauthn_key_check. WEBAUTHN_NO_ALGORITHM otherwise.
 */
enum webauthn_algorithm webauthn_key_algorithm(struct str cose);
/*
 * Whether key, in libfido2's form, is one that signatures can be checked with: a point of the curve
 * (of Ed25519, of its main subgroup), an odd modulus of 2048 bits and the exponent 65537.
 * ERR_MEMORY.
 */
MUST_CHECK enum err webauthn_key_check(enum webauthn_algorithm algorithm, struct str key,
				       bool *is_good);
/* Whether the only signature in assertion, a fido_assert_t, is of that key. ERR_MEMORY;
 * ERR_INTERNAL when the library fails for another reason. */
MUST_CHECK enum err webauthn_key_verify(enum webauthn_algorithm algorithm, struct str key,
					const struct fido_assert *assertion, bool *is_right);

#endif
