/* Compact JWS (RFC 7515), one algorithm: Ed25519 (RFC 8037), and one type: at+jwt (RFC 9068). */
#ifndef GATEPOST_HTTP_JWS_H
#define GATEPOST_HTTP_JWS_H

#include "ed25519.h"
#include "err.h"
#include "ident.h"
#include "secret.h"
#include "str.h"

struct arena;

#define JWS_MAX 4096 /* octets of a whole token */

/* A token taken apart; nothing of it is proven. Slices of it, the payload in the arena. */
struct jws {
	struct str whole;
	struct str signed_part; /* header, dot, payload: what the signature is over */
	struct digest kid;      /* the key it says it is signed with */
	struct str payload;     /* decoded */
	unsigned char signature[ED25519_SIGNATURE];
};

/*
 * Exactly three parts of strict base64url (no padding, white space or stray bits). The header is
 * an object of exactly alg ("EdDSA" or "Ed25519"), typ ("at+jwt") and kid (43 characters of
 * base64url), each once: crit, b64, jwk, jku, x5u, x5c, zip and whatever else is refused.
 * ERR_INPUT, ERR_TOO_LARGE (over JWS_MAX), ERR_MEMORY.
 */
MUST_CHECK enum err jws_parse(struct arena *arena, struct str token, struct jws *out);

bool jws_is_signed_by(const struct jws *jws, const struct ed25519_public *key);

/* What signs. alg: "EdDSA" or "Ed25519". */
struct jws_signer {
	struct str alg;
	struct digest kid;
	const struct ed25519_secret *key;
};
/* ERR_TOO_LARGE: the token would be over JWS_MAX. */
MUST_CHECK enum err jws_sign(struct arena *arena, const struct jws_signer *signer,
			     struct str payload, struct secret *token);

#endif
