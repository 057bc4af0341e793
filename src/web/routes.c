/* Finding the row of the route table for a method and a path. */
#include "routes.h"

#include "own_path.h"

#define API_PATH STR("/api/v1")
#define OAUTH_PATH STR("/oauth/")

/* Its parts, in order. */
static const struct {
	const struct route *rows;
	const size_t *n;
} TABLES[] = {
	{route_table, &route_table_count},
	{route_table_mail, &route_table_mail_count},
	{route_table_admin, &route_table_admin_count},
	{route_table_account, &route_table_account_count},
	{route_table_factors, &route_table_factors_count},
	{route_table_recovery, &route_table_recovery_count},
	{route_table_pages_factor, &route_table_pages_factor_count},
};

#define TABLE_COUNT (sizeof(TABLES) / sizeof(TABLES[0]))

const struct route *routes_at(size_t i)
{
	for (size_t t = 0; t < TABLE_COUNT; t++) {
		if (i < *TABLES[t].n)
			return &TABLES[t].rows[i];
		i -= *TABLES[t].n;
	}
	return NULL;
}

size_t routes_count(void)
{
	size_t n = 0;
	for (size_t t = 0; t < TABLE_COUNT; t++)
		n += *TABLES[t].n;
	return n;
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
		struct str segments[OWN_PATH_SEGMENTS] = {STR_NONE, STR_NONE};
		if (!own_path_fits(route->path, path, segments))
			continue;
		match.surface = route->surface;
		match.allowed |= bits_of(route->method);
		if (route->method == wanted && match.route == NULL) {
			match.route = route;
			match.index = i;
			match.segment = segments[0];
			match.second = segments[1];
		}
	}
	return match;
}
