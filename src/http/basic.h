/* HTTP Basic (RFC 7617), its parts encoded as OAuth clients do it (RFC 6749 §2.3.1). */
#ifndef GATEPOST_HTTP_BASIC_H
#define GATEPOST_HTTP_BASIC_H

#include <stdbool.h>

#include "err.h"
#include "str.h"

struct arena;

#define BASIC_MAX 1024 /* bytes of user, colon and password as they came */

struct basic {
	struct str user;
	struct str password; /* a secret: for nothing that prints */
};

/* The scheme is Basic, whatever follows it. */
bool basic_is(struct str authorization);
/* Both in the arena. ERR_INPUT: not that scheme, or malformed. ERR_MEMORY. */
MUST_CHECK enum err basic_read(struct arena *arena, struct str authorization, struct basic *out);

#endif
