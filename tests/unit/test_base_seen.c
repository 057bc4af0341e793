/* A set that forgets never claims to have seen what it has not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arena.h"
#include "seen.h"

static struct digest digest_of(unsigned number, unsigned char tail)
{
	struct digest digest = {{0}};

	memcpy(digest.b, &number, sizeof number);
	digest.b[DIGEST_BYTES - 1] = tail;
	return digest;
}

/* Eight slots are two buckets of four: numbers that are odd lie in the second one. */
static void what_was_added_is_known_until_its_slot_is_taken(void **state)
{
	struct arena *arena = NULL;
	struct seen *seen = NULL;
	struct digest near[5];

	(void)state;
	assert_int_equal(arena_open(0, seen_size(8), &arena), OK);
	assert_int_equal(seen_make(arena, 8, &seen), OK);
	for (unsigned char i = 0; i < 5; i++) {
		near[i] = digest_of(5, (unsigned char)(i + 1));
		assert_false(seen_has(seen, &near[i]));
		seen_add(seen, &near[i]);
		assert_true(seen_has(seen, &near[i]));
	}
	assert_false(seen_has(seen, &near[0]));
	for (size_t i = 1; i < 5; i++)
		assert_true(seen_has(seen, &near[i]));
	/* Again is once. */
	seen_add(seen, &near[1]);
	assert_true(seen_has(seen, &near[2]));
	for (unsigned i = 0; i < 1000; i++) {
		struct digest other = digest_of(i, 99);

		assert_false(seen_has(seen, &other));
	}
	seen_done(seen);
	arena_close(&arena);
}

static void none_are_kept_without_slots(void **state)
{
	struct arena *arena = NULL;
	struct seen *seen = NULL;
	struct digest one = digest_of(5, 1);

	(void)state;
	assert_int_equal(arena_open(0, seen_size(0), &arena), OK);
	assert_int_equal(seen_make(arena, 0, &seen), OK);
	seen_add(seen, &one);
	assert_false(seen_has(seen, &one));
	seen_done(seen);
	arena_close(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_added_is_known_until_its_slot_is_taken),
		cmocka_unit_test(none_are_kept_without_slots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
