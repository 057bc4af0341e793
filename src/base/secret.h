/* Secret bytes as a type of their own, which logs, pages, JSON and printf cannot take. */
#ifndef GATEPOST_BASE_SECRET_H
#define GATEPOST_BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"
#include "str.h"

struct arena;

/* Bytes live in an arena (wiped with it) or in memory of the owner's. bytes NULL: missing. */
struct secret {
	unsigned char *bytes;
	size_t len;
};

#define SECRET_NONE ((struct secret){NULL, 0})

bool secret_is_present(struct secret s);
/* Copies s into the arena, a NUL behind it; absent gives a missing one. The source is the caller's
 * to wipe. */
MUST_CHECK enum err secret_from_str(struct arena *arena, struct str s, struct secret *out);
/* n random bytes (randombytes_buf). */
MUST_CHECK enum err secret_random(struct arena *arena, size_t n, struct secret *out);
/* The same into memory of the caller's. Ends the process when the system has no randomness. */
void secret_random_bytes(void *p, size_t n);
/* Constant time for equal lengths; missing or empty never equals anything, missing included. */
bool secret_equal(struct secret a, struct secret b);
/* Zeroes the bytes and makes it missing. */
void secret_wipe(struct secret *s);
/* Zeroes n bytes at p (sodium_memzero), for floors that may not include sodium.h. p may be NULL if
 * n is 0. */
void secret_wipe_bytes(void *p, size_t n);

/* What calls that have returned left on this thread's stack: hash functions keep their input there.
 */
void secret_wipe_stack(void);

#endif
