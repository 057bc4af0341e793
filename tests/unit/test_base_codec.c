/* base64url and hexadecimal, strict in both directions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arena.h"
#include "buf.h"
#include "codec.h"

#define MOST 200

/* RFC 4648 §10, and the two characters that base64url has of its own. */
static void known_texts(void **state)
{
	const struct {
		struct str bytes;
		const char *text;
	} cases[] = {
		{STR(""), ""},
		{STR("f"), "Zg"},
		{STR("fo"), "Zm8"},
		{STR("foo"), "Zm9v"},
		{STR("foob"), "Zm9vYg"},
		{STR("foobar"), "Zm9vYmFy"},
		{STR("\xfb\xff"), "-_8"},
	};
	char text[16];
	unsigned char bytes[16];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct str in = cases[i].bytes;
		memcpy(bytes, in.p, in.n);
		codec_base64url(bytes, in.n, text);
		assert_string_equal(text, cases[i].text);
		assert_int_equal(strlen(text), CODEC_BASE64URL_LEN(in.n));
		memset(bytes, 0, sizeof bytes);
		assert_int_equal(codec_base64url_decode(str_of(text), bytes, in.n), OK);
		assert_memory_equal(bytes, in.p, in.n);
	}
}

static void every_length_comes_back(void **state)
{
	unsigned char bytes[MOST];
	unsigned char back[MOST + 1];
	char text[CODEC_BASE64URL_LEN(MOST) + 1];

	(void)state;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (unsigned char)(i * 37 + 11);
	for (size_t n = 0; n <= MOST; n++) {
		memset(back, 0xee, sizeof back);
		codec_base64url(bytes, n, text);
		assert_int_equal(codec_base64url_decode(str_of(text), back, n), OK);
		assert_memory_equal(back, bytes, n);
		assert_int_equal(back[n], 0xee);
	}
}

static void assert_refused(struct str text, size_t n)
{
	unsigned char bytes[MOST];
	unsigned char before[MOST];

	memset(bytes, 0xee, sizeof bytes);
	memset(before, 0xee, sizeof before);
	assert_int_equal(codec_base64url_decode(text, bytes, n), ERR_INPUT);
	assert_memory_equal(bytes, before, sizeof before);
}

/* One value, one text: a second spelling of a credential would be a second credential. */
static void other_spellings_are_refused(void **state)
{
	char text[CODEC_BASE64URL_LEN(100) + 1];
	unsigned char bytes[100] = {0};

	(void)state;
	assert_refused(STR("Zg=="), 1);
	assert_refused(STR("Zh"), 1); /* trailing bits */
	assert_refused(STR("Zm9"), 2);
	assert_refused(STR("Zg"), 2);
	assert_refused(STR("Zm9v"), 2);
	assert_refused(STR("Z"), 0);
	assert_refused(STR("+/8"), 2);
	assert_refused(STR("Z g"), 2);
	assert_refused(STR("Zg\n"), 2);
	assert_refused(STR("Z\0"), 1);
	assert_refused(STR("Zm\xc3\xa4"), 3);
	assert_refused(STR_NONE, 16);
	assert_refused(STR("Zg"), SIZE_MAX);

	/* A fault far behind the first piece leaves nothing behind either. */
	codec_base64url(bytes, sizeof bytes, text);
	text[130] = '!';
	assert_refused(str_of(text), sizeof bytes);
}

static void only_the_64_characters_are_taken(void **state)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	unsigned char bytes[3];

	(void)state;
	for (int octet = 0; octet < 256; octet++) {
		const char text[] = {'A', (char)octet, 'A', 'A'};
		bool good = octet != 0 && strchr(alphabet, (char)octet) != NULL;
		enum err e = codec_base64url_decode((struct str){text, 4}, bytes, 3);
		assert_int_equal(e, good ? OK : ERR_INPUT);
	}
}

static void hexadecimal(void **state)
{
	struct arena *arena = NULL;
	struct buf buf;
	struct str out;
	unsigned char bytes[100];
	unsigned char back[100];

	(void)state;
	assert_int_equal(arena_open(1024, 4096, &arena), OK);
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (unsigned char)(i * 71 + 3);
	buf_init(&buf, arena, 1000);
	codec_add_hex(&buf, bytes, sizeof bytes);
	assert_int_equal(buf_str(&buf, &out), OK);
	assert_int_equal(out.n, 200);
	assert_true(str_starts(out, STR("034a91d8")));
	assert_int_equal(codec_hex_decode(out, back, sizeof back), OK);
	assert_memory_equal(back, bytes, sizeof back);
	assert_int_equal(codec_hex_decode(STR("fFA0"), back, 2), OK);
	assert_int_equal(back[0], 0xff);
	assert_int_equal(back[1], 0xa0);

	back[0] = 0xee;
	assert_int_equal(codec_hex_decode(STR("f"), back, 1), ERR_INPUT);
	assert_int_equal(codec_hex_decode(STR("fff"), back, 1), ERR_INPUT);
	assert_int_equal(codec_hex_decode(STR("ffff"), back, 1), ERR_INPUT);
	assert_int_equal(codec_hex_decode(STR("00fg"), back, 2), ERR_INPUT);
	assert_int_equal(codec_hex_decode(STR("0:"), back, 1), ERR_INPUT);
	assert_int_equal(codec_hex_decode(STR_NONE, back, 1), ERR_INPUT);
	assert_int_equal(back[0], 0xee);
	arena_close(&arena);
}

/* RFC 4648 §10, with padding and within the room there is. */
static void base64_with_padding(void **state)
{
	static const struct {
		const char *text;
		const char *bytes;
	} cases[] = {
		{"", ""},
		{"Zg==", "f"},
		{"Zm8=", "fo"},
		{"Zm9v", "foo"},
		{"Zm9vYg==", "foob"},
		{"Zm9vYmE=", "fooba"},
		{"+/8=", "\xfb\xff"},
	};
	static const char *const bad[] = {
		"Zg",   "Zg=",  "Zg===",  "Zh==", "Zm9=",       "Z",
		"====", "-_8=", "Zm9v\n", "Zm 9", "Z\xc3\xa9=", "Zg==Zg=="};
	unsigned char bytes[16] = {0};
	size_t n = 99;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(
			codec_base64_decode(str_of(cases[i].text), bytes, sizeof bytes, &n), OK);
		assert_int_equal(n, strlen(cases[i].bytes));
		assert_memory_equal(bytes, cases[i].bytes, n);
	}
	n = 99;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(codec_base64_decode(str_of(bad[i]), bytes, sizeof bytes, &n),
				 ERR_INPUT);
	assert_int_equal(codec_base64_decode(STR("Zm9vYmFy"), bytes, 5, &n), ERR_TOO_LARGE);
	assert_int_equal(n, 99);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_texts),
		cmocka_unit_test(base64_with_padding),
		cmocka_unit_test(every_length_comes_back),
		cmocka_unit_test(other_spellings_are_refused),
		cmocka_unit_test(only_the_64_characters_are_taken),
		cmocka_unit_test(hexadecimal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
