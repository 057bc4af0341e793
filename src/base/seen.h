/* A bounded set of digests that forgets: where it is full, the oldest. Thread-safe. */
#ifndef GATEPOST_BASE_SEEN_H
#define GATEPOST_BASE_SEEN_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"
#include "ident.h"

struct arena;
struct seen;

/* Octets that seen_make takes of its arena for a set of so many digests. */
size_t seen_size(size_t slots);
/* For at least so many; slots 0: it never knows anything. */
MUST_CHECK enum err seen_make(struct arena *arena, size_t slots, struct seen **out);
/* Before its arena is closed. */
void seen_done(struct seen *seen);

bool seen_has(struct seen *seen, const struct digest *digest);
void seen_add(struct seen *seen, const struct digest *digest);

#endif
