/* The place that a request target names, of whatever there is on a host: canonical, or why not. */
#ifndef GATEPOST_HTTP_PLACE_H
#define GATEPOST_HTTP_PLACE_H

#include "err.h"
#include "str.h"

struct arena;

struct place {
	struct str path;  /* decoded once, canonical; "" with a flaw */
	struct str local; /* path and query as sent; absent: not one that return_to can hold */
	const char *flaw; /* why no rule can speak of it, static; NULL: it is canonical */
};

/*
 * Canonical is what url_decode_path takes, without a ';', which some servers cut off. ERR_MEMORY;
 * local is a slice of target.
 */
MUST_CHECK enum err place_read(struct arena *arena, struct str target, struct place *out);

#endif
