/* Identifiers and digests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arena.h"
#include "buf.h"
#include "codec.h"
#include "ident.h"

static void random_ids_differ_and_are_not_none(void **state)
{
	struct id a = id_random();
	struct id b = id_random();

	(void)state;
	assert_false(id_equal(a, b));
	assert_true(id_equal(a, a));
	assert_false(id_is_none(a));
	assert_true(id_is_none(ID_NONE));
}

/* A request's id is its own. */
static void a_stock_gives_each_id_once(void **state)
{
	struct id_stock stock = {.left = 0};
	struct id seen[40];

	(void)state;
	for (size_t i = 0; i < 40; i++) {
		seen[i] = id_take(&stock);
		assert_false(id_is_none(seen[i]));
		for (size_t other = 0; other < i; other++)
			assert_false(id_equal(seen[i], seen[other]));
	}
}

/* Against libsodium's, every octet in every place. */
static void text_form_is_base64url(void **state)
{
	(void)state;
	for (unsigned octet = 0; octet < 256; octet++) {
		struct arena *arena = NULL;
		struct id id;
		struct str text;
		char expected[ID_TEXT + 1];

		for (size_t i = 0; i < sizeof id.b; i++)
			id.b[i] = (unsigned char)(octet + 37 * i);
		assert_int_equal(arena_open(256, 1024, &arena), OK);
		assert_int_equal(id_text(arena, id, &text), OK);
		codec_base64url(id.b, sizeof id.b, expected);
		assert_true(str_equal(text, str_of(expected)));
		arena_close(&arena);
	}
}

static void text_form_comes_back(void **state)
{
	struct arena *arena = NULL;
	struct id id = id_random();
	struct id back = ID_NONE;
	struct str text;
	struct str appended;
	struct buf buf;

	(void)state;
	assert_int_equal(arena_open(256, 1024, &arena), OK);
	assert_int_equal(id_text(arena, id, &text), OK);
	assert_int_equal(text.n, ID_TEXT);
	assert_int_equal(id_parse(text, &back), OK);
	assert_true(id_equal(id, back));
	buf_init(&buf, arena, 100);
	id_add(&buf, id);
	assert_int_equal(buf_str(&buf, &appended), OK);
	assert_true(str_equal(text, appended));

	arena_reset(arena);
	assert_non_null(arena_alloc(arena, 1010));
	assert_int_equal(id_text(arena, id, &text), ERR_MEMORY);
	arena_close(&arena);
}

/* ST-01: one id, one text. */
static void other_texts_are_refused(void **state)
{
	const struct str bad[] = {
		STR(""),
		STR("AAAAAAAAAAAAAAAAAAAAA"),
		STR("AAAAAAAAAAAAAAAAAAAAAAA"),
		STR("AAAAAAAAAAAAAAAAAAAAAB"), /* trailing bits */
		STR("AAAAAAAAAAAAAAAAAAAAA="),
		STR("AAAAAAAAAAAAAAAAAAAA/A"),
		STR("AAAAAAAAAAAAAAAAAAAAA "),
		STR("AAAAAAAAAA\0AAAAAAAAAAA"),
		STR_NONE,
	};
	struct id id = {{7}};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(id_parse(bad[i], &id), ERR_INPUT);
		assert_true(id_equal(id, (struct id){{7}}));
	}
	assert_int_equal(id_parse(STR("AAAAAAAAAAAAAAAAAAAAAA"), &id), OK);
	assert_true(id_is_none(id));
}

/* PW-20 */
static void digests_are_compared_whole(void **state)
{
	struct digest a = {{1, 2, 3}};
	struct digest b = a;

	(void)state;
	assert_true(digest_equal(&a, &b));
	b.b[DIGEST_BYTES - 1] ^= 1;
	assert_false(digest_equal(&a, &b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_ids_differ_and_are_not_none),
		cmocka_unit_test(a_stock_gives_each_id_once),
		cmocka_unit_test(text_form_is_base64url),
		cmocka_unit_test(text_form_comes_back),
		cmocka_unit_test(other_texts_are_refused),
		cmocka_unit_test(digests_are_compared_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
