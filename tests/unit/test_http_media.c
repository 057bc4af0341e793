/* Accept: whether a type is asked for by its own name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "media.h"

static void a_type_is_named_or_not(void **state)
{
	static const struct {
		const char *accept;
		bool named;
	} cases[] = {
		{"text/html", true},
		{"TEXT/HTML", true},
		{"text/html;q=0.1", true},
		{"text/html; level=1", true},
		{"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true},
		{"application/json, text/html", true},
		{" text/html ", true},
		{"text/html;q=1.000", true},
		/* What takes everything asks for nothing: curl, fetch(), a health check. */
		{"", false},
		{"*/*", false},
		{"text/*", false},
		{"text/*, */*;q=0.1", false},
		{"application/json", false},
		{"application/json, */*", false},
		{"text/html;q=0", false},
		{"text/html;q=0.000, */*", false},
		{"text/html;q=2", false},
		{"text/html;q=x", false},
		{"text/htmlx", false},
		{"xtext/html", false},
		{"text/html/x", false},
		{"text/ html", false},
		{"application/xhtml+xml", false},
		{",,", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		if (media_is_named(str_of(cases[i].accept), STR("text/html")) != cases[i].named)
			fail_msg("\"%s\"", cases[i].accept);
	assert_false(media_is_named(STR_NONE, STR("text/html")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_type_is_named_or_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
