/* MF-01, MF-02, MF-03, MF-04: codes of authenticator apps as the RFCs have them, for how long each
 * is right, and what an app is given to make them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "arena.h"
#include "clock.h"
#include "totp_code.h"

#define STEP ((int64_t)TOTP_STEP_SECONDS * CLOCK_SECOND)
#define QR_ROOM 1024 /* what the QR code takes: http/qr.h */
/* Of the secret "twice the same code": found by trying. */
#define TWICE_STEP 1555390
#define TWICE_CODE "349125"

static unsigned char rfc_octets[] = "12345678901234567890";
static const struct secret rfc_secret = {rfc_octets, TOTP_SECRET};

static int open_arena(void **state)
{
	struct arena *arena = NULL;

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

/* The step whose code it is; -1: it is not right. */
static int64_t step_of(const char *typed, int64_t now)
{
	uint64_t step = 77;
	bool right = true;

	assert_int_equal(totp_code_step(rfc_secret, str_of(typed), now, &step, &right), OK);
	if (!right)
		assert_int_equal(step, 0);
	return right ? (int64_t)step : -1;
}

/* MF-02. RFC 6238 Appendix B, the rows of SHA-1; the code has the last six of its eight digits. */
static void codes_are_those_of_rfc_6238(void **state)
{
	static const struct {
		int64_t seconds;
		const char *code;
	} vectors[] = {
		{59, "94287082"},         {1111111109, "07081804"}, {1111111111, "14050471"},
		{1234567890, "89005924"}, {2000000000, "69279037"}, {20000000000, "65353130"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
		int64_t now = vectors[i].seconds * CLOCK_SECOND;

		assert_int_equal(step_of(vectors[i].code + 2, now), vectors[i].seconds / 30);
		assert_int_equal(step_of(vectors[i].code, now), -1);
		assert_int_equal(step_of(vectors[i].code + 1, now), -1);
		assert_int_equal(step_of(vectors[i].code + 3, now), -1);
	}
}

static const char *const hotp[] = {"755224", "287082", "359152", "969429", "338314",
				   "254676", "287922", "162583", "399871", "520489"};
#define HOTP_COUNT ((int64_t)(sizeof hotp / sizeof hotp[0]))

/* MF-02. RFC 4226 Appendix D: a step is its counter. */
static void a_step_is_a_counter_of_rfc_4226(void **state)
{
	(void)state;
	for (int64_t i = 0; i < HOTP_COUNT; i++)
		for (int64_t k = 0; k < HOTP_COUNT; k++)
			assert_int_equal(step_of(hotp[i], k * STEP), i == k || i == k - 1 ? i : -1);
}

/* MF-03: to the microsecond, from the beginning of its step to the end of the next. */
static void a_code_is_right_for_its_step_and_the_next(void **state)
{
	(void)state;
	for (int64_t i = 1; i < HOTP_COUNT; i++) {
		assert_int_equal(step_of(hotp[i], i * STEP - 1), -1);
		assert_int_equal(step_of(hotp[i], i * STEP), i);
		assert_int_equal(step_of(hotp[i], (i + 1) * STEP - 1), i);
		assert_int_equal(step_of(hotp[i], (i + 1) * STEP), i);
		assert_int_equal(step_of(hotp[i], (i + 2) * STEP - 1), i);
		assert_int_equal(step_of(hotp[i], (i + 2) * STEP), -1);
	}
}

static void nothing_is_right_before_1970(void **state)
{
	(void)state;
	assert_int_equal(step_of(hotp[0], 0), 0);
	assert_int_equal(step_of(hotp[0], STEP - 1), 0);
	assert_int_equal(step_of(hotp[1], 0), -1);
	for (int64_t i = 0; i < HOTP_COUNT; i++) {
		assert_int_equal(step_of(hotp[i], -1), -1);
		assert_int_equal(step_of(hotp[i], -STEP), -1);
		assert_int_equal(step_of(hotp[i], INT64_MIN), -1);
		assert_int_equal(step_of(hotp[i], INT64_MAX), -1);
	}
}

/*
 * MF-04: the later step of two with the same code is the one to be locked, else the code would be
 * good twice.
 */
static void of_two_steps_with_the_same_code_the_later_one_counts(void **state)
{
	unsigned char octets[TOTP_SECRET] = "twice the same code";
	const struct secret secret = {octets, sizeof octets};
	uint64_t step = 0;
	bool right = false;

	(void)state;
	assert_int_equal(totp_code_step(secret, STR(TWICE_CODE), TWICE_STEP * STEP, &step, &right),
			 OK);
	assert_true(right);
	assert_int_equal(step, TWICE_STEP);
	assert_int_equal(
		totp_code_step(secret, STR(TWICE_CODE), (TWICE_STEP - 1) * STEP, &step, &right),
		OK);
	assert_true(right);
	assert_int_equal(step, TWICE_STEP - 1);
	assert_int_equal(
		totp_code_step(secret, STR(TWICE_CODE), (TWICE_STEP + 1) * STEP, &step, &right),
		OK);
	assert_true(right);
	assert_int_equal(step, TWICE_STEP);
}

static void spaces_do_not_matter_and_all_else_does(void **state)
{
	static const char *const right[] = {"755224", "755 224", " 755224", "755224  ",
					    "7 5 5 2 2 4"};
	static const char *const wrong[] = {
		"",        " ",       "75522",     "7552244",  "0755224",    "755224a",
		"a755224", "755-224", "755.224",   "755224\n", "755224\t",   "+755224",
		"-55224",  "755223",  "855224",    "755225",   "7552240000", "0x755224",
		"７55224", "٧55224",  "75522\xff", "75522\xb4"};

	(void)state;
	for (size_t i = 0; i < sizeof right / sizeof right[0]; i++)
		assert_int_equal(step_of(right[i], 0), 0);
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_int_equal(step_of(wrong[i], 0), -1);
}

static void a_nul_or_nothing_is_no_code(void **state)
{
	uint64_t step = 1;
	bool right = true;

	(void)state;
	assert_int_equal(totp_code_step(rfc_secret, STR("755224\0"), 0, &step, &right), OK);
	assert_false(right);
	right = true;
	assert_int_equal(totp_code_step(rfc_secret, STR("7552\0004"), 0, &step, &right), OK);
	assert_false(right);
	right = true;
	assert_int_equal(totp_code_step(rfc_secret, STR_NONE, 0, &step, &right), OK);
	assert_false(right);
}

/* Each digit of each position, and each secret that differs in one bit. */
static void one_digit_or_bit_makes_it_wrong(void **state)
{
	(void)state;
	for (size_t at = 0; at < TOTP_DIGITS; at++)
		for (int digit = '0'; digit <= '9'; digit++) {
			char typed[] = "353130";
			bool same = typed[at] == digit;

			typed[at] = (char)digit;
			assert_int_equal(step_of(typed, 20000000000 * CLOCK_SECOND),
					 same ? 666666666 : -1);
		}
	for (size_t bit = 0; bit < (size_t)8 * TOTP_SECRET; bit++) {
		unsigned char octets[TOTP_SECRET];
		uint64_t step = 0;
		bool right = true;

		memcpy(octets, rfc_octets, sizeof octets);
		octets[bit / 8] ^= (unsigned char)(1U << bit % 8);
		assert_int_equal(totp_code_step((struct secret){octets, sizeof octets},
						STR("353130"), 20000000000 * CLOCK_SECOND, &step,
						&right),
				 OK);
		assert_false(right);
	}
}

/* MF-01: 160 bits, no other number of them. */
static void a_secret_has_160_bits(void **state)
{
	struct totp_name name = {STR("Gatepost"), STR("alice")};
	unsigned char octets[TOTP_SECRET + 1] = {0};
	struct secret text = SECRET_NONE;
	uint64_t step = 7;
	bool right = true;

	assert_int_equal(totp_code_step(SECRET_NONE, STR("755224"), 0, &step, &right),
			 ERR_INTERNAL);
	for (size_t n = 0; n <= sizeof octets; n++) {
		struct secret secret = {octets, n};
		enum err expected = n == TOTP_SECRET ? OK : ERR_INTERNAL;

		assert_int_equal(totp_code_step(secret, STR("x"), 0, &step, &right), expected);
		assert_int_equal(totp_code_secret_text(*state, secret, &text), expected);
		assert_int_equal(totp_code_uri(*state, &name, secret, &text), expected);
	}
	assert_int_equal(totp_code_secret_text(*state, SECRET_NONE, &text), ERR_INTERNAL);
}

static void assert_text(struct secret text, const char *expected)
{
	assert_string_equal((const char *)text.bytes, expected);
	assert_int_equal(text.len, strlen(expected));
}

static void a_secret_is_shown_as_base32(void **state)
{
	unsigned char ones[TOTP_SECRET];
	struct secret text = SECRET_NONE;

	memset(ones, 0xff, sizeof ones);
	assert_int_equal(totp_code_secret_text(*state, rfc_secret, &text), OK);
	assert_text(text, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
	assert_int_equal(totp_code_secret_text(*state, (struct secret){ones, sizeof ones}, &text),
			 OK);
	assert_text(text, "77777777777777777777777777777777");
}

#define PARAMETERS                                                                                 \
	"?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=%s&algorithm=SHA1&digits=6&period=30"

static void assert_uri(void **state, struct totp_name name, const char *issuer, const char *account)
{
	struct secret uri = SECRET_NONE;
	char expected[2 * QR_ROOM];

	(void)snprintf(expected, sizeof expected, "otpauth://totp/%s:%s" PARAMETERS, issuer,
		       account, issuer);
	assert_int_equal(totp_code_uri(*state, &name, rfc_secret, &uri), OK);
	assert_text(uri, expected);
}

static void an_app_reads_whose_code_it_is(void **state)
{
	assert_uri(state, (struct totp_name){STR("Gatepost"), STR("alice")}, "Gatepost", "alice");
	assert_uri(state, (struct totp_name){STR("www.example.org"), STR("a.b-c_d~e@example.org")},
		   "www.example.org", "a.b-c_d~e%40example.org");
	assert_uri(state, (struct totp_name){STR("Zażółć & Söhne"), STR("王 🙂")},
		   "Za%C5%BC%C3%B3%C5%82%C4%87%20%26%20S%C3%B6hne", "%E7%8E%8B%20%F0%9F%99%82");
	assert_uri(state, (struct totp_name){STR("a?b=c#d/e%f+g"), STR("x&secret=AAAA\n\"<>'\x7f")},
		   "a%3Fb%3Dc%23d%2Fe%25f%2Bg", "x%26secret%3DAAAA%0A%22%3C%3E%27%7F");
	assert_uri(state, (struct totp_name){STR("https://host:81"), STR("a:b")},
		   "https-%2F%2Fhost-81", "a%3Ab");
	assert_uri(state, (struct totp_name){STR("N\0L"), STR("\0")}, "N%00L", "%00");
}

static void names_must_be_there_and_well_formed(void **state)
{
	static const struct totp_name bad[] = {
		{{NULL, 0}, {"a", 1}},           {{"", 0}, {"a", 1}},
		{{"a", 1}, {NULL, 0}},           {{"a", 1}, {"", 0}},
		{{"\xff", 1}, {"a", 1}},         {{"a", 1}, {"\xc5", 1}},
		{{"a", 1}, {"\xed\xa0\x80", 3}},
	};
	struct secret uri = SECRET_NONE;

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(totp_code_uri(*state, &bad[i], rfc_secret, &uri), ERR_INPUT);
	assert_null(uri.bytes);
}

/* Names of any length make a text that a QR code takes, cut between two code points. */
static void the_longest_names_fit_a_qr_code(void **state)
{
	static const char *const points[] = {"a", " ", "ż", "王", "🙂"};
	char text[6000];
	struct secret uri = SECRET_NONE;

	for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
		size_t n = strlen(points[i]);
		size_t octets = points[i][0] == 'a' ? 1 : 3 * n;

		for (size_t k = 0; k < 1000; k++)
			memcpy(text + k * n, points[i], n);
		struct totp_name name = {{text, 1000 * n}, {text, 1000 * n}};
		assert_int_equal(totp_code_uri(*state, &name, rfc_secret, &uri), OK);
		size_t issuer = TOTP_ISSUER_TEXT / octets * octets;
		size_t account = TOTP_ACCOUNT_TEXT / octets * octets;
		assert_int_equal(uri.len, strlen("otpauth://totp/:") + strlen(PARAMETERS) - 2 +
						  2 * issuer + account);
		assert_true(uri.len <= QR_ROOM);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codes_are_those_of_rfc_6238),
		cmocka_unit_test(a_step_is_a_counter_of_rfc_4226),
		cmocka_unit_test(a_code_is_right_for_its_step_and_the_next),
		cmocka_unit_test(nothing_is_right_before_1970),
		cmocka_unit_test(of_two_steps_with_the_same_code_the_later_one_counts),
		cmocka_unit_test(spaces_do_not_matter_and_all_else_does),
		cmocka_unit_test(a_nul_or_nothing_is_no_code),
		cmocka_unit_test(one_digit_or_bit_makes_it_wrong),
		cmocka_unit_test(a_secret_has_160_bits),
		cmocka_unit_test(a_secret_is_shown_as_base32),
		cmocka_unit_test(an_app_reads_whose_code_it_is),
		cmocka_unit_test(names_must_be_there_and_well_formed),
		cmocka_unit_test(the_longest_names_fit_a_qr_code),
	};

	return cmocka_run_group_tests(tests, open_arena, close_arena);
}
