/* The public key that an app sends of its device: JWK text as what auth verifies with. */
#include "device_key_call.h"

#include <string.h>

#include "ed25519.h"
#include "json_jwk.h"
#include "p256.h"

_Static_assert(JSON_JWK_COORDINATE == P256_COORDINATE, "a coordinate of P-256");
_Static_assert(JSON_JWK_COORDINATE == ED25519_PUBLIC, "a public key of Ed25519");

static const char NO_POINT[] = "is no point of its curve that can verify";

static const char *const REASONS[] = {
	[JSON_JWK_FINE] = NO_POINT,
	[JSON_JWK_MALFORMED] = "is no JWK",
	[JSON_JWK_PRIVATE] =
		"has the private member d: make a new key, and send its public members "
		"only",
	[JSON_JWK_KIND] = "must be a JWK of kty EC and crv P-256, or kty OKP and crv Ed25519",
	[JSON_JWK_USE] =
		"is not meant to verify signatures: use, if there, is sig, and key_ops has "
		"verify",
	[JSON_JWK_ALGORITHM] = "has another alg than ES256 for P-256, EdDSA or Ed25519 for Ed25519",
	[JSON_JWK_COORDINATES] = "needs x, and y for P-256, of 32 octets each in base64url without "
				 "padding",
};

/* ERR_INPUT: they are no point. */
static enum err read_p256(struct arena *arena, const struct json_jwk *jwk, struct device_key *out)
{
	struct p256_public public;

	TRY(p256_read(jwk->x, jwk->y, &public));
	TRY(str_copy(arena, (struct str){(const char *)public.b, sizeof public.b},
		     &out->public_key));
	out->kind = DEVICE_KEY_P256;
	return OK;
}

static enum err read_ed25519(struct arena *arena, const struct json_jwk *jwk,
			     struct device_key *out)
{
	struct ed25519_public public;

	memcpy(public.b, jwk->x, sizeof public.b);
	if (!ed25519_is_public(&public))
		return ERR_INPUT;
	TRY(str_copy(arena, (struct str){(const char *)public.b, sizeof public.b},
		     &out->public_key));
	out->kind = DEVICE_KEY_ED25519;
	return OK;
}

static enum err read_point(struct arena *arena, const struct json_jwk *jwk, struct device_key *out)
{
	switch (jwk->kind) {
	case JSON_JWK_P256:
		return read_p256(arena, jwk, out);
	case JSON_JWK_ED25519:
		return read_ed25519(arena, jwk, out);
	case JSON_JWK_NONE:
		break;
	}
	return ERR_INPUT;
}

enum err device_key_call_read(struct arena *arena, struct str jwk, struct device_key *out,
			      struct str *reason)
{
	struct device_key key = {.kind = DEVICE_KEY_NONE};
	enum json_jwk_flaw flaw = JSON_JWK_MALFORMED;
	struct json_jwk read;

	TRY(json_jwk_read(jwk, &read, &flaw));
	enum err e = read_point(arena, &read, &key);
	if (e != OK && e != ERR_INPUT)
		return e;
	*out = key;
	*reason = e == OK ? STR_NONE : str_of(REASONS[flaw]);
	return OK;
}
