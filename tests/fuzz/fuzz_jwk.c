/* json_jwk_read over any bytes: a key or a flaw, never both, and what is read is read again. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "codec.h"
#include "json.h"
#include "json_jwk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void add_coordinate(struct json_out *json, const char *name, const unsigned char *octets)
{
	char text[CODEC_BASE64URL_LEN(JSON_JWK_COORDINATE) + 1];

	codec_base64url(octets, JSON_JWK_COORDINATE, text);
	json_text(json, name, str_of(text));
}

static struct str write_key(struct arena *arena, const struct json_jwk *jwk)
{
	bool p256 = jwk->kind == JSON_JWK_P256;
	struct str text = STR_NONE;
	struct json_out json;
	struct buf buf;

	buf_init(&buf, arena, JSON_JWK_MAX);
	json_begin(&json, &buf);
	json_open_object(&json, NULL);
	json_text(&json, "kty", p256 ? STR("EC") : STR("OKP"));
	json_text(&json, "crv", p256 ? STR("P-256") : STR("Ed25519"));
	add_coordinate(&json, "x", jwk->x);
	if (p256)
		add_coordinate(&json, "y", jwk->y);
	json_close_object(&json);
	require(buf_str(&buf, &text) == OK);
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct json_jwk none = {.kind = JSON_JWK_NONE};
	enum json_jwk_flaw flaw = JSON_JWK_MALFORMED;
	struct arena *arena = NULL;
	struct json_jwk jwk;
	struct json_jwk again;

	if (json_jwk_read((struct str){(const char *)data, size}, &jwk, &flaw) != OK)
		return 0;
	require(flaw <= JSON_JWK_COORDINATES);
	if (flaw != JSON_JWK_FINE) {
		require(memcmp(&jwk, &none, sizeof none) == 0);
		return 0;
	}
	require(jwk.kind == JSON_JWK_P256 || jwk.kind == JSON_JWK_ED25519);
	require(arena_open(4096, (size_t)64 * 1024, &arena) == OK);
	require(json_jwk_read(write_key(arena, &jwk), &again, &flaw) == OK);
	require(flaw == JSON_JWK_FINE && memcmp(&jwk, &again, sizeof jwk) == 0);
	arena_close(&arena);
	return 0;
}
