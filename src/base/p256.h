/* Signatures: ECDSA over P-256 with SHA-256 (FIPS 186-5, SEC 1), verified only. */
#ifndef GATEPOST_BASE_P256_H
#define GATEPOST_BASE_P256_H

#include <stdbool.h>

#include "err.h"
#include "str.h"

#define P256_COORDINATE 32
#define P256_PUBLIC 65
#define P256_SIGNATURE_MAX 72 /* octets of DER: two integers of up to 33 */

/* A point, uncompressed (SEC 1 §2.3.3): 4, x, y. */
struct p256_public {
	unsigned char b[P256_PUBLIC];
};

/*
 * The point of its coordinates, most significant octet first. ERR_INPUT: it is not on the curve, or
 * a coordinate is not below the field's prime. ERR_MEMORY; ERR_INTERNAL: libcrypto has not this
 * curve.
 */
MUST_CHECK enum err p256_read(const unsigned char x[P256_COORDINATE],
			      const unsigned char y[P256_COORDINATE], struct p256_public *out);
/*
 * Whether the signature, DER of an ECDSA-Sig-Value (RFC 3279 §2.2.3), is the key's of the message.
 * Anything but that one encoding is not right, nor is what a point off the curve would verify.
 * Whoever sees a signature can make another of it (r, n - s): it is no name of anything.
 * ERR_MEMORY, ERR_INTERNAL as above. Leaves no error of libcrypto on the thread.
 */
MUST_CHECK enum err p256_verify(const struct p256_public *public, struct str message,
				struct str signature, bool *right);

#endif
