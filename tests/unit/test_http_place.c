/* The place that a target names: canonical, or the reason that a person is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arena.h"
#include "own_path.h"
#include "place.h"
#include "request.h"
#include "url.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct place read(struct arena *arena, const char *target)
{
	struct place place;

	assert_int_equal(place_read(arena, str_of(target), &place), OK);
	return place;
}

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

static void canonical_places_have_no_flaw(void **state)
{
	static const struct {
		const char *target, *path, *local;
	} CASES[] = {
		{"/", "/", "/"},
		{"/private/", "/private/", "/private/"},
		{"/%70rivate/a%20b?x=%2f..", "/private/a b", "/%70rivate/a%20b?x=%2f.."},
		{"/caf%C3%A9", "/caf\xc3\xa9", "/caf%C3%A9"},
		{"/a'b", "/a'b", NULL},
	};

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct place place = read(*state, CASES[i].target);

		assert_null(place.flaw);
		assert_true(str_equal(place.path, str_of(CASES[i].path)));
		assert_int_equal(str_is_present(place.local), CASES[i].local != NULL);
		if (CASES[i].local != NULL)
			assert_true(str_equal(place.local, str_of(CASES[i].local)));
	}
}

/* Whatever url_decode_path refuses has a reason, and the right one. */
static void every_other_place_has_its_reason(void **state)
{
	static const struct {
		const char *target, *reason;
	} CASES[] = {
		{"", "it does not begin with a slash"},
		{"private", "it does not begin with a slash"},
		{"/a#b", "it has a '#', which no request has"},
		{"/a%", "it has a broken escape"},
		{"/a%4", "it has a broken escape"},
		{"/a%zz", "it has a broken escape"},
		{"/a%00", "it has an escaped NUL (%00)"},
		{"/a%2Fb", "it has an escaped slash (%2f)"},
		{"/a%5cb", "it has an escaped backslash (%5c)"},
		{"/a\\b", "it has a backslash"},
		{"/a%c3", "it is not UTF-8"},
		{"/a%c0%af", "it is not UTF-8"},
		{"/a%0ab", "it has a control character"},
		{"/a\tb", "it has a control character"},
		{"/a%2541", "it has an escape that is escaped itself (%25..)"},
		{"//a", "it has two slashes behind each other"},
		{"/a//b", "it has two slashes behind each other"},
		{"/./a", "it has a dot segment (. or ..), escaped or not"},
		{"/a/..", "it has a dot segment (. or ..), escaped or not"},
		{"/a/%2e%2E/b", "it has a dot segment (. or ..), escaped or not"},
		{"/a;b", "it has a ';', from where on some servers do not read"},
		{"/a%3Bb?c", "it has a ';', from where on some servers do not read"},
	};

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct place place = read(*state, CASES[i].target);

		assert_non_null(place.flaw);
		assert_string_equal(place.flaw, CASES[i].reason);
		assert_int_equal(place.path.n, 0);
		assert_false(str_is_present(place.local));
	}
}

static void what_is_too_long_says_so(void **state)
{
	static char path[REQUEST_PATH_MAX + 3];
	static char query[REQUEST_HEADER_MAX + 8];

	memset(path, 'a', sizeof path - 1);
	path[0] = '/';
	assert_string_equal(read(*state, path).flaw, "it is too long");
	memset(query, 'a', sizeof query - 1);
	query[0] = '/';
	query[1] = '?';
	assert_string_equal(read(*state, query).flaw, "its query is too long");
}

static void own_paths_are_told_from_others(void **state)
{
	static const struct {
		const char *base, *path;
		bool own;
	} CASES[] = {
		{"/auth", "/auth", true},
		{"/auth", "/auth/login", true},
		{"/auth", "/auth/admin/users/x", true},
		{"/auth", "/.well-known/oauth-authorization-server/auth", true},
		{"", "/.well-known/oauth-authorization-server", true},
		{"", "/login", true},
		{"", "/private/", false},
		{"/auth", "/auth/nothing", false},
		{"/auth", "/auth/login/", false},
		{"/auth", "/auth/admin/users/x/y", false},
		{"/auth", "/authx", false},
		{"/auth", "/login", false},
		{"/auth", "/.well-known/oauth-authorization-server", false},
		{"/auth", "", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++)
		assert_int_equal(own_path_is(str_of(CASES[i].base), str_of(CASES[i].path)),
				 CASES[i].own);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(canonical_places_have_no_flaw, open_arena,
						close_arena),
		cmocka_unit_test_setup_teardown(every_other_place_has_its_reason, open_arena,
						close_arena),
		cmocka_unit_test_setup_teardown(what_is_too_long_says_so, open_arena, close_arena),
		cmocka_unit_test(own_paths_are_told_from_others),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
