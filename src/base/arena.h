/* Memory of one request: allocated together, wiped and given back together. */
#ifndef GATEPOST_BASE_ARENA_H
#define GATEPOST_BASE_ARENA_H

#include <stddef.h>

#include "err.h"

/* Not thread-safe: one thread uses an arena at a time (it may be handed over between threads). */
struct arena;

/*
 * Opens an arena whose first block has first_size bytes and which never holds more than ceiling
 * bytes of objects. The first block is kept from one arena_reset to the next, so that a steady
 * stream of small requests calls malloc not at all. In sanitizer builds every object has a malloc
 * of its own, so that overruns are seen. ERR_MEMORY.
 */
MUST_CHECK enum err arena_open(size_t first_size, size_t ceiling, struct arena **out);

/* size zeroed bytes, aligned for any type; NULL above the ceiling. size 0 gives a unique pointer.
 */
void *arena_alloc(struct arena *arena, size_t size)
	__attribute__((warn_unused_result, alloc_size(2)));
/* count * size with overflow checked. */
void *arena_array(struct arena *arena, size_t count, size_t size)
	__attribute__((warn_unused_result, alloc_size(2, 3)));

/*
 * Calls destroy(object) when the arena is reset or closed, last registered first. When there is no
 * memory for the note, destroy is called at once and ERR_MEMORY returned.
 */
MUST_CHECK enum err arena_defer(struct arena *arena, void (*destroy)(void *), void *object);

/* Bytes of objects handed out since the last reset. */
size_t arena_used(const struct arena *arena);

/* Runs what was deferred, wipes every byte handed out (sodium_memzero), keeps the first block. */
void arena_reset(struct arena *arena);

/* arena_reset and free; sets *arena to NULL. NULL is fine. */
void arena_close(struct arena **arena);

#endif
