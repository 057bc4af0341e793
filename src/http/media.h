/* Media types: what a body is, and what a client takes (RFC 9110 §8.3.1, §12.5.1). */
#ifndef GATEPOST_HTTP_MEDIA_H
#define GATEPOST_HTTP_MEDIA_H

#include <stdbool.h>

#include "str.h"

/* content_type names type, whatever its parameters; but a charset must be utf-8. */
bool media_is(struct str content_type, struct str type);
/*
 * Accept admits type. Of the ranges that match the closest decides, of equals the heaviest; q=0
 * excludes; a malformed weight makes its range count for nothing; absent or empty admits all.
 */
bool media_is_accepted(struct str accept, struct str type);
/* The same, and Accept names it: no range with a star, and not by saying nothing. */
bool media_is_named(struct str accept, struct str type);

#endif
