/* What every decision needs: configuration, keys, a connection, memory, the time, the source. */
#ifndef GATEPOST_AUTH_CONTEXT_H
#define GATEPOST_AUTH_CONTEXT_H

#include <stdint.h>

#include "config.h"
#include "ident.h"
#include "keyring.h"
#include "str.h"

struct arena;
struct blocklist;
struct counters;
struct db;
struct hasher;
struct key_box;

/* Built by the dispatcher for one request, or by the command for one act. Owns nothing. */
struct auth_context {
	const struct config *config;
	const struct keyring *keys;
	const struct keyring *peppers;     /* NULL: password hashes are not sealed (pepper.h) */
	struct hasher *hasher;             /* may be NULL where nothing hashes */
	const struct blocklist *blocklist; /* may be NULL where no password is set */
	struct key_box *signing;           /* may be NULL where no token is made or read */
	struct db *db;                     /* account web (the command: web too) */
	struct db
		*hash_db; /* account hash: only in the hash lane, CGI and the command; else NULL */
	struct counters *counters; /* what happens is counted there (tally.h); may be NULL */
	struct arena *arena;
	int64_t now;
	struct id request_id;  /* none: the command */
	struct id actor_id;    /* the administrator who acts; none: the person, or the command */
	struct str ip;         /* REMOTE_ADDR; "" from the command */
	struct str service;    /* who acts on a session that is not its own; absent: nobody else */
	struct str user_agent; /* as sent, cut to 255 printable ASCII characters */
};

#endif
