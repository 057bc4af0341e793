/* Rights: what grants.sql says, read; and who needs what besides. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arena.h"
#include "rights.h"

static int open_arena(void **state)
{
	struct arena *arena = NULL;

	assert_int_equal(arena_open(0, (size_t)1024 * 1024, &arena), OK);
	*state = arena;
	return 0;
}

static int close_arena(void **state)
{
	struct arena *arena = *state;

	arena_close(&arena);
	return 0;
}

static struct right_list parse(struct arena *arena, const char *text, enum db_role role)
{
	struct right_list list = {.n = 0};
	struct fault fault = {""};

	assert_int_equal(rights_parse(arena, str_of(text), role, &list, &fault), OK);
	return list;
}

static void assert_right(const struct right *right, const char *privilege, const char *table,
			 const char *column)
{
	assert_true(str_equal(right->privilege, str_of(privilege)));
	assert_true(str_equal(right->table, str_of(table)));
	assert_true(str_equal(right->column, str_of(column)));
	assert_int_equal(right->place.n, 0);
}

static void test_parse(void **state)
{
	static const char *const text =
		"-- a note; with a semicolon\n\n"
		"GRANT SELECT (user_id, hash), INSERT ON {database}.password TO {hash};\n"
		"-- another\n"
		"GRANT SELECT, UPDATE (a, b) ON {database}.session TO {web};\n";
	struct right_list hash = parse(*state, text, DB_ROLE_HASH);
	struct right_list web = parse(*state, text, DB_ROLE_WEB);

	assert_int_equal(hash.n, 3);
	assert_right(&hash.rights[0], "SELECT", "password", "user_id");
	assert_right(&hash.rights[1], "SELECT", "password", "hash");
	assert_right(&hash.rights[2], "INSERT", "password", "");
	assert_int_equal(web.n, 3);
	assert_right(&web.rights[0], "SELECT", "session", "");
	assert_right(&web.rights[2], "UPDATE", "session", "b");
	assert_int_equal(parse(*state, text, DB_ROLE_GUARD).n, 0);
	assert_int_equal(parse(*state, "", DB_ROLE_WEB).n, 0);
	assert_int_equal(parse(*state, "-- nothing", DB_ROLE_WEB).n, 0);
	assert_true(parse(*state, text, DB_ROLE_MIGRATE).n >= 9);
}

static void test_what_is_not_understood(void **state)
{
	static const char *const bad[] = {
		"REVOKE SELECT ON {database}.user FROM {web};",
		"GRANT SELECT ON user TO {web};",
		"GRANT SELECT;",
		"GRANT SELECT ON {database}.user;",
		"nonsense",
	};

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct right_list list = {.n = 7};
		struct fault fault = {""};

		assert_int_equal(rights_parse(*state, str_of(bad[i]), DB_ROLE_WEB, &list, &fault),
				 ERR_CONFIG);
		assert_int_equal(list.n, 7);
		assert_int_equal(strncmp(fault.text, "grants.sql: not understood: ", 28), 0);
	}
}

static bool covers(struct right wide, struct right narrow)
{
	return right_covers(&wide, &narrow);
}

static void test_covers(void **state)
{
	const struct right column = {STR(""), STR("user"), STR("email"), STR("SELECT"), false};
	const struct right table = {STR(""), STR("user"), STR(""), STR("SELECT"), false};
	const struct right database = {STR(""), STR(""), STR(""), STR("SELECT"), false};
	const struct right server = {STR("*"), STR(""), STR(""), STR("SELECT"), false};
	const struct right elsewhere = {STR("mysql"), STR(""), STR(""), STR("SELECT"), false};
	const struct right other = {STR(""), STR("user"), STR(""), STR("UPDATE"), false};

	(void)state;
	assert_true(covers(column, column));
	assert_true(covers(table, column));
	assert_true(covers(database, column));
	assert_true(covers(server, column));
	assert_true(covers(server, elsewhere));
	assert_false(covers(column, table));
	assert_false(covers(table, database));
	assert_false(covers(database, server));
	assert_false(covers(elsewhere, column));
	assert_false(covers(other, column));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_what_is_not_understood),
		cmocka_unit_test(test_covers),
	};

	return cmocka_run_group_tests(tests, open_arena, close_arena);
}
