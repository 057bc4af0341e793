/* TK-25: Ed25519 against the vectors of RFC 8032 §7.1 and of Wycheproof, and what must be refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "codec.h"
#include "ed25519.h"

#define LINE_MAX_BYTES 4096
#define MESSAGE_MAX 1024

static void unhex(const char *text, unsigned char *bytes, size_t n)
{
	assert_int_equal(codec_hex_decode(str_of(text), bytes, n), OK);
}

static void signs_as_the_rfc_does(void **state)
{
	static const struct {
		const char *seed, *public, *message, *signature;
	} vectors[] = {
		{"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
		 "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
		 "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
		 "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
		{"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
		 "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
		 "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
		 "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
		{"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
		 "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
		 "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
		 "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
		unsigned char seed[ED25519_SEED];
		unsigned char expected[ED25519_SIGNATURE];
		unsigned char signature[ED25519_SIGNATURE];
		unsigned char message[2];
		struct ed25519_secret secret;
		struct ed25519_public public;
		struct ed25519_public stated;
		struct str text = {(const char *)message, strlen(vectors[i].message) / 2};

		unhex(vectors[i].seed, seed, sizeof seed);
		unhex(vectors[i].public, stated.b, sizeof stated.b);
		unhex(vectors[i].signature, expected, sizeof expected);
		unhex(vectors[i].message, message, text.n);
		ed25519_make(seed, &secret, &public);
		assert_memory_equal(&public, &stated, sizeof stated);
		assert_true(ed25519_is_public(&public));
		ed25519_sign(&secret, text, signature);
		assert_memory_equal(signature, expected, sizeof expected);
		assert_true(ed25519_verify(&public, text, signature));
		signature[0] ^= 1;
		assert_false(ed25519_verify(&public, text, signature));
	}
}

/* A line of the file: whether it is valid, and what is to be verified. "-": nothing. */
struct vector {
	char valid[16], public[80], message[2 * MESSAGE_MAX + 1], signature[160];
};

static bool verifies(const struct vector *v)
{
	unsigned char message[MESSAGE_MAX];
	unsigned char signature[ED25519_SIGNATURE];
	struct ed25519_public public;
	size_t n = v->message[0] == '-' ? 0 : strlen(v->message) / 2;

	/* Another length has no place in the type: jws_parse refuses it by its text. */
	if (strlen(v->signature) != (size_t)2 * ED25519_SIGNATURE)
		return false;
	unhex(v->public, public.b, sizeof public.b);
	unhex(v->signature, signature, sizeof signature);
	unhex(n == 0 ? "" : v->message, message, n);
	return ed25519_verify(&public, (struct str){(const char *)message, n}, signature);
}

static void verifies_as_wycheproof_says(void **state)
{
	FILE *file = fopen(TEST_SOURCE_DIR "/tests/unit/ed25519.vectors", "re");
	char line[LINE_MAX_BYTES];
	unsigned valid = 0;
	unsigned invalid = 0;

	(void)state;
	assert_non_null(file);
	while (fgets(line, sizeof line, file) != NULL) {
		struct vector v;
		unsigned number = 0;

		if (line[0] == '#')
			continue;
		assert_int_equal(sscanf(line, "%u %15s %79s %2048s %159s", &number, v.valid,
					v.public, v.message, v.signature),
				 5);
		bool right = strcmp(v.valid, "valid") == 0;
		if (verifies(&v) != right)
			fail_msg("vector %u must be %s", number, v.valid);
		valid += right ? 1 : 0;
		invalid += right ? 0 : 1;
	}
	(void)fclose(file);
	assert_int_equal(valid, 88);
	assert_int_equal(invalid, 63);
}

/* Points of small order sign anything; y >= p is another text of the same point. */
static void odd_points_are_refused(void **state)
{
	static const char *const points[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000080",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	};

	(void)state;
	for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
		for (size_t k = 0; k < sizeof points / sizeof points[0]; k++) {
			unsigned char signature[ED25519_SIGNATURE] = {0};
			struct ed25519_public public;

			unhex(points[i], public.b, sizeof public.b);
			unhex(points[k], signature, sizeof public.b);
			assert_false(ed25519_is_public(&public));
			assert_false(ed25519_verify(&public, STR("anything"), signature));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signs_as_the_rfc_does),
		cmocka_unit_test(verifies_as_wycheproof_says),
		cmocka_unit_test(odd_points_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
