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
		cmocka_unit_test(every_event_has_a_name),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
