/* Credentials by syntax alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "auth_keys.h"
#include "credential.h"

#define V43 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define HANDLE "gps_" V43

struct world {
	struct arena *arena;
	struct keyring *keys;
};

static int set_up(void **state)
{
	static struct world world;

	world.keys = auth_keys(AUTH_KEY_1);
	*state = &world;
	return world.keys == NULL || arena_open(65536, 1 << 20, &world.arena) != OK;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	arena_close(&world->arena);
	keyring_free(&world->keys);
	return 0;
}

static struct credential read_input(void **state, struct credential_input input)
{
	struct world *world = *state;
	struct credential out;

	assert_int_equal(credential_read(world->arena, world->keys, &input, &out), OK);
	if (out.syntax != CREDENTIAL_WELL_FORMED) {
		assert_int_equal(out.carrier, CARRIER_NONE);
		assert_false(secret_is_present(out.value));
		assert_int_equal(out.roots, 0);
	}
	return out;
}

#define INPUT(...) read_input(state, (struct credential_input){__VA_ARGS__})

static void reads_each_carrier(void **state)
{
	struct credential cookie = INPUT(.cookie = STR(V43));
	struct credential header = INPUT(.session_id_header = STR(HANDLE));
	struct credential bearer = INPUT(.authorization = STR("Bearer " HANDLE));
	struct credential lower = INPUT(.authorization = STR("bEARER   " HANDLE));

	assert_int_equal(cookie.syntax, CREDENTIAL_WELL_FORMED);
	assert_int_equal(cookie.carrier, CARRIER_COOKIE);
	assert_int_equal(cookie.roots, 1);
	for (unsigned i = 0; i < 32; i++)
		assert_int_equal(cookie.value.bytes[i], i);
	assert_int_equal(header.carrier, CARRIER_HANDLE);
	assert_int_equal(bearer.carrier, CARRIER_HANDLE);
	assert_int_equal(lower.carrier, CARRIER_HANDLE);
	assert_true(digest_equal(&header.hashes[0], &bearer.hashes[0]));
	assert_true(digest_equal(&header.hashes[0], &lower.hashes[0]));
	assert_int_equal(INPUT(.cookie = STR_NONE).syntax, CREDENTIAL_ABSENT);
}

/* SE-08: the value of one kind can never match another kind. */
static void kinds_are_hashed_apart(void **state)
{
	struct credential cookie = INPUT(.cookie = STR(V43));
	struct credential handle = INPUT(.session_id_header = STR(HANDLE));

	assert_true(secret_equal(cookie.value, handle.value));
	assert_false(digest_equal(&cookie.hashes[0], &handle.hashes[0]));
}

/* SE-08: a cookie's value as Bearer, a handle as cookie, a refresh token as either. */
static void kinds_are_not_interchangeable(void **state)
{
	assert_int_equal(INPUT(.cookie = STR(HANDLE)).syntax, CREDENTIAL_MALFORMED);
	assert_int_equal(INPUT(.session_id_header = STR(V43)).syntax, CREDENTIAL_MALFORMED);
	assert_int_equal(INPUT(.authorization = STR("Bearer " V43)).syntax, CREDENTIAL_MALFORMED);
	assert_int_equal(INPUT(.authorization = STR("Bearer gpr_" V43)).syntax,
			 CREDENTIAL_MALFORMED);
	assert_int_equal(INPUT(.session_id_header = STR("GPS_" V43)).syntax, CREDENTIAL_MALFORMED);
	assert_int_equal(INPUT(.authorization = STR("Basic " HANDLE)).syntax, CREDENTIAL_MALFORMED);
	assert_int_equal(INPUT(.authorization = STR(HANDLE)).syntax, CREDENTIAL_MALFORMED);
}

/* Bearer with two dots is an access token; by its form alone it is nobody's. */
static void an_access_token_is_to_be_proven(void **state)
{
	static const char *const wrong[] = {"a.b",     "a.b.", ".b.c",   "a..c",
					    "a.b.c.d", "..",   "a.b.c.", ".a.b.c"};
	struct world *world = *state;
	struct credential token = INPUT(.authorization = STR("Bearer a.b.c"));
	const struct credential_claim claim = {.session_id = {{1}}, .user_id = {{2}}, .version = 3};
	const struct credential_claim next = {.session_id = {{1}}, .user_id = {{2}}, .version = 4};
	struct credential other = token;

	assert_int_equal(token.syntax, CREDENTIAL_WELL_FORMED);
	assert_int_equal(token.carrier, CARRIER_TOKEN);
	assert_int_equal(token.roots, 0);
	assert_int_equal(token.value.len, 5);
	assert_int_equal(INPUT(.session_id_header = STR("a.b.c")).syntax, CREDENTIAL_MALFORMED);
	assert_int_equal(INPUT(.cookie = STR("a.b.c")).syntax, CREDENTIAL_MALFORMED);
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		char header[32];

		snprintf(header, sizeof header, "Bearer %s", wrong[i]);
		assert_int_equal(INPUT(.authorization = str_of(header)).syntax,
				 CREDENTIAL_MALFORMED);
	}
	credential_prove(world->keys, &claim, &token);
	credential_prove(world->keys, &next, &other);
	assert_int_equal(token.roots, 1);
	assert_false(digest_equal(&token.hashes[0], &other.hashes[0]));
}

static void refresh_tokens_are_read_apart(void **state)
{
	static const char *const wrong[] = {"", HANDLE, V43, "gpr_", "gpr_" V43 "A", "GPR_" V43};
	struct world *world = *state;
	struct credential token;

	assert_int_equal(
		credential_read_refresh(world->arena, world->keys, STR("gpr_" V43), &token), OK);
	assert_int_equal(token.syntax, CREDENTIAL_WELL_FORMED);
	assert_int_equal(token.carrier, CARRIER_TOKEN);
	assert_false(
		digest_equal(&token.hashes[0], &INPUT(.session_id_header = STR(HANDLE)).hashes[0]));
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		assert_int_equal(credential_read_refresh(world->arena, world->keys,
							 str_of(wrong[i]), &token),
				 OK);
		assert_int_equal(token.syntax, CREDENTIAL_MALFORMED);
	}
}

/* SE-08: two credentials in one request. */
static void two_are_ambiguous(void **state)
{
	const struct credential_input inputs[] = {
		{.cookie = STR(V43), .session_id_header = STR(HANDLE)},
		{.cookie = STR(V43), .authorization = STR("Bearer " HANDLE)},
		{.session_id_header = STR(HANDLE), .authorization = STR("Bearer " HANDLE)},
		{.cookie = STR("x"), .session_id_header = STR("")},
		{.cookie = STR(""), .authorization = STR("Bearer ")},
		{.cookie = STR(V43), .cookie_twice = true},
		{.session_id_header = STR(HANDLE ", " HANDLE)},
		{.session_id_header = STR(HANDLE "," HANDLE)},
		{.authorization = STR("Bearer " HANDLE ", Bearer " HANDLE)},
		{.authorization = STR("Bearer " HANDLE ", bearer " HANDLE)},
	};

	for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++)
		assert_int_equal(read_input(state, inputs[i]).syntax, CREDENTIAL_AMBIGUOUS);
}

/* Something else than Bearer beside a credential opens nothing. */
static void foreign_scheme_beside_refuses(void **state)
{
	assert_int_equal(INPUT(.cookie = STR(V43), .authorization = STR("Basic eDp5")).syntax,
			 CREDENTIAL_MALFORMED);
	assert_int_equal(INPUT(.cookie = STR(V43), .authorization = STR("")).syntax,
			 CREDENTIAL_MALFORMED);
}

/* SE-10: exact length and alphabet. */
static void bad_syntax_is_malformed(void **state)
{
	const struct str values[] = {
		STR(""),
		STR("A"),
		STR("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh"),   /* one short */
		STR("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8A"), /* one long */
		STR("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="), /* padded */
		STR("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9"),  /* trailing bits */
		STR("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdH+8"),
		STR("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd/h8"),
		STR("\"AECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh\""),
		STR("AAECAwQFBgcICQoLDA0ODxAREhM%00RYXGBkaGxwdHh"),
		STR("AAECAwQFBgcICQoLDA0ODxAREhMU\0RYXGBkaGxwdHh8"),
		STR("AAECAwQFBgcICQoLDA0ODxAREhMU'RYXGBkaGxwdHh8,"),
		STR(" AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"),
		STR("\xc0\x80"
		    "ECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"),
	};

	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		char handle[64] = "gps_";

		memcpy(handle + 4, values[i].p, values[i].n);
		assert_int_equal(INPUT(.cookie = values[i]).syntax, CREDENTIAL_MALFORMED);
		assert_int_equal(INPUT(.session_id_header = {handle, values[i].n + 4}).syntax,
				 CREDENTIAL_MALFORMED);
	}
}

static void put(char *text, struct str start)
{
	memcpy(text, start.p, start.n);
}

/* SE-10: 10 kB are refused like one character. */
static void long_values_are_malformed(void **state)
{
	static char text[10240];

	memset(text, 'A', sizeof text);
	assert_int_equal(INPUT(.cookie = {text, sizeof text}).syntax, CREDENTIAL_MALFORMED);
	put(text, STR("gps_"));
	assert_int_equal(INPUT(.session_id_header = {text, sizeof text}).syntax,
			 CREDENTIAL_MALFORMED);
	put(text, STR("Bearer gps_"));
	assert_int_equal(INPUT(.authorization = {text, sizeof text}).syntax, CREDENTIAL_MALFORMED);
}

static void text_and_reading_are_inverse(void **state)
{
	struct world *world = *state;
	const enum session_carrier carriers[] = {CARRIER_COOKIE, CARRIER_HANDLE};

	for (size_t i = 0; i < 2; i++) {
		struct secret value = SECRET_NONE;
		struct secret text = SECRET_NONE;
		struct credential_input input = {.cookie = STR_NONE};
		struct credential back;
		struct str shown;

		assert_int_equal(secret_random(world->arena, 32, &value), OK);
		assert_int_equal(credential_text(world->arena, carriers[i], value, &text), OK);
		shown = (struct str){(const char *)text.bytes, text.len};
		assert_int_equal(shown.n, carriers[i] == CARRIER_COOKIE ? 43 : 47);
		if (carriers[i] == CARRIER_COOKIE)
			input.cookie = shown;
		else
			input.session_id_header = shown;
		back = read_input(state, input);
		assert_int_equal(back.carrier, carriers[i]);
		assert_true(secret_equal(back.value, value));
	}
}

/* The newest root first; with one root both places hold the same digest. */
static void hashes_under_each_root(void **state)
{
	struct world *world = *state;
	struct keyring *two = auth_keys(AUTH_KEY_1 AUTH_KEY_2);
	struct credential_input input = {.cookie = STR(V43)};
	struct credential one;
	struct credential both;

	assert_non_null(two);
	assert_int_equal(credential_read(world->arena, world->keys, &input, &one), OK);
	assert_int_equal(credential_read(world->arena, two, &input, &both), OK);
	assert_int_equal(both.roots, 2);
	assert_false(digest_equal(&both.hashes[0], &both.hashes[1]));
	assert_true(digest_equal(&both.hashes[1], &one.hashes[0]));
	assert_true(digest_equal(&one.hashes[0], &one.hashes[1]));
	keyring_free(&two);
}

static int by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, 32);
}

/* SE-01: no repeat and no constant part in many samples. */
static void values_do_not_repeat(void **state)
{
	enum { SAMPLES = 1000000 };
	struct world *world = *state;
	unsigned char *all = malloc((size_t)SAMPLES * 32);
	unsigned char always_set[32];
	unsigned char ever_set[32] = {0};

	assert_non_null(all);
	memset(always_set, 0xff, sizeof always_set);
	for (size_t i = 0; i < SAMPLES; i++) {
		struct secret value = SECRET_NONE;

		if (i % 1000 == 0)
			arena_reset(world->arena);
		if (secret_random(world->arena, 32, &value) != OK)
			fail();
		memcpy(all + i * 32, value.bytes, 32);
		for (size_t b = 0; b < 32; b++) {
			always_set[b] &= value.bytes[b];
			ever_set[b] |= value.bytes[b];
		}
	}
	qsort(all, SAMPLES, 32, by_bytes);
	for (size_t i = 1; i < SAMPLES; i++)
		if (memcmp(all + (i - 1) * 32, all + i * 32, 32) == 0)
			fail();
	for (size_t b = 0; b < 32; b++) {
		assert_int_equal(always_set[b], 0);
		assert_int_equal(ever_set[b], 0xff);
	}
	free(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_each_carrier),
		cmocka_unit_test(kinds_are_hashed_apart),
		cmocka_unit_test(kinds_are_not_interchangeable),
		cmocka_unit_test(an_access_token_is_to_be_proven),
		cmocka_unit_test(refresh_tokens_are_read_apart),
		cmocka_unit_test(two_are_ambiguous),
		cmocka_unit_test(foreign_scheme_beside_refuses),
		cmocka_unit_test(bad_syntax_is_malformed),
		cmocka_unit_test(long_values_are_malformed),
		cmocka_unit_test(text_and_reading_are_inverse),
		cmocka_unit_test(hashes_under_each_root),
		cmocka_unit_test(values_do_not_repeat),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
