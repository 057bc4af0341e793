/* Finding the row of the route table for a method and a path. */
#include "routes.h"

#include <string.h>

#define API_PATH STR("/api/v1")
#define OAUTH_PATH STR("/oauth/")

const struct route *routes_at(size_t i)
{
	if (i < route_table_count)
		return &route_table[i];
	i -= route_table_count;
	return i < route_table_admin_count ? &route_table_admin[i] : NULL;
}

static size_t segment_length(struct str path)
{
	size_t n = 0;
	while (n < path.n && path.p[n] != '/')
		n++;
	return n;
}

#define SEGMENTS_MAX 2

/* segments: what the {name}s of the pattern matched. */
static bool fits(const char *pattern, struct str path, struct str segments[SEGMENTS_MAX])
{
	size_t found = 0;
	while (*pattern != '\0') {
		if (*pattern == '{') {
			size_t n = segment_length(path);
			if (n == 0 || found == SEGMENTS_MAX)
				return false;
			segments[found++] = str_sub(path, 0, n);
			path = str_sub(path, n, path.n);
			pattern += strcspn(pattern, "}") + 1;
			continue;
		}
		if (path.n == 0 || path.p[0] != *pattern)
			return false;
		path = str_sub(path, 1, path.n);
		pattern++;
	}
	return path.n == 0;
}

static unsigned bits_of(enum method method)
{
	unsigned bits = 1U << method | 1U << METHOD_OPTIONS;
	if (method == METHOD_GET)
		bits |= 1U << METHOD_HEAD;
	return bits;
}

static enum surface surface_of(struct str path)
{
	if (str_starts(path, OAUTH_PATH))
		return SURFACE_OAUTH;
	if (!str_starts(path, API_PATH))
		return SURFACE_PAGE;
	return path.n == API_PATH.n || path.p[API_PATH.n] == '/' ? SURFACE_API : SURFACE_PAGE;
}

struct route_match routes_match(enum method method, struct str path)
{
	enum method wanted = method == METHOD_HEAD ? METHOD_GET : method;
	struct route_match match = {.surface = surface_of(path)};
	const struct route *route;
	for (size_t i = 0; (route = routes_at(i)) != NULL; i++) {
		struct str segments[SEGMENTS_MAX] = {STR_NONE, STR_NONE};
		if (!fits(route->path, path, segments))
			continue;
		match.surface = route->surface;
		match.allowed |= bits_of(route->method);
		if (route->method == wanted && match.route == NULL) {
			match.route = route;
			match.segment = segments[0];
			match.second = segments[1];
		}
	}
	return match;
}
