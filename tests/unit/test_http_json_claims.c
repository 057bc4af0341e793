/* TK-06, TK-07, TK-08, TK-09: claims written and read again, and every odd one refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "arena.h"
#include "json.h"
#include "json_claims.h"

#define ID_A "AAAAAAAAAAAAAAAAAAAAAQ"
#define ID_B "AAAAAAAAAAAAAAAAAAAAAg"
#define ID_C "AAAAAAAAAAAAAAAAAAAAAw"

/* A right payload, member by member: one of them is replaced by what a test is about. */
static const struct {
	const char *name, *text;
} members[] = {
	{"iss", "\"https://a.example/auth\""},
	{"sub", "\"" ID_A "\""},
	{"aud", "\"https://a.example/auth\""},
	{"exp", "1795000600"},
	{"iat", "1795000000"},
	{"jti", "\"" ID_B "\""},
	{"client_id", "\"app\""},
	{"sid", "\"" ID_C "\""},
	{"sv", "3"},
};
#define MEMBERS (sizeof members / sizeof members[0])

static int open_arena(void **state)
{
	static struct arena *arena;

	json_init();
	assert_int_equal(arena_open(4096, 1 << 22, &arena), OK);
	*state = arena;
	return 0;
}

static int close_arena(void **state)
{
	struct arena *arena = *state;

	arena_close(&arena);
	return 0;
}

/* text NULL: without that member. more: behind all. */
static const char *payload_with(const char *name, const char *text, const char *more)
{
	static char payload[8192];
	size_t n = (size_t)snprintf(payload, sizeof payload, "{");

	for (size_t i = 0; i < MEMBERS; i++) {
		const char *value = strcmp(members[i].name, name) == 0 ? text : members[i].text;

		if (value != NULL)
			n += (size_t)snprintf(payload + n, sizeof payload - n, "%s\"%s\":%s",
					      n > 1 ? "," : "", members[i].name, value);
	}
	(void)snprintf(payload + n, sizeof payload - n, "%s}", more);
	return payload;
}

static enum err read_with(struct arena *arena, const char *name, const char *text, const char *more)
{
	struct claims claims;

	return json_claims_read(arena, str_of(payload_with(name, text, more)), &claims);
}

static struct id id_of(const char *text)
{
	struct id id;

	assert_int_equal(id_parse(str_of(text), &id), OK);
	return id;
}

static void written_claims_are_read_again(void **state)
{
	struct arena *arena = *state;
	struct claims claims = {
		.issuer = STR("https://a.example/auth"),
		.audiences = {STR("https://api.example"), STR("https://a.example/auth")},
		.audience_count = 2,
		.subject = id_of(ID_A),
		.token = id_of(ID_B),
		.session = id_of(ID_C),
		.version = UINT32_MAX,
		.client = STR("app"),
		.expires_at = 1795000600,
		.issued_at = 1795000000,
		.not_before = 1795000001,
		.auth_time = 1794999999,
		.methods = {STR("pwd"), STR("otp")},
		.method_count = 2,
		.level = STR("aal2"),
		.scope = STR("flows:read flows:write"),
	};
	struct claims again;
	struct str text;

	assert_int_equal(json_claims_write(arena, &claims, &text), OK);
	assert_string_equal(
		text.p,
		"{\"iss\":\"https://a.example/auth\",\"sub\":\"" ID_A
		"\",\"aud\":[\"https://api.example\",\"https://a.example/auth\"],"
		"\"exp\":1795000600,\"iat\":1795000000,\"jti\":\"" ID_B
		"\",\"client_id\":\"app\",\"sid\":\"" ID_C
		"\",\"sv\":4294967295,\"nbf\":1795000001,\"auth_time\":1794999999,"
		"\"amr\":[\"pwd\",\"otp\"],\"acr\":\"aal2\",\"scope\":\"flows:read flows:write\"}");
	assert_int_equal(json_claims_read(arena, text, &again), OK);
	assert_true(str_equal(again.audiences[1], claims.audiences[1]));
	assert_int_equal(again.audience_count, 2);
	assert_true(id_equal(again.subject, claims.subject));
	assert_true(id_equal(again.session, claims.session));
	assert_true(id_equal(again.token, claims.token));
	assert_int_equal(again.version, claims.version);
	assert_int_equal(again.expires_at, claims.expires_at);
	assert_int_equal(again.issued_at, claims.issued_at);
	assert_int_equal(again.not_before, claims.not_before);
	assert_int_equal(again.auth_time, claims.auth_time);
	assert_int_equal(again.method_count, 2);
	assert_true(str_equal(again.methods[1], STR("otp")));
	assert_true(str_equal(again.level, STR("aal2")));
	assert_true(str_equal(again.scope, claims.scope));
	assert_true(str_equal(again.client, STR("app")));
	assert_true(str_equal(again.issuer, claims.issuer));
}

/* TK-08: a string and an array; nothing that may be absent is written when it is. */
static void what_is_absent_is_not_written(void **state)
{
	struct arena *arena = *state;
	struct claims claims;
	struct str text;

	assert_int_equal(json_claims_read(arena, str_of(payload_with("", "", "")), &claims), OK);
	assert_int_equal(claims.audience_count, 1);
	assert_int_equal(claims.not_before, 0);
	assert_false(str_is_present(claims.scope));
	assert_int_equal(json_claims_write(arena, &claims, &text), OK);
	assert_string_equal(text.p, payload_with("", "", ""));
	assert_int_equal(read_with(arena, "aud", "[\"https://a.example/auth\"]", ""), OK);
}

static void what_is_required_must_be_there_once(void **state)
{
	struct arena *arena = *state;

	for (size_t i = 0; i < MEMBERS; i++) {
		char twice[256];

		assert_int_equal(read_with(arena, members[i].name, NULL, ""), ERR_INPUT);
		assert_int_equal(read_with(arena, members[i].name, "null", ""), ERR_INPUT);
		(void)snprintf(twice, sizeof twice, ",\"%s\":%s", members[i].name, members[i].text);
		assert_int_equal(read_with(arena, "", "", twice), ERR_INPUT);
	}
	assert_int_equal(read_with(arena, "", "", ",\"email\":\"a@b.example\""), ERR_INPUT);
	assert_int_equal(read_with(arena, "", "", ",\"EXP\":1795000600"), ERR_INPUT);
}

/* TK-07 */
static void odd_numbers_are_refused(void **state)
{
	static const char *const names[] = {"exp", "iat", "sv"};
	static const char *const optional[] = {"nbf", "auth_time"};
	static const char *const odd[] = {
		"0",
		"-1",
		"-1795000600",
		"1795000600.0",
		"1795000600.5",
		"1e30",
		"1.7e9",
		"1E9",
		"\"1795000600\"",
		"\"\"",
		"true",
		"false",
		"[]",
		"[1795000600]",
		"{}",
		"9223372036854775807",
		"9223372036854775808",
		"18446744073709551616",
		"253402300800",
		"99999999999999999999999999999999",
		"01795000600",
		"+1795000600",
		"0x6afd2000",
		"NaN",
		"Infinity",
		"-0",
		"-0.0",
	};
	struct arena *arena = *state;

	for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
		char more[128];

		for (size_t k = 0; k < sizeof names / sizeof names[0]; k++)
			if (read_with(arena, names[k], odd[i], "") != ERR_INPUT)
				fail_msg("%s: %s was taken", names[k], odd[i]);
		for (size_t k = 0; k < sizeof optional / sizeof optional[0]; k++) {
			(void)snprintf(more, sizeof more, ",\"%s\":%s", optional[k], odd[i]);
			if (read_with(arena, "", "", more) != ERR_INPUT)
				fail_msg("%s: %s was taken", optional[k], odd[i]);
		}
	}
	assert_int_equal(read_with(arena, "exp", "253402300799", ""), OK);
	assert_int_equal(read_with(arena, "sv", "4294967295", ""), OK);
	assert_int_equal(read_with(arena, "sv", "4294967296", ""), ERR_INPUT);
}

static void odd_texts_are_refused(void **state)
{
	static const char *const names[] = {"iss", "sub", "aud", "jti", "client_id", "sid"};
	static const char *const ids[] = {"sub", "jti", "sid"};
	static const char *const odd[] = {
		"\"\"", "1",   "true",   "{}",           "\"a\\u0000b\"", "\"a\\nb\"",  "[[\"a\"]]",
		"[]",   "[1]", "[null]", "[\"a\",\"\"]", "[\"a\",2]",     "\"\\ud800\""};
	static const char *const not_ids[] = {"\"AAAAAAAAAAAAAAAAAAAAA\"",
					      "\"AAAAAAAAAAAAAAAAAAAAAQA\"",
					      "\"AAAAAAAAAAAAAAAAAAAAAA\"",
					      "\"AAAAAAAAAAAAAAAAAAAAAR\"",
					      "\"AAAAAAAAAAAAAAAAAAA+AQ\"",
					      "[\"" ID_A "\"]",
					      "\"1\""};
	struct arena *arena = *state;

	for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++)
		for (size_t k = 0; k < sizeof names / sizeof names[0]; k++)
			if (read_with(arena, names[k], odd[i], "") != ERR_INPUT)
				fail_msg("%s: %s was taken", names[k], odd[i]);
	for (size_t i = 0; i < sizeof not_ids / sizeof not_ids[0]; i++)
		for (size_t k = 0; k < sizeof ids / sizeof ids[0]; k++)
			if (read_with(arena, ids[k], not_ids[i], "") != ERR_INPUT)
				fail_msg("%s: %s was taken", ids[k], not_ids[i]);
	assert_int_equal(read_with(arena, "aud", "[\"a\",\"b\",\"c\",\"d\"]", ""), OK);
	assert_int_equal(read_with(arena, "aud", "[\"a\",\"b\",\"c\",\"d\",\"e\"]", ""), ERR_INPUT);
	assert_int_equal(read_with(arena, "", "", ",\"amr\":\"pwd\""), ERR_INPUT);
	assert_int_equal(read_with(arena, "", "", ",\"amr\":[]"), ERR_INPUT);
	assert_int_equal(read_with(arena, "", "", ",\"acr\":[\"aal1\"]"), ERR_INPUT);
	assert_int_equal(read_with(arena, "", "", ",\"scope\":[\"a\"]"), ERR_INPUT);
}

static void what_is_no_object_is_refused(void **state)
{
	static const char *const odd[] = {"",
					  "null",
					  "[]",
					  "1",
					  "\"a\"",
					  "{",
					  "{}",
					  "{}{}",
					  " ",
					  "{\"iss\":}",
					  "{\"a\":[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]}"};
	struct arena *arena = *state;
	struct claims claims;

	for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++)
		assert_int_equal(json_claims_read(arena, str_of(odd[i]), &claims), ERR_INPUT);
	assert_int_equal(json_claims_read(arena, STR("{}\0"), &claims), ERR_INPUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(written_claims_are_read_again),
		cmocka_unit_test(what_is_absent_is_not_written),
		cmocka_unit_test(what_is_required_must_be_there_once),
		cmocka_unit_test(odd_numbers_are_refused),
		cmocka_unit_test(odd_texts_are_refused),
		cmocka_unit_test(what_is_no_object_is_refused),
	};

	return cmocka_run_group_tests(tests, open_arena, close_arena);
}
