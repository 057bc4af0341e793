/* return_to: where a journey goes on, as a link or an app asks for it, held against what is listed.
 */
#ifndef GATEPOST_HTTP_RETURN_TO_H
#define GATEPOST_HTTP_RETURN_TO_H

#include <stdbool.h>

#include "err.h"
#include "str.h"
#include "url.h"

struct arena;
struct config;

enum return_kind {
	RETURN_NOWHERE = 0, /* none was asked for, or none that is allowed */
	RETURN_HERE,        /* a path of this origin */
	RETURN_SITE,        /* an https address of a [client] */
	RETURN_APP          /* an address with a scheme of a [client] */
};

/* url points into the text it was found in, the other two into the configuration. */
struct return_to {
	enum return_kind kind;
	struct url url;   /* as given */
	struct str title; /* what people call the client; absent: of this origin */
	struct str
		place; /* host[:port] of the site, scheme of the app, as listed; absent as above */
};

/*
 * What return_to leads to: what url_check_local takes; an address at or below one that a client
 * lists (uri_is_below; of several the one with the longest path); else nowhere. Of addresses
 * elsewhere, too, everything behind the host must be what url_check_local takes, so that nothing is
 * left to read in two ways: no dot segment, no escaped slash, no fragment. At most
 * REQUEST_PATH_MAX octets.
 *
 * To be asked when a target is taken and again when it is followed: what is listed may change.
 * A POST redirects to RETURN_HERE alone (CONTRACT §2).
 */
struct return_to return_to_find(const struct config *config, struct str text);
bool return_to_is_foreign(const struct return_to *target);
/* The address of one of our pages, below base_path, with return_to a place (absent: without). */
MUST_CHECK enum err return_to_link(struct arena *arena, const struct config *config,
				   struct str page, struct str place, struct url *out);

#endif
