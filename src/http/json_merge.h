/* Documents that clients keep on the server: JSON objects as their shortest text, and patches. */
#ifndef GATEPOST_HTTP_JSON_MERGE_H
#define GATEPOST_HTTP_JSON_MERGE_H

#include "err.h"
#include "str.h"

struct arena;

/*
 * JSON Merge Patch (RFC 7396): what target becomes by patch, both JSON objects. ERR_INPUT: one is
 * none, has a member twice or is deeper than JSON_DEPTH_MAX. ERR_TOO_LARGE: the result has more
 * than max bytes. The shortest text, in the arena; numbers keep their value.
 */
MUST_CHECK enum err json_merge(struct arena *arena, struct str target, struct str patch, size_t max,
			       struct str *out);
/* The shortest text of a JSON object. Errors as above. */
MUST_CHECK enum err json_compact(struct arena *arena, struct str text, size_t max, struct str *out);

#endif
