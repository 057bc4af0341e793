/* The public key of a device, and whether it has signed something. */
#ifndef GATEPOST_AUTH_DEVICE_KEY_H
#define GATEPOST_AUTH_DEVICE_KEY_H

#include <stdbool.h>

#include "device_store.h"
#include "err.h"
#include "str.h"

/* As stored in device.public_key: 65 octets of an uncompressed point (p256.h), or 32 (ed25519.h).
 */
struct device_key {
	enum device_key_kind kind;
	struct str public_key;
};

/*
 * P-256: ECDSA with SHA-256 in DER, as Android's and Apple's key stores sign; Ed25519: 64 octets
 * (RFC 8032 §5.1.6). *right is false for any other form of a signature, for no key, and for octets
 * that are none of its kind. A signature can be changed into another that is right: it is no name
 * of anything. ERR_MEMORY, ERR_INTERNAL as of p256_verify.
 */
MUST_CHECK enum err device_key_verify(const struct device_key *key, struct str message,
				      struct str signature, bool *right);

#endif
