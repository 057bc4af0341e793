/* Random identifiers, digests, and their text forms. */
#ifndef GATEPOST_BASE_IDENT_H
#define GATEPOST_BASE_IDENT_H

#include <stdbool.h>

#include "err.h"
#include "str.h"

struct arena;
struct buf;

#define ID_BYTES 16
#define ID_TEXT 22 /* base64url of 16 bytes, unpadded */
#define DIGEST_BYTES 32
#define DIGEST_TEXT 43

/* A random, opaque name of a row: BINARY(16). All zero means "none". Not a secret. */
struct id {
	unsigned char b[ID_BYTES];
};

/* A keyed BLAKE2b-256 value: BINARY(32). Not a secret, but never shown. */
struct digest {
	unsigned char b[DIGEST_BYTES];
};

#define ID_NONE ((struct id){{0}})

struct id id_random(void);

/* Random ids made ahead, a system call for many. Of one thread at a time. Zeroed it is empty. */
struct id_stock {
	unsigned left;
	struct id ids[16];
};
struct id id_take(struct id_stock *stock);

bool id_is_none(struct id id);
bool id_equal(struct id a, struct id b);
/* Appends the 22 characters. */
void id_add(struct buf *buf, struct id id);
MUST_CHECK enum err id_text(struct arena *arena, struct id id, struct str *out);
/* ERR_INPUT on a wrong length, alphabet or non-zero trailing bits. */
MUST_CHECK enum err id_parse(struct str text, struct id *out);
/* Constant time. */
bool digest_equal(const struct digest *a, const struct digest *b);

#endif
