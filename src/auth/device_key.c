/* The public key of a device, and whether it has signed something. */
#include "device_key.h"

#include <string.h>

#include "ed25519.h"
#include "p256.h"

static enum err verify_p256(struct str public_key, struct str message, struct str signature,
			    bool *right)
{
	struct p256_public public;

	if (public_key.n != sizeof public.b) {
		*right = false;
		return OK;
	}
	memcpy(public.b, public_key.p, sizeof public.b);
	return p256_verify(&public, message, signature, right);
}

static bool verify_ed25519(struct str public_key, struct str message, struct str signature)
{
	struct ed25519_public public;

	if (public_key.n != sizeof public.b || signature.n != ED25519_SIGNATURE)
		return false;
	memcpy(public.b, public_key.p, sizeof public.b);
	return ed25519_verify(&public, message, (const unsigned char *)signature.p);
}

enum err device_key_verify(const struct device_key *key, struct str message, struct str signature,
			   bool *right)
{
	if (key->kind == DEVICE_KEY_P256)
		return verify_p256(key->public_key, message, signature, right);
	*right = key->kind == DEVICE_KEY_ED25519 &&
		 verify_ed25519(key->public_key, message, signature);
	return OK;
}
