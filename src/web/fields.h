/* What declared fields must look like beyond their length: cursors, limits, names of clients. */
#ifndef GATEPOST_WEB_FIELDS_H
#define GATEPOST_WEB_FIELDS_H

#include <stdbool.h>

#include "config.h"
#include "err.h"
#include "session_store.h"
#include "str.h"

struct arena;

#define FIELDS_LIMIT_MAX 100
#define FIELDS_LIMIT_DEFAULT 50

/* base64url of the eight bytes of the time, most significant first, and of the id. ERR_MEMORY. */
MUST_CHECK enum err fields_cursor_text(struct arena *arena, const struct page_cursor *cursor,
				       struct str *out);
/* Sets the place and leaves the limit. Absent: from the start. ERR_INPUT: not one of ours. */
MUST_CHECK enum err fields_cursor_parse(struct str text, struct page_cursor *cursor);
/* 1 … FIELDS_LIMIT_MAX; absent: FIELDS_LIMIT_DEFAULT. ERR_INPUT. */
MUST_CHECK enum err fields_limit_parse(struct str text, unsigned *limit);

/* "handle", "cookie" or "token"; CARRIER_NONE: none of them. */
enum session_carrier fields_carrier(struct str transport);
/* What a sign-in over the API says of its client. */
struct fields_client {
	struct str name; /* absent: the default */
	enum session_class class;
};
/*
 * The client's name; STR_NONE: none that may sign in over the API, or not to such a session, which
 * *reason says.
 */
struct str fields_client(const struct config *config, const struct fields_client *asked,
			 struct str *reason);
/* At most 100 code points of UTF-8 without controls. */
bool fields_is_device_name(struct str name);
/* 1 … 128 printable ASCII characters. */
bool fields_is_device_id(struct str id);

#endif
