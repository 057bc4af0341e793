/* What clients keep on the server: patches, the shortest text, and how it comes out again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "arena.h"
#include "buf.h"
#include "json.h"
#include "json_merge.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ROOM ((size_t)1024 * 1024)

static int open_arena(void **state)
{
	struct arena *arena = NULL;

	json_init();
	if (arena_open(4096, 4 * ROOM, &arena) != OK)
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

static void assert_text(struct str text, const char *expected)
{
	if (text.n != strlen(expected) || memcmp(text.p, expected, text.n) != 0)
		fail_msg("%.*s\ninstead of\n%s", (int)text.n, text.p, expected);
}

static void merges(struct arena *arena, const char *target, const char *patch, const char *result)
{
	struct str out = STR_NONE;

	assert_int_equal(json_merge(arena, str_of(target), str_of(patch), ROOM, &out), OK);
	assert_text(out, result);
}

static void compacts(struct arena *arena, const char *text, const char *result)
{
	struct str out = STR_NONE;

	assert_int_equal(json_compact(arena, str_of(text), ROOM, &out), OK);
	assert_text(out, result);
}

/* By either, wherever it stands. */
static void refuses(struct arena *arena, struct str text)
{
	struct str out = STR("untouched");

	assert_int_equal(json_compact(arena, text, ROOM, &out), ERR_INPUT);
	assert_int_equal(json_merge(arena, STR("{}"), text, ROOM, &out), ERR_INPUT);
	assert_int_equal(json_merge(arena, text, STR("{}"), ROOM, &out), ERR_INPUT);
	assert_text(out, "untouched");
}

/* RFC 7396, Appendix A: those of two objects. */
static void examples_of_the_rfc(void **state)
{
	static const struct {
		const char *target, *patch, *result;
	} rows[] = {
		{"{\"a\":\"b\"}", "{\"a\":\"c\"}", "{\"a\":\"c\"}"},
		{"{\"a\":\"b\"}", "{\"b\":\"c\"}", "{\"a\":\"b\",\"b\":\"c\"}"},
		{"{\"a\":\"b\"}", "{\"a\":null}", "{}"},
		{"{\"a\":\"b\",\"b\":\"c\"}", "{\"a\":null}", "{\"b\":\"c\"}"},
		{"{\"a\":[\"b\"]}", "{\"a\":\"c\"}", "{\"a\":\"c\"}"},
		{"{\"a\":\"c\"}", "{\"a\":[\"b\"]}", "{\"a\":[\"b\"]}"},
		{"{\"a\":{\"b\":\"c\"}}", "{\"a\":{\"b\":\"d\",\"c\":null}}",
		 "{\"a\":{\"b\":\"d\"}}"},
		{"{\"a\":[{\"b\":\"c\"}]}", "{\"a\":[1]}", "{\"a\":[1]}"},
		{"{\"e\":null}", "{\"a\":1}", "{\"e\":null,\"a\":1}"},
		{"{}", "{\"a\":{\"bb\":{\"ccc\":null}}}", "{\"a\":{\"bb\":{}}}"},
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		merges(*state, rows[i].target, rows[i].patch, rows[i].result);
}

/* RFC 7396 §3. */
static void the_example_of_a_document(void **state)
{
	merges(*state,
	       "{\"title\":\"Goodbye!\",\"author\":{\"givenName\":\"John\",\"familyName\":\"Doe\"},"
	       "\"tags\":[\"example\",\"sample\"],\"content\":\"This will be unchanged\"}",
	       "{\"title\":\"Hello!\",\"phoneNumber\":\"+01-123-456-7890\","
	       "\"author\":{\"familyName\":null},\"tags\":[\"example\"]}",
	       "{\"title\":\"Hello!\",\"author\":{\"givenName\":\"John\"},\"tags\":[\"example\"],"
	       "\"content\":\"This will be unchanged\",\"phoneNumber\":\"+01-123-456-7890\"}");
}

/* RFC 7396, Appendix A: those where one is no object. */
static void what_is_no_object_is_refused(void **state)
{
	static const struct str values[] = {
		{"[\"c\",\"d\"]", 9},
		{"[\"c\"]", 5},
		{"[1,2]", 5},
		{"null", 4},
		{"\"bar\"", 5},
		{"1", 1},
		{"true", 4},
		{"", 0},
		{" ", 1},
		{"{", 1},
		{"{}{}", 4},
		{"{}x", 3},
		{"{\"a\":1,}", 8},
		{"{\"a\":NaN}", 9},
		{"{'a':1}", 7},
		{"\xef\xbb\xbf{}", 5},
	};

	for (size_t i = 0; i < COUNT(values); i++)
		refuses(*state, values[i]);
	refuses(*state, STR_NONE);
}

/* A member is taken away at any depth; a null within a list is a value like others. */
static void nulls(void **state)
{
	merges(*state, "{\"a\":{\"b\":{\"c\":1,\"d\":2}}}", "{\"a\":{\"b\":{\"c\":null}}}",
	       "{\"a\":{\"b\":{\"d\":2}}}");
	merges(*state, "{}", "{\"a\":null}", "{}");
	merges(*state, "{\"a\":1}", "{\"a\":{\"b\":null,\"c\":1}}", "{\"a\":{\"c\":1}}");
	merges(*state, "{\"a\":[1]}", "{\"a\":{\"b\":null}}", "{\"a\":{}}");
	merges(*state, "{\"a\":null}", "{\"a\":{\"b\":1}}", "{\"a\":{\"b\":1}}");
	merges(*state, "{\"a\":1}", "{\"a\":[null,{\"b\":null}]}", "{\"a\":[null,{\"b\":null}]}");
	merges(*state, "{\"a\":{\"b\":1}}", "{\"a\":{}}", "{\"a\":{\"b\":1}}");
	merges(*state, "{\"a\":null,\"b\":1}", "{}", "{\"a\":null,\"b\":1}");
	compacts(*state, "{\"a\":null}", "{\"a\":null}");
}

static struct str nested(struct arena *arena, const char *open, const char *close, size_t depth)
{
	struct str text = STR_NONE;
	struct buf buf;

	buf_init(&buf, arena, ROOM);
	buf_add(&buf, STR("{\"a\":"));
	for (size_t i = 1; i < depth; i++)
		buf_add(&buf, str_of(open));
	buf_add_char(&buf, '1');
	for (size_t i = 1; i < depth; i++)
		buf_add(&buf, str_of(close));
	buf_add_char(&buf, '}');
	assert_int_equal(buf_str(&buf, &text), OK);
	return text;
}

/* IN-06: to the limit, and not one more; a patch never makes anything deeper than either. */
static void depth(void **state)
{
	static const char *const brackets[][2] = {{"{\"a\":", "}"}, {"[", "]"}};

	for (size_t i = 0; i < COUNT(brackets); i++) {
		const char *open = brackets[i][0];
		const char *close = brackets[i][1];
		struct str most = nested(*state, open, close, JSON_DEPTH_MAX);

		compacts(*state, most.p, most.p);
		merges(*state, "{}", most.p, most.p);
		merges(*state, most.p, most.p, most.p);
		merges(*state, most.p, "{}", most.p);
		refuses(*state, nested(*state, open, close, JSON_DEPTH_MAX + 1));
		refuses(*state, nested(*state, open, close, 60000));
	}
}

/* IN-04: at any depth, also when one of the two is written in another way. */
static void duplicates(void **state)
{
	refuses(*state, STR("{\"a\":1,\"a\":1}"));
	refuses(*state, STR("{\"a\":1,\"\\u0061\":2}"));
	refuses(*state, STR("{\"a\":{\"b\":1,\"b\":2}}"));
	refuses(*state, STR("{\"a\":[{\"b\":null,\"b\":2}]}"));
	compacts(*state, "{\"a\":1,\"A\":2,\"\":{\"a\":3}}", "{\"a\":1,\"A\":2,\"\":{\"a\":3}}");
}

/* A number with a fraction or exponent stays one, and has the value it came with. */
static void numbers(void **state)
{
	static const char *const rows[][2] = {
		{"0", "0"},
		{"-0", "0"},
		{"-1", "-1"},
		{"9223372036854775807", "9223372036854775807"},
		{"-9223372036854775808", "-9223372036854775808"},
		{"1.1", "1.1"},
		{"12.10", "12.1"},
		{"0.1", "0.1"},
		{"1.0", "1.0"},
		{"0.0", "0.0"},
		{"-0.0", "-0.0"},
		{"1e3", "1000.0"},
		{"1E+3", "1000.0"},
		{"1e-7", "1e-07"},
		{"100e-2", "1.0"},
		{"1e15", "1e+15"},
		{"1e22", "1e+22"},
		{"123456789012345.6", "123456789012345.6"},
		{"0.30000000000000004", "0.30000000000000004"},
		{"9007199254740993.0", "9007199254740992.0"},
		{"1.7976931348623157e308", "1.7976931348623157e+308"},
		{"-2.2250738585072014e-308", "-2.2250738585072014e-308"},
		{"5e-324", "4.94065645841247e-324"},
	};
	struct str text;
	struct buf buf;
	struct str again = STR_NONE;

	for (size_t i = 0; i < COUNT(rows); i++) {
		buf_init(&buf, *state, 1000);
		buf_addf(&buf, "{\"n\":[%s]}", rows[i][0]);
		assert_int_equal(buf_str(&buf, &text), OK);
		assert_int_equal(json_merge(*state, STR("{}"), text, 1000, &text), OK);
		assert_int_equal(json_compact(*state, text, 1000, &again), OK);
		assert_true(str_equal(text, again));
		buf_init(&buf, *state, 1000);
		buf_addf(&buf, "{\"n\":[%s]}", rows[i][1]);
		assert_int_equal(buf_str(&buf, &text), OK);
		assert_text(again, text.p);
	}
}

/* None of them would come back as it was. */
static void numbers_that_do_not_fit_are_refused(void **state)
{
	static const char *const bodies[] = {
		"{\"a\":9223372036854775808}",
		"{\"a\":-9223372036854775809}",
		"{\"a\":[18446744073709551616]}",
		"{\"a\":123456789012345678901234567890}",
		"{\"a\":1e309}",
		"{\"a\":-1e309}",
		"{\"a\":{\"b\":1e99999}}",
		"{\"a\":01}",
		"{\"a\":.5}",
		"{\"a\":5.}",
		"{\"a\":1e}",
		"{\"a\":0x10}",
	};

	for (size_t i = 0; i < COUNT(bodies); i++)
		refuses(*state, str_of(bodies[i]));
}

/* IN-02 */
static void text_that_is_none_is_refused(void **state)
{
	static const struct str bodies[] = {
		{"{\"a\":\"\xff\"}", 9},
		{"{\"a\":\"\xc0\xaf\"}", 10},
		{"{\"a\":\"\xed\xa0\x80\"}", 11},
		{"{\"a\":\"\xf4\x90\x80\x80\"}", 12},
		{"{\"\xff\":1}", 7},
		{"{\"a\":{\"\xe2\x82\":1}}", 13},
		{"{\"a\":\"\\ud800\"}", 14},
		{"{\"a\":[\"\\udc00\"]}", 16},
		{"{\"a\":\"\\u0000\"}", 14},
		{"{\"a\":{\"\\u0000\":1}}", 18},
		{"{\"a\":[\"x\\u0000y\"]}", 18},
		{"{\"a\":\"\0\"}", 9},
		{"{\"a\":1}\0", 8},
		{"{}\0{}", 5},
	};

	for (size_t i = 0; i < COUNT(bodies); i++)
		refuses(*state, bodies[i]);
}

static void exactly_so_many_bytes(void **state)
{
	static const char fit[] = "{\"a\":\"12345\",\"b\":[true,false]}";
	size_t n = sizeof fit - 1;
	struct str out = STR_NONE;

	assert_int_equal(json_compact(*state, STR(fit), n, &out), OK);
	assert_text(out, fit);
	assert_int_equal(
		json_merge(*state, STR("{\"a\":\"12345\"}"), STR("{\"b\":[true,false]}"), n, &out),
		OK);
	assert_text(out, fit);
	out = STR("untouched");
	assert_int_equal(json_compact(*state, STR(fit), n - 1, &out), ERR_TOO_LARGE);
	assert_int_equal(json_merge(*state, STR("{\"a\":\"12345\"}"), STR("{\"b\":[true,false]}"),
				    n - 1, &out),
			 ERR_TOO_LARGE);
	assert_text(out, "untouched");
	/* Only the result counts: neither white space, nor escapes, nor what is taken away. */
	assert_int_equal(json_compact(*state, STR("{ \"\\u0061\" : \"\\u0031\\/\" }\n"), 10, &out),
			 OK);
	assert_text(out, "{\"a\":\"1/\"}");
	assert_int_equal(json_merge(*state, STR("{\"a\":\"a long text\",\"b\":1}"),
				    STR("{\"a\":null}"), 7, &out),
			 OK);
	assert_text(out, "{\"b\":1}");
	assert_int_equal(json_compact(*state, STR("{\"a\":\"\xc3\xa9\"}"), 9, &out), ERR_TOO_LARGE);
	assert_int_equal(json_compact(*state, STR("{\"a\":\"\\u00e9\"}"), 10, &out), OK);
	assert_int_equal(out.n, 10);
}

/* What says no more than it must is no different after it was sent on another way. */
static void white_space_order_and_escapes(void **state)
{
	compacts(*state, " {\n\t\"z\" : [ 1 , { \"b\" : { } } , [ ] ] ,\r\n\"a\" : true } ",
		 "{\"z\":[1,{\"b\":{}},[]],\"a\":true}");
	compacts(*state, "{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u001f\\u007f\"}",
		 "{\"a\":\"\\\"\\\\/\\u0008\\u000c\\n\\u000d\\u0009\\u001f\x7f\"}");
	compacts(*state, "{\"\\u00e9\":\"\\ud83d\\ude00 \\u2028\"}",
		 "{\"\xc3\xa9\":\"\xf0\x9f\x98\x80 \xe2\x80\xa8\"}");
	compacts(*state, "{\"<a>\":\"</script>&\\u003c\"}", "{\"<a>\":\"</script>&<\"}");
	merges(*state, "{\"z\":1,\"m\":2,\"a\":3}", "{\"m\":5,\"b\":6,\"z\":{\"q\":1,\"c\":2}}",
	       "{\"z\":{\"q\":1,\"c\":2},\"m\":5,\"a\":3,\"b\":6}");
	merges(*state, "{\"z\":1,\"m\":2}", "{\"z\":null}", "{\"m\":2}");
}

/* IN-02: stored as it is, written so that HTML sees nothing of it, read again as it was. */
static void written_it_is_inert_in_html(void **state)
{
	static const char kept[] =
		"{\"</script>\":[\"<!--&\",\"\xe2\x80\xa8|\xe2\x80\xa9|\xe2\x80\xaa\""
		",\"\x7f\xc3\xa9\\\"\\\\\",1.5,-0.0,null,{}]}";
	struct json_object object;
	struct str bad_name = STR_NONE;
	struct str text;
	struct json_out out;
	struct buf buf;

	compacts(*state, kept, kept);
	buf_init(&buf, *state, 1000);
	json_begin(&out, &buf);
	json_open_object(&out, NULL);
	json_number(&out, "a", 1);
	json_raw(&out, "data", STR(kept));
	json_raw(&out, "facts", STR("{}"));
	json_close_object(&out);
	assert_int_equal(buf_str(&buf, &text), OK);
	assert_text(
		text,
		"{\"a\":1,\"data\":{\"\\u003c/script\\u003e\":[\"\\u003c!--\\u0026\","
		"\"\\u2028|\\u2029|\xe2\x80\xaa\",\"\\u007f\xc3\xa9\\\"\\\\\",1.5,-0.0,null,{}]},"
		"\"facts\":{}}");
	assert_int_equal(json_parse(*state, text, &object, &bad_name), OK);
	assert_int_equal(object.n, 3);
	assert_text(object.members[1].text, kept);
	assert_text(object.members[2].text, "{}");
}

static void says_when_the_arena_is_full(void **state)
{
	struct str out = STR("untouched");
	struct arena *small = NULL;

	(void)state;
	assert_int_equal(arena_open(256, 8, &small), OK);
	assert_int_equal(json_compact(small, STR("{\"a\":\"longer than eight\"}"), ROOM, &out),
			 ERR_MEMORY);
	assert_int_equal(json_merge(small, STR("{}"), STR("{\"a\":1}"), ROOM, &out), ERR_MEMORY);
	assert_text(out, "untouched");
	arena_close(&small);
}

static size_t blocks_left;

static void *take_while_there_are(size_t size)
{
	return blocks_left > 0 && blocks_left-- > 0 ? malloc(size) : NULL;
}

/* Whichever allocation fails: no result, and (the sanitizer sees) nothing is left behind. */
static void without_memory_nothing_comes_of_it(void **state)
{
	struct str out = STR("untouched");
	unsigned failures = 0;
	enum err e = ERR_MEMORY;

	json_set_alloc_funcs(take_while_there_are, free);
	for (blocks_left = 0; e != OK; blocks_left = ++failures) {
		assert_text(out, "untouched");
		e = json_merge(*state, STR("{\"a\":1,\"b\":[\"x\"]}"), STR("{\"a\":{\"c\":\"y\"}}"),
			       ROOM, &out);
		assert_true(e == OK || e == ERR_MEMORY || e == ERR_INPUT);
		assert_in_range(failures, 0, 100);
	}
	json_init();
	assert_in_range(failures, 10, 100);
	assert_text(out, "{\"a\":{\"c\":\"y\"},\"b\":[\"x\"]}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(examples_of_the_rfc),
		cmocka_unit_test(the_example_of_a_document),
		cmocka_unit_test(what_is_no_object_is_refused),
		cmocka_unit_test(nulls),
		cmocka_unit_test(depth),
		cmocka_unit_test(duplicates),
		cmocka_unit_test(numbers),
		cmocka_unit_test(numbers_that_do_not_fit_are_refused),
		cmocka_unit_test(text_that_is_none_is_refused),
		cmocka_unit_test(exactly_so_many_bytes),
		cmocka_unit_test(white_space_order_and_escapes),
		cmocka_unit_test(written_it_is_inert_in_html),
		cmocka_unit_test(says_when_the_arena_is_full),
		cmocka_unit_test(without_memory_nothing_comes_of_it),
	};

	return cmocka_run_group_tests_name("json_merge", tests, open_arena, close_arena);
}
