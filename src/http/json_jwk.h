/* Public keys as JWK text: EC P-256 (RFC 7518 §6.2.1) and OKP Ed25519 (RFC 8037 §2). */
#ifndef GATEPOST_HTTP_JSON_JWK_H
#define GATEPOST_HTTP_JSON_JWK_H

#include "err.h"
#include "str.h"

#define JSON_JWK_COORDINATE 32
#define JSON_JWK_MAX 4096 /* octets of text */

enum json_jwk_kind { JSON_JWK_NONE = 0, JSON_JWK_P256, JSON_JWK_ED25519 };

/* The octets of its members. Whether they are a point, nobody has looked. */
struct json_jwk {
	enum json_jwk_kind kind;
	unsigned char x[JSON_JWK_COORDINATE];
	unsigned char y[JSON_JWK_COORDINATE]; /* Ed25519: zero */
};

/* Why a text is no such key. */
enum json_jwk_flaw {
	JSON_JWK_FINE = 0,
	JSON_JWK_MALFORMED,  /* no JSON object, a member twice, too long, too deep */
	JSON_JWK_PRIVATE,    /* has "d", whatever it is: who sends it has given the key away */
	JSON_JWK_KIND,       /* another "kty" or "crv", or none */
	JSON_JWK_USE,        /* "use" is not "sig", or "key_ops" has no "verify" */
	JSON_JWK_ALGORITHM,  /* "alg" is not ES256, or EdDSA or Ed25519, as the kind wants it */
	JSON_JWK_COORDINATES /* "x" or "y" is not 32 octets in base64url without padding */
};

/*
 * *flaw says why the text is no such key; *out is zero then. Other members are nobody's business
 * (RFC 7517 §4). ERR_MEMORY.
 */
MUST_CHECK enum err json_jwk_read(struct str text, struct json_jwk *out, enum json_jwk_flaw *flaw);

#endif
