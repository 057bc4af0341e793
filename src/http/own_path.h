/* Which paths are Gatepost's own: told without the handlers, so that the command can tell, too. */
#ifndef GATEPOST_HTTP_OWN_PATH_H
#define GATEPOST_HTTP_OWN_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "str.h"

#define OWN_PATH_SEGMENTS 2

/* The path of the metadata (RFC 8414), below base_path. */
#define OWN_PATH_METADATA STR("/.well-known/oauth-authorization-server")

/* The part of a path below base (base_path of the configuration); false: it is not below. */
bool own_path_cut(struct str base, struct str path, struct str *own);
/*
 * Whether a path below base_path is the pattern's: compared literally, a {name} fills a whole
 * segment, which goes into segments; true leaves those that it has no name for as they are.
 */
bool own_path_fits(const char *pattern, struct str own, struct str segments[OWN_PATH_SEGMENTS]);
/* Whether one of the pages or API resources is there, for whatever method. */
bool own_path_is(struct str base, struct str path);
/* The patterns, NULL behind the last; a unit test holds them against the route table. */
const char *own_path_at(size_t i);

#endif
