/* Ed25519 by libsodium, whose verification refuses what RFC 8032 leaves open. */
#include "ed25519.h"

#include <sodium.h>

_Static_assert(ED25519_SEED == crypto_sign_SEEDBYTES, "a seed of libsodium");
_Static_assert(ED25519_PUBLIC == crypto_sign_PUBLICKEYBYTES, "a public key of libsodium");
_Static_assert(sizeof(struct ed25519_secret) == crypto_sign_SECRETKEYBYTES, "a key of libsodium");
_Static_assert(ED25519_SIGNATURE == crypto_sign_BYTES, "a signature of libsodium");

void ed25519_make(const unsigned char seed[ED25519_SEED], struct ed25519_secret *secret,
		  struct ed25519_public *public)
{
	(void)crypto_sign_seed_keypair(public->b, secret->b, seed);
}

void ed25519_sign(const struct ed25519_secret *secret, struct str message,
		  unsigned char signature[ED25519_SIGNATURE])
{
	(void)crypto_sign_detached(signature, NULL, (const unsigned char *)message.p, message.n,
				   secret->b);
}

bool ed25519_is_public(const struct ed25519_public *public)
{
	return crypto_core_ed25519_is_valid_point(public->b) == 1;
}

bool ed25519_verify(const struct ed25519_public *public, struct str message,
		    const unsigned char signature[ED25519_SIGNATURE])
{
	return crypto_sign_verify_detached(signature, (const unsigned char *)message.p, message.n,
					   public->b) == 0;
}
