/* A device's key from an app: what becomes of a JWK, and what an app is told that sent another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arena.h"
#include "codec.h"
#include "device_key_call.h"
#include "ed25519.h"
#include "json.h"
#include "p256_vectors.h"

/* RFC 6979 A.2.5 in base64url. */
#define X "YP7UuiVanTHJYet0xjVtaMBJuJI7Yfps5mliLmDyn7Y"
#define Y "eQP-EAi4vJmkGunpVii8ZPLxsgwtfp9Rd6PClNRGIpk"
#define EC(x, y) "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" x "\",\"y\":\"" y "\"}"
#define OKP_HEAD "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\""
#define OKP_TAIL "\"}"

static int open_arena(void **state)
{
	struct arena *arena = NULL;

	json_init();
	if (arena_open(4096, (size_t)1024 * 1024, &arena) != OK)
		return -1;
	*state = arena;
	return 0;
}

static int close_arena(void **state)
{
	struct arena *arena = *state;

	arena_close(&arena);
	return 0;
}

static struct device_key read_key(void **state, const char *jwk, struct str *reason)
{
	struct device_key key = {.kind = (enum device_key_kind)7};

	*reason = STR("unset");
	assert_int_equal(device_key_call_read(*state, str_of(jwk), &key, reason), OK);
	assert_int_equal(str_is_present(*reason), key.kind == DEVICE_KEY_NONE);
	assert_int_equal(str_is_present(key.public_key), key.kind != DEVICE_KEY_NONE);
	return key;
}

static void assert_refused(void **state, const char *jwk, const char *says)
{
	struct str reason;
	struct device_key key = read_key(state, jwk, &reason);

	assert_int_equal(key.kind, DEVICE_KEY_NONE);
	if (strstr(reason.p, says) == NULL)
		fail_msg("%s: \"%s\" does not say \"%s\"", jwk, reason.p, says);
}

/* From the text of an app to its signature. */
static void a_key_verifies_what_its_device_signed(void **state)
{
	unsigned char der[72];
	size_t n = der_signature(RFC6979_SAMPLE_R, RFC6979_SAMPLE_S, der);
	struct str reason;
	struct device_key key = read_key(state, EC(X, Y), &reason);
	bool right = false;

	assert_int_equal(key.kind, DEVICE_KEY_P256);
	assert_int_equal(key.public_key.n, 65);
	assert_int_equal(
		device_key_verify(&key, STR("sample"), (struct str){(char *)der, n}, &right), OK);
	assert_true(right);
}

static void okp_text(const unsigned char *octets, char text[256])
{
	memcpy(text, OKP_HEAD, sizeof OKP_HEAD);
	codec_base64url(octets, ED25519_PUBLIC, text + strlen(OKP_HEAD));
	memcpy(text + strlen(text), OKP_TAIL, sizeof OKP_TAIL);
}

static void a_key_of_ed25519_does_so_too(void **state)
{
	unsigned char seed[ED25519_SEED] = {7};
	unsigned char signature[ED25519_SIGNATURE];
	struct ed25519_secret secret;
	struct ed25519_public public;
	struct str reason;
	char text[256];
	bool right = false;

	ed25519_make(seed, &secret, &public);
	ed25519_sign(&secret, STR("sample"), signature);
	okp_text(public.b, text);
	struct device_key key = read_key(state, text, &reason);
	assert_int_equal(key.kind, DEVICE_KEY_ED25519);
	assert_int_equal(key.public_key.n, ED25519_PUBLIC);
	assert_memory_equal(key.public_key.p, public.b, sizeof public.b);
	assert_int_equal(device_key_verify(&key, STR("sample"),
					   (struct str){(char *)signature, sizeof signature},
					   &right),
			 OK);
	assert_true(right);
}

#define NO_POINT "is no point of its curve"
#define ZERO "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static void a_point_off_the_curve_is_refused(void **state)
{
	assert_refused(state, EC(Y, X), NO_POINT);
	assert_refused(state, EC(X, X), NO_POINT);
	assert_refused(state, EC(ZERO, ZERO), NO_POINT);
	/* The base point of secp256k1. */
	assert_refused(state,
		       EC("eb5mfvncu6xVoGKVzocLBwKb_NstzijZWfKBWxb4F5g",
			  "SDradyajxGVdpPv8DhEIqP0XtEimhVQZnEfQj_sQ1Lg"),
		       NO_POINT);
}

/* Whoever gave one of these could sign with it what was never signed. */
static void a_point_of_small_order_is_refused(void **state)
{
	static const char *const points[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0000000000000000000000000000000000000000000000000000000000000080",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000080",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	};
	unsigned char octets[ED25519_PUBLIC];
	char text[256];

	for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
		assert_int_equal(codec_hex_decode(str_of(points[i]), octets, sizeof octets), OK);
		okp_text(octets, text);
		assert_refused(state, text, NO_POINT);
	}
}

static void each_flaw_is_told(void **state)
{
	assert_refused(state, "", "is no JWK");
	assert_refused(state, "{\"kty\":\"EC\",\"kty\":\"EC\"}", "is no JWK");
	assert_refused(state, OKP_HEAD "\",\"d\":\"AA\"}", "private member d");
	assert_refused(state, "{\"kty\":\"EC\",\"crv\":\"secp256k1\"}", "crv P-256");
	assert_refused(state, "{\"kty\":\"EC\",\"crv\":\"P-384\"}", "crv P-256");
	assert_refused(state, OKP_HEAD "\",\"use\":\"enc\"}", "not meant to verify");
	assert_refused(state, OKP_HEAD "\",\"alg\":\"ES256\"}", "another alg");
	assert_refused(state, OKP_HEAD OKP_TAIL, "32 octets");
	assert_refused(state, EC(X "=", Y), "32 octets");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_verifies_what_its_device_signed),
		cmocka_unit_test(a_key_of_ed25519_does_so_too),
		cmocka_unit_test(a_point_off_the_curve_is_refused),
		cmocka_unit_test(a_point_of_small_order_is_refused),
		cmocka_unit_test(each_flaw_is_told),
	};

	return cmocka_run_group_tests(tests, open_arena, close_arena);
}
