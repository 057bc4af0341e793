/* Compact JWS (RFC 7515), one algorithm: Ed25519 (RFC 8037), and one type: at+jwt (RFC 9068). */
#include "jws.h"

#include "arena.h"
#include "buf.h"
#include "codec.h"
#include "json.h"

#define TYPE STR("at+jwt")
#define HEADER_MAX 256
#define HEADER_MEMBERS 3
#define KID_TEXT CODEC_BASE64URL_LEN(DIGEST_BYTES)
/* What json_out makes of header_of. */
#define HEAD(alg) "{\"alg\":\"" alg "\",\"typ\":\"at+jwt\",\"kid\":\""
#define TAIL STR("\"}")
#define SIGNATURE_TEXT CODEC_BASE64URL_LEN(ED25519_SIGNATURE)

/* One part, whose length says how many octets it is. */
static enum err decode(struct arena *arena, struct str text, struct str *out)
{
	size_t n = text.n / 4 * 3 + (text.n % 4 * 3) / 4;
	char *bytes = arena_alloc(arena, n + 1);

	if (bytes == NULL)
		return ERR_MEMORY;
	TRY(codec_base64url_decode(text, (unsigned char *)bytes, n));
	*out = (struct str){.p = bytes, .n = n};
	return OK;
}

static struct str member(const struct json_object *header, struct str name)
{
	for (size_t i = 0; i < header->n; i++)
		if (str_equal(header->members[i].name, name) &&
		    header->members[i].type == JSON_TYPE_STRING)
			return header->members[i].text;
	return STR_NONE;
}

static bool is_known_alg(struct str alg)
{
	return str_equal(alg, STR("EdDSA")) || str_equal(alg, STR("Ed25519"));
}

/* As we write it ourselves, so that most headers need no parser. Absent: in other words. */
static struct str kid_of_ours(struct str json)
{
	static const struct str heads[] = {
		{HEAD("EdDSA"), sizeof HEAD("EdDSA") - 1},
		{HEAD("Ed25519"), sizeof HEAD("Ed25519") - 1},
	};

	for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
		if (str_starts(json, heads[i]) && json.n == heads[i].n + KID_TEXT + TAIL.n &&
		    str_equal(str_sub(json, json.n - TAIL.n, json.n), TAIL))
			return str_sub(json, heads[i].n, heads[i].n + KID_TEXT);
	return STR_NONE;
}

/* All three and nothing else: whatever more a header says, it would have to be understood. */
static enum err read_header(struct arena *arena, struct str text, struct digest *kid)
{
	struct json_object header;
	struct str bad_name = STR_NONE;
	struct str json = STR_NONE;

	if (text.n > CODEC_BASE64URL_LEN(HEADER_MAX))
		return ERR_INPUT;
	TRY(decode(arena, text, &json));
	struct str kid_text = kid_of_ours(json);
	if (str_is_present(kid_text))
		return codec_base64url_decode(kid_text, kid->b, DIGEST_BYTES);
	TRY(json_parse(arena, json, &header, &bad_name));
	if (header.n != HEADER_MEMBERS || header.null_count != 0)
		return ERR_INPUT;
	if (!is_known_alg(member(&header, STR("alg"))) ||
	    !str_equal(member(&header, STR("typ")), TYPE))
		return ERR_INPUT;
	return codec_base64url_decode(member(&header, STR("kid")), kid->b, DIGEST_BYTES);
}

/* False: not three parts. */
static bool split(struct str token, struct str parts[3])
{
	struct str rest = token;

	for (unsigned i = 0; i < 2; i++)
		if (!str_cut(rest, '.', &parts[i], &rest))
			return false;
	parts[2] = rest;
	return !str_contains(rest, '.');
}

enum err jws_parse(struct arena *arena, struct str token, struct jws *out)
{
	struct jws jws = {.whole = token};
	struct str parts[3];

	if (token.n > JWS_MAX)
		return ERR_TOO_LARGE;
	if (!split(token, parts) || parts[2].n != SIGNATURE_TEXT)
		return ERR_INPUT;
	TRY(read_header(arena, parts[0], &jws.kid));
	TRY(decode(arena, parts[1], &jws.payload));
	TRY(codec_base64url_decode(parts[2], jws.signature, ED25519_SIGNATURE));
	jws.signed_part = str_sub(token, 0, parts[0].n + 1 + parts[1].n);
	*out = jws;
	return OK;
}

bool jws_is_signed_by(const struct jws *jws, const struct ed25519_public *key)
{
	return ed25519_verify(key, jws->signed_part, jws->signature);
}

static enum err header_of(struct arena *arena, const struct jws_signer *signer, struct str *out)
{
	char kid[KID_TEXT + 1];
	struct json_out json;
	struct buf buf;

	codec_base64url(signer->kid.b, DIGEST_BYTES, kid);
	buf_init(&buf, arena, HEADER_MAX);
	json_begin(&json, &buf);
	json.bare = true;
	json_open_object(&json, NULL);
	json_text(&json, "alg", signer->alg);
	json_text(&json, "typ", TYPE);
	json_text(&json, "kid", str_of(kid));
	json_close_object(&json);
	return buf_str(&buf, out);
}

/* Writes the part and returns where it ends. */
static char *put(char *at, struct str bytes)
{
	codec_base64url((const unsigned char *)bytes.p, bytes.n, at);
	return at + CODEC_BASE64URL_LEN(bytes.n);
}

enum err jws_sign(struct arena *arena, const struct jws_signer *signer, struct str payload,
		  struct secret *token)
{
	unsigned char signature[ED25519_SIGNATURE];
	struct str header = STR_NONE;

	TRY(header_of(arena, signer, &header));
	size_t n = CODEC_BASE64URL_LEN(header.n) + 1 + CODEC_BASE64URL_LEN(payload.n) + 1 +
		   SIGNATURE_TEXT;
	if (n > JWS_MAX)
		return ERR_TOO_LARGE;
	char *text = arena_alloc(arena, n + 1);
	if (text == NULL)
		return ERR_MEMORY;
	char *at = put(text, header);
	*at++ = '.';
	at = put(at, payload);
	ed25519_sign(signer->key, (struct str){.p = text, .n = (size_t)(at - text)}, signature);
	*at++ = '.';
	(void)put(at, (struct str){.p = (const char *)signature, .n = sizeof signature});
	*token = (struct secret){.bytes = (unsigned char *)text, .len = n};
	return OK;
}
