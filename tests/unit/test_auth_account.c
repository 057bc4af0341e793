/* The normal form of names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdint.h>
#include <string.h>

#include "account.h"
#include "arena.h"
#include "audit.h"

static int set_up(void **state)
{
	struct arena *arena = NULL;

	if (arena_open(4096, 1 << 20, &arena) != OK)
		return 1;
	*state = arena;
	return 0;
}

static int tear_down(void **state)
{
	struct arena *arena = *state;

	arena_close(&arena);
	return 0;
}

static void is_normal(void **state, enum err (*normal)(struct arena *, struct str, struct str *),
		      struct str typed, const char *expected)
{
	struct str out = STR_NONE;

	assert_int_equal(normal(*state, typed, &out), OK);
	assert_string_equal(out.p, expected);
	assert_int_equal(out.n, strlen(expected));
}

static void is_refused(void **state, enum err (*normal)(struct arena *, struct str, struct str *),
		       struct str typed)
{
	struct str out = STR("untouched");

	assert_int_equal(normal(*state, typed, &out), ERR_INPUT);
	assert_string_equal(out.p, "untouched");
}

static void usernames(void **state)
{
	static const char *const bad[] = {
		"",
		"a",
		".a",
		"-a",
		"_a",
		"a b",
		"a@b",
		"a/b",
		"a\tb",
		"a\nb",
		"a\x7f",
		"\xc3\xa9ve",
		"al\xe9",
		"a'b",
		"<al>",
		"al;ice",
		"al\"",
		"al%00",
		"\xd0\xb0lice" /* a Cyrillic letter */,
	};
	char longest[65];

	is_normal(state, account_normal_username, STR("alice"), "alice");
	is_normal(state, account_normal_username, STR("Al.Ice_9-X"), "al.ice_9-x");
	is_normal(state, account_normal_username, STR(" alice "), "alice");
	is_normal(state, account_normal_username, STR("0x"), "0x");
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		is_refused(state, account_normal_username, str_of(bad[i]));
	is_refused(state, account_normal_username, STR("al\0ice"));
	is_refused(state, account_normal_username, STR_NONE);
	memset(longest, 'a', sizeof longest);
	is_refused(state, account_normal_username, (struct str){longest, 65});
	longest[64] = '\0';
	is_normal(state, account_normal_username, (struct str){longest, 64}, longest);
}

static void addresses(void **state)
{
	static const char *const bad[] = {
		"",
		"alice",
		"@example.org",
		"alice@",
		"a@b@example.org",
		"alice@example",
		"alice@.org",
		"alice@example.",
		"alice@ex..org",
		".al@example.org",
		"al.@example.org",
		"a..l@example.org",
		"a l@example.org",
		"al@exam ple.org",
		"al\n@example.org",
		"al\r@example.org",
		"\"al\"@example.org",
		"<al@example.org>",
		"al@example.org>",
		"al@-ex.org",
		"al@ex-.org",
		"al@ex_am.org",
		"al@[127.0.0.1]",
		"al,b@example.org",
		"\xc3\xa9l@example.org",
		"al@ex\xc3\xa4mple.org",
		"al@example.org\x7f",
		"a(b)@example.org",
		"al@example.org,b@example.org",
	};

	is_normal(state, account_normal_email, STR("Alice@Example.ORG"), "alice@example.org");
	is_normal(state, account_normal_email, STR("alice@localhost"), "alice@localhost");
	is_normal(state, account_normal_email, STR(" a+tag_x@mail.ex-ample.co.uk "),
		  "a+tag_x@mail.ex-ample.co.uk");
	is_normal(state, account_normal_email, STR("o'brien@example.org"), "o'brien@example.org");
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		is_refused(state, account_normal_email, str_of(bad[i]));
	is_refused(state, account_normal_email, STR("al\0@example.org"));
	is_refused(state, account_normal_email, STR_NONE);
}

static void addresses_are_bounded(void **state)
{
	char text[300];

	/* A local part of 64 and of 65, a label of 63 and of 64. */
	memset(text, 'a', sizeof text);
	memcpy(text + 64, "@example.org", 12);
	text[76] = '\0';
	is_normal(state, account_normal_email, (struct str){text, 76}, text);
	memset(text, 'a', sizeof text);
	memcpy(text + 65, "@example.org", 12);
	is_refused(state, account_normal_email, (struct str){text, 77});
	memset(text, 'a', sizeof text);
	text[1] = '@';
	memcpy(text + 2 + 63, ".org", 5);
	is_normal(state, account_normal_email, (struct str){text, 2 + 63 + 4}, text);
	memset(text, 'a', sizeof text);
	text[1] = '@';
	memcpy(text + 2 + 64, ".org", 5);
	is_refused(state, account_normal_email, (struct str){text, 2 + 64 + 4});
	/* 254 in all, and 255. */
	memset(text, 'a', sizeof text);
	text[1] = '@';
	for (size_t i = 60; i < 250; i += 50)
		text[i] = '.';
	text[254] = '\0';
	is_normal(state, account_normal_email, (struct str){text, 254}, text);
	text[254] = 'a';
	is_refused(state, account_normal_email, (struct str){text, 255});
}

/* What has an '@' is an address, all else a user name. */
static void identifiers(void **state)
{
	is_normal(state, account_normal_identifier, STR("Alice"), "alice");
	is_normal(state, account_normal_identifier, STR("Alice@Example.org"), "alice@example.org");
	is_refused(state, account_normal_identifier, STR("@alice"));
	is_refused(state, account_normal_identifier, STR(""));
	is_refused(state, account_normal_identifier, STR_NONE);
	is_refused(state, account_normal_identifier, STR("' OR 1=1 --"));
}

/* IN-29: what looks like somebody else's is no name. */
static void look_alikes(void **state)
{
	static const char *const names[] = {
		"\xd0\xb0lice" /* a Cyrillic letter */,
		"\xef\xbd\x81lice" /* full width */,
		"al\xc4\xb1"
		"ce" /* i without a dot */,
		"alice\xcc\x81" /* a combining accent */,
		"al\xe2\x80\x8bice" /* a space of no width */,
		"alice\xc2\xad" /* a soft hyphen */,
		"\xc4\xb0lice" /* I with a dot, which lower case could make an i of */,
		"\xe2\x84\xaa"
		"elvin" /* the sign of Kelvin, which lower case could make a k of */,
	};
	static const char *const addresses[] = {
		"al\xc4\xb1"
		"ce@example.org",
		"alice@ex\xc3\xa4mple.org",
		"alice@\xef\xbd\x85xample.org",
		"alice@example\xe3\x80\x82org" /* an ideographic full stop */,
		"alice\xef\xbc\xa0"
		"example.org" /* a wide at sign */,
	};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		is_refused(state, account_normal_username, str_of(names[i]));
	for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++)
		is_refused(state, account_normal_email, str_of(addresses[i]));
	/* A domain of other letters has an ASCII form, and that is what is mailed to. */
	is_normal(state, account_normal_email, STR("Alice@XN--exmple-cua.org"),
		  "alice@xn--exmple-cua.org");
}

static enum account_flaw flaw_of_display_name(void **state, struct str typed)
{
	const struct account_request request = {.username = STR("alice"), .display_name = typed};
	struct user_row user = {.state = USER_NONE};
	enum account_flaw flaw = ACCOUNT_FINE;

	assert_int_equal(account_read_names(*state, &request, &user, &flaw), OK);
	return flaw;
}

/* IN-29: display names may be of any script, but of nothing that hides or turns what is around. */
static void display_names(void **state)
{
	static const char *const good[] = {
		"Za\xc5\xbc\xc3\xb3\xc5\x82\xc4\x87",
		"\xe5\xbc\xa0\xe4\xbc\x9f",
		"\xd9\x85\xd8\xad\xd9\x85\xd8\xaf",
		"O'Brien",
		"Anne-Marie \xf0\x9f\x8c\x8a",
		"a=b",
		"<b>",
	};
	static const char *const bad[] = {
		"a\nb",
		"a\rb",
		"a\x7f",
		"a\xc2\x85"
		"b",
		"a\xff",
		"a\xc2\xad"
		"b" /* U+00AD */,
		"a\xd8\x9c"
		"b" /* U+061C */,
		"a\xe2\x80\x8b"
		"b" /* U+200B */,
		"a\xe2\x80\x8d"
		"b",
		"a\xe2\x80\x8f"
		"b",
		"a\xe2\x80\xa8"
		"b" /* U+2028 */,
		"a\xe2\x80\xaa"
		"b",
		"a\xe2\x80\xae"
		"b",
		"a\xe2\x81\xa0"
		"b" /* U+2060 */,
		"a\xe2\x81\xa6"
		"b",
		"a\xe2\x81\xa9"
		"b",
		"\xef\xbb\xbf"
		"a" /* U+FEFF */,
		"\xe3\x85\xa4" /* U+3164 */,
		"a\xf3\xa0\x81\x81" /* U+E0041 */,
	};

	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		assert_int_equal(flaw_of_display_name(state, str_of(good[i])), ACCOUNT_FINE);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(flaw_of_display_name(state, str_of(bad[i])),
				 ACCOUNT_BAD_DISPLAY_NAME);
}

/* LG-01: every kind of event has a name of its own. */
static void every_event_has_a_name(void **state)
{
	(void)state;
	for (unsigned i = 0; i < AUDIT_KIND_COUNT; i++) {
		assert_non_null(audit_kind_name((enum audit_kind)i));
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(audit_kind_name((enum audit_kind)i),
						audit_kind_name((enum audit_kind)j));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(usernames),
		cmocka_unit_test(addresses),
		cmocka_unit_test(addresses_are_bounded),
		cmocka_unit_test(identifiers),
		cmocka_unit_test(look_alikes),
		cmocka_unit_test(display_names),
		cmocka_unit_test(every_event_has_a_name),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
