/* One request on its way through the house: its memory, and what its handler may read of it. */
#include "call.h"

#include <assert.h>

#include "arena.h"

#define FIRST_BLOCK ((size_t)16 * 1024)
#define HOME_BYTES (sizeof(struct call) + 64)

static enum err open_parts(struct call *call, size_t memory)
{
	TRY(arena_open(FIRST_BLOCK, memory, &call->arena));
	if (call->fd == CALL_CGI)
		return fcgi_call_open_cgi(&call->fcgi);
	return fcgi_call_open(call->fd == CALL_DESK ? FCGI_ADOPTS : call->fd, &call->fcgi);
}

enum err call_open(int fd, size_t memory, struct call **out)
{
	struct arena *home;
	TRY(arena_open(HOME_BYTES, HOME_BYTES, &home));
	struct call *call = arena_alloc(home, sizeof(*call));
	if (call == NULL) {
		arena_close(&home);
		return ERR_MEMORY;
	}
	call->home = home;
	call->fd = fd;
	enum err err = open_parts(call, memory);
	if (err != OK) {
		call_close(&call);
		return err;
	}
	*out = call;
	return OK;
}

void call_close(struct call **call)
{
	struct call *closed = *call;
	*call = NULL;
	if (closed == NULL)
		return;
	if (closed->fcgi != NULL)
		fcgi_call_close(&closed->fcgi);
	arena_close(&closed->arena);
	struct arena *home = closed->home;
	arena_close(&home);
}

/* ROUTE_FIELDS_MAX: not declared. */
static size_t place(const struct field_def *defs, struct str name)
{
	for (size_t i = 0; defs != NULL && defs[i].name != NULL && i < ROUTE_FIELDS_MAX; i++)
		if (str_equal(name, str_of(defs[i].name)))
			return i;
	return ROUTE_FIELDS_MAX;
}

bool call_has(const struct call *call, const char *name)
{
	size_t i = place(call->match.route->body, str_of(name));
	return i < ROUTE_FIELDS_MAX && str_is_present(call->body.values[i]);
}

struct str call_text(const struct call *call, const char *name)
{
	size_t i = place(call->match.route->body, str_of(name));
	assert(i < ROUTE_FIELDS_MAX);
	return i < ROUTE_FIELDS_MAX ? call->body.values[i] : STR_NONE;
}

bool call_flag(const struct call *call, const char *name)
{
	size_t i = place(call->match.route->body, str_of(name));
	assert(i < ROUTE_FIELDS_MAX);
	return i < ROUTE_FIELDS_MAX && call->body.flags[i];
}

bool call_is_null(const struct call *call, const char *name)
{
	size_t i = place(call->match.route->body, str_of(name));
	assert(i < ROUTE_FIELDS_MAX);
	return i < ROUTE_FIELDS_MAX && call->body.nulls[i];
}

struct str call_query(const struct call *call, const char *name)
{
	size_t i = place(call->match.route->query, str_of(name));
	assert(i < ROUTE_FIELDS_MAX);
	return i < ROUTE_FIELDS_MAX ? call->query.values[i] : STR_NONE;
}
