/* A bounded set of digests that forgets: the same slot is taken again. */
#include "seen.h"

#include <pthread.h>
#include <stdint.h>
#include <string.h>

#include "arena.h"

#define LOCKS 16 /* so that threads seldom wait for each other */

struct seen {
	pthread_mutex_t locks[LOCKS];
	size_t slots;
	struct digest *digests; /* zero: free; no keyed digest is */
};

size_t seen_size(size_t slots)
{
	return sizeof(struct seen) + slots * sizeof(struct digest) + 64;
}

enum err seen_make(struct arena *arena, size_t slots, struct seen **out)
{
	struct seen *seen = arena_alloc(arena, sizeof *seen);

	if (seen == NULL)
		return ERR_MEMORY;
	seen->slots = slots;
	seen->digests = arena_array(arena, slots, sizeof(struct digest));
	if (seen->digests == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < LOCKS; i++)
		if (pthread_mutex_init(&seen->locks[i], NULL) != 0)
			return ERR_MEMORY;
	*out = seen;
	return OK;
}

void seen_done(struct seen *seen)
{
	for (size_t i = 0; i < LOCKS; i++)
		(void)pthread_mutex_destroy(&seen->locks[i]);
}

/* Whoever has the key of the digests decides where they go, and nobody else does. */
static size_t slot_of(const struct seen *seen, const struct digest *digest)
{
	uint64_t number = 0;

	memcpy(&number, digest->b, sizeof number);
	return (size_t)(number % seen->slots);
}

bool seen_has(struct seen *seen, const struct digest *digest)
{
	if (seen->slots == 0)
		return false;
	size_t at = slot_of(seen, digest);
	pthread_mutex_t *lock = &seen->locks[at % LOCKS];

	(void)pthread_mutex_lock(lock);
	bool has = digest_equal(&seen->digests[at], digest);
	(void)pthread_mutex_unlock(lock);
	return has;
}

void seen_add(struct seen *seen, const struct digest *digest)
{
	if (seen->slots == 0)
		return;
	size_t at = slot_of(seen, digest);
	pthread_mutex_t *lock = &seen->locks[at % LOCKS];

	(void)pthread_mutex_lock(lock);
	seen->digests[at] = *digest;
	(void)pthread_mutex_unlock(lock);
}
