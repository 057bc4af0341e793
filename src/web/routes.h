/* THE route table: what a visitor or an app can ask for. */
#ifndef GATEPOST_WEB_ROUTES_H
#define GATEPOST_WEB_ROUTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "request.h"
#include "str.h"

struct call;

/* Exemptions: zero means session required and live, CSRF checked, fresh, no-store, 404 in public.
 */
enum route_exemption {
	ROUTE_ANONYMOUS = 1u << 0,     /* a session is not required (but resolved if presented) */
	ROUTE_NO_CREDENTIAL = 1u << 1, /* credentials are not even looked at (health, assets) */
	ROUTE_NO_CSRF = 1u << 2,
	ROUTE_STALE_OK = 1u << 3, /* auth_time may be older than max_age: only to read */
	ROUTE_CACHEABLE = 1u << 4,
	ROUTE_PENDING_OK = 1u << 5, /* a session whose sign-in is not complete may come */
	ROUTE_HASHES = 1u << 6,     /* finished in the hash lane: needs a hash connection */
	/*
	 * A page whose form token does not match is handed to its handler with call->csrf_stale
	 * set: the handler looks at that first, changes nothing and shows the form again (403).
	 * Site checks stay.
	 */
	ROUTE_STALE_FORM = 1u << 7,
	ROUTE_HELD_OK = 1u << 8, /* a session on hold may come: its handler lifts the hold */
	/*
	 * A value that was rotated away may come: its handler answers the request that did it once
	 * more, and anything else with 401 (CONTRACT §1).
	 */
	ROUTE_REPLACED_OK = 1u << 9,
	/*
	 * Only shows what the check itself has read: no statement of its own, no body, a small
	 * answer. The front desk gives it at once.
	 */
	ROUTE_LIGHT = 1u << 10,
	ROUTE_GUEST_OK = 1u << 11, /* a live session need not be anybody's */
	/*
	 * About a request to somewhere else: call->guarded is there, whatever credential came is
	 * looked up and none is refused, and the handler decides by the rules of that place.
	 */
	ROUTE_GUARDS = 1u << 12,
	/* A session may come whose sign-in waits for a second factor to be set up, and for that. */
	ROUTE_ENROLMENT_OK = 1u << 13,
	/* Fresh, but who has a second factor need not show it: for what only takes access away. */
	ROUTE_AAL1_OK = 1u << 14
};

/* SURFACE_OAUTH: a form comes in, JSON and the errors of RFC 6749 §5.2 go out. */
enum surface { SURFACE_PAGE = 0, SURFACE_API, SURFACE_OAUTH };

/* A declared input: handlers see nothing else. A member or field that is not declared is refused.
 */
enum field_kind { FIELD_TEXT = 0, FIELD_BOOL, FIELD_SECRET, FIELD_OBJECT };
struct field_def {
	const char *name;
	size_t max; /* bytes */
	enum field_kind kind;
	bool optional;
	bool nullable; /* null means something: call_is_null tells it from absent */
};

#define ROUTE_FIELDS_MAX 12

struct route {
	enum method method;
	/*
	 * How old auth_time may be, seconds; 0: session.fresh. Nothing with ROUTE_STALE_OK. Who has
	 * a second factor must have shown one as recently.
	 */
	unsigned max_age;
	const char *path; /* below base_path; a segment "{id}" matches one segment */
	enum surface surface;
	unsigned exempt; /* enum route_exemption */
	const struct field_def
		*query; /* ended by a row without name; NULL: no query parameter is read */
	const struct field_def *body; /* NULL: no body */
	enum err (*handle)(struct call *call);
	/*
	 * The scope (enum service_scope) with which a service may come instead of a client: by
	 * Basic, with X-Session-Id or a ticket of whose session it is about; 0: none.
	 */
	unsigned service;
	bool names_session; /* {id} is that session's id, and a service may leave the others out */
	bool factor; /* with ROUTE_STALE_OK: a second factor as recent as max_age, all the same */
	const char *type; /* what an API route answers with; NULL: application/json */
	/*
	 * What one has to have everywhere, not only in a tenant, to come; NULL: nothing. Who does
	 * is the actor of what is done (context.h).
	 */
	const char *permission;
};

/* The rows themselves (route_table.c, route_table_*.c). Paths are compared literally; a {name}
 * fills a whole segment. */
extern const struct route route_table[];
extern const size_t route_table_count;
extern const struct route route_table_mail[];
extern const size_t route_table_mail_count;
extern const struct route route_table_admin[];
extern const size_t route_table_admin_count;
extern const struct route route_table_account[];
extern const size_t route_table_account_count;
extern const struct route route_table_factors[];
extern const size_t route_table_factors_count;
extern const struct route route_table_recovery[];
extern const size_t route_table_recovery_count;
extern const struct route route_table_pages_factor[];
extern const size_t route_table_pages_factor_count;

/* Static; NULL behind the last one. */
const struct route *routes_at(size_t i);
size_t routes_count(void);

struct route_match {
	const struct route *route; /* NULL: none for this method */
	size_t index;              /* of the route, in routes_at */
	struct str segment;        /* what the first {name} matched */
	struct str second;         /* what another one did */
	unsigned allowed;          /* bit per enum method that this path has; 0: no such path */
	enum surface surface;      /* API below /api/v1, also for unknown paths */
};
/* path without base_path. HEAD finds GET's route. */
struct route_match routes_match(enum method method, struct str path);

#endif
