/* Codes of 128 bits that a person can type. */
#include "typed_code.h"

#include "arena.h"

#define CODE_LETTERS 26 /* of five bits each; the last two bits are zero */

static const char letters_of_code[] = "0123456789abcdefghjkmnpqrstvwxyz";

/* The five bits of a letter lie in at most two bytes. */
static unsigned code_bits(const unsigned char *code, size_t letter)
{
	size_t bit = letter * 5;
	size_t byte = bit / 8;
	unsigned pair = (unsigned)code[byte] << 8;

	if (byte + 1 < TYPED_CODE_BYTES)
		pair |= code[byte + 1];
	return pair >> (11 - bit % 8) & 31U;
}

/* Six groups: "xxxx-xxxx-xxxxx-xxxx-xxxx-xxxxx". */
enum err typed_code_text(struct arena *arena, const unsigned char *code, struct secret *out)
{
	unsigned char *text = arena_alloc(arena, CODE_LETTERS + 5 + 1);
	size_t n = 0;

	if (text == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < CODE_LETTERS; i++) {
		size_t place = i % 13;

		if (i > 0 && (place == 0 || place == 4 || place == 8))
			text[n++] = '-';
		text[n++] = (unsigned char)letters_of_code[code_bits(code, i)];
	}
	*out = (struct secret){.bytes = text, .len = n};
	return OK;
}

/* 0 … 31, or 32 for what is no letter of a code. What people misread stands for what was meant. */
static unsigned letter_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		c = (char)(c - 'A' + 'a');
	if (c == 'o')
		c = '0';
	if (c == 'i' || c == 'l')
		c = '1';
	for (unsigned i = 0; i < 32; i++)
		if (letters_of_code[i] == c)
			return i;
	return 32;
}

/* The code of a typed text; false: it cannot be one. */
bool typed_code_parse(struct str typed, unsigned char code[TYPED_CODE_BYTES])
{
	size_t letters = 0;
	unsigned pending = 0;
	unsigned bits = 0;
	size_t n = 0;

	for (size_t i = 0; i < typed.n; i++) {
		unsigned value = letter_value(typed.p[i]);

		if (str_contains(STR(" -\t"), typed.p[i]))
			continue;
		if (value > 31 || ++letters > CODE_LETTERS)
			return false;
		pending = (pending << 5 | value) & 0xfff;
		bits += 5;
		if (bits >= 8 && n < TYPED_CODE_BYTES) {
			bits -= 8;
			code[n++] = (unsigned char)(pending >> bits & 0xff);
		}
	}
	return letters == CODE_LETTERS && (pending & 3U) == 0;
}
