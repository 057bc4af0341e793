/* The vocabulary of events. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "audit.h"

/* LG-01: every kind has a name that fits its column and needs no quoting anywhere. */
static void every_kind_has_a_plain_name(void **state)
{
	(void)state;
	for (unsigned i = 0; i < AUDIT_KIND_COUNT; i++) {
		const char *name = audit_kind_name((enum audit_kind)i);

		assert_non_null(name);
		assert_true(strlen(name) > 4 && strlen(name) <= 64);
		assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz_"), strlen(name));
		assert_true(audit_is_event(str_of(name)));
	}
	assert_false(audit_is_event(STR("")));
	assert_false(audit_is_event(STR("authn_login")));
	assert_false(audit_is_event(STR_NONE));
}

/* LG-01: the words of the OWASP vocabulary that apply. gatepost(8) names them all. */
static void the_manual_page_names_them_all(void **state)
{
	static char page[65536];
	FILE *file = fopen(TEST_SOURCE_DIR "/conf/man/gatepost.8", "r");

	(void)state;
	assert_non_null(file);
	page[fread(page, 1, sizeof page - 1, file)] = '\0';
	fclose(file);
	for (unsigned i = 0; i < AUDIT_KIND_COUNT; i++)
		if (strstr(page, audit_kind_name((enum audit_kind)i)) == NULL)
			fail_msg("%s is not in gatepost.8", audit_kind_name((enum audit_kind)i));
}

/* The page of one's activity says each in plain words, in every language. */
static void people_have_words_for_them_all(void **state)
{
	static const char *const files[] = {"en", "pl"};
	static char text[65536];
	char name[512];

	(void)state;
	for (size_t f = 0; f < sizeof files / sizeof files[0]; f++) {
		snprintf(name, sizeof name, "%s/templates/lang/%s/activity.json", TEST_SOURCE_DIR,
			 files[f]);
		FILE *file = fopen(name, "r");

		assert_non_null(file);
		text[fread(text, 1, sizeof text - 1, file)] = '\0';
		fclose(file);
		for (unsigned i = 0; i < AUDIT_KIND_COUNT; i++) {
			snprintf(name, sizeof name, "\"activity.event.%s\": \"",
				 audit_kind_name((enum audit_kind)i));
			if (strstr(text, name) == NULL)
				fail_msg("%s has no %s", files[f], name);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_has_a_plain_name),
		cmocka_unit_test(the_manual_page_names_them_all),
		cmocka_unit_test(people_have_words_for_them_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
