/* JSON: what is refused of a body and why, what is kept of it, and what is written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arena.h"
#include "buf.h"
#include "clock.h"
#include "json.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int open_arena(void **state)
{
	struct arena *arena = NULL;

	json_init();
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

static void assert_text(struct str text, const char *expected)
{
	assert_true(str_is_present(text));
	assert_int_equal(text.n, strlen(expected));
	assert_memory_equal(text.p, expected, text.n);
}

static void refuses(struct arena *arena, struct str body, const char *name)
{
	struct json_object object = {.n = 77};
	struct str bad_name = STR("untouched");
	enum err e = json_parse(arena, body, &object, &bad_name);

	if (e != ERR_INPUT)
		print_error("accepted: %.*s\n", (int)body.n, body.p);
	assert_int_equal(e, ERR_INPUT);
	assert_int_equal(object.n, 77);
	if (name == NULL)
		assert_false(str_is_present(bad_name));
	else
		assert_text(bad_name, name);
}

static void accepts(struct arena *arena, const char *body, struct json_object *object)
{
	struct str bad_name = STR("untouched");

	assert_int_equal(json_parse(arena, str_of(body), object, &bad_name), OK);
	assert_false(str_is_present(bad_name));
}

static void keeps_strings_booleans_and_integers(void **state)
{
	struct json_object object;

	accepts(*state,
		" { \"identifier\" : \"h\\u00e9 \\ud83d\\ude00\\n\", \"remember\" : true, "
		"\"no\":false,"
		" \"n\":-9223372036854775808, \"max\":9223372036854775807, \"gone\":null,"
		" \"empty\":\"\" } \n",
		&object);
	assert_int_equal(object.n, 6);
	assert_text(object.members[0].name, "identifier");
	assert_int_equal(object.members[0].type, JSON_TYPE_STRING);
	assert_text(object.members[0].text, "h\xc3\xa9 \xf0\x9f\x98\x80\n");
	assert_int_equal(object.members[1].type, JSON_TYPE_BOOL);
	assert_true(object.members[1].flag);
	assert_false(object.members[2].flag);
	assert_int_equal(object.members[3].type, JSON_TYPE_INTEGER);
	assert_true(object.members[3].number == INT64_MIN);
	assert_true(object.members[4].number == INT64_MAX);
	assert_text(object.members[5].name, "empty");
	assert_text(object.members[5].text, "");
}

/* What is in it is the client's: it comes as its shortest text, not to be read but to be kept. */
static void keeps_an_object_as_text(void **state)
{
	struct json_object object;

	accepts(*state,
		"{\"data\" : { \"b\" : [ 1.50, null, { } ], \"a\" : \"\\u003c\\u00e9\" },"
		" \"to\":\"x\", \"empty\": { } }",
		&object);
	assert_int_equal(object.n, 3);
	assert_text(object.members[0].name, "data");
	assert_int_equal(object.members[0].type, JSON_TYPE_OBJECT);
	assert_text(object.members[0].text, "{\"b\":[1.5,null,{}],\"a\":\"<\xc3\xa9\"}");
	assert_int_equal(object.members[1].type, JSON_TYPE_STRING);
	assert_int_equal(object.members[2].type, JSON_TYPE_OBJECT);
	assert_text(object.members[2].text, "{}");
}

/* A null is no member, but it is known which were null. */
static void names_the_nulls(void **state)
{
	struct json_object object;

	accepts(*state, "{\"a\":null,\"b\":1,\"\":null,\"c\":{\"d\":null},\"\\u00e9\":null}",
		&object);
	assert_int_equal(object.n, 2);
	assert_text(object.members[0].name, "b");
	assert_text(object.members[1].name, "c");
	assert_int_equal(object.null_count, 3);
	assert_text(object.nulls[0], "a");
	assert_text(object.nulls[1], "");
	assert_text(object.nulls[2], "\xc3\xa9");
	accepts(*state, "{}", &object);
	assert_int_equal(object.null_count, 0);
}

static void takes_any_white_space_and_an_empty_object(void **state)
{
	struct json_object object = {.n = 3};

	accepts(*state, "\t\r\n {\r\n} ", &object);
	assert_int_equal(object.n, 0);
}

/* IN-24: what some parsers let pass. */
static void refuses_what_is_not_json(void **state)
{
	static const char *const bodies[] = {
		"",
		" ",
		"{",
		"}",
		"{\"a\"",
		"{\"a\":",
		"{\"a\":1",
		"{\"a\":1,}",
		"{,\"a\":1}",
		"{\"a\" 1}",
		"{\"a\":1 \"b\":2}",
		"{a:1}",
		"{'a':1}",
		"{\"a\":'b'}",
		"{\"a\":NaN}",
		"{\"a\":Infinity}",
		"{\"a\":-Infinity}",
		"{\"a\":01}",
		"{\"a\":+1}",
		"{\"a\":-}",
		"{\"a\":.5}",
		"{\"a\":5.}",
		"{\"a\":0x10}",
		"{\"a\":1e999}",
		"{\"a\":-1e999}",
		"{\"a\":18446744073709551616}",
		"{\"a\":12345678901234567890}",
		"{\"a\":-12345678901234567890}",
		"{\"a\":True}",
		"{\"a\":nul}",
		"{\"a\":\"b}",
		"{\"a\":\"\t\"}",
		"{\"a\":\"\n\"}",
		"{\"a\":\"\x1f\"}",
		"{\"a\":\"\\x41\"}",
		"{\"a\":\"\\u12\"}",
		"{\"a\":\"\\",
		"{\"a\":1}x",
		"{\"a\":1}{\"b\":2}",
		"{\"a\":1}]",
		"/* note */{\"a\":1}",
		"{\"a\":1}//",
		"\xef\xbb\xbf{\"a\":1}",
		"\xff\xfe{\"a\":1}",
		"\"a\"",
		"1",
		"true",
		"null",
		"[]",
		"[{\"a\":1}]",
	};

	for (size_t i = 0; i < COUNT(bodies); i++)
		refuses(*state, str_of(bodies[i]), NULL);
	refuses(*state, STR_NONE, NULL);
}

/* IN-24, IN-02: text that is none. */
static void refuses_broken_utf8_lone_surrogates_and_nul(void **state)
{
	static const struct str bodies[] = {
		{"{\"a\":\"\xff\"}", 9},
		{"{\"a\":\"\x80\"}", 9},
		{"{\"a\":\"\xc0\xaf\"}", 10},
		{"{\"a\":\"\xe0\x80\xaf\"}", 11},
		{"{\"a\":\"\xf0\x80\x80\xaf\"}", 12},
		{"{\"a\":\"\xc0\x80\"}", 10},
		{"{\"a\":\"\xed\xa0\x80\"}", 11},
		{"{\"a\":\"\xf4\x90\x80\x80\"}", 12},
		{"{\"a\":\"\xe2\x82\"}", 10},
		{"{\"\xff\":1}", 7},
		{"{\"\xc0\xaf\":1}", 8},
		{"{\"a\":\"\\ud800\"}", 14},
		{"{\"a\":\"\\udc00\"}", 14},
		{"{\"a\":\"\\udc00\\ud800\"}", 20},
		{"{\"a\":\"\\ud800x\"}", 15},
		{"{\"\\ud800\":1}", 12},
		{"{\"a\":\"\\u0000\"}", 14},
		{"{\"a\":\"x\\u0000y\"}", 16},
		{"{\"\\u0000\":1}", 12},
		{"{\"a\\u0000b\":1}", 14},
		{"{\"a\":\"\0\"}", 9},
		{"{\"\0\":1}", 7},
		{"{\"a\":1}\0", 8},
		{"\0{\"a\":1}", 8},
	};

	for (size_t i = 0; i < COUNT(bodies); i++)
		refuses(*state, bodies[i], NULL);
}

/* IN-04: also when one of the two is written in another way. */
static void refuses_a_repeated_member_and_names_it(void **state)
{
	refuses(*state, STR("{\"a\":1,\"a\":1}"), "a");
	refuses(*state, STR("{\"password\":\"x\",\"b\":2,\"password\":\"y\"}"), "password");
	refuses(*state, STR("{\"a\":1,\"\\u0061\":2}"), NULL);
	refuses(*state, STR("{\"\\u0061\":1,\"a\":2}"), "a");
	refuses(*state, STR("{\"a\":null,\"a\":null}"), "a");
	refuses(*state, STR("{\"a\":{\"b\":1,\"b\":2}}"), "b");
	refuses(*state, STR("{\"a_name_that_is_rather_long\":1,\"a_name_that_is_rather_long\":2}"),
		NULL);
}

/* IN-05 */
static void refuses_a_member_of_another_kind_and_names_it(void **state)
{
	refuses(*state, STR("{\"a\":\"x\",\"list\":[\"x\"]}"), "list");
	refuses(*state, STR("{\"b\":{\"x\":[1.5,{}]},\"a\":[{}]}"), "a");
	refuses(*state, STR("{\"real\":1.0}"), "real");
	refuses(*state, STR("{\"real\":1e3}"), "real");
	refuses(*state, STR("{\"\":[]}"), "");
}

static void add_members(struct buf *buf, size_t n, size_t nulls)
{
	buf_add_char(buf, '{');
	for (size_t i = 0; i < n; i++)
		buf_addf(buf, "%s\"m%zu\":%zu", i > 0 ? "," : "", i, i);
	for (size_t i = 0; i < nulls; i++)
		buf_addf(buf, "%s\"n%zu\":null", n + i > 0 ? "," : "", i);
	buf_add_char(buf, '}');
}

/* IN-06 */
static void takes_so_many_members_and_no_more(void **state)
{
	struct json_object object;
	struct str body;
	struct buf buf;

	buf_init(&buf, *state, 10000);
	add_members(&buf, JSON_MEMBERS_MAX, JSON_MEMBERS_MAX);
	assert_int_equal(buf_str(&buf, &body), OK);
	accepts(*state, body.p, &object);
	assert_int_equal(object.n, JSON_MEMBERS_MAX);
	assert_int_equal(object.null_count, JSON_MEMBERS_MAX);
	assert_text(object.nulls[JSON_MEMBERS_MAX - 1], "n31");
	assert_int_equal(object.members[JSON_MEMBERS_MAX - 1].number, JSON_MEMBERS_MAX - 1);

	buf_init(&buf, *state, 10000);
	add_members(&buf, JSON_MEMBERS_MAX + 1, 0);
	assert_int_equal(buf_str(&buf, &body), OK);
	refuses(*state, body, "m32");

	buf_init(&buf, *state, 10000);
	add_members(&buf, 0, JSON_MEMBERS_MAX + 1);
	assert_int_equal(buf_str(&buf, &body), OK);
	refuses(*state, body, "n32");
}

static struct str nested(struct arena *arena, char open, char close, size_t depth)
{
	struct str body = STR_NONE;
	struct buf buf;

	buf_init(&buf, arena, 200000);
	buf_add(&buf, STR("{\"a\":"));
	for (size_t i = 0; i < depth; i++)
		buf_add(&buf, open == '{' ? STR("{\"a\":") : STR("["));
	buf_add_char(&buf, '1');
	for (size_t i = 0; close != 0 && i < depth; i++)
		buf_add_char(&buf, close);
	buf_add_char(&buf, '}');
	assert_int_equal(buf_str(&buf, &body), OK);
	return body;
}

/* IN-06: up to the limit jansson reads it; beyond, nothing is read at all. */
static void refuses_depth_bombs_before_parsing(void **state)
{
	struct json_object object;

	refuses(*state, nested(*state, '[', ']', JSON_DEPTH_MAX - 1), "a");
	accepts(*state, nested(*state, '{', '}', JSON_DEPTH_MAX - 1).p, &object);
	refuses(*state, nested(*state, '[', ']', JSON_DEPTH_MAX), NULL);
	refuses(*state, nested(*state, '{', '}', JSON_DEPTH_MAX), NULL);
	refuses(*state, nested(*state, '[', ']', 30000), NULL);
	refuses(*state, nested(*state, '[', 0, 60000), NULL);
}

static void brackets_within_strings_are_no_depth(void **state)
{
	struct json_object object;

	accepts(*state,
		"{\"a\":\"\\\"[[[[[[[[[[[[[[[[[[[[[[[[{{{{{{{{{{{{\\\\\",\"[[[[[[[[[[[[[[[[[[\":1}",
		&object);
	assert_int_equal(object.n, 2);
	assert_text(object.members[0].text, "\"[[[[[[[[[[[[[[[[[[[[[[[[{{{{{{{{{{{{\\");
}

static void says_when_the_arena_is_full(void **state)
{
	struct json_object object = {.n = 77};
	struct str bad_name = STR("untouched");
	struct arena *small = NULL;

	(void)state;
	assert_int_equal(arena_open(256, 8, &small), OK);
	assert_int_equal(
		json_parse(small, STR("{\"a\":\"longer than eight\"}"), &object, &bad_name),
		ERR_MEMORY);
	assert_int_equal(object.n, 77);
	assert_false(str_is_present(bad_name));
	arena_close(&small);
}

static void writes_commas_names_and_every_type(void **state)
{
	struct json_out out;
	struct str text;
	struct buf buf;
	struct id id = {{1, 2, 3}};

	buf_init(&buf, *state, 1000);
	json_begin(&out, &buf);
	json_open_object(&out, NULL);
	json_text(&out, "text", STR("x"));
	json_text(&out, "absent", STR_NONE);
	json_open_array(&out, "list");
	json_open_object(&out, NULL);
	json_close_object(&out);
	json_number(&out, NULL, INT64_MIN);
	json_open_array(&out, NULL);
	json_close_array(&out);
	json_close_array(&out);
	json_bool(&out, "yes", true);
	json_bool(&out, "no", false);
	json_none(&out, "none");
	json_id(&out, "id", id);
	json_id(&out, "no_id", ID_NONE);
	json_time(&out, "at", 1795228484 * CLOCK_SECOND);
	json_time(&out, "never", 0);
	json_close_object(&out);
	assert_int_equal(buf_str(&buf, &text), OK);
	assert_text(text,
		    "{\"text\":\"x\",\"absent\":null,\"list\":[{},-9223372036854775808,[]],"
		    "\"yes\":true,\"no\":false,\"none\":null,\"id\":\"AQIDAAAAAAAAAAAAAAAAAA\","
		    "\"no_id\":null,\"at\":\"2026-11-21T02:34:44Z\",\"never\":null}");
}

/* IN-02 */
static void writes_text_that_is_inert_in_html_too(void **state)
{
	static const struct {
		struct str value;
		const char *written;
	} rows[] = {
		{{"", 0}, "[\"\"]"},
		{{"a\"b\\c/", 6}, "[\"a\\\"b\\\\c/\"]"},
		{{"\n\r\t\x01\x7f", 5}, "[\"\\n\\u000d\\u0009\\u0001\\u007f\"]"},
		{{"a\0b", 3}, "[\"a\\u0000b\"]"},
		{{"</script><!--&", 14}, "[\"\\u003c/script\\u003e\\u003c!--\\u0026\"]"},
		{{"\xe2\x80\xa8|\xe2\x80\xa9|\xe2\x80\xaa", 11},
		 "[\"\\u2028|\\u2029|\xe2\x80\xaa\"]"},
		{{"\xc3\xa9\xf0\x9f\x98\x80", 6}, "[\"\xc3\xa9\xf0\x9f\x98\x80\"]"},
		{{"x\xff\xc0\xafy", 5}, "[\"x\\ufffd\\ufffd\\ufffdy\"]"},
		{{"\xe2\x82", 2}, "[\"\\ufffd\\ufffd\"]"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct json_out out;
		struct str text;
		struct buf buf;

		buf_init(&buf, *state, 1000);
		json_begin(&out, &buf);
		json_open_array(&out, NULL);
		json_text(&out, NULL, rows[i].value);
		json_close_array(&out);
		assert_int_equal(buf_str(&buf, &text), OK);
		assert_text(text, rows[i].written);
	}
}

static void what_is_written_can_be_read(void **state)
{
	static const char value[] = "\"\\/<>&'\n\r\t\x01\x7f\xe2\x80\xa8\xf0\x9f\x98\x80";
	struct json_object object;
	struct json_out out;
	struct str text;
	struct buf buf;

	buf_init(&buf, *state, 1000);
	json_begin(&out, &buf);
	json_open_object(&out, NULL);
	json_text(&out, value, str_of(value));
	json_close_object(&out);
	assert_int_equal(buf_str(&buf, &text), OK);
	accepts(*state, text.p, &object);
	assert_text(object.members[0].name, value);
	assert_text(object.members[0].text, value);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_strings_booleans_and_integers),
		cmocka_unit_test(keeps_an_object_as_text),
		cmocka_unit_test(names_the_nulls),
		cmocka_unit_test(takes_any_white_space_and_an_empty_object),
		cmocka_unit_test(refuses_what_is_not_json),
		cmocka_unit_test(refuses_broken_utf8_lone_surrogates_and_nul),
		cmocka_unit_test(refuses_a_repeated_member_and_names_it),
		cmocka_unit_test(refuses_a_member_of_another_kind_and_names_it),
		cmocka_unit_test(takes_so_many_members_and_no_more),
		cmocka_unit_test(refuses_depth_bombs_before_parsing),
		cmocka_unit_test(brackets_within_strings_are_no_depth),
		cmocka_unit_test(says_when_the_arena_is_full),
		cmocka_unit_test(writes_commas_names_and_every_type),
		cmocka_unit_test(writes_text_that_is_inert_in_html_too),
		cmocka_unit_test(what_is_written_can_be_read),
	};

	return cmocka_run_group_tests_name("json", tests, open_arena, close_arena);
}
