/* Public keys as JWK: what is read, and why what is not is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "codec.h"
#include "json.h"
#include "json_jwk.h"

/* RFC 7515 A.3.1, and RFC 8037 A.2. */
#define X "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define Y "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
#define ED_X "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
#define EC(rest) "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X "\",\"y\":\"" Y "\"" rest "}"
#define OKP(rest) "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" ED_X "\"" rest "}"

static int set_up(void **state)
{
	(void)state;
	json_init();
	return 0;
}

static enum json_jwk_flaw flaw_of(struct str text, struct json_jwk *out)
{
	static const struct json_jwk none = {.kind = JSON_JWK_NONE};
	enum json_jwk_flaw flaw = (enum json_jwk_flaw)99;

	memset(out, 0xaa, sizeof *out);
	assert_int_equal(json_jwk_read(text, out, &flaw), OK);
	if (flaw != JSON_JWK_FINE)
		assert_memory_equal(out, &none, sizeof none);
	return flaw;
}

static void assert_flaw(const char *text, enum json_jwk_flaw flaw)
{
	struct json_jwk jwk;
	enum json_jwk_flaw found = flaw_of(str_of(text), &jwk);

	if (found != flaw)
		fail_msg("%s: %d, not %d", text, (int)found, (int)flaw);
}

static void assert_octets(const unsigned char *octets, const char *text)
{
	unsigned char expected[JSON_JWK_COORDINATE];

	assert_int_equal(codec_base64url_decode(str_of(text), expected, sizeof expected), OK);
	assert_memory_equal(octets, expected, sizeof expected);
}

static void both_kinds_are_read(void **state)
{
	static const unsigned char zero[JSON_JWK_COORDINATE] = {0};
	struct json_jwk jwk;

	(void)state;
	assert_int_equal(flaw_of(STR(EC("")), &jwk), JSON_JWK_FINE);
	assert_int_equal(jwk.kind, JSON_JWK_P256);
	assert_octets(jwk.x, X);
	assert_octets(jwk.y, Y);
	assert_int_equal(flaw_of(STR(OKP("")), &jwk), JSON_JWK_FINE);
	assert_int_equal(jwk.kind, JSON_JWK_ED25519);
	assert_octets(jwk.x, ED_X);
	assert_memory_equal(jwk.y, zero, sizeof zero);
}

static void other_members_do_not_matter(void **state)
{
	(void)state;
	assert_flaw(EC(",\"kid\":\"1\",\"use\":\"sig\",\"alg\":\"ES256\",\"ext\":true"),
		    JSON_JWK_FINE);
	assert_flaw(EC(",\"key_ops\":[\"verify\"],\"x5c\":[\"AA\"],\"what\":{\"d\":1}"),
		    JSON_JWK_FINE);
	assert_flaw(EC(",\"key_ops\":[\"sign\",\"verify\"]"), JSON_JWK_FINE);
	assert_flaw(OKP(",\"use\":\"sig\",\"alg\":\"EdDSA\""), JSON_JWK_FINE);
	assert_flaw(OKP(",\"alg\":\"Ed25519\",\"y\":17"), JSON_JWK_FINE);
	assert_flaw(" " EC("") "\n", JSON_JWK_FINE);
}

static void a_private_key_is_refused_as_such(void **state)
{
	(void)state;
	assert_flaw(EC(",\"d\":\"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI\""), JSON_JWK_PRIVATE);
	assert_flaw(OKP(",\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\""),
		    JSON_JWK_PRIVATE);
	assert_flaw(OKP(",\"d\":null"), JSON_JWK_PRIVATE);
	assert_flaw(EC(",\"d\":\"\",\"use\":\"enc\",\"alg\":\"none\""), JSON_JWK_PRIVATE);
	assert_flaw("{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\",\"d\":\"AA\"}",
		    JSON_JWK_PRIVATE);
	assert_flaw("{\"d\":0}", JSON_JWK_PRIVATE);
}

static void other_kinds_are_refused(void **state)
{
	static const char *const kinds[][2] = {{"EC", "P-384"},
					       {"EC", "P-521"},
					       {"EC", "secp256k1"},
					       {"EC", "p-256"},
					       {"EC", "P-256 "},
					       {"EC", "P-25"},
					       {"EC", ""},
					       {"EC", "Ed25519"},
					       {"ec", "P-256"},
					       {"OKP", "P-256"},
					       {"OKP", "X25519"},
					       {"OKP", "Ed448"},
					       {"okp", "Ed25519"},
					       {"oct", "P-256"},
					       {"RSA", "P-256"},
					       {"", "P-256"},
					       {"EC", "P\\u002d256\\u000a"},
					       {"EC2", "P-256"}};
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		(void)snprintf(text, sizeof text,
			       "{\"kty\":\"%s\",\"crv\":\"%s\",\"x\":\"" X "\",\"y\":\"" Y "\"}",
			       kinds[i][0], kinds[i][1]);
		assert_flaw(text, JSON_JWK_KIND);
	}
	assert_flaw("{}", JSON_JWK_KIND);
	assert_flaw("{\"crv\":\"P-256\",\"x\":\"" X "\",\"y\":\"" Y "\"}", JSON_JWK_KIND);
	assert_flaw("{\"kty\":\"EC\",\"x\":\"" X "\",\"y\":\"" Y "\"}", JSON_JWK_KIND);
	assert_flaw("{\"kty\":[\"EC\"],\"crv\":\"P-256\"}", JSON_JWK_KIND);
	assert_flaw("{\"kty\":null,\"crv\":null}", JSON_JWK_KIND);
	assert_flaw("{\"kty\":\"oct\",\"k\":\"AAAA\"}", JSON_JWK_KIND);
}

static void another_use_is_refused(void **state)
{
	(void)state;
	assert_flaw(EC(",\"use\":\"enc\""), JSON_JWK_USE);
	assert_flaw(EC(",\"use\":\"\""), JSON_JWK_USE);
	assert_flaw(EC(",\"use\":null"), JSON_JWK_USE);
	assert_flaw(EC(",\"use\":[\"sig\"]"), JSON_JWK_USE);
	assert_flaw(OKP(",\"use\":\"SIG\""), JSON_JWK_USE);
	assert_flaw(OKP(",\"key_ops\":[]"), JSON_JWK_USE);
	assert_flaw(OKP(",\"key_ops\":[\"sign\"]"), JSON_JWK_USE);
	assert_flaw(OKP(",\"key_ops\":[7,null]"), JSON_JWK_USE);
	assert_flaw(OKP(",\"key_ops\":\"verify\""), JSON_JWK_USE);
}

static void another_algorithm_is_refused(void **state)
{
	static const char *const wrong_for_ec[] = {"EdDSA", "Ed25519", "ES384", "ES256K", "RS256",
						   "HS256", "none",    "es256", "",       "ES256 "};
	static const char *const wrong_for_okp[] = {"ES256", "Ed448", "eddsa", "none", "", "HS256"};
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof wrong_for_ec / sizeof wrong_for_ec[0]; i++) {
		(void)snprintf(text, sizeof text, EC(",\"alg\":\"%s\""), wrong_for_ec[i]);
		assert_flaw(text, JSON_JWK_ALGORITHM);
	}
	for (size_t i = 0; i < sizeof wrong_for_okp / sizeof wrong_for_okp[0]; i++) {
		(void)snprintf(text, sizeof text, OKP(",\"alg\":\"%s\""), wrong_for_okp[i]);
		assert_flaw(text, JSON_JWK_ALGORITHM);
	}
	assert_flaw(EC(",\"alg\":null"), JSON_JWK_ALGORITHM);
	assert_flaw(OKP(",\"alg\":-8"), JSON_JWK_ALGORITHM);
}

/* Each text in the place of x of both kinds, and of y. */
static void assert_no_coordinate(const char *json)
{
	char text[1024];

	(void)snprintf(text, sizeof text,
		       "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":%s,\"y\":\"" Y "\"}", json);
	assert_flaw(text, JSON_JWK_COORDINATES);
	(void)snprintf(text, sizeof text,
		       "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X "\",\"y\":%s}", json);
	assert_flaw(text, JSON_JWK_COORDINATES);
	(void)snprintf(text, sizeof text, "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":%s}", json);
	assert_flaw(text, JSON_JWK_COORDINATES);
}

static void a_coordinate_is_32_octets_without_padding(void **state)
{
	static const char *const wrong[] = {
		"\"\"",
		"null",
		"7",
		"[\"" X "\"]",
		"\"" X "=\"",
		"\"" X "A\"",
		"\"A" X "\"",
		"\" " X "\"",
		"\"" X "\\n\"",
		"\"83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"",
		/* Another alphabet, and a bit behind the last octet. */
		"\"x/FEzRu9m36HLN/tue659LNpXW6pCyStikYjKIWI5a0\"",
		"\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEV\"",
		"\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvR\\u017bE\"",
		/* 31 and 33 octets. */
		"\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"",
		"\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"",
	};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_no_coordinate(wrong[i]);
	assert_flaw("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X "\"}", JSON_JWK_COORDINATES);
	assert_flaw("{\"kty\":\"EC\",\"crv\":\"P-256\",\"y\":\"" Y "\"}", JSON_JWK_COORDINATES);
	assert_flaw("{\"kty\":\"OKP\",\"crv\":\"Ed25519\"}", JSON_JWK_COORDINATES);
}

static void what_is_no_object_is_malformed(void **state)
{
	static const char *const texts[] = {
		"",  " ",    "null",      "7",        "\"EC\"",      "[]",          "true",
		"{", "nope", "{\"kty\"}", EC("") "x", EC("") EC(""), "[" EC("") "]"};
	struct json_jwk jwk;

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		assert_flaw(texts[i], JSON_JWK_MALFORMED);
	assert_int_equal(flaw_of(STR_NONE, &jwk), JSON_JWK_MALFORMED);
	assert_int_equal(flaw_of(STR(EC("") "\0"), &jwk), JSON_JWK_MALFORMED);
	assert_flaw(EC(",\"kid\":\"\xff\""), JSON_JWK_MALFORMED);
	/* A member twice, even with the same value, and even inside another. */
	assert_flaw(EC(",\"x\":\"" X "\""), JSON_JWK_MALFORMED);
	assert_flaw(EC(",\"kty\":\"OKP\""), JSON_JWK_MALFORMED);
	assert_flaw(EC(",\"k\\u0074y\":\"EC\""), JSON_JWK_MALFORMED);
	assert_flaw(EC(",\"o\":{\"a\":1,\"a\":2}"), JSON_JWK_MALFORMED);
}

static void long_and_deep_texts_are_malformed(void **state)
{
	static const char key[] = {EC("")};
	char text[JSON_JWK_MAX + 2];
	struct json_jwk jwk;

	(void)state;
	memset(text, ' ', sizeof text);
	memcpy(text, key, sizeof key - 1);
	assert_int_equal(flaw_of((struct str){text, JSON_JWK_MAX}, &jwk), JSON_JWK_FINE);
	assert_int_equal(flaw_of((struct str){text, JSON_JWK_MAX + 1}, &jwk), JSON_JWK_MALFORMED);
	assert_flaw(EC(",\"o\":[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]"), JSON_JWK_FINE);
	assert_flaw(EC(",\"o\":[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]"), JSON_JWK_MALFORMED);
	memset(text, '[', JSON_JWK_MAX);
	assert_int_equal(flaw_of((struct str){text, JSON_JWK_MAX}, &jwk), JSON_JWK_MALFORMED);
}

/* Cut anywhere it is no JSON; with any octet in the place of another it is fine or has a flaw. */
static void every_cut_and_octet_ends_well(void **state)
{
	static const char whole[] = OKP(",\"use\":\"sig\",\"key_ops\":[\"verify\"]");
	struct json_jwk jwk;
	char text[sizeof whole];

	(void)state;
	for (size_t n = 0; n + 1 < sizeof whole; n++)
		assert_int_equal(flaw_of((struct str){whole, n}, &jwk), JSON_JWK_MALFORMED);
	for (size_t at = 0; at + 1 < sizeof whole; at++) {
		for (int octet = 0; octet < 256; octet++) {
			memcpy(text, whole, sizeof text);
			text[at] = (char)octet;
			assert_in_range(flaw_of((struct str){text, sizeof text - 1}, &jwk),
					JSON_JWK_FINE, JSON_JWK_COORDINATES);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_kinds_are_read),
		cmocka_unit_test(other_members_do_not_matter),
		cmocka_unit_test(a_private_key_is_refused_as_such),
		cmocka_unit_test(other_kinds_are_refused),
		cmocka_unit_test(another_use_is_refused),
		cmocka_unit_test(another_algorithm_is_refused),
		cmocka_unit_test(a_coordinate_is_32_octets_without_padding),
		cmocka_unit_test(what_is_no_object_is_malformed),
		cmocka_unit_test(long_and_deep_texts_are_malformed),
		cmocka_unit_test(every_cut_and_octet_ends_well),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
