/* Values of any shape as text: what a client may keep on the server (jansson behind it). */
#ifndef GATEPOST_HTTP_JSON_TREE_H
#define GATEPOST_HTTP_JSON_TREE_H

#include <jansson.h>

#include "err.h"
#include "str.h"

struct arena;

/*
 * The shortest text of a value: no white space, members in their order, numbers as they are, no
 * more escaped than must be. In the arena. ERR_TOO_LARGE: over max bytes.
 */
MUST_CHECK enum err json_tree_text(struct arena *arena, json_t *value, size_t max, struct str *out);
/* jansson over text whose depth is bounded before. NULL: no JSON, or no memory; *error tells. */
json_t *json_tree_load(struct str text, json_error_t *error);

#endif
