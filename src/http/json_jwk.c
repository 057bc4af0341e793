/* Public keys as JWK text (jansson behind it). */
#include "json_jwk.h"

#include <stdbool.h>

#include "codec.h"
#include "json.h"
#include "json_tree.h"
#include "secret.h"

/* What the kinds are called. */
static const struct kind {
	struct str kty, crv, alg[2];
	enum json_jwk_kind kind;
	bool has_y;
} KINDS[] = {
	{.kty = {"EC", 2},
	 .crv = {"P-256", 5},
	 .alg = {{"ES256", 5}, {"ES256", 5}},
	 .kind = JSON_JWK_P256,
	 .has_y = true},
	{.kty = {"OKP", 3},
	 .crv = {"Ed25519", 7},
	 .alg = {{"EdDSA", 5}, {"Ed25519", 7}},
	 .kind = JSON_JWK_ED25519},
};

/* Absent: not there, or no text. */
static struct str text_of(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	if (!json_is_string(value))
		return STR_NONE;
	return (struct str){json_string_value(value), json_string_length(value)};
}

static bool has(const json_t *object, const char *name)
{
	return json_object_get(object, name) != NULL;
}

static const struct kind *find_kind(const json_t *object)
{
	struct str kty = text_of(object, "kty");
	struct str crv = text_of(object, "crv");

	for (size_t i = 0; i < sizeof KINDS / sizeof KINDS[0]; i++)
		if (str_equal(kty, KINDS[i].kty) && str_equal(crv, KINDS[i].crv))
			return &KINDS[i];
	return NULL;
}

/* RFC 7517 §4.3. */
static bool has_verify(const json_t *operations)
{
	for (size_t i = 0; i < json_array_size(operations); i++) {
		const json_t *one = json_array_get(operations, i);

		if (json_is_string(one) && str_equal(str_of(json_string_value(one)), STR("verify")))
			return true;
	}
	return false;
}

static bool is_to_verify(const json_t *object)
{
	if (has(object, "use") && !str_equal(text_of(object, "use"), STR("sig")))
		return false;
	return !has(object, "key_ops") || has_verify(json_object_get(object, "key_ops"));
}

static bool is_its_algorithm(const json_t *object, const struct kind *kind)
{
	struct str alg = text_of(object, "alg");

	return !has(object, "alg") || str_equal(alg, kind->alg[0]) || str_equal(alg, kind->alg[1]);
}

static bool read_octets(const json_t *object, const char *name, unsigned char *out)
{
	return codec_base64url_decode(text_of(object, name), out, JSON_JWK_COORDINATE) == OK;
}

static enum json_jwk_flaw read_object(const json_t *object, struct json_jwk *out)
{
	const struct kind *kind = find_kind(object);

	if (has(object, "d"))
		return JSON_JWK_PRIVATE;
	if (kind == NULL)
		return JSON_JWK_KIND;
	if (!is_to_verify(object))
		return JSON_JWK_USE;
	if (!is_its_algorithm(object, kind))
		return JSON_JWK_ALGORITHM;
	if (!read_octets(object, "x", out->x) || (kind->has_y && !read_octets(object, "y", out->y)))
		return JSON_JWK_COORDINATES;
	out->kind = kind->kind;
	return JSON_JWK_FINE;
}

enum err json_jwk_read(struct str text, struct json_jwk *out, enum json_jwk_flaw *flaw)
{
	struct json_jwk read = {.kind = JSON_JWK_NONE};
	json_error_t error = {.line = 0};
	enum json_jwk_flaw found = JSON_JWK_MALFORMED;
	json_t *object = NULL;
	bool memory = false;

	if (text.n > 0 && text.n <= JSON_JWK_MAX && !json_is_too_deep(text)) {
		object = json_tree_load(text, &error);
		memory = object == NULL && json_error_code(&error) == json_error_out_of_memory;
	}
	if (json_is_object(object))
		found = read_object(object, &read);
	json_decref(object);
	/* It may quote a piece of the text, and somebody may have sent a private key. */
	secret_wipe_bytes(&error, sizeof error);
	if (memory)
		return ERR_MEMORY;
	*out = found == JSON_JWK_FINE ? read : (struct json_jwk){.kind = JSON_JWK_NONE};
	*flaw = found;
	return OK;
}
