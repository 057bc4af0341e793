/* Secret bytes: made, compared in constant time, wiped. */
#include "secret.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "arena.h"

/* Deeper than a request's calls go, the hash's included. */
#define STACK_BYTES ((size_t)32 * 1024)

bool secret_is_present(struct secret s)
{
	return s.bytes != NULL;
}

void secret_random_bytes(void *p, size_t n)
{
	/* Without a source of randomness nothing here may go on. */
	if (sodium_init() < 0)
		abort();
	randombytes_buf(p, n);
}

/* One more byte than n, zero, so that the bytes also serve as a C string. */
static enum err take(struct arena *arena, size_t n, unsigned char **out)
{
	if (n == SIZE_MAX)
		return ERR_MEMORY;
	unsigned char *bytes = arena_alloc(arena, n + 1);
	if (bytes == NULL)
		return ERR_MEMORY;
	*out = bytes;
	return OK;
}

enum err secret_from_str(struct arena *arena, struct str s, struct secret *out)
{
	unsigned char *bytes = NULL;

	if (!str_is_present(s)) {
		*out = SECRET_NONE;
		return OK;
	}
	TRY(take(arena, s.n, &bytes));
	memcpy(bytes, s.p, s.n);
	*out = (struct secret){.bytes = bytes, .len = s.n};
	return OK;
}

enum err secret_random(struct arena *arena, size_t n, struct secret *out)
{
	unsigned char *bytes = NULL;

	TRY(take(arena, n, &bytes));
	secret_random_bytes(bytes, n);
	*out = (struct secret){.bytes = bytes, .len = n};
	return OK;
}

bool secret_equal(struct secret a, struct secret b)
{
	if (a.bytes == NULL || b.bytes == NULL || a.len == 0 || a.len != b.len)
		return false;
	return sodium_memcmp(a.bytes, b.bytes, a.len) == 0;
}

void secret_wipe(struct secret *s)
{
	secret_wipe_bytes(s->bytes, s->len);
	*s = SECRET_NONE;
}

void secret_wipe_bytes(void *p, size_t n)
{
	if (n > 0 && p != NULL)
		sodium_memzero(p, n);
}

void secret_wipe_stack(void)
{
	sodium_stackzero(STACK_BYTES);
}
