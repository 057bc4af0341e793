/* /.well-known/oauth-authorization-server: what there is and where (RFC 8414). */
#include "access_token.h"
#include "answer.h"
#include "assets.h"
#include "buf.h"
#include "call.h"
#include "clock.h"
#include "handlers.h"
#include "json.h"

#define METADATA_MAX ((size_t)16 * 1024)
#define URL_MAX 1024

/* Failure is sticky in the writer's buf. */
static void add_place(struct call *call, struct json_out *json, const char *name, const char *path)
{
	struct str issuer = STR_NONE;
	struct str text = STR_NONE;
	struct buf url;

	buf_init(&url, call->arena, URL_MAX);
	enum err e = access_token_issuer(call->arena, call->app->config, &issuer);
	buf_add(&url, issuer);
	buf_add(&url, str_of(path));
	if (e == OK)
		e = buf_str(&url, &text);
	if (e != OK && json->buf->failed == OK)
		json->buf->failed = e;
	json_text(json, name, text);
}

/* words: a space between. */
static void add_words(struct json_out *json, const char *name, struct str words)
{
	struct str word;
	bool more = words.n > 0;

	json_open_array(json, name);
	while (more) {
		more = str_cut(words, ' ', &word, &words);
		json_text(json, NULL, word);
	}
	json_close_array(json);
}

static void write_metadata(struct call *call, struct json_out *json)
{
	json_open_object(json, NULL);
	add_place(call, json, "issuer", "");
	add_place(call, json, "token_endpoint", "/oauth/token");
	add_place(call, json, "revocation_endpoint", "/oauth/revoke");
	add_place(call, json, "introspection_endpoint", "/oauth/introspect");
	add_place(call, json, "jwks_uri", "/.well-known/jwks.json");
	add_words(json, "grant_types_supported", STR("refresh_token"));
	/* There is no authorization endpoint, but the member is required. */
	add_words(json, "response_types_supported", STR(""));
	add_words(json, "token_endpoint_auth_methods_supported", STR("none"));
	add_words(json, "revocation_endpoint_auth_methods_supported",
		  STR("none client_secret_basic"));
	add_words(json, "introspection_endpoint_auth_methods_supported",
		  STR("client_secret_basic"));
	json_close_object(json);
}

enum err api_metadata_show(struct call *call)
{
	struct asset asset = {.type = "application/json; charset=utf-8"};
	struct json_out json;
	struct buf buf;

	buf_init(&buf, call->arena, METADATA_MAX);
	json_begin(&json, &buf);
	write_metadata(call, &json);
	TRY(buf_str(&buf, &asset.bytes));
	TRY(assets_tag(call->arena, asset.bytes, &asset.etag));
	return answer_asset_for(call, &asset, CLOCK_HOUR);
}
