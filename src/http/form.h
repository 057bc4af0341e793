/* application/x-www-form-urlencoded: bodies and query strings. */
#ifndef GATEPOST_HTTP_FORM_H
#define GATEPOST_HTTP_FORM_H

#include <stddef.h>

#include "err.h"
#include "str.h"

struct arena;

#define FORM_FIELDS_MAX 64

struct form_field {
	struct str name;
	struct str value;
};

struct form {
	struct form_field fields[FORM_FIELDS_MAX];
	size_t n;
};

/*
 * Decodes into the arena. ERR_INPUT: %00, a broken escape, invalid UTF-8, a repeated name, more
 * than FORM_FIELDS_MAX fields; *bad_name then names the field (or STR_NONE) and is always set.
 */
MUST_CHECK enum err form_parse(struct arena *arena, struct str text, struct form *out,
			       struct str *bad_name);
/* The value; STR_NONE when absent. */
struct str form_get(const struct form *form, struct str name);

#endif
