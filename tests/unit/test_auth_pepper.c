/* PW-19: password hashes sealed in their rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arena.h"
#include "auth_keys.h"
#include "pepper.h"

#define ARGON2                                                                                     \
	"$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$"                                   \
	"MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE"

struct world {
	struct arena *arena;
	struct keyring *one;
	struct keyring *two; /* with a second, newer key */
};

static const struct id ALICE = {{1, 2, 3}};
static const struct id BOB = {{3, 2, 1}};

static int set_up(void **state)
{
	static struct world world;

	world.one = auth_keys(AUTH_KEY_1);
	world.two = auth_keys(AUTH_KEY_1 AUTH_KEY_2);
	*state = &world;
	return world.one == NULL || world.two == NULL ||
	       arena_open(4096, 1U << 20, &world.arena) != OK;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	keyring_free(&world->one);
	keyring_free(&world->two);
	arena_close(&world->arena);
	return 0;
}

static struct secret secret_of(struct world *world, const char *text)
{
	struct secret secret = SECRET_NONE;

	assert_int_equal(secret_from_str(world->arena, str_of(text), &secret), OK);
	return secret;
}

static struct secret sealed(struct world *world, const struct keyring *peppers, const char *hash)
{
	struct secret stored = SECRET_NONE;

	assert_int_equal(
		pepper_close(peppers, world->arena, &ALICE, secret_of(world, hash), &stored), OK);
	return stored;
}

static void assert_opens(struct world *world, const struct keyring *peppers, struct secret stored,
			 const char *hash)
{
	struct secret opened = SECRET_NONE;

	assert_int_equal(pepper_open(peppers, world->arena, &ALICE, stored, &opened), OK);
	assert_int_equal(opened.len, strlen(hash));
	assert_memory_equal(opened.bytes, hash, opened.len + 1);
}

static void what_is_sealed_opens(void **state)
{
	struct world *world = *state;
	struct secret first = sealed(world, world->one, ARGON2);
	struct secret second = sealed(world, world->two, ARGON2);

	assert_memory_equal(first.bytes, "$gp1$1$", 7);
	assert_memory_equal(second.bytes, "$gp1$2$", 7);
	assert_null(strstr((const char *)first.bytes, "argon2"));
	assert_int_equal(pepper_number(first), 1);
	assert_int_equal(pepper_number(second), 2);
	assert_int_equal(pepper_newest(world->one), 1);
	assert_int_equal(pepper_newest(world->two), 2);
	assert_opens(world, world->one, first, ARGON2);
	assert_opens(world, world->two, first, ARGON2);
	assert_opens(world, world->two, second, ARGON2);
	assert_false(secret_equal(first, sealed(world, world->one, ARGON2)));
}

/* Before the pepper was switched on, and where it never was. */
static void what_is_not_sealed_is_taken(void **state)
{
	struct world *world = *state;
	struct secret plain = sealed(world, NULL, ARGON2);
	struct secret opened = {.len = 1};

	assert_int_equal(plain.len, strlen(ARGON2));
	assert_int_equal(pepper_number(plain), 0);
	assert_int_equal(pepper_newest(NULL), 0);
	assert_opens(world, NULL, plain, ARGON2);
	assert_opens(world, world->one, plain, ARGON2);
	assert_opens(world, world->one, secret_of(world, ""), "");
	assert_int_equal(pepper_open(world->one, world->arena, &ALICE, SECRET_NONE, &opened), OK);
	assert_false(secret_is_present(opened));
}

/* The longest text that any form of hash has fits into the column. */
static void the_longest_hash_fits(void **state)
{
	struct world *world = *state;
	struct keyring *last =
		auth_keys("4294967295 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n");
	char text[PEPPER_HASH_MAX + 2];
	struct secret stored = SECRET_NONE;

	assert_non_null(last);
	memset(text, 'x', sizeof text);
	text[PEPPER_HASH_MAX + 1] = '\0';
	assert_int_equal(pepper_close(last, world->arena, &ALICE, secret_of(world, text), &stored),
			 ERR_TOO_LARGE);
	text[PEPPER_HASH_MAX] = '\0';
	stored = sealed(world, last, text);
	assert_true(stored.len <= PEPPER_STORED_MAX);
	assert_int_equal(pepper_number(stored), 4294967295U);
	assert_opens(world, last, stored, text);
	keyring_free(&last);
}

static enum err open_error(struct world *world, const struct keyring *peppers,
			   const struct id *user, struct secret stored)
{
	struct secret opened = {.len = 7};
	enum err e = pepper_open(peppers, world->arena, user, stored, &opened);

	assert_null(opened.bytes);
	assert_int_equal(opened.len, 7);
	return e;
}

static void what_does_not_open_is_told_apart(void **state)
{
	static const char *const broken[] = {
		"$gp1$",       "$gp1$1",      "$gp1$1$",
		"$gp1$0$AAAA", "$gp1$x$AAAA", "$gp1$4294967296$AAAA",
		"$gp1$1$AAAA", "$gp1$1$A",    "$gp1$1$****",
	};
	struct world *world = *state;
	struct keyring *other = auth_keys("1 ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8\n");
	struct secret stored = sealed(world, world->two, ARGON2);
	struct secret old = sealed(world, world->one, ARGON2);

	assert_non_null(other);
	assert_int_equal(open_error(world, NULL, &ALICE, stored), ERR_CONFIG);
	assert_int_equal(open_error(world, world->one, &ALICE, stored), ERR_CONFIG);
	/* Copied into another's row. */
	assert_int_equal(open_error(world, world->two, &BOB, stored), ERR_INPUT);
	/* A file with another key of the same number. */
	assert_int_equal(open_error(world, other, &ALICE, old), ERR_INPUT);
	for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++)
		assert_int_equal(open_error(world, world->one, &ALICE, secret_of(world, broken[i])),
				 ERR_INPUT);
	for (size_t i = 7; i < old.len; i += 11) {
		unsigned char was = old.bytes[i];

		old.bytes[i] = was == 'A' ? 'B' : 'A';
		assert_int_equal(open_error(world, world->one, &ALICE, old), ERR_INPUT);
		old.bytes[i] = was;
	}
	assert_opens(world, world->one, old, ARGON2);
	keyring_free(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_sealed_opens),
		cmocka_unit_test(what_is_not_sealed_is_taken),
		cmocka_unit_test(the_longest_hash_fits),
		cmocka_unit_test(what_does_not_open_is_told_apart),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
