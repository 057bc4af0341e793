/* The list of common passwords and words that a new password must not be made of. */
#ifndef GATEPOST_AUTH_BLOCKLIST_H
#define GATEPOST_AUTH_BLOCKLIST_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"
#include "str.h"

struct arena;

#define BLOCKLIST_WORD_MIN 3
#define BLOCKLIST_WORD_MAX 64

/* Immutable; lives in the arena it was loaded into. Shared by threads. */
struct blocklist;

/*
 * Reads one word a line, UTF-8, '#' begins a comment line; ASCII is lowered, words shorter than
 * BLOCKLIST_WORD_MIN or longer than BLOCKLIST_WORD_MAX bytes are left out. ERR_CONFIG with the
 * reason: unreadable, over 8 MiB, not UTF-8, no word in it.
 */
MUST_CHECK enum err blocklist_load(const char *path, struct arena *arena,
				   const struct blocklist **out, struct fault *fault);
size_t blocklist_count(const struct blocklist *list);
/* The words in byte order; i below blocklist_count. */
struct str blocklist_word(const struct blocklist *list, size_t i);
/* word in lower case. */
bool blocklist_has(const struct blocklist *list, struct str word);

#endif
