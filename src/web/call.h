/* One request on its way through the house: begun by one thread, perhaps finished by another. */
#ifndef GATEPOST_WEB_CALL_H
#define GATEPOST_WEB_CALL_H

#include <stdbool.h>

#include "app.h"
#include "context.h"
#include "credential.h"
#include "request.h"
#include "response.h"
#include "routes.h"
#include "session.h"

struct db;
struct form;
struct guarded;
struct log_batch;

/* The connections of the thread that works on the call now. */
struct call_connections {
	struct db *web;
	struct db *guard; /* in web's place where the call is about a guarded place */
	struct db *hash;  /* NULL on accept threads */
};

/* Values of the declared fields, in the order of the route's table; absent: p NULL. */
struct call_fields {
	struct str values[ROUTE_FIELDS_MAX];
	bool flags[ROUTE_FIELDS_MAX];
	bool nulls[ROUTE_FIELDS_MAX];
};

/* Owns its arena and the fcgi_call; reused for one request after the other. */
struct call {
	struct arena *arena;
	struct fcgi_call *fcgi;
	struct app *app; /* held for the length of the request */
	struct request request;
	struct response response;
	struct route_match match;
	struct call_fields query, body;
	struct str pre_cookie; /* value of -pre as sent, if valid */
	/* What the request asks for, or the configured; an account's own comes before. */
	const struct language *language;
	bool carries_language;    /* it is ui_locales that asked: links of the page go on asking */
	bool pre_is_new;          /* pre_cookie was made for this answer: it sets the cookie */
	struct str device_cookie; /* value as sent, if well-formed: 43 base64url characters */
	const struct form *form;  /* the parsed form of a page; NULL: none */
	bool wants_factor;        /* a second factor is what the route asks for in vain */
	bool csrf_stale;          /* see ROUTE_STALE_FORM: check first, do nothing, show it again */
	struct guarded *guarded;  /* of ROUTE_GUARDS; in the arena */
	bool authorizes;          /* asked in the role Authorizer */
	bool forwarded;           /* it came by a listener that takes a proxy's word */
	struct credential credential;
	struct session session;
	/*
	 * A service comes on a route that is open to it: once guarded, session is that which it
	 * asks about, and auth.service its name. What it may do is the handler's to know.
	 */
	bool by_service;
	bool identified;          /* cookies and credential were read */
	bool resolved;            /* session is what a statement begun since then has found */
	struct log_batch *lines;  /* where the access line waits; NULL: it is written at once */
	struct auth_context auth; /* db, hash_db set by whoever works on it */
	enum err failed;          /* first error of a handler, for the access line */
	struct id_stock ids;      /* of the requests to come */
	int fd;                   /* the listening socket it accepts from, or one of the below */
	struct arena *home;       /* where this struct lives */
	struct call *next;        /* of the pile it waits on while idle */
};

#define CALL_CGI (-1)  /* the one call of plain CGI */
#define CALL_DESK (-2) /* its connections are taken by the front desk */

/* A call for requests of the listening socket fd, or CALL_CGI, CALL_DESK; memory: its arena's
 * ceiling. */
MUST_CHECK enum err call_open(int fd, size_t memory, struct call **out);
/* Sets NULL; NULL is fine. */
void call_close(struct call **call);

/* The value of a declared field by name; asking for an undeclared name is a defect (abort in dev).
 */
struct str call_text(const struct call *call, const char *name);
/* It was given; false too where the route declares no such field. */
bool call_has(const struct call *call, const char *name);
/* Of a FIELD_BOOL; absent: false. */
bool call_flag(const struct call *call, const char *name);
/* Of a nullable field: it is there and null. */
bool call_is_null(const struct call *call, const char *name);
struct str call_query(const struct call *call, const char *name);

#endif
