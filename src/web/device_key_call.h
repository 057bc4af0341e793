/* The public key that an app sends of its device: JWK text as what auth verifies with. */
#ifndef GATEPOST_WEB_DEVICE_KEY_CALL_H
#define GATEPOST_WEB_DEVICE_KEY_CALL_H

#include "device_key.h"
#include "err.h"
#include "str.h"

struct arena;

/*
 * The key, its octets in the arena, or kind DEVICE_KEY_NONE and why not, for answer_bad_field
 * (static storage; absent with a key). A point off its curve is refused here, and so is one of
 * Ed25519 that is of small order or not in the main subgroup. ERR_MEMORY, ERR_INTERNAL.
 */
MUST_CHECK enum err device_key_call_read(struct arena *arena, struct str jwk,
					 struct device_key *out, struct str *reason);

#endif
