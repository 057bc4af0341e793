/* SHA-256, by libsodium. */
#include "sha256.h"

#include <sodium.h>

_Static_assert(DIGEST_BYTES == crypto_hash_sha256_BYTES, "a digest is as long as SHA-256");

struct digest sha256(struct str bytes)
{
	struct digest digest;

	crypto_hash_sha256(digest.b, (const unsigned char *)bytes.p, bytes.n);
	return digest;
}
