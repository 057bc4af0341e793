/* Arenas: ceiling, alignment, order of destroyers, wiping. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "arena.h"

static size_t wiped;

/* Stands in for libsodium's, so that wiping is seen before the memory is given back. */
void sodium_memzero(void *const p, const size_t n)
{
	memset(p, 0, n);
	wiped += n;
}

static void objects_are_zeroed_and_aligned(void **state)
{
	static const size_t sizes[] = {1, 3, 16, 17, 100, 5000, 2, 64};
	struct arena *arena = NULL;

	(void)state;
	assert_int_equal(arena_open(256, 65536, &arena), OK);
	for (int round = 0; round < 3; round++) {
		size_t total = 0;
		for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
			unsigned char *p = arena_alloc(arena, sizes[i]);
			assert_non_null(p);
			assert_int_equal((uintptr_t)p % 16, 0);
			for (size_t k = 0; k < sizes[i]; k++)
				assert_int_equal(p[k], 0);
			memset(p, 0xaa, sizes[i]);
			total += sizes[i];
			assert_int_equal(arena_used(arena), total);
		}
		arena_reset(arena);
		assert_int_equal(arena_used(arena), 0);
	}
	arena_close(&arena);
	assert_null(arena);
}

static void ceiling_counts_objects(void **state)
{
	struct arena *arena = NULL;
	/* volatile: the compiler would warn of what is tried here. */
	volatile size_t everything = SIZE_MAX;

	(void)state;
	assert_int_equal(arena_open(16, 100, &arena), OK);
	assert_null(arena_alloc(arena, 101));
	assert_non_null(arena_alloc(arena, 60));
	assert_null(arena_alloc(arena, 41));
	assert_non_null(arena_alloc(arena, 40));
	assert_null(arena_alloc(arena, 1));
	assert_null(arena_alloc(arena, 0));
	assert_null(arena_alloc(arena, everything));
	arena_reset(arena);
	assert_non_null(arena_alloc(arena, 100));
	arena_close(&arena);
}

static void arrays_do_not_overflow(void **state)
{
	struct arena *arena = NULL;
	/* volatile: the compiler would warn of what is tried here. */
	volatile size_t half = SIZE_MAX / 2 + 1;

	(void)state;
	assert_int_equal(arena_open(16, SIZE_MAX, &arena), OK);
	assert_null(arena_array(arena, half, 2));
	assert_null(arena_array(arena, half, half));
	assert_non_null(arena_array(arena, 10, 10));
	assert_int_equal(arena_used(arena), 100);
	arena_close(&arena);
}

static void empty_objects_are_unique(void **state)
{
	struct arena *arena = NULL;

	(void)state;
	assert_int_equal(arena_open(256, 1000, &arena), OK);
	const void *a = arena_alloc(arena, 0);
	const void *b = arena_alloc(arena, 0);
	const void *c = arena_array(arena, 0, 8);
	assert_non_null(a);
	assert_non_null(b);
	assert_non_null(c);
	assert_ptr_not_equal(a, b);
	assert_ptr_not_equal(b, c);
	arena_close(&arena);
}

struct trace {
	char order[16];
	size_t n;
};

struct traced {
	struct trace *trace;
	char name;
};

static void note(void *object)
{
	const struct traced *traced = object;

	traced->trace->order[traced->trace->n++] = traced->name;
}

static void destroyers_run_last_first(void **state)
{
	struct arena *arena = NULL;
	struct trace trace = {.n = 0};
	struct traced objects[] = {{&trace, 'a'}, {&trace, 'b'}, {&trace, 'c'}};

	(void)state;
	assert_int_equal(arena_open(64, 4096, &arena), OK);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(arena_defer(arena, note, &objects[i]), OK);
	assert_int_equal(trace.n, 0);
	arena_reset(arena);
	assert_string_equal(trace.order, "cba");
	arena_reset(arena);
	assert_string_equal(trace.order, "cba");
	assert_int_equal(arena_defer(arena, note, &objects[1]), OK);
	arena_close(&arena);
	assert_string_equal(trace.order, "cbab");
}

static void destroyer_runs_at_once_without_memory(void **state)
{
	struct arena *arena = NULL;
	struct trace trace = {.n = 0};
	struct traced object = {&trace, 'x'};

	(void)state;
	assert_int_equal(arena_open(64, 8, &arena), OK);
	assert_int_equal(arena_defer(arena, note, &object), ERR_MEMORY);
	assert_string_equal(trace.order, "x");
	arena_close(&arena);
	assert_string_equal(trace.order, "x");
}

/* An object's bytes are still whole when its destroyer runs. */
static void check_bytes(void *object)
{
	const unsigned char *p = object;

	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(p[i], 0x5a);
}

/* ST-09: nothing of a request stays in memory. */
static void everything_is_wiped(void **state)
{
	struct arena *arena = NULL;

	(void)state;
	assert_int_equal(arena_open(256, 65536, &arena), OK);
	for (int i = 0; i < 3; i++) {
		unsigned char *p = arena_alloc(arena, 1000);
		assert_non_null(p);
		memset(p, 0x5a, 1000);
		assert_int_equal(arena_defer(arena, check_bytes, p), OK);
	}
	size_t used = arena_used(arena);
	wiped = 0;
	arena_reset(arena);
	assert_true(wiped >= used);

	assert_non_null(arena_alloc(arena, 5000));
	wiped = 0;
	arena_close(&arena);
	assert_true(wiped >= 5000);
	arena_close(&arena);
}

#ifdef ARENA_OF_BLOCKS

static void first_block_is_kept(void **state)
{
	struct arena *arena = NULL;

	(void)state;
	assert_int_equal(arena_open(1024, 65536, &arena), OK);
	const unsigned char *first = arena_alloc(arena, 64);
	assert_non_null(arena_alloc(arena, 20000));
	arena_reset(arena);
	const unsigned char *again = arena_alloc(arena, 64);
	assert_ptr_equal(first, again);
	/* One block: what fits in it lies side by side. */
	assert_ptr_equal(arena_alloc(arena, 1), again + 64);
	assert_ptr_equal(arena_alloc(arena, 1), again + 80);
	arena_close(&arena);
}

/* ST-09 */
static void kept_block_is_zero_after_reset(void **state)
{
	struct arena *arena = NULL;

	(void)state;
	assert_int_equal(arena_open(1024, 65536, &arena), OK);
	unsigned char *p = arena_alloc(arena, 512);
	assert_non_null(p);
	memset(p, 0x5a, 512);
	arena_reset(arena);
	for (size_t i = 0; i < 512; i++)
		assert_int_equal(p[i], 0);
	arena_close(&arena);
}

#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(objects_are_zeroed_and_aligned),
		cmocka_unit_test(ceiling_counts_objects),
		cmocka_unit_test(arrays_do_not_overflow),
		cmocka_unit_test(empty_objects_are_unique),
		cmocka_unit_test(destroyers_run_last_first),
		cmocka_unit_test(destroyer_runs_at_once_without_memory),
		cmocka_unit_test(everything_is_wiped),
#ifdef ARENA_OF_BLOCKS
		cmocka_unit_test(first_block_is_kept),
		cmocka_unit_test(kept_block_is_zero_after_reset),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
