/* /.well-known/jwks.json: the public keys that verify access tokens (RFC 7517). */
#include "answer.h"
#include "assets.h"
#include "buf.h"
#include "call.h"
#include "codec.h"
#include "handlers.h"
#include "json.h"
#include "key_set.h"

#define JWKS_MAX ((size_t)16 * 1024)
#define OCTETS_TEXT CODEC_BASE64URL_LEN(32)

static void add_octets(struct json_out *json, const char *name, const unsigned char octets[32])
{
	char text[OCTETS_TEXT + 1];

	codec_base64url(octets, 32, text);
	json_text(json, name, str_of(text));
}

/* RFC 8037 §2: the public members and nothing else. */
static void add_key(struct json_out *json, const struct published_key *key)
{
	json_open_object(json, NULL);
	json_text(json, "kty", STR("OKP"));
	json_text(json, "crv", STR("Ed25519"));
	add_octets(json, "x", key->public.b);
	add_octets(json, "kid", key->kid.b);
	json_text(json, "use", STR("sig"));
	json_text(json, "alg", key->alg);
	json_close_object(json);
}

static enum err write_keys(struct call *call, const struct key_set *set, struct str *out)
{
	struct json_out json;
	struct buf buf;
	size_t n = 0;
	const struct published_key *keys = key_set_all(set, &n);

	/* Nobody may keep that there are none: the first is made at any moment. */
	if (n == 0)
		return ERR_UNAVAILABLE;
	buf_init(&buf, call->arena, JWKS_MAX);
	json_begin(&json, &buf);
	json_open_object(&json, NULL);
	json_open_array(&json, "keys");
	for (size_t i = 0; i < n; i++)
		add_key(&json, &keys[i]);
	json_close_array(&json);
	json_close_object(&json);
	return buf_str(&buf, out);
}

enum err api_jwks_show(struct call *call)
{
	struct asset asset = {.type = "application/jwk-set+json"};
	struct key_set *set = NULL;

	TRY(key_box_take(&call->auth, &set));
	enum err e = write_keys(call, set, &asset.bytes);
	key_set_release(&set);
	TRY(e);
	TRY(assets_tag(call->arena, asset.bytes, &asset.etag));
	return answer_asset_for(call, &asset, call->app->config->token.jwks_cache);
}
