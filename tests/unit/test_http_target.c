/* A request target in its parts: a path of one spelling, or none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arena.h"
#include "request.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int open_arena(void **state)
{
	struct arena *arena = NULL;

	if (arena_open(4096, 1048576, &arena) != OK)
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

static void targets_that_are_taken(void **state)
{
	static const struct {
		const char *target, *path, *query; /* query NULL: absent or empty */
	} cases[] = {
		{"/", "/", NULL},
		{"/a/b", "/a/b", NULL},
		{"/a/", "/a/", NULL},
		{"/%61%2e%62", "/a.b", NULL},
		{"/a%20b", "/a b", NULL},
		{"/%c3%a4", "/\xc3\xa4", NULL},
		{"/a?", "/a", NULL},
		{"/a?b=/../%2f//", "/a", "b=/../%2f//"},
		{"/a?b?c#d", "/a", "b?c#d"},
		{"/...", "/...", NULL},
		{"/..a/.b", "/..a/.b", NULL},
		{"/a%3fb", "/a?b", NULL},
		{"https://www.example.org/a/b?c", "/a/b", "c"},
		{"HTTP://www.example.org/a", "/a", NULL},
		{"https://www.example.org", "/", NULL},
		{"https://www.example.org?c", "/", "c"},
		{"http://", "/", NULL},
		{"/https://www.example.org", NULL, NULL},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct str path = STR("before");
		struct str query = STR_NONE;
		enum err e = request_target(*state, str_of(cases[i].target), &path, &query);

		if (cases[i].path == NULL) {
			assert_int_equal(e, ERR_INPUT);
			continue;
		}
		if (e != OK || !str_equal(path, str_of(cases[i].path)) ||
		    !str_equal(query, str_of(cases[i].query == NULL ? "" : cases[i].query)))
			fail_msg("%s", cases[i].target);
	}
}

/* No second spelling of a place, nor one that a second decoding would change. */
static void targets_that_are_refused(void **state)
{
	const struct str targets[] = {
		STR(""),
		STR("?a"),
		STR("*"),
		STR("a"),
		STR("a/b"),
		STR("//"),
		STR("//a"),
		STR("/a//b"),
		STR("/."),
		STR("/.."),
		STR("/a/."),
		STR("/a/.."),
		STR("/./a"),
		STR("/../a"),
		STR("/a/../b"),
		STR("/%2e/a"),
		STR("/%2E%2e/a"),
		STR("/.%2e/a"),
		STR("/a%2fb"),
		STR("/a%2Fb"),
		STR("/a%5cb"),
		STR("/a\\b"),
		STR("/a%00"),
		STR("/a%00.html"),
		STR("/a%0a"),
		STR("/a%7f"),
		STR("/a%1f"),
		STR("/%2561"),
		STR("/%252e%252e/a"),
		STR("/%"),
		STR("/a%2"),
		STR("/a%zz"),
		STR("/%u0061"),
		STR("/%c0%af"),
		STR("/%e0%80%af"),
		STR("/%ff"),
		STR("/\xff"),
		STR("/%ed%a0%80"),
		STR("/%c3"),
		STR("/a\x01"),
		STR("/a\0b"),
		STR("/%f0%80%80%af"),
		STR("http:/a"),
		STR("http:a"),
		STR("ftp://www.example.org/a"),
		STR("www.example.org:443"),
		STR("https://www.example.org//a"),
		STR("https://www.example.org/../a"),
		STR("https://www.example.org\\a/../b"),
	};

	for (size_t i = 0; i < COUNT(targets); i++) {
		struct str path = STR("before");
		struct str query = STR_NONE;

		if (request_target(*state, targets[i], &path, &query) != ERR_INPUT ||
		    !str_equal(path, STR("before")))
			fail_msg("%.*s", (int)targets[i].n, targets[i].p);
	}
}

/* To the octet: what is longer is refused, never cut. */
static void lengths_are_bounded(void **state)
{
	char text[REQUEST_HEADER_MAX + 64];
	struct str path = STR_NONE;
	struct str query = STR_NONE;

	memset(text, 'a', sizeof text);
	text[0] = '/';
	assert_int_equal(
		request_target(*state, (struct str){text, REQUEST_PATH_MAX}, &path, &query), OK);
	assert_int_equal(path.n, REQUEST_PATH_MAX);
	assert_int_equal(
		request_target(*state, (struct str){text, REQUEST_PATH_MAX + 1}, &path, &query),
		ERR_INPUT);
	text[1] = '?';
	assert_int_equal(
		request_target(*state, (struct str){text, REQUEST_HEADER_MAX + 2}, &path, &query),
		OK);
	assert_int_equal(query.n, REQUEST_HEADER_MAX);
	assert_int_equal(
		request_target(*state, (struct str){text, REQUEST_HEADER_MAX + 3}, &path, &query),
		ERR_TOO_LARGE);
}

static void memory_runs_out(void **state)
{
	struct arena *small = NULL;
	struct str path = STR_NONE;
	struct str query = STR_NONE;

	(void)state;
	assert_int_equal(arena_open(64, 4096, &small), OK);
	while (arena_alloc(small, 16) != NULL)
		continue;
	assert_int_equal(
		request_target(small, STR("/a/long/enough/path/for/that?and=query"), &path, &query),
		ERR_MEMORY);
	assert_false(str_is_present(path));
	arena_close(&small);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_arena, close_arena)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(targets_that_are_taken),
		TEST(targets_that_are_refused),
		TEST(lengths_are_bounded),
		TEST(memory_runs_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
