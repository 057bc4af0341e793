/* Paths and URLs: decoding once, canonical form, and what may be redirected or linked to. */
#ifndef GATEPOST_HTTP_URL_H
#define GATEPOST_HTTP_URL_H

#include <stdbool.h>

#include "err.h"
#include "str.h"

struct arena;
struct buf;

/*
 * A URL that Gatepost made or checked. The only thing that templates take in href, src and action,
 * and the only thing that a Location header takes. ASCII, no control, no quote, no space.
 */
struct url {
	struct str text;
};

/*
 * Percent-decodes a raw path once. ERR_INPUT when it is not canonical: not beginning with '/', an
 * empty, "." or ".." segment (raw or encoded), %00, %2f, %5c, a backslash, a control, invalid
 * UTF-8, a broken escape, a raw '#', what is still an escape after the decoding (%2541), over
 * REQUEST_PATH_MAX. A slash at the end is kept.
 */
MUST_CHECK enum err url_decode_path(struct arena *arena, struct str raw, struct str *out);
/* The same rules for a path that somebody else has decoded. */
MUST_CHECK enum err url_check_path(struct str path);
/* Percent-decodes (plus as space if form). ERR_INPUT on broken escapes, %00, invalid UTF-8. */
MUST_CHECK enum err url_decode(struct arena *arena, struct str raw, bool form, struct str *out);
/* Appends s with everything but unreserved characters (RFC 3986 §2.3) percent-encoded. */
void url_add_encoded(struct buf *buf, struct str s);

/*
 * A same-origin absolute path with optional query, as sent in return_to: begins with '/', second
 * character neither '/' nor '\', no character below 0x21 or above 0x7e, no '\', no quote, no dot
 * segment, no fragment, at most REQUEST_PATH_MAX, and a path that url_decode_path takes. ERR_INPUT.
 * *out points into path.
 */
MUST_CHECK enum err url_check_local(struct str path, struct url *out);
/*
 * origin + path. path was checked or is a literal, and begins with exactly one slash; ERR_INTERNAL
 * when it does not, or when the whole has a character that no URL has.
 */
MUST_CHECK enum err url_absolute(struct arena *arena, struct str origin, struct str path,
				 struct url *out);
/* base_path + path, e.g. "/auth" + "/login": for links on our pages. ERR_INTERNAL as above. */
MUST_CHECK enum err url_own(struct arena *arena, struct str base_path, struct str path,
			    struct url *out);

#endif
