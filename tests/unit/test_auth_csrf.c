/* Form tokens and the cookie before sign-in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdint.h>
#include <string.h>

#include "arena.h"
#include "auth_keys.h"
#include "clock.h"
#include "csrf.h"

#define NOW (INT64_C(1800000000) * CLOCK_SECOND)

struct world {
	struct arena *arena;
	struct keyring *keys;
};

static int set_up(void **state)
{
	static struct world world;

	world.keys = auth_keys(AUTH_KEY_1);
	*state = &world;
	return world.keys == NULL || arena_open(4096, 1 << 20, &world.arena) != OK;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	arena_close(&world->arena);
	keyring_free(&world->keys);
	return 0;
}

static struct str token_of(struct world *world, const struct csrf_binding *binding)
{
	struct str token = STR_NONE;

	assert_int_equal(csrf_token(world->arena, binding, &token), OK);
	return token;
}

static struct str pre_of(struct world *world, int64_t now)
{
	struct secret pre = SECRET_NONE;

	assert_int_equal(csrf_pre_make(world->arena, world->keys, now, &pre), OK);
	return (struct str){(const char *)pre.bytes, pre.len};
}

/* CS-01: masked anew each time, and each of them matches. */
static void token_is_another_text_each_time(void **state)
{
	struct world *world = *state;
	struct digest hash = {{1}};
	struct csrf_binding binding = csrf_bind_session(world->keys, &hash);
	struct str a = token_of(world, &binding);
	struct str b = token_of(world, &binding);

	assert_false(str_equal(a, b));
	assert_false(str_equal(str_sub(a, 44, a.n), str_sub(b, 44, b.n)));
	assert_true(csrf_token_matches(&binding, a));
	assert_true(csrf_token_matches(&binding, b));
}

/* CS-01: missing, altered, foreign. */
static void other_tokens_do_not_match(void **state)
{
	struct world *world = *state;
	struct digest mine = {{1}};
	struct digest other = {{2}};
	struct csrf_binding binding = csrf_bind_session(world->keys, &mine);
	struct csrf_binding foreign = csrf_bind_session(world->keys, &other);
	struct str token = token_of(world, &binding);
	char altered[128];

	assert_false(csrf_token_matches(&foreign, token));
	assert_false(csrf_token_matches(&binding, STR_NONE));
	assert_false(csrf_token_matches(&binding, STR("")));
	assert_false(csrf_token_matches(&binding, str_sub(token, 0, token.n - 1)));
	assert_true(token.n < sizeof altered);
	for (size_t i = 0; i < token.n; i++) {
		memcpy(altered, token.p, token.n);
		altered[i] = altered[i] == 'A' ? 'B' : 'A';
		assert_false(csrf_token_matches(&binding, (struct str){altered, token.n}));
	}
}

/* A session's token is no token of a form before sign-in, whatever the bytes (CS-03). */
static void bindings_are_of_a_kind(void **state)
{
	struct world *world = *state;
	struct digest hash;
	struct csrf_binding session;
	struct csrf_binding pre;

	memset(&hash, 'x', sizeof hash);
	session = csrf_bind_session(world->keys, &hash);
	pre = csrf_bind_pre(world->keys, (struct str){(const char *)hash.b, sizeof hash.b});
	assert_false(csrf_token_matches(&pre, token_of(world, &session)));
}

/* CS-03: ours for twelve hours, bound to its own cookie. */
static void pre_is_ours_and_young(void **state)
{
	struct world *world = *state;
	struct str pre = pre_of(world, NOW);
	struct csrf_binding binding = csrf_bind_pre(world->keys, pre);
	struct csrf_binding other = csrf_bind_pre(world->keys, pre_of(world, NOW));

	assert_true(csrf_pre_is_valid(world->keys, pre, NOW));
	assert_true(csrf_pre_is_valid(world->keys, pre, NOW + CSRF_PRE_LIFE));
	assert_false(csrf_pre_is_valid(world->keys, pre, NOW + CSRF_PRE_LIFE + 1));
	assert_false(csrf_pre_is_valid(world->keys, pre, NOW - CLOCK_HOUR));
	assert_true(csrf_token_matches(&binding, token_of(world, &binding)));
	assert_false(csrf_token_matches(&other, token_of(world, &binding)));
}

/* CS-03: planted, altered, cut and made under somebody else's key. */
static void forged_pre_is_refused(void **state)
{
	struct world *world = *state;
	struct keyring *foreign = auth_keys(AUTH_KEY_2);
	struct str pre = pre_of(world, NOW);
	char altered[128];

	assert_non_null(foreign);
	assert_false(csrf_pre_is_valid(foreign, pre, NOW));
	assert_false(csrf_pre_is_valid(world->keys, STR_NONE, NOW));
	assert_false(csrf_pre_is_valid(world->keys, STR("x"), NOW));
	assert_false(csrf_pre_is_valid(world->keys, str_sub(pre, 0, pre.n - 1), NOW));
	assert_true(pre.n < sizeof altered);
	for (size_t i = 0; i < pre.n; i++) {
		memcpy(altered, pre.p, pre.n);
		altered[i] = altered[i] == 'A' ? 'B' : 'A';
		assert_false(csrf_pre_is_valid(world->keys, (struct str){altered, pre.n}, NOW));
	}
	keyring_free(&foreign);
}

/* After a new root key the cookies of the old one go on. */
static void pre_outlives_a_new_root(void **state)
{
	struct world *world = *state;
	struct keyring *two = auth_keys(AUTH_KEY_1 AUTH_KEY_2);
	struct str pre = pre_of(world, NOW);

	assert_non_null(two);
	assert_true(csrf_pre_is_valid(two, pre, NOW + CLOCK_HOUR));
	keyring_free(&two);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(token_is_another_text_each_time),
		cmocka_unit_test(other_tokens_do_not_match),
		cmocka_unit_test(bindings_are_of_a_kind),
		cmocka_unit_test(pre_is_ours_and_young),
		cmocka_unit_test(forged_pre_is_refused),
		cmocka_unit_test(pre_outlives_a_new_root),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
