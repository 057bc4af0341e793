/* What a service may do, as words and as bits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arena.h"
#include "buf.h"
#include "service.h"

static void assert_scopes(const char *text, uint32_t expected)
{
	uint32_t scopes = 0;

	assert_int_equal(service_scopes_parse(str_of(text), &scopes), OK);
	assert_int_equal(scopes, expected);
}

static void words_are_bits(void **state)
{
	(void)state;
	assert_scopes("introspect", SERVICE_INTROSPECT);
	assert_scopes("sessions:hold  introspect", SERVICE_INTROSPECT | SERVICE_SESSIONS_HOLD);
	assert_scopes(" flows:write flows:read ", SERVICE_FLOWS_READ | SERVICE_FLOWS_WRITE);
	assert_scopes("introspect flows:read flows:write sessions:end sessions:hold", 31);
	assert_scopes("introspect flows:read flows:write sessions:end sessions:hold metrics", 63);
}

static void nothing_else_is_one(void **state)
{
	static const char *const BAD[] = {"",
					  " ",
					  "Introspect",
					  "flows",
					  "flows:*",
					  "introspect,",
					  "introspect introspect",
					  "introspect\tflows:read"};
	uint32_t scopes = 77;

	(void)state;
	for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++)
		assert_int_equal(service_scopes_parse(str_of(BAD[i]), &scopes), ERR_INPUT);
	assert_int_equal(service_scopes_parse(STR_NONE, &scopes), ERR_INPUT);
	assert_int_equal(scopes, 77);
}

static void they_come_back(void **state)
{
	struct arena *arena = NULL;
	struct str text = STR_NONE;
	struct buf buf;

	(void)state;
	assert_int_equal(arena_open(4096, 65536, &arena), OK);
	for (uint32_t scopes = 1; scopes < 64; scopes++) {
		uint32_t back = 0;

		buf_init(&buf, arena, 128);
		service_scopes_add(&buf, scopes);
		assert_int_equal(buf_str(&buf, &text), OK);
		assert_int_equal(service_scopes_parse(text, &back), OK);
		assert_int_equal(back, scopes);
	}
	arena_close(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_bits),
		cmocka_unit_test(nothing_else_is_one),
		cmocka_unit_test(they_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
