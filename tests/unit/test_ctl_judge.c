/* What the doctor thinks of what it saw: clocks, cookies, HSTS, rights that are too much. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arena.h"
#include "clock.h"
#include "judge.h"

static void test_clock(void **state)
{
	(void)state;
	assert_int_equal(judge_clock(0), DOCTOR_OK);
	assert_int_equal(judge_clock(2 * CLOCK_SECOND), DOCTOR_OK);
	assert_int_equal(judge_clock(-2 * CLOCK_SECOND), DOCTOR_OK);
	assert_int_equal(judge_clock(2 * CLOCK_SECOND + 1), DOCTOR_WARN);
	assert_int_equal(judge_clock(-2 * CLOCK_SECOND - 1), DOCTOR_WARN);
	assert_int_equal(judge_clock(CLOCK_MINUTE), DOCTOR_WARN);
	assert_int_equal(judge_clock(CLOCK_MINUTE + 1), DOCTOR_FAIL);
	assert_int_equal(judge_clock(-CLOCK_MINUTE - 1), DOCTOR_FAIL);
}

/* CO-01, CO-02, CO-03 */
static void test_cookie(void **state)
{
	static const struct {
		const char *value;
		bool strict;
		const char *flaw;
	} cases[] = {
		{"__Host-gatepost=x; Path=/; Secure; HttpOnly; SameSite=Lax", false, NULL},
		{"__Host-gatepost=x; path=/; secure; httponly; samesite=lax; Max-Age=1", false,
		 NULL},
		{"__Host-gatepost=x;Path=/;Secure;HttpOnly;SameSite=Strict", true, NULL},
		{"gatepost=x; Path=/; Secure; HttpOnly; SameSite=Lax", false,
		 "its name lost __Host-"},
		{"__Host-gatepost=Secure; Path=/; HttpOnly; SameSite=Lax", false,
		 "Secure is missing"},
		{"__Host-gatepost=x; Path=/; Secure; SameSite=Lax", false, "HttpOnly is missing"},
		{"__Host-gatepost=x; Secure; HttpOnly; SameSite=Lax", false, "Path is not /"},
		{"__Host-gatepost=x; Path=/a; Secure; HttpOnly; SameSite=Lax", false,
		 "Path is not /"},
		{"__Host-gatepost=x; Path=/; Domain=a; Secure; HttpOnly; SameSite=Lax", false,
		 "it has a Domain"},
		{"__Host-gatepost=x; Path=/; Secure; HttpOnly", false, "SameSite is not Lax"},
		{"__Host-gatepost=x; Path=/; Secure; HttpOnly; SameSite=Lax", true,
		 "SameSite is not Strict"},
		{"", false, "its name lost __Host-"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const char *flaw = judge_cookie(str_of(cases[i].value), cases[i].strict);

		if (cases[i].flaw == NULL)
			assert_null(flaw);
		else
			assert_string_equal(flaw, cases[i].flaw);
	}
}

/* HD-01 */
static void test_hsts(void **state)
{
	(void)state;
	assert_int_equal(judge_hsts(STR("max-age=86400"), CLOCK_DAY), DOCTOR_OK);
	assert_int_equal(judge_hsts(STR("includeSubDomains; Max-Age=86400"), CLOCK_DAY), DOCTOR_OK);
	assert_int_equal(judge_hsts(STR("max-age=86399"), CLOCK_DAY), DOCTOR_WARN);
	assert_int_equal(judge_hsts(STR("max-age=0"), CLOCK_DAY), DOCTOR_FAIL);
	assert_int_equal(judge_hsts(STR("max-age=many"), CLOCK_DAY), DOCTOR_FAIL);
	assert_int_equal(judge_hsts(STR("max-age"), CLOCK_DAY), DOCTOR_FAIL);
	assert_int_equal(judge_hsts(STR_NONE, CLOCK_DAY), DOCTOR_FAIL);
	assert_int_equal(judge_hsts(STR_NONE, 0), DOCTOR_OK);
}

static enum doctor_result excess(const char *privilege, const char *table, const char *column,
				 enum db_role role)
{
	const struct right right = {
		.place = STR(""),
		.table = str_of(table),
		.column = str_of(column),
		.privilege = str_of(privilege),
	};

	return judge_excess(&right, role);
}

/* ST-03 */
static void test_excess(void **state)
{
	struct right passed_on = {.place = STR(""),
				  .table = STR("role"),
				  .column = STR(""),
				  .privilege = STR("SELECT")};

	(void)state;
	assert_int_equal(excess("SELECT", "role", "", DB_ROLE_HASH), DOCTOR_WARN);
	assert_int_equal(excess("UPDATE", "audit_event", "", DB_ROLE_WEB), DOCTOR_WARN);
	assert_int_equal(excess("SELECT", "password", "hash", DB_ROLE_WEB), DOCTOR_FAIL);
	assert_int_equal(excess("SELECT", "password", "", DB_ROLE_GUARD), DOCTOR_FAIL);
	assert_int_equal(excess("SELECT", "", "", DB_ROLE_WEB), DOCTOR_FAIL);
	assert_int_equal(excess("SELECT", "password", "changed_at", DB_ROLE_GUARD), DOCTOR_WARN);
	assert_int_equal(excess("SELECT", "password", "", DB_ROLE_HASH), DOCTOR_WARN);
	assert_int_equal(excess("ALTER", "session", "", DB_ROLE_WEB), DOCTOR_FAIL);
	assert_int_equal(excess("DROP", "", "", DB_ROLE_GUARD), DOCTOR_FAIL);
	assert_int_equal(excess("ALTER", "", "", DB_ROLE_MIGRATE), DOCTOR_WARN);
	assert_int_equal(judge_excess(&passed_on, DB_ROLE_HASH), DOCTOR_WARN);
	passed_on.grantable = true;
	assert_int_equal(judge_excess(&passed_on, DB_ROLE_HASH), DOCTOR_FAIL);
	passed_on.place = STR("*");
	passed_on.table = STR("");
	passed_on.grantable = false;
	assert_int_equal(judge_excess(&passed_on, DB_ROLE_WEB), DOCTOR_FAIL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clock),
		cmocka_unit_test(test_cookie),
		cmocka_unit_test(test_hsts),
		cmocka_unit_test(test_excess),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
