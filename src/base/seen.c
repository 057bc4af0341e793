/* A bounded set of digests that forgets: where a bucket is full, a slot is taken again. */
#include "seen.h"

#include <pthread.h>
#include <stdint.h>
#include <string.h>

#include "arena.h"

#define LOCKS 16 /* so that threads seldom wait for each other */
/* With one to a bucket a quarter full set forgets a ninth of what it is asked for, with four none.
 */
#define WAYS 4

struct bucket {
	struct digest digests[WAYS]; /* zero: free; no keyed digest is */
	unsigned next;               /* the slot that is taken again */
};

struct seen {
	pthread_mutex_t locks[LOCKS];
	size_t count;
	struct bucket *buckets;
};

static size_t buckets_for(size_t slots)
{
	return (slots + WAYS - 1) / WAYS;
}

size_t seen_size(size_t slots)
{
	return sizeof(struct seen) + buckets_for(slots) * sizeof(struct bucket) + 64;
}

enum err seen_make(struct arena *arena, size_t slots, struct seen **out)
{
	struct seen *seen = arena_alloc(arena, sizeof *seen);

	if (seen == NULL)
		return ERR_MEMORY;
	seen->count = buckets_for(slots);
	seen->buckets = arena_array(arena, seen->count, sizeof(struct bucket));
	if (seen->buckets == NULL)
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
static size_t place_of(const struct seen *seen, const struct digest *digest)
{
	uint64_t number = 0;

	memcpy(&number, digest->b, sizeof number);
	return (size_t)(number % seen->count);
}

static bool is_in(const struct bucket *bucket, const struct digest *digest)
{
	bool in = false;

	for (size_t i = 0; i < WAYS; i++)
		in = digest_equal(&bucket->digests[i], digest) || in;
	return in;
}

bool seen_has(struct seen *seen, const struct digest *digest)
{
	if (seen->count == 0)
		return false;
	size_t at = place_of(seen, digest);
	pthread_mutex_t *lock = &seen->locks[at % LOCKS];

	(void)pthread_mutex_lock(lock);
	bool has = is_in(&seen->buckets[at], digest);
	(void)pthread_mutex_unlock(lock);
	return has;
}

void seen_add(struct seen *seen, const struct digest *digest)
{
	if (seen->count == 0)
		return;
	size_t at = place_of(seen, digest);
	struct bucket *bucket = &seen->buckets[at];
	pthread_mutex_t *lock = &seen->locks[at % LOCKS];

	(void)pthread_mutex_lock(lock);
	if (!is_in(bucket, digest)) {
		bucket->digests[bucket->next] = *digest;
		bucket->next = (bucket->next + 1) % WAYS;
	}
	(void)pthread_mutex_unlock(lock);
}
