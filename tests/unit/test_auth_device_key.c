/* Keys of devices: what each kind takes for a signature, and what it does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "device_key.h"
#include "ed25519.h"
#include "p256.h"
#include "p256_vectors.h"

/* A key of each kind, and its signature of "sample". */
struct world {
	struct p256_public p256;
	struct ed25519_public ed25519;
	unsigned char der[P256_SIGNATURE_MAX];
	unsigned char raw[ED25519_SIGNATURE];
	struct device_key key_p256, key_ed25519;
	struct str by_p256, by_ed25519;
};

static int set_up(void **state)
{
	static struct world w;
	unsigned char seed[ED25519_SEED] = {1, 2, 3};
	unsigned char x[P256_COORDINATE];
	unsigned char y[P256_COORDINATE];
	struct ed25519_secret secret;

	if (codec_hex_decode(STR(RFC6979_X), x, sizeof x) != OK ||
	    codec_hex_decode(STR(RFC6979_Y), y, sizeof y) != OK || p256_read(x, y, &w.p256) != OK)
		return -1;
	w.by_p256 = (struct str){(const char *)w.der,
				 der_signature(RFC6979_SAMPLE_R, RFC6979_SAMPLE_S, w.der)};
	ed25519_make(seed, &secret, &w.ed25519);
	ed25519_sign(&secret, STR("sample"), w.raw);
	w.by_ed25519 = (struct str){(const char *)w.raw, sizeof w.raw};
	w.key_p256 = (struct device_key){.kind = DEVICE_KEY_P256,
					 .public_key = {(const char *)w.p256.b, sizeof w.p256.b}};
	w.key_ed25519 =
		(struct device_key){.kind = DEVICE_KEY_ED25519,
				    .public_key = {(const char *)w.ed25519.b, sizeof w.ed25519.b}};
	*state = &w;
	return 0;
}

/* *right is set both ways, whatever it was. */
static bool verifies(struct device_key key, struct str message, struct str signature)
{
	bool right = true;
	bool again = false;

	assert_int_equal(device_key_verify(&key, message, signature, &right), OK);
	assert_int_equal(device_key_verify(&key, message, signature, &again), OK);
	assert_int_equal(right, again);
	return right;
}

static void each_kind_verifies_its_own_signature(void **state)
{
	struct world *w = *state;

	assert_true(verifies(w->key_p256, STR("sample"), w->by_p256));
	assert_true(verifies(w->key_ed25519, STR("sample"), w->by_ed25519));
	assert_false(verifies(w->key_p256, STR("Sample"), w->by_p256));
	assert_false(verifies(w->key_ed25519, STR("Sample"), w->by_ed25519));
	assert_false(verifies(w->key_p256, STR("sample"), w->by_ed25519));
	assert_false(verifies(w->key_ed25519, STR("sample"), w->by_p256));
}

static void no_key_verifies_nothing(void **state)
{
	struct world *w = *state;
	struct device_key none = {.kind = DEVICE_KEY_NONE};

	assert_false(verifies(none, STR("sample"), w->by_p256));
	assert_false(verifies(none, STR(""), STR_NONE));
	none.public_key = w->key_ed25519.public_key;
	assert_false(verifies(none, STR("sample"), w->by_ed25519));
	none.kind = (enum device_key_kind)3;
	assert_false(verifies(none, STR("sample"), w->by_ed25519));
}

static void octets_of_another_kind_are_no_key(void **state)
{
	struct world *w = *state;
	unsigned char octets[128] = {4};
	struct device_key key = {.public_key = STR_NONE};

	for (size_t n = 0; n < sizeof octets; n++) {
		key.public_key = (struct str){(const char *)octets, n};
		key.kind = DEVICE_KEY_P256;
		assert_false(verifies(key, STR("sample"), w->by_p256));
		key.kind = DEVICE_KEY_ED25519;
		assert_false(verifies(key, STR("sample"), w->by_ed25519));
	}
	key.public_key = STR_NONE;
	assert_false(verifies(key, STR("sample"), w->by_ed25519));
	key.kind = DEVICE_KEY_P256;
	assert_false(verifies(key, STR("sample"), w->by_p256));
}

/* Of the signature and of the key; of P-256's, test_base_p256.c does the rest. */
static void every_flipped_bit_is_refused(void **state)
{
	struct world *w = *state;

	for (size_t bit = 0; bit < (size_t)8 * ED25519_SIGNATURE; bit++) {
		w->raw[bit / 8] ^= (unsigned char)(1U << bit % 8);
		assert_false(verifies(w->key_ed25519, STR("sample"), w->by_ed25519));
		w->raw[bit / 8] ^= (unsigned char)(1U << bit % 8);
	}
	for (size_t bit = 0; bit < (size_t)8 * ED25519_PUBLIC; bit++) {
		w->ed25519.b[bit / 8] ^= (unsigned char)(1U << bit % 8);
		assert_false(verifies(w->key_ed25519, STR("sample"), w->by_ed25519));
		w->ed25519.b[bit / 8] ^= (unsigned char)(1U << bit % 8);
	}
	for (size_t bit = 0; bit < 8 * w->by_p256.n; bit++) {
		w->der[bit / 8] ^= (unsigned char)(1U << bit % 8);
		assert_false(verifies(w->key_p256, STR("sample"), w->by_p256));
		w->der[bit / 8] ^= (unsigned char)(1U << bit % 8);
	}
	each_kind_verifies_its_own_signature(state);
}

static void another_length_is_no_signature(void **state)
{
	struct world *w = *state;
	unsigned char octets[128] = {0};

	memcpy(octets, w->raw, sizeof w->raw);
	for (size_t n = 0; n < sizeof octets; n++) {
		struct str signature = {(const char *)octets, n};

		assert_int_equal(verifies(w->key_ed25519, STR("sample"), signature),
				 n == ED25519_SIGNATURE);
		assert_false(verifies(w->key_p256, STR("sample"), signature));
	}
	assert_false(verifies(w->key_p256, STR("sample"), STR_NONE));
	assert_false(verifies(w->key_ed25519, STR("sample"), STR_NONE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(each_kind_verifies_its_own_signature, set_up),
		cmocka_unit_test_setup(no_key_verifies_nothing, set_up),
		cmocka_unit_test_setup(octets_of_another_kind_are_no_key, set_up),
		cmocka_unit_test_setup(every_flipped_bit_is_refused, set_up),
		cmocka_unit_test_setup(another_length_is_no_signature, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
