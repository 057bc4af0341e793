/* A file of our own installation as JSON: one object of texts, lists of texts, and numbers. */
#ifndef GATEPOST_HTTP_JSON_ENTRIES_H
#define GATEPOST_HTTP_JSON_ENTRIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "str.h"

struct arena;

struct json_entry {
	struct str name;
	struct str *texts; /* one, or those of the list, at least one; of a number none */
	size_t n;
	bool is_list;
	int64_t number; /* of a number */
};

/*
 * Members in their order, copied into the arena. ERR_CONFIG, "FILE:LINE: reason" or "FILE: reason":
 * not one JSON object, a repeated name, a member of another kind or an empty list. ERR_MEMORY.
 */
MUST_CHECK enum err json_entries(struct arena *arena, const char *file, struct json_entry **out,
				 size_t *n, struct fault *fault);

#endif
