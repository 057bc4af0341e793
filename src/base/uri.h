/* An address elsewhere in its parts (RFC 3986 §3): compared by parts, never as text. */
#ifndef GATEPOST_BASE_URI_H
#define GATEPOST_BASE_URI_H

#include <stdbool.h>

#include "err.h"
#include "str.h"

/* Slices of the text it was split from. */
struct uri {
	struct str scheme;
	struct str authority; /* host[:port]; absent: no "//" */
	struct str host;      /* may be empty, as in scheme:///path */
	unsigned port;        /* 0: none */
	struct str path;      /* "" or from a '/' on */
	struct str rest;      /* path and what follows it */
};

/*
 * ERR_INPUT: no scheme; an authority with anything but letters, digits, dots and dashes of ASCII
 * and a port (no user, escape, backslash or bracket); a rest that neither is empty nor begins with
 * '/'. What else the rest has is for the caller to look at.
 */
MUST_CHECK enum err uri_split(struct str text, struct uri *out);
/* The scheme is https, whatever its case. */
bool uri_is_https(const struct uri *uri);
/*
 * The same scheme, host (cases do not matter) and port (https: none is 443), and place's path or
 * one that goes on behind it with a '/'. A place of a scheme alone has all addresses of it. Right
 * only for a path that has no dot segment.
 */
bool uri_is_below(const struct uri *uri, const struct uri *place);

#endif
