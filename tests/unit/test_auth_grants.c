/* Words of roles and permissions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "grants.h"

static void has_whole_words_only(void **state)
{
	struct str grants = STR("elevated perm:users:manage role:admin");

	(void)state;
	assert_true(grants_has(grants, STR("elevated")));
	assert_true(grants_has(grants, STR("perm:users:manage")));
	assert_true(grants_has(grants, STR("role:admin")));
	assert_false(grants_has(grants, STR("role:adm")));
	assert_false(grants_has(grants, STR("role:admins")));
	assert_false(grants_has(grants, STR("users:manage")));
	assert_false(grants_has(grants, STR("elevate")));
	assert_false(grants_has(STR("xelevated"), STR("elevated")));
}

static void nothing_has_nothing(void **state)
{
	(void)state;
	assert_false(grants_has(STR_NONE, STR("role:admin")));
	assert_false(grants_has(STR(""), STR("role:admin")));
	assert_false(grants_has(STR("role:admin"), STR("")));
	assert_false(grants_has(STR("role:admin  x"), STR_NONE));
	assert_false(grants_has(STR("role:admin  x"), STR("")));
}

static void walks_names_of_a_prefix(void **state)
{
	struct str rest = STR("elevated perm:users:manage role:admin role: role:editor");
	struct str name = STR_NONE;

	(void)state;
	assert_true(grants_next(&rest, STR("role:"), &name));
	assert_true(str_equal(name, STR("admin")));
	assert_true(grants_next(&rest, STR("role:"), &name));
	assert_true(str_equal(name, STR("editor")));
	assert_false(grants_next(&rest, STR("role:"), &name));
	assert_false(grants_next(&rest, STR("role:"), &name));
}

static void has_named_ones(void **state)
{
	struct str grants = STR("elevated perm:users:manage role:admin role:editor");

	(void)state;
	assert_true(grants_has_named(grants, STR("role:"), STR("editor")));
	assert_true(grants_has_named(grants, STR("perm:"), STR("users:manage")));
	assert_false(grants_has_named(grants, STR("role:"), STR("edit")));
	assert_false(grants_has_named(grants, STR("perm:"), STR("admin")));
	assert_false(grants_has_named(grants, STR("role:"), STR("")));
	assert_false(grants_has_named(STR_NONE, STR("role:"), STR("admin")));
}

static void walks_nothing(void **state)
{
	struct str rest = STR_NONE;
	struct str name = STR_NONE;

	(void)state;
	assert_false(grants_next(&rest, STR("role:"), &name));
	rest = STR("elevated");
	assert_false(grants_next(&rest, STR("perm:"), &name));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_whole_words_only),    cmocka_unit_test(nothing_has_nothing),
		cmocka_unit_test(walks_names_of_a_prefix), cmocka_unit_test(has_named_ones),
		cmocka_unit_test(walks_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
