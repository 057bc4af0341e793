/* What mail carries, read back by rules of its own: bodies, encoded words, lines. IN-08. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arena.h"
#include "buf.h"
#include "quoted.h"

#define ROOM ((size_t)256 * 1024)
/* As STR, where only constants may stand. */
#define LITERAL(text)                                                                              \
	{                                                                                          \
		(text), sizeof(text) - 1                                                           \
	}

static int open_arena(void **state)
{
	struct arena *arena = NULL;

	if (arena_open(4096, (size_t)8 * 1024 * 1024, &arena) != OK)
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

static struct str body_of(struct arena *arena, struct str text)
{
	struct buf buf;
	struct str out = STR_NONE;

	buf_init(&buf, arena, ROOM);
	assert_int_equal(quoted_add_body(&buf, text), OK);
	assert_int_equal(buf_str(&buf, &out), OK);
	return out;
}

static struct str header_of(struct arena *arena, struct str text, bool phrase)
{
	struct buf buf;
	struct str out = STR_NONE;

	buf_init(&buf, arena, ROOM);
	assert_int_equal(quoted_add_header(&buf, text, 9, phrase), OK);
	assert_int_equal(buf_str(&buf, &out), OK);
	return out;
}

static unsigned hex(char c)
{
	assert_true((c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'));
	return (unsigned)(c <= '9' ? c - '0' : c - 'A' + 10);
}

/* A decoder as RFC 2045 §6.7 says, which fails for what must not be. */
static struct str decoded(struct arena *arena, struct str body)
{
	struct buf buf;
	struct str out = STR_NONE;
	struct str line = STR_NONE;

	buf_init(&buf, arena, ROOM);
	while (body.n > 0) {
		assert_true(str_cut(body, '\n', &line, &body));
		assert_true(line.n > 0 && line.p[line.n - 1] == '\r');
		line.n--;
		assert_in_range(line.n, 0, 76);
		assert_false(str_contains(line, '\r'));
		assert_false(line.n > 0 && str_contains(STR(" \t"), line.p[line.n - 1]));
		assert_false(str_starts(line, STR(".")) || str_starts(line, STR("-")));
		assert_false(str_starts(line, STR("From ")));
		bool goes_on = line.n > 0 && line.p[line.n - 1] == '=';
		for (size_t i = 0; i < line.n - goes_on; i++) {
			assert_true(line.p[i] == '\t' || (line.p[i] >= ' ' && line.p[i] <= '~'));
			if (line.p[i] != '=') {
				buf_add_char(&buf, line.p[i]);
				continue;
			}
			assert_true(i + 2 < line.n);
			buf_add_char(&buf, (char)(hex(line.p[i + 1]) << 4 | hex(line.p[i + 2])));
			i += 2;
		}
		if (!goes_on)
			buf_add_char(&buf, '\n');
	}
	assert_int_equal(buf_str(&buf, &out), OK);
	return out;
}

static void assert_same(struct str a, struct str b)
{
	assert_int_equal(a.n, b.n);
	assert_memory_equal(a.p, b.p, a.n);
}

static void bodies_come_back(void **state)
{
	static const struct str bodies[] = {
		LITERAL("\n"),
		LITERAL("plain\n"),
		LITERAL(".\n"),
		LITERAL("..\n.\n"),
		LITERAL("-- \nfoot\n"),
		LITERAL("--=_gatepost_x\n"),
		LITERAL("From me\n From me\n"),
		LITERAL("a = b\n"),
		LITERAL("blank at the end \n\t\n"),
		LITERAL("za\xc5\xbc\xc3\xb3\xc5\x82\xc4\x87\n"),
		LITERAL("\xf0\x9f\x98\x80\xe2\x80\xae\xef\xbf\xbf\n"),
		LITERAL("<script>alert(1)</script>\n"),
	};

	for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++)
		assert_same(decoded(*state, body_of(*state, bodies[i])), bodies[i]);
	assert_same(body_of(*state, STR("no end")), STR("no end\r\n"));
	assert_same(body_of(*state, STR("")), STR(""));
}

/* Every length around the end of a line, of what is written as one and as three characters. */
static void lines_are_cut_where_they_must(void **state)
{
	static const struct str units[] = {LITERAL("x"), LITERAL("\xc5\xbc"), LITERAL("."),
					   LITERAL(" "), LITERAL("-")};
	char text[700];

	for (size_t u = 0; u < sizeof units / sizeof units[0]; u++) {
		for (size_t n = 1; n < 320; n++) {
			size_t length = 0;

			for (size_t i = 0; i < n; i++) {
				memcpy(text + length, units[u].p, units[u].n);
				length += units[u].n;
			}
			text[length++] = '\n';
			struct str body = {.p = text, .n = length};
			assert_same(decoded(*state, body_of(*state, body)), body);
			arena_reset(*state);
		}
	}
}

/* A decoder of RFC 2047, for words of one kind. */
static struct str unfolded(struct arena *arena, struct str header)
{
	struct str begin = STR("=?UTF-8?Q?");
	struct buf buf;
	struct str out = STR_NONE;

	if (!str_starts(header, begin))
		return header;
	buf_init(&buf, arena, ROOM);
	while (header.n > 0) {
		size_t i = begin.n;

		assert_true(str_starts(header, begin));
		while (!str_starts(str_sub(header, i, header.n), STR("?="))) {
			char c = header.p[i];

			assert_true(i < header.n && c > ' ' && c <= '~' && c != '?');
			if (c == '=') {
				buf_add_char(&buf, (char)(hex(header.p[i + 1]) << 4 |
							  hex(header.p[i + 2])));
				i += 2;
			} else {
				buf_add_char(&buf, (char)(c == '_' ? ' ' : c));
			}
			i++;
		}
		assert_in_range(i + 2, 1, 75);
		/* No code point is cut. */
		assert_int_equal(buf_str(&buf, &out), OK);
		assert_true(str_is_utf8(out));
		header = str_sub(header, i + 2, header.n);
		if (header.n > 0) {
			assert_true(str_starts(header, STR("\r\n ")));
			header = str_sub(header, 3, header.n);
		}
	}
	return out;
}

static void headers_come_back(void **state)
{
	static const struct str values[] = {
		LITERAL("Choose a new password"),
		LITERAL("za\xc5\xbc\xc3\xb3\xc5\x82\xc4\x87 g\xc4\x99\xc5\x9bl\xc4\x85"),
		LITERAL(" blanks "),
		LITERAL("=?UTF-8?Q?evil?="),
		LITERAL("a \"quoted\" <b@example.org>, c"),
		LITERAL("\xe2\x80\xaegnp.exe \xf0\x9f\x98\x80"),
		LITERAL("0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 "
			"0123456789"),
	};

	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		assert_same(unfolded(*state, header_of(*state, values[i], false)), values[i]);
		assert_same(unfolded(*state, header_of(*state, values[i], true)), values[i]);
	}
	assert_same(header_of(*state, STR("Gatepost demo"), true), STR("Gatepost demo"));
	/* A name before an address is nothing but words. */
	assert_true(str_starts(header_of(*state, STR("a, b <c@example.org>"), true),
			       STR("=?UTF-8?Q?")));
	assert_true(str_starts(header_of(*state, STR("a (b) \"c\""), true), STR("=?UTF-8?Q?")));
}

static void long_names_are_folded(void **state)
{
	char text[400];

	for (size_t n = 1; n < 100; n++) {
		for (size_t i = 0; i < n; i++)
			memcpy(text + 4 * i, "\xf0\x9f\x98\x80", 4);
		struct str name = {.p = text, .n = 4 * n};
		assert_same(unfolded(*state, header_of(*state, name, true)), name);
		arena_reset(*state);
	}
}

/* Every control at every place of every header and body; a tab and a line's end in a body only. */
static void controls_are_refused(void **state)
{
	for (unsigned c = 0; c < 0x20 || c == 0x7f; c = c == 0x1f ? 0x7f : c + 1) {
		for (size_t at = 0; at < 3; at++) {
			char text[] = "abc";
			struct buf buf;
			bool fine = c == '\n' || c == '\t';

			text[at] = (char)c;
			buf_init(&buf, *state, ROOM);
			struct str s = {.p = text, .n = 3};
			assert_int_equal(quoted_add_header(&buf, s, 9, false), ERR_INPUT);
			assert_int_equal(quoted_add_header(&buf, s, 9, true), ERR_INPUT);
			assert_int_equal(buf.n, 0);
			assert_int_equal(quoted_add_body(&buf, s), fine ? OK : ERR_INPUT);
		}
	}
	static const struct str broken[] = {LITERAL("\xff"), LITERAL("\xc3"),
					    LITERAL("\xed\xa0\x80")};
	for (size_t i = 0; i < 3; i++) {
		struct buf buf;

		buf_init(&buf, *state, ROOM);
		assert_int_equal(quoted_add_header(&buf, broken[i], 9, false), ERR_INPUT);
		assert_int_equal(quoted_add_body(&buf, broken[i]), ERR_INPUT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(bodies_come_back, open_arena, close_arena),
		cmocka_unit_test_setup_teardown(lines_are_cut_where_they_must, open_arena,
						close_arena),
		cmocka_unit_test_setup_teardown(headers_come_back, open_arena, close_arena),
		cmocka_unit_test_setup_teardown(long_names_are_folded, open_arena, close_arena),
		cmocka_unit_test_setup_teardown(controls_are_refused, open_arena, close_arena),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
