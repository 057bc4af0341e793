/* Memory of one request: a bump allocator over blocks, or one malloc an object under sanitizers. */
#include "arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>

#include <sodium.h>

#define ALIGNMENT 16
#define SMALLEST_BLOCK 256

struct note {
	struct note *next;
	void (*destroy)(void *);
	void *object;
};

#ifdef GATEPOST_SANITIZED

/* The object apart from its record, so that overruns at both ends are seen. */
struct object {
	struct object *next;
	unsigned char *bytes;
	size_t size;
};

struct arena {
	struct object *objects;
	struct note *notes;
	size_t used;
	size_t ceiling;
};

static enum err storage_open(struct arena *arena, size_t first_size)
{
	(void)arena;
	(void)first_size;
	return OK;
}

static void *storage_take(struct arena *arena, size_t size)
{
	struct object *object = calloc(1, sizeof *object);
	if (object == NULL)
		return NULL;
	object->bytes = calloc(1, size);
	if (object->bytes == NULL) {
		free(object);
		return NULL;
	}
	object->size = size;
	object->next = arena->objects;
	arena->objects = object;
	return object->bytes;
}

static void storage_reset(struct arena *arena)
{
	while (arena->objects != NULL) {
		struct object *object = arena->objects;
		arena->objects = object->next;
		sodium_memzero(object->bytes, object->size);
		free(object->bytes);
		free(object);
	}
}

static void storage_close(struct arena *arena)
{
	(void)arena;
}

#else

/* Bytes from taken on are zero, always: fresh from calloc, or wiped by the reset. */
struct block {
	struct block *next; /* the one before it */
	size_t size;
	size_t taken;
	alignas(ALIGNMENT) unsigned char bytes[];
};

struct arena {
	struct block *first;
	struct block *current;
	struct note *notes;
	size_t used;
	size_t ceiling;
	size_t block_size;
};

static struct block *block_new(size_t size, struct block *next)
{
	if (size > SIZE_MAX - sizeof(struct block))
		return NULL;
	struct block *block = calloc(1, sizeof *block + size);
	if (block == NULL)
		return NULL;
	block->size = size;
	block->next = next;
	return block;
}

static enum err storage_open(struct arena *arena, size_t first_size)
{
	arena->block_size = first_size < SMALLEST_BLOCK ? SMALLEST_BLOCK : first_size;
	arena->first = block_new(arena->block_size, NULL);
	arena->current = arena->first;
	return arena->first == NULL ? ERR_MEMORY : OK;
}

static void *storage_take(struct arena *arena, size_t size)
{
	size_t rounded = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;

	if (rounded < size)
		return NULL;
	if (rounded > arena->current->size - arena->current->taken) {
		size_t wanted = rounded > arena->block_size ? rounded : arena->block_size;
		struct block *block = block_new(wanted, arena->current);
		if (block == NULL)
			return NULL;
		arena->current = block;
	}
	void *p = arena->current->bytes + arena->current->taken;
	arena->current->taken += rounded;
	return p;
}

static void storage_reset(struct arena *arena)
{
	while (arena->current != arena->first) {
		struct block *block = arena->current;
		arena->current = block->next;
		sodium_memzero(block->bytes, block->taken);
		free(block);
	}
	sodium_memzero(arena->first->bytes, arena->first->taken);
	arena->first->taken = 0;
}

static void storage_close(struct arena *arena)
{
	free(arena->first);
}

#endif

enum err arena_open(size_t first_size, size_t ceiling, struct arena **out)
{
	struct arena *arena = calloc(1, sizeof *arena);
	if (arena == NULL)
		return ERR_MEMORY;
	arena->ceiling = ceiling;
	if (storage_open(arena, first_size) != OK) {
		free(arena);
		return ERR_MEMORY;
	}
	*out = arena;
	return OK;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	/* An empty object counts as one byte: no number of them goes unbounded. */
	if (size == 0)
		size = 1;
	if (size > arena->ceiling - arena->used)
		return NULL;
	void *p = storage_take(arena, size);
	if (p != NULL)
		arena->used += size;
	return p;
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
	size_t total = 0;

	if (__builtin_mul_overflow(count, size, &total))
		return NULL;
	return arena_alloc(arena, total);
}

enum err arena_defer(struct arena *arena, void (*destroy)(void *), void *object)
{
	struct note *note = arena_alloc(arena, sizeof *note);
	if (note == NULL) {
		destroy(object);
		return ERR_MEMORY;
	}
	*note = (struct note){.next = arena->notes, .destroy = destroy, .object = object};
	arena->notes = note;
	return OK;
}

size_t arena_used(const struct arena *arena)
{
	return arena->used;
}

void arena_reset(struct arena *arena)
{
	while (arena->notes != NULL) {
		struct note *note = arena->notes;
		arena->notes = note->next;
		note->destroy(note->object);
	}
	storage_reset(arena);
	arena->used = 0;
}

void arena_close(struct arena **arena)
{
	if (*arena == NULL)
		return;
	arena_reset(*arena);
	storage_close(*arena);
	free(*arena);
	*arena = NULL;
}
