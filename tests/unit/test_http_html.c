/* HTML escaping. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arena.h"
#include "buf.h"
#include "html.h"

#define FFFD "\xef\xbf\xbd"

static int open_arena(void **state)
{
	struct arena *arena = NULL;

	if (arena_open(4096, 262144, &arena) != OK)
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

static void assert_escaped(struct arena *arena, struct str text, const char *expected)
{
	struct buf buf;
	struct str made = STR_NONE;

	buf_init(&buf, arena, 4096);
	html_add(&buf, text);
	assert_int_equal(buf_str(&buf, &made), OK);
	assert_int_equal(made.n, strlen(expected));
	assert_memory_equal(made.p, expected, made.n);
}

/* IN-02: nothing leaves a text or a quoted attribute. */
static void escapes_what_html_reads(void **state)
{
	assert_escaped(*state, STR("&<>\"'"), "&amp;&lt;&gt;&quot;&#39;");
	assert_escaped(*state, STR("<script>alert('x')</script>"),
		       "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;");
	assert_escaped(*state, STR("a&amp;b"), "a&amp;amp;b");
	assert_escaped(*state, STR("\" onload=\"x"), "&quot; onload=&quot;x");
}

static void leaves_text_alone(void **state)
{
	assert_escaped(*state, STR(""), "");
	assert_escaped(*state, STR_NONE, "");
	assert_escaped(*state, STR("plain text\twith\nlines"), "plain text\twith\nlines");
	assert_escaped(*state, STR("Zo\xc3\xab \xe2\x82\xac \xf0\x9f\x98\x80 <"),
		       "Zo\xc3\xab \xe2\x82\xac \xf0\x9f\x98\x80 &lt;");
	assert_escaped(*state, STR("\xc2\xa0"), "\xc2\xa0");
}

static void replaces_controls_and_malformed_octets(void **state)
{
	assert_escaped(*state, (struct str){.p = "a\0b", .n = 3}, "a" FFFD "b");
	assert_escaped(*state, STR("\x01\x1b\r\x7f"), FFFD FFFD FFFD FFFD);
	assert_escaped(*state, STR("\xc2\x80\xc2\x9f"), FFFD FFFD);
	assert_escaped(*state, STR("\xff"), FFFD);
	/* An octet that claims followers must not swallow the '<' behind it. */
	assert_escaped(*state, STR("\xc3<b>"), FFFD "&lt;b&gt;");
	assert_escaped(*state, STR("\xf0\x9f\"x"), FFFD FFFD "&quot;x");
	assert_escaped(*state, STR("\xc0\xbc"), FFFD FFFD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(escapes_what_html_reads, open_arena, close_arena),
		cmocka_unit_test_setup_teardown(leaves_text_alone, open_arena, close_arena),
		cmocka_unit_test_setup_teardown(replaces_controls_and_malformed_octets, open_arena,
						close_arena),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
