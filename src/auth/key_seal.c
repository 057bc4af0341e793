/* A signing key's private part: made, sealed in its row, opened again. */
#include "key_seal.h"

#include <string.h>

#include "arena.h"
#include "buf.h"
#include "codec.h"
#include "seal.h"
#include "sha256.h"

#define JWK_MAX 128
#define PUBLIC_TEXT CODEC_BASE64URL_LEN(ED25519_PUBLIC)
#define PLACE "signing_key "

/* Where a box belongs: the table and the row's key. */
struct place {
	char text[sizeof PLACE - 1 + DIGEST_BYTES];
};

_Static_assert(sizeof(struct ed25519_public) == sizeof(struct digest), "one column holds both");

enum err key_seal_thumbprint(struct arena *arena, const struct ed25519_public *public,
			     struct digest *out)
{
	char text[PUBLIC_TEXT + 1];
	struct str jwk = STR_NONE;
	struct buf buf;

	codec_base64url(public->b, ED25519_PUBLIC, text);
	buf_init(&buf, arena, JWK_MAX);
	buf_add(&buf, STR("{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\""));
	buf_add(&buf, str_of(text));
	buf_add(&buf, STR("\"}"));
	TRY(buf_str(&buf, &jwk));
	*out = sha256(jwk);
	return OK;
}

static struct str place_of(const struct key_row *row, struct place *place)
{
	memcpy(place->text, PLACE, sizeof PLACE - 1);
	memcpy(place->text + sizeof PLACE - 1, row->kid.b, DIGEST_BYTES);
	return (struct str){.p = place->text, .n = sizeof place->text};
}

static enum err seal(struct arena *arena, const struct keyring *keys,
		     const unsigned char seed[ED25519_SEED], struct key_row *row)
{
	struct place place;
	struct secret plain = keyring_part(seed, ED25519_SEED);
	struct secret box = {.len = ED25519_SEED + SEAL_OVERHEAD};

	box.bytes = arena_alloc(arena, box.len);
	if (box.bytes == NULL)
		return ERR_MEMORY;
	seal_close(keys, place_of(row, &place), plain, box.bytes, &row->root);
	row->seed = box;
	return OK;
}

enum err key_seal_make(struct arena *arena, const struct keyring *keys, enum signing_alg alg,
		       struct key_row *out)
{
	struct key_row row = {.alg = alg};
	unsigned char seed[ED25519_SEED];
	struct ed25519_secret secret;
	struct ed25519_public public;

	secret_random_bytes(seed, sizeof seed);
	ed25519_make(seed, &secret, &public);
	secret_wipe_bytes(&secret, sizeof secret);
	memcpy(&row.public_key, &public, sizeof public);
	enum err e = key_seal_thumbprint(arena, &public, &row.kid);
	if (e == OK)
		e = seal(arena, keys, seed, &row);
	secret_wipe_bytes(seed, sizeof seed);
	if (e == OK)
		*out = row;
	return e;
}

static enum err open_seed(const struct keyring *keys, const struct key_row *row,
			  unsigned char seed[ED25519_SEED])
{
	struct place place;

	if (row->seed.len != ED25519_SEED + SEAL_OVERHEAD)
		return ERR_INPUT;
	return seal_open(keys, row->root, place_of(row, &place), row->seed, seed);
}

/* What the world is shown must be what the seal vouches for: rows can be written by others. */
static enum err check(struct arena *arena, const struct key_row *row,
		      const struct ed25519_public *public)
{
	struct digest kid;
	bool same = memcmp(&row->public_key, public, sizeof *public) == 0;

	TRY(key_seal_thumbprint(arena, public, &kid));
	return same && digest_equal(&kid, &row->kid) ? OK : ERR_INPUT;
}

enum err key_seal_open(struct arena *arena, const struct keyring *keys, const struct key_row *row,
		       struct ed25519_secret *out)
{
	unsigned char seed[ED25519_SEED];
	struct ed25519_secret secret;
	struct ed25519_public public;

	TRY(open_seed(keys, row, seed));
	ed25519_make(seed, &secret, &public);
	secret_wipe_bytes(seed, sizeof seed);
	enum err e = check(arena, row, &public);
	if (e == OK)
		*out = secret;
	secret_wipe_bytes(&secret, sizeof secret);
	return e;
}

enum err key_seal_renew(struct arena *arena, const struct keyring *keys, struct key_row *row)
{
	unsigned char seed[ED25519_SEED];
	struct ed25519_secret secret;

	TRY(key_seal_open(arena, keys, row, &secret));
	secret_wipe_bytes(&secret, sizeof secret);
	TRY(open_seed(keys, row, seed));
	enum err e = seal(arena, keys, seed, row);
	secret_wipe_bytes(seed, sizeof seed);
	return e;
}
