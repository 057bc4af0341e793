/* Signatures: Ed25519 (RFC 8032) and nothing else. */
#ifndef GATEPOST_BASE_ED25519_H
#define GATEPOST_BASE_ED25519_H

#include <stdbool.h>

#include "err.h"
#include "str.h"

#define ED25519_SEED 32
#define ED25519_PUBLIC 32
#define ED25519_SIGNATURE 64

struct ed25519_public {
	unsigned char b[ED25519_PUBLIC];
};

/* A private key made ready. Its memory is wiped by whoever holds it. */
struct ed25519_secret {
	unsigned char b[ED25519_SEED + ED25519_PUBLIC];
};

/* From 32 random octets. */
void ed25519_make(const unsigned char seed[ED25519_SEED], struct ed25519_secret *secret,
		  struct ed25519_public *public);
void ed25519_sign(const struct ed25519_secret *secret, struct str message,
		  unsigned char signature[ED25519_SIGNATURE]);
/* A point that verification can use: canonical, on the curve, in the main subgroup. */
bool ed25519_is_public(const struct ed25519_public *public);
/* False for a wrong one, S >= L, a small order or a non-canonical encoding (RFC 8032 §5.1.7). */
bool ed25519_verify(const struct ed25519_public *public, struct str message,
		    const unsigned char signature[ED25519_SIGNATURE]);

#endif
