/* Paths and URLs: one decoding, one form, no way out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arena.h"
#include "buf.h"
#include "request.h"
#include "url.h"

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

static void assert_text(struct str text, const char *expected)
{
	assert_int_equal(text.n, strlen(expected));
	assert_memory_equal(text.p, expected, text.n);
}

static void assert_path(struct arena *arena, const char *raw, const char *expected)
{
	struct str path = STR_NONE;

	assert_int_equal(url_decode_path(arena, str_of(raw), &path), OK);
	assert_text(path, expected);
	assert_int_equal(url_check_path(path), OK);
}

static void decodes_canonical_paths(void **state)
{
	assert_path(*state, "/", "/");
	assert_path(*state, "/auth/login", "/auth/login");
	assert_path(*state, "/auth/", "/auth/");
	assert_path(*state, "/%61uth/log%69n", "/auth/login");
	assert_path(*state, "/a+b/c%20d", "/a+b/c d");
	assert_path(*state, "/caf%C3%A9", "/caf\xc3\xa9");
	assert_path(*state, "/100%25", "/100%");
	assert_path(*state, "/.hidden/..x/x..", "/.hidden/..x/x..");
	assert_path(*state, "/a;b=c/@x:y", "/a;b=c/@x:y");
	assert_path(*state, "/%23", "/#");
}

/* IN-03: whatever somebody could read in two ways is refused. */
static void refuses_paths_that_are_not_canonical(void **state)
{
	static const char *const paths[] = {
		"",
		"auth",
		"*",
		"//",
		"//auth",
		"/auth//login",
		"/auth//",
		"/.",
		"/..",
		"/./auth",
		"/auth/.",
		"/auth/..",
		"/auth/../x",
		"/%2e",
		"/%2e%2e/x",
		"/.%2E/x",
		"/auth/%2e%2e",
		"/a%2fb",
		"/a%2Fb",
		"/a%5cb",
		"/a\\b",
		"/a%00b",
		"/a%0d%0aX: y",
		"/a\tb",
		"/a%7f",
		"/a%",
		"/a%4",
		"/a%zz",
		"/%c0%ae%c0%ae/x",
		"/%ff",
		"/\xff",
		"/%ed%a0%80",
		"/%2527",
		"/%252e%252e/x",
		"/a%25%32%66b",
		"/a#b",
	};
	struct str path = STR("untouched");

	for (size_t i = 0; i < COUNT(paths); i++) {
		if (url_decode_path(*state, str_of(paths[i]), &path) != ERR_INPUT)
			fail_msg("taken: %s", paths[i]);
		assert_text(path, "untouched");
	}
	assert_int_equal(url_decode_path(*state, (struct str){.p = "/a\0b", .n = 4}, &path),
			 ERR_INPUT);
	assert_int_equal(url_decode_path(*state, STR_NONE, &path), ERR_INPUT);
}

static void bounds_a_path(void **state)
{
	char raw[REQUEST_PATH_MAX + 1];
	struct str path = STR_NONE;
	struct url url;

	memset(raw, 'a', sizeof raw);
	raw[0] = '/';
	struct str fits = {.p = raw, .n = REQUEST_PATH_MAX};
	struct str too_long = {.p = raw, .n = sizeof raw};
	assert_int_equal(url_decode_path(*state, fits, &path), OK);
	assert_int_equal(url_decode_path(*state, too_long, &path), ERR_INPUT);
	assert_int_equal(url_check_path(fits), OK);
	assert_int_equal(url_check_path(too_long), ERR_INPUT);
	assert_int_equal(url_check_local(fits, &url), OK);
	assert_int_equal(url_check_local(too_long, &url), ERR_INPUT);
}

/* Somebody else has decoded it: the same rules. */
static void checks_decoded_paths(void **state)
{
	(void)state;
	assert_int_equal(url_check_path(STR("/auth/login")), OK);
	assert_int_equal(url_check_path(STR("/a b/caf\xc3\xa9/")), OK);
	assert_int_equal(url_check_path(STR("")), ERR_INPUT);
	assert_int_equal(url_check_path(STR_NONE), ERR_INPUT);
	assert_int_equal(url_check_path(STR("auth")), ERR_INPUT);
	assert_int_equal(url_check_path(STR("/a/../b")), ERR_INPUT);
	assert_int_equal(url_check_path(STR("/a//b")), ERR_INPUT);
	assert_int_equal(url_check_path(STR("/a%2fb")), ERR_INPUT);
	assert_int_equal(url_check_path(STR("/a\nb")), ERR_INPUT);
	assert_int_equal(url_check_path(STR("/\xc3")), ERR_INPUT);
}

static void decodes_text_once(void **state)
{
	struct str text = STR_NONE;

	assert_int_equal(url_decode(*state, STR("a+b%20c%2525"), true, &text), OK);
	assert_text(text, "a b c%25");
	assert_int_equal(url_decode(*state, STR("a+b%2B"), false, &text), OK);
	assert_text(text, "a+b+");
	assert_int_equal(url_decode(*state, STR_NONE, true, &text), OK);
	assert_true(str_is_present(text));
	assert_int_equal(text.n, 0);
	assert_int_equal(url_decode(*state, STR("%0"), true, &text), ERR_INPUT);
	assert_int_equal(url_decode(*state, STR("%00"), true, &text), ERR_INPUT);
	assert_int_equal(url_decode(*state, STR("%c1%81"), true, &text), ERR_INPUT);
}

static void encodes_all_but_unreserved(void **state)
{
	struct buf buf;
	struct str text = STR_NONE;

	buf_init(&buf, *state, 256);
	url_add_encoded(&buf, STR("AZaz09-._~ /?#&=+%\"'<>\r\n\xc3\xa9"));
	assert_int_equal(buf_str(&buf, &text), OK);
	assert_text(text, "AZaz09-._~%20%2F%3F%23%26%3D%2B%25%22%27%3C%3E%0D%0A%C3%A9");
}

static void takes_local_targets(void **state)
{
	static const char *const targets[] = {
		"/",
		"/auth/account",
		"/auth/account/",
		"/app?x=1&y=2",
		"/app?next=//evil.example/",
		"/app?next=https%3A%2F%2Fevil.example%2F",
		"/app?a[]=1&b=..%2f..",
		"/caf%C3%A9/100%25",
		"/a.b/c..d/.well-known/x",
		"/user@host/javascript:x",
		"/a;b=c,d!$&()*+",
		"/?",
	};
	struct url url;

	(void)state;
	for (size_t i = 0; i < COUNT(targets); i++) {
		if (url_check_local(str_of(targets[i]), &url) != OK)
			fail_msg("refused: %s", targets[i]);
		assert_text(url.text, targets[i]);
	}
}

/* IN-20: what has been used to leave a site through its return address. */
static const char *const ways_out[] = {
	"",
	"evil.example",
	"@evil.example",
	".evil.example",
	"?x",
	"#x",
	"\\",
	"//evil.example",
	"//evil.example/auth",
	"///evil.example",
	"////evil.example",
	"//user@evil.example",
	"//www.example.org@evil.example",
	"//www.example.org:443@evil.example",
	"//127.0.0.1",
	"//[::1]",
	"//evil%E3%80%82example",
	"/\\evil.example",
	"\\/evil.example",
	"\\\\evil.example",
	"/\\/evil.example",
	"//\\evil.example",
	"/\\\\evil.example",
	"/a\\b",
	"/%5cevil.example",
	"/%5Cevil.example",
	"/%5c%5cevil.example",
	"/a/%5c..%5c",
	"/%2f/evil.example",
	"/%2fevil.example",
	"/%2Fevil.example",
	"/%2f%2fevil.example",
	"/%2f%5c%2fevil.example",
	"/%252fevil.example",
	"/%252f%252fevil.example",
	"/%255cevil.example",
	"/%09/evil.example",
	"/%0a/evil.example",
	"/%0d/evil.example",
	"/%0d%0aLocation:%20https://evil.example",
	"/%0d%0aSet-Cookie:a=b",
	"/%00/evil.example",
	"/%20\t/evil.example",
	"/\t/evil.example",
	"/\n/evil.example",
	"/\r/evil.example",
	"\t//evil.example",
	" //evil.example",
	" /auth",
	"/auth ",
	"/\x01/x",
	"/\x7f/x",
	"/\xe2\x80\xae/x",
	"/..//evil.example",
	"/../evil.example",
	"/.//evil.example",
	"/./x",
	"/x/..",
	"/x/../..//evil.example",
	"/x/./y",
	"/%2e%2e//evil.example",
	"/%2e%2e/evil.example",
	"/.%2e/evil.example",
	"/%2E./evil.example",
	"/%2e/x",
	"/%252e%252e/x",
	"/a//evil.example",
	"/a///evil.example/..",
	"http://evil.example",
	"https://evil.example",
	"HTTPS://evil.example",
	"https:evil.example",
	"https:/evil.example",
	"https:///evil.example",
	"https:\\\\evil.example",
	"http:evil.example",
	"https://www.example.org@evil.example/",
	"https://www.example.org.evil.example/",
	"https://www.example.org/",
	"javascript:alert(1)",
	"JaVaScRiPt:alert(1)",
	"java\tscript:alert(1)",
	"javascript://www.example.org/%0aalert(1)",
	"data:text/html,x",
	"vbscript:x",
	"file:///etc/passwd",
	"ftp://evil.example",
	"mailto:x@evil.example",
	"intent://evil.example#Intent;end",
	"app:x",
	"/x#y",
	"/#//evil.example",
	"/x?y#z",
	"/x\"y",
	"/x'y",
	"/x<y>",
	"/x`y",
	"/x{y}",
	"/x|y",
	"/x^y",
	"/x?y=\"",
	"/x?y='",
	"/x?y=\\",
	"/x?y= z",
	"/x?y=%00",
	"/x?y=%",
	"/x?y=%g0",
	"/x%",
	"/x%4",
	"/%c0%af",
	"/%ff",
	"/%u002f",
};

static void refuses_ways_out(void **state)
{
	struct url url = {.text = STR("untouched")};

	(void)state;
	assert_true(COUNT(ways_out) >= 60);
	for (size_t i = 0; i < COUNT(ways_out); i++) {
		if (url_check_local(str_of(ways_out[i]), &url) != ERR_INPUT)
			fail_msg("taken: %s", ways_out[i]);
		assert_text(url.text, "untouched");
	}
	assert_int_equal(url_check_local(STR_NONE, &url), ERR_INPUT);
	assert_int_equal(url_check_local((struct str){.p = "/\0/evil", .n = 7}, &url), ERR_INPUT);
}

/* IN-11, IN-19: absolute addresses are made of the configured origin. */
static void joins_origin_and_path(void **state)
{
	struct str origin = STR("https://www.example.org");
	struct url url = {.text = STR("untouched")};

	assert_int_equal(url_absolute(*state, origin, STR(".evil.example"), &url), ERR_INTERNAL);
	assert_int_equal(url_absolute(*state, origin, STR("@evil.example"), &url), ERR_INTERNAL);
	assert_int_equal(url_absolute(*state, origin, STR("//evil.example"), &url), ERR_INTERNAL);
	assert_int_equal(url_absolute(*state, origin, STR(""), &url), ERR_INTERNAL);
	assert_int_equal(url_absolute(*state, origin, STR("/a\r\nX: y"), &url), ERR_INTERNAL);
	assert_text(url.text, "untouched");
	assert_int_equal(url_absolute(*state, origin, STR("/a?b=c%20d"), &url), OK);
	assert_text(url.text, "https://www.example.org/a?b=c%20d");
	assert_int_equal(url_absolute(*state, STR("https://[::1]:8443"), STR("/"), &url), OK);
	assert_text(url.text, "https://[::1]:8443/");
}

static void joins_base_path_and_path(void **state)
{
	struct url url = {.text = STR("untouched")};

	assert_int_equal(url_own(*state, STR(""), STR("//evil.example"), &url), ERR_INTERNAL);
	assert_int_equal(url_own(*state, STR(""), STR("login"), &url), ERR_INTERNAL);
	assert_int_equal(url_own(*state, STR(""), STR(""), &url), ERR_INTERNAL);
	assert_int_equal(url_own(*state, STR("/auth"), STR("/a b"), &url), ERR_INTERNAL);
	assert_int_equal(url_own(*state, STR("/auth"), STR("/a\"b"), &url), ERR_INTERNAL);
	assert_text(url.text, "untouched");
	assert_int_equal(url_own(*state, STR("/auth"), STR("/login?return_to=%2F"), &url), OK);
	assert_text(url.text, "/auth/login?return_to=%2F");
	assert_int_equal(url_own(*state, STR(""), STR("/login"), &url), OK);
	assert_text(url.text, "/login");
	assert_int_equal(url_own(*state, STR("/auth"), STR(""), &url), OK);
	assert_text(url.text, "/auth");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_arena, close_arena)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(decodes_canonical_paths), TEST(refuses_paths_that_are_not_canonical),
		TEST(bounds_a_path),           TEST(checks_decoded_paths),
		TEST(decodes_text_once),       TEST(encodes_all_but_unreserved),
		TEST(takes_local_targets),     TEST(refuses_ways_out),
		TEST(joins_origin_and_path),   TEST(joins_base_path_and_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
