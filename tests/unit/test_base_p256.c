/* ECDSA over P-256 against RFC 6979 A.2.5 and Wycheproof, and what must be refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/err.h>

#include "codec.h"
#include "p256.h"
#include "p256_vectors.h"

#define LINE_MAX_BYTES 9216
#define MESSAGE_HEX 64
#define SIGNATURE_HEX 8448 /* some are 4 KiB long */

static void unhex(const char *text, unsigned char *bytes, size_t n)
{
	assert_int_equal(codec_hex_decode(str_of(text), bytes, n), OK);
}

static enum err read_point(const char *x, const char *y, struct p256_public *out)
{
	unsigned char x_octets[P256_COORDINATE];
	unsigned char y_octets[P256_COORDINATE];

	unhex(x, x_octets, sizeof x_octets);
	unhex(y, y_octets, sizeof y_octets);
	return p256_read(x_octets, y_octets, out);
}

static bool verifies(const struct p256_public *public, struct str message, const void *signature,
		     size_t n)
{
	bool once = true;
	bool again = false;

	assert_int_equal(
		p256_verify(public, message, (struct str){(const char *)signature, n}, &once), OK);
	assert_int_equal(
		p256_verify(public, message, (struct str){(const char *)signature, n}, &again), OK);
	assert_int_equal(once, again);
	return once;
}

/* A key, and its signature of "sample". */
struct signed_sample {
	struct p256_public public;
	unsigned char signature[P256_SIGNATURE_MAX];
	size_t n;
};

static struct signed_sample sample(void)
{
	struct signed_sample made;

	assert_int_equal(read_point(RFC6979_X, RFC6979_Y, &made.public), OK);
	made.n = der_signature(RFC6979_SAMPLE_R, RFC6979_SAMPLE_S, made.signature);
	return made;
}

static void signatures_of_rfc_6979_are_right(void **state)
{
	struct signed_sample made = sample();
	unsigned char test[P256_SIGNATURE_MAX];
	size_t n = der_signature(RFC6979_TEST_R, RFC6979_TEST_S, test);

	(void)state;
	assert_int_equal(made.public.b[0], 4);
	assert_int_equal(made.n, 72);
	assert_true(verifies(&made.public, STR("sample"), made.signature, made.n));
	assert_true(verifies(&made.public, STR("test"), test, n));
	assert_false(verifies(&made.public, STR("test"), made.signature, made.n));
	assert_false(verifies(&made.public, STR("sample"), test, n));
	assert_false(verifies(&made.public, STR("Sample"), made.signature, made.n));
	assert_false(verifies(&made.public, STR("sample "), made.signature, made.n));
	assert_false(verifies(&made.public, STR(""), made.signature, made.n));
	assert_false(verifies(&made.public, STR_NONE, made.signature, made.n));
}

struct vector {
	char valid[16], public[160], message[MESSAGE_HEX], signature[SIGNATURE_HEX];
};

static bool vector_verifies(const struct vector *v)
{
	unsigned char message[MESSAGE_HEX / 2];
	unsigned char signature[SIGNATURE_HEX / 2];
	struct p256_public public;
	struct p256_public read;
	size_t n = v->message[0] == '-' ? 0 : strlen(v->message) / 2;
	size_t size = v->signature[0] == '-' ? 0 : strlen(v->signature) / 2;

	unhex(v->public, public.b, sizeof public.b);
	unhex(n == 0 ? "" : v->message, message, n);
	unhex(size == 0 ? "" : v->signature, signature, size);
	assert_int_equal(p256_read(public.b + 1, public.b + 1 + P256_COORDINATE, &read), OK);
	assert_memory_equal(&read, &public, sizeof public);
	return verifies(&public, (struct str){(const char *)message, n}, signature, size);
}

static void verifies_as_wycheproof_says(void **state)
{
	FILE *file = fopen(TEST_SOURCE_DIR "/tests/unit/p256.vectors", "re");
	static char line[LINE_MAX_BYTES];
	unsigned valid = 0;
	unsigned invalid = 0;

	(void)state;
	assert_non_null(file);
	while (fgets(line, sizeof line, file) != NULL) {
		static struct vector v;
		unsigned number = 0;

		if (line[0] == '#')
			continue;
		assert_int_equal(sscanf(line, "%u %15s %159s %63s %8447s", &number, v.valid,
					v.public, v.message, v.signature),
				 5);
		bool right = strcmp(v.valid, "valid") == 0;
		if (vector_verifies(&v) != right)
			fail_msg("vector %u must be %s", number, v.valid);
		valid += right ? 1 : 0;
		invalid += right ? 0 : 1;
	}
	(void)fclose(file);
	assert_int_equal(valid, 174);
	assert_int_equal(invalid, 310);
}

static void every_flipped_bit_is_refused(void **state)
{
	struct signed_sample made = sample();
	char message[] = "sample";

	(void)state;
	for (size_t bit = 0; bit < 8 * made.n; bit++) {
		unsigned char other[P256_SIGNATURE_MAX];

		memcpy(other, made.signature, sizeof other);
		other[bit / 8] ^= (unsigned char)(1U << bit % 8);
		assert_false(verifies(&made.public, STR("sample"), other, made.n));
	}
	for (size_t bit = 0; bit < 8 * strlen(message); bit++) {
		message[bit / 8] ^= (char)(1U << bit % 8);
		assert_false(verifies(&made.public, str_of(message), made.signature, made.n));
		message[bit / 8] ^= (char)(1U << bit % 8);
	}
}

/* No flip of one bit of this point is a point, and none verifies. */
static void a_point_off_the_curve_is_refused(void **state)
{
	struct signed_sample made = sample();

	(void)state;
	for (size_t bit = 0; bit < (size_t)8 * P256_PUBLIC; bit++) {
		struct p256_public other = made.public;
		struct p256_public out;

		memset(&out, 0xaa, sizeof out);
		other.b[bit / 8] ^= (unsigned char)(1U << bit % 8);
		assert_false(verifies(&other, STR("sample"), made.signature, made.n));
		if (bit < 8)
			continue;
		assert_int_equal(p256_read(other.b + 1, other.b + 1 + P256_COORDINATE, &out),
				 ERR_INPUT);
		assert_int_equal(out.b[0], 0xaa);
	}
}

#define PRIME "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"
#define ZERO "0000000000000000000000000000000000000000000000000000000000000000"
#define ONES "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
/* The root of the curve's b, so that (0, ROOT) is a point; FIVE_Y is that of 5, and of PRIME + 5.
 */
#define FIVE "0000000000000000000000000000000000000000000000000000000000000005"
#define PRIME_5 "ffffffff00000001000000000000000000000001000000000000000000000004"
#define FIVE_Y "459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc"
#define ROOT "66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4"
/* The base point of secp256k1. */
#define K1_X "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
#define K1_Y "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8"
/* The base point of P-256. */
#define G_X "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
#define G_Y "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"

static void only_points_of_this_curve_are_read(void **state)
{
	struct p256_public out;

	(void)state;
	assert_int_equal(read_point(G_X, G_Y, &out), OK);
	assert_int_equal(read_point(ZERO, ROOT, &out), OK);
	assert_int_equal(read_point(FIVE, FIVE_Y, &out), OK);
	assert_int_equal(read_point(PRIME, ROOT, &out), ERR_INPUT);
	assert_int_equal(read_point(PRIME_5, FIVE_Y, &out), ERR_INPUT);
	assert_int_equal(read_point(G_Y, G_X, &out), ERR_INPUT);
	assert_int_equal(read_point(ZERO, ZERO, &out), ERR_INPUT);
	assert_int_equal(read_point(ONES, ONES, &out), ERR_INPUT);
	assert_int_equal(read_point(ZERO, ONES, &out), ERR_INPUT);
	assert_int_equal(read_point(PRIME, PRIME, &out), ERR_INPUT);
	assert_int_equal(read_point(K1_X, K1_Y, &out), ERR_INPUT);
}

/* libcrypto knows forms of a point that this is not: hybrid, compressed, none. */
static void another_form_of_the_point_is_refused(void **state)
{
	struct signed_sample made = sample();

	(void)state;
	for (unsigned form = 0; form < 256; form++) {
		made.public.b[0] = (unsigned char)form;
		assert_int_equal(verifies(&made.public, STR("sample"), made.signature, made.n),
				 form == 4);
	}
}

/* Cut anywhere, with octets behind it, in another encoding of the same numbers, raw. */
static void nothing_but_der_is_a_signature(void **state)
{
	struct signed_sample made = sample();
	unsigned char longer[256] = {0};
	unsigned char raw[2 * P256_COORDINATE];

	(void)state;
	memcpy(longer, made.signature, made.n);
	for (size_t n = 0; n < sizeof longer; n++)
		assert_int_equal(verifies(&made.public, STR("sample"), longer, n), n == made.n);
	assert_false(verifies(&made.public, STR("sample"), NULL, 0));

	/* The length in two octets, as BER may have it. */
	longer[0] = 0x30;
	longer[1] = 0x81;
	memcpy(longer + 2, made.signature + 1, made.n - 1);
	assert_false(verifies(&made.public, STR("sample"), longer, made.n + 1));
	unhex(RFC6979_SAMPLE_R, raw, P256_COORDINATE);
	unhex(RFC6979_SAMPLE_S, raw + P256_COORDINATE, P256_COORDINATE);
	assert_false(verifies(&made.public, STR("sample"), raw, sizeof raw));
	memset(longer, 0x30, sizeof longer);
	for (size_t n = 0; n < sizeof longer; n++)
		assert_false(verifies(&made.public, STR("sample"), longer, n));
}

/* The next read of a database connection with TLS would take them for its own. */
static void no_error_stays_on_the_thread(void **state)
{
	struct signed_sample made = sample();
	struct p256_public out;

	(void)state;
	assert_int_equal(read_point(ONES, ONES, &out), ERR_INPUT);
	assert_int_equal(ERR_peek_error(), 0);
	assert_false(verifies(&made.public, STR("sample"), "garbage", 7));
	assert_int_equal(ERR_peek_error(), 0);
	made.public.b[64] ^= 1;
	assert_false(verifies(&made.public, STR("sample"), made.signature, made.n));
	assert_int_equal(ERR_peek_error(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signatures_of_rfc_6979_are_right),
		cmocka_unit_test(verifies_as_wycheproof_says),
		cmocka_unit_test(every_flipped_bit_is_refused),
		cmocka_unit_test(a_point_off_the_curve_is_refused),
		cmocka_unit_test(only_points_of_this_curve_are_read),
		cmocka_unit_test(another_form_of_the_point_is_refused),
		cmocka_unit_test(nothing_but_der_is_a_signature),
		cmocka_unit_test(no_error_stays_on_the_thread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
