/* A signing key's private part: made, sealed in its row, opened again. Private to auth. */
#ifndef GATEPOST_AUTH_KEY_SEAL_H
#define GATEPOST_AUTH_KEY_SEAL_H

#include "config.h"
#include "ed25519.h"
#include "err.h"
#include "key_store.h"
#include "keyring.h"

struct arena;

/* RFC 7638, RFC 8037 §2: SHA-256 of the members that a JWK must have, in their order. */
MUST_CHECK enum err key_seal_thumbprint(struct arena *arena, const struct ed25519_public *public,
					struct digest *out);
/* A new random key as a row without state and times, sealed under the newest root. */
MUST_CHECK enum err key_seal_make(struct arena *arena, const struct keyring *keys,
				  enum signing_alg alg, struct key_row *out);
/*
 * The private key of a row. ERR_CONFIG: sealed under a root that the key file does not have.
 * ERR_INPUT: it does not open, or the row's names are not those of what is in it: it was sealed
 * under another root of that number, moved or changed. ERR_MEMORY. The caller wipes *out.
 */
MUST_CHECK enum err key_seal_open(struct arena *arena, const struct keyring *keys,
				  const struct key_row *row, struct ed25519_secret *out);
/* The same seed under the newest root. The errors of key_seal_open. */
MUST_CHECK enum err key_seal_renew(struct arena *arena, const struct keyring *keys,
				   struct key_row *row);

#endif
