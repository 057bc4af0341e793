/* jws_parse and json_claims_read over any bytes; what they accept is written again and read as the
 * same, and no signature but ours is right. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "access_token.h"
#include "arena.h"
#include "json.h"
#include "json_claims.h"
#include "jws.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void judge(const struct claims *claims)
{
	const struct config config = {.token = {.leeway = CLOCK_MINUTE}};
	int64_t now = INT64_C(1795000000) * CLOCK_SECOND;
	enum access_verdict verdict =
		access_token_judge(&config, STR("https://a.example/auth"), claims, now);

	if (verdict == ACCESS_VALID)
		require(claims->expires_at > 1795000000 - 60 &&
			claims->issued_at <= 1795000000 + 60);
}

static void check_claims(struct arena *arena, struct str payload)
{
	struct claims claims;
	struct claims again;
	struct str text = STR_NONE;
	enum err e = json_claims_read(arena, payload, &claims);

	require(e == OK || e == ERR_INPUT || e == ERR_MEMORY);
	if (e != OK)
		return;
	judge(&claims);
	if (json_claims_write(arena, &claims, &text) != OK)
		return; /* longer than what we would sign */
	require(json_claims_read(arena, text, &again) == OK);
	require(again.expires_at == claims.expires_at && again.version == claims.version &&
		id_equal(again.session, claims.session) &&
		again.audience_count == claims.audience_count &&
		str_equal(again.issuer, claims.issuer));
}

static void check_token(struct arena *arena, struct str token)
{
	static const unsigned char seed[ED25519_SEED] = {1};
	struct ed25519_secret secret;
	struct ed25519_public public;
	struct secret text = SECRET_NONE;
	struct jws jws;
	struct jws again;
	enum err e = jws_parse(arena, token, &jws);

	require(e == OK || e == ERR_INPUT || e == ERR_MEMORY || e == ERR_TOO_LARGE);
	if (e != OK)
		return;
	ed25519_make(seed, &secret, &public);
	require(!jws_is_signed_by(&jws, &public));
	struct jws_signer signer = {STR("EdDSA"), jws.kid, &secret};
	if (jws_sign(arena, &signer, jws.payload, &text) != OK)
		return;
	require(jws_parse(arena, (struct str){(const char *)text.bytes, text.len}, &again) == OK);
	require(jws_is_signed_by(&again, &public) && digest_equal(&again.kid, &jws.kid) &&
		str_equal(again.payload, jws.payload));
	check_claims(arena, jws.payload);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool is_ready;
	struct arena *arena = NULL;
	struct str bytes = {(const char *)data, size};

	if (!is_ready)
		json_init();
	is_ready = true;
	require(arena_open(4096, (size_t)8 * 1024 * 1024, &arena) == OK);
	check_token(arena, bytes);
	check_claims(arena, bytes);
	arena_close(&arena);
	return 0;
}
