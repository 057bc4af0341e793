/* MF-12: recovery codes of 128 bits, as a person keeps and types them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arena.h"
#include "recovery_code_text.h"
#include "typed_code.h"

#define CODES 10000
#define TEXT 31 /* 26 letters and five dashes */
#define LETTERS "0123456789abcdefghjkmnpqrstvwxyz"
#define FORM "xxxx-xxxx-xxxxx-xxxx-xxxx-xxxxx"

static int open_arena(void **state)
{
	struct arena *arena = NULL;

	if (arena_open(4096, (size_t)16 * 1024 * 1024, &arena) != OK)
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

static bool is_code(const char *typed)
{
	unsigned char bytes[RECOVERY_CODE_BYTES];
	bool is_one = true;

	memset(bytes, 0xaa, sizeof bytes);
	recovery_code_read(str_of(typed), bytes, &is_one);
	for (size_t i = 0; !is_one && i < sizeof bytes; i++)
		assert_int_equal(bytes[i], 0);
	return is_one;
}

static bool means(const char *typed, const unsigned char *expected)
{
	unsigned char bytes[RECOVERY_CODE_BYTES];
	bool is_one = false;

	recovery_code_read(str_of(typed), bytes, &is_one);
	return is_one && memcmp(bytes, expected, sizeof bytes) == 0;
}

static void assert_form(struct secret text)
{
	assert_int_equal(text.len, TEXT);
	for (size_t i = 0; i < TEXT; i++) {
		if (FORM[i] == '-')
			assert_int_equal(text.bytes[i], '-');
		else
			assert_non_null(strchr(LETTERS, text.bytes[i]));
	}
}

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, RECOVERY_CODE_BYTES);
}

/* Each text means its bytes, no two are alike, and every bit is one about half the time. */
static void ten_thousand_codes_differ(void **state)
{
	unsigned char(*all)[RECOVERY_CODE_BYTES] = calloc(CODES, sizeof *all);
	unsigned ones[8 * RECOVERY_CODE_BYTES] = {0};

	assert_non_null(all);
	for (size_t i = 0; i < CODES; i++) {
		struct secret bytes = SECRET_NONE;
		struct secret text = SECRET_NONE;

		assert_int_equal(recovery_code_make(*state, &bytes, &text), OK);
		assert_int_equal(bytes.len, RECOVERY_CODE_BYTES);
		assert_form(text);
		assert_true(means((const char *)text.bytes, bytes.bytes));
		memcpy(all[i], bytes.bytes, sizeof all[i]);
		for (size_t bit = 0; bit < sizeof ones / sizeof ones[0]; bit++)
			ones[bit] += (unsigned)bytes.bytes[bit / 8] >> bit % 8 & 1U;
	}
	qsort(all, CODES, sizeof *all, compare);
	for (size_t i = 1; i < CODES; i++)
		assert_memory_not_equal(all[i - 1], all[i], sizeof *all);
	free(all);
	/* Ten standard deviations of 50. */
	for (size_t bit = 0; bit < sizeof ones / sizeof ones[0]; bit++)
		assert_in_range(ones[bit], CODES / 2 - 500, CODES / 2 + 500);
}

static const unsigned char counted[RECOVERY_CODE_BYTES] = {0x00, 0x44, 0x32, 0x14, 0xc7, 0x42,
							   0x54, 0xb6, 0x35, 0xcf, 0x84, 0x65,
							   0x3a, 0x56, 0xd7, 0xc4};
#define COUNTED "0123-4567-89abc-defg-hjkm-npqrg"

/* The bytes of five bits each that count up; the last letter has three bits and two zeros. */
static void a_code_is_read_as_it_is_meant(void **state)
{
	static const char *const typed[] = {
		COUNTED,
		"0123456789abcdefghjkmnpqrg",
		"0123-4567-89ABC-DEFG-HJKM-NPQRG",
		"o123-4567-89abc-defg-hjkm-npqrg",
		"O123-4567-89abc-defg-hjkm-npqrg",
		"0i23-4567-89abc-defg-hjkm-npqrg",
		"0I23-4567-89abc-defg-hjkm-npqrg",
		"0l23-4567-89abc-defg-hjkm-npqrg",
		"0L23-4567-89abc-defg-hjkm-npqrg",
		"  0123 4567 89abc\tdefg hjkm npqrg ",
		"0-1-2-3-4-5-6-7-8-9-a-b-c-d-e-f-g-h-j-k-m-n-p-q-r-g--",
	};
	struct secret text = SECRET_NONE;

	for (size_t i = 0; i < sizeof typed / sizeof typed[0]; i++)
		if (!means(typed[i], counted))
			fail_msg("\"%s\" is not read", typed[i]);
	assert_int_equal(typed_code_text(*state, counted, &text), OK);
	assert_string_equal((const char *)text.bytes, COUNTED);
}

static void another_length_is_no_code(void **state)
{
	char typed[64];

	(void)state;
	for (size_t n = 0; n < sizeof typed; n++) {
		memset(typed, '0', n);
		typed[n] = '\0';
		assert_int_equal(is_code(typed), n == 26);
	}
	assert_false(is_code(NULL));
	assert_false(is_code("------"));
	assert_false(is_code(COUNTED COUNTED));
}

/* Every octet in the place of every letter: those that are no letter, nor left out, are refused. */
static void another_alphabet_is_no_code(void **state)
{
	(void)state;
	for (size_t at = 0; at < TEXT; at++) {
		for (int octet = 1; octet < 256; octet++) {
			char typed[] = COUNTED;
			bool letter = strchr(LETTERS "ABCDEFGHJKMNPQRSTVWXYZoOiIlL", octet) != NULL;
			bool nothing = strchr(" -\t", octet) != NULL;

			if (FORM[at] == '-' && letter)
				continue;
			typed[at] = (char)octet;
			/* Of the last letter only four have two zeros behind their three bits. */
			if (at == TEXT - 1)
				letter = letter && strchr("048cgmrwCGMRWoO", octet) != NULL;
			assert_int_equal(is_code(typed), FORM[at] == 'x' ? letter : nothing);
		}
	}
}

static void a_nul_is_no_letter(void **state)
{
	unsigned char bytes[RECOVERY_CODE_BYTES];
	bool is_one = true;

	(void)state;
	recovery_code_read(STR("0123456789abcdefghjkmnpqrg\0"), bytes, &is_one);
	assert_false(is_one);
}

/* All 2^128 of them would be too many: every bit alone, and all but it. */
static void every_bit_is_kept(void **state)
{
	for (size_t bit = 0; bit < (size_t)16 * RECOVERY_CODE_BYTES; bit++) {
		unsigned char code[RECOVERY_CODE_BYTES];
		struct secret text = SECRET_NONE;
		size_t at = bit / 2;

		memset(code, bit % 2 == 0 ? 0 : 0xff, sizeof code);
		code[at / 8] ^= (unsigned char)(1U << at % 8);
		assert_int_equal(typed_code_text(*state, code, &text), OK);
		assert_true(means((const char *)text.bytes, code));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ten_thousand_codes_differ),
		cmocka_unit_test(a_code_is_read_as_it_is_meant),
		cmocka_unit_test(another_length_is_no_code),
		cmocka_unit_test(another_alphabet_is_no_code),
		cmocka_unit_test(a_nul_is_no_letter),
		cmocka_unit_test(every_bit_is_kept),
	};

	return cmocka_run_group_tests(tests, open_arena, close_arena);
}
