/* Calls for tests of the web floor: no process, no database, one request made by hand. */
#ifndef GATEPOST_TESTS_UNIT_WEB_CALLS_H
#define GATEPOST_TESTS_UNIT_WEB_CALLS_H

#include <string.h>

#include "arena.h"
#include "auth_keys.h"
#include "call.h"
#include "clock.h"
#include "config.h"

#define WEB_ORIGIN "https://www.example.org"
#define WEB_NOW (INT64_C(1795228484) * CLOCK_SECOND)

/* What every test of a file shares; the call's db is NULL, so that any query would crash. */
struct web_world {
	struct config config;
	struct app app;
	struct call call;
};

static inline int web_world_setup(void **state)
{
	static struct web_world world;
	world = (struct web_world){.config = {.server = {.origin = STR(WEB_ORIGIN),
							 .host = STR("www.example.org"),
							 .base_path = STR("/auth")}}};
	world.config.session.fresh = 15 * CLOCK_MINUTE;
	world.app.config = &world.config;
	world.app.keys = auth_keys(AUTH_KEY_1);
	if (world.app.keys == NULL)
		return -1;
	*state = &world;
	return arena_open(16384, 4U << 20, &world.call.arena) == OK ? 0 : -1;
}

static inline int web_world_teardown(void **state)
{
	struct web_world *world = *state;
	arena_close(&world->call.arena);
	keyring_free(&world->app.keys);
	return 0;
}

/* Forgets the former request and begins one of that method for a route of the test's own. */
static inline struct call *web_call(struct web_world *world, enum method method,
				    const struct route *route)
{
	struct arena *arena = world->call.arena;
	arena_reset(arena);
	world->call = (struct call){
		.arena = arena,
		.app = &world->app,
		.request = {.arena = arena,
			    .now = WEB_NOW,
			    .method = method,
			    .https = true,
			    .host = STR("www.example.org"),
			    .path = STR("/auth/test")},
		.match = {.route = route, .surface = route->surface},
		.auth = {.config = &world->config,
			 .keys = world->app.keys,
			 .arena = arena,
			 .now = WEB_NOW,
			 .ip = STR("192.0.2.1"),
			 .user_agent = STR("")},
	};
	response_init(&world->call.response, arena);
	return &world->call;
}

static inline bool web_has(const struct buf *text, const char *part)
{
	return text->n > 0 && memmem(text->p, text->n, part, strlen(part)) != NULL;
}

#endif
