/* Secrets at rest: XChaCha20-Poly1305 under a sub-key of a root, bound to the row they lie in. */
#include "seal.h"

#include <stdlib.h>

#include <sodium.h>

#define NONCE crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG crypto_aead_xchacha20poly1305_ietf_ABYTES

_Static_assert(SEAL_OVERHEAD == NONCE + TAG, "what a box is longer by");
_Static_assert(KEYRING_KEY == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "a key of the cipher");

void seal_close(const struct keyring *keyring, struct str place, struct secret plain,
		unsigned char *box, uint32_t *root)
{
	size_t n = 0;
	struct keyring_root newest = keyring_root_at(keyring, 0, &n);
	const unsigned char *key = keyring_seal_key(keyring, newest.number);

	if (key == NULL)
		abort();
	randombytes_buf(box, NONCE);
	(void)crypto_aead_xchacha20poly1305_ietf_encrypt(box + NONCE, NULL, plain.bytes, plain.len,
							 (const unsigned char *)place.p, place.n,
							 NULL, box, key);
	*root = newest.number;
}

enum err seal_open(const struct keyring *keyring, uint32_t root, struct str place,
		   struct secret box, unsigned char *plain)
{
	const unsigned char *key = keyring_seal_key(keyring, root);

	if (key == NULL)
		return ERR_CONFIG;
	if (box.len < SEAL_OVERHEAD)
		return ERR_INPUT;
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(
		    plain, NULL, NULL, box.bytes + NONCE, box.len - NONCE,
		    (const unsigned char *)place.p, place.n, box.bytes, key) != 0)
		return ERR_INPUT;
	return OK;
}
