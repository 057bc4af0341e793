/* gatepost.conf: one table of settings, checked whole before anything starts. */
#ifndef GATEPOST_BASE_CONFIG_H
#define GATEPOST_BASE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "secret.h"
#include "str.h"

struct arena;

enum session_class {
	CLASS_NONE = 0,
	CLASS_GUEST,
	CLASS_BROWSER,
	CLASS_REMEMBERED,
	CLASS_NATIVE,
	CLASS_COUNT
};

/* The four database accounts (docs/operations.md). */
enum db_role { DB_ROLE_MIGRATE, DB_ROLE_WEB, DB_ROLE_HASH, DB_ROLE_GUARD, DB_ROLE_COUNT };

enum listen_role { LISTEN_RESPONDER, LISTEN_AUTHORIZER, LISTEN_ROLE_COUNT };

/* [listen NAME]: a socket that Gatepost opens itself. Without any, fd 0 is the socket. */
struct listen_config {
	struct str name;
	struct str address; /* "/run/x.sock" or "127.0.0.1:9000" (loopback only) */
	enum listen_role role;
	unsigned threads; /* accept threads */
	unsigned mode;    /* of a unix socket, default 0660 */
};

#define CONFIG_LISTENERS 8
#define CONFIG_CORS_ORIGINS 8
#define CONFIG_RETURN_PREFIXES 16

struct db_account {
	struct str user;
	struct str password_file;
	struct secret password; /* read from password_file; missing: none is sent */
};

/* Spans in microseconds. */
struct class_limits {
	int64_t idle;
	int64_t absolute;
};

/* Immutable once loaded; everything lives in the arena given to config_load. */
struct config {
	struct str file; /* where it was read from */
	struct {
		struct str origin;    /* https://host[:port], lower case, default port left out */
		struct str host;      /* host[:port] of origin */
		struct str base_path; /* "/auth", or "" for the root; no slash at its end */
		struct str name;      /* shown on pages, default "Gatepost" */
		struct str run_dir;
		struct str key_file;
		struct str template_dir;
		struct str sql_dir;
		struct str openapi;         /* file: the description of the API */
		bool behind_tls_proxy;      /* https ended before the web server */
		int64_t hsts;               /* span; 0: no header */
		struct str clear_site_data; /* default "cache" in quotes; header text */
		bool desk;                  /* sockets of [listen] have a front desk */
		unsigned threads;           /* accept threads on fd 0 */
		unsigned hash_slots;        /* 0: as many as cores */
		unsigned request_memory;    /* KiB, the arena's ceiling */
	} server;
	struct listen_config listeners[CONFIG_LISTENERS];
	size_t listener_count;
	struct {
		struct str socket; /* unix socket; else host and port */
		struct str host;
		unsigned port;
		struct str name;
		struct db_account accounts[DB_ROLE_COUNT];
		unsigned connect_timeout; /* seconds, like the two below */
		unsigned read_timeout;
		unsigned write_timeout;
		bool consistent;
		struct str tls_ca; /* CA file; required when host is not loopback */
	} database;
	struct {
		struct class_limits classes[CLASS_COUNT];
		struct class_limits elevated;
		struct class_limits aal2;
		int64_t fresh;        /* how long auth_time counts as fresh: 15 min */
		int64_t expired_kept; /* how long an ended row is kept to say session_expired */
		unsigned most;        /* sessions a user: 50 */
		bool cookie_strict;   /* SameSite=Strict */
	} session;
	struct {
		unsigned memory;      /* KiB, at least 19456 */
		unsigned passes;      /* at least 2 */
		unsigned min_length;  /* code points, at least 8, default 15 */
		struct str blocklist; /* file of words that a new password must not be made of */
	} password;
	struct {
		unsigned free_failures;   /* of an account, before waits begin */
		int64_t first_wait;       /* doubled by every failure, up to longest_wait */
		int64_t longest_wait;     /* spans, like the one above */
		unsigned most;            /* failures in a row of an account: at most 100 */
		unsigned device_failures; /* in a row, before a known device is one no more */
		unsigned source_short;    /* failures from a source in ten minutes */
		unsigned source_long;     /* … in a day */
		unsigned guests;          /* guest sessions from a source in an hour */
	} throttle;
	struct str cors_origins[CONFIG_CORS_ORIGINS];
	size_t cors_origin_count;
};

/*
 * Reads and checks the file. Environment variables GATEPOST_SECTION_KEY override plain sections.
 * Refuses, with "FILE:LINE: reason": an unknown section or setting, a wrong type, a value out of
 * range, a duplicate, a line that is too long, a secret file that others can read, an origin that
 * is not https. A missing required setting is named without a line, an overriding variable by its
 * name. A password file that is missing or unreadable is a fault for web and hash, and no password
 * for migrate and guard. ERR_CONFIG or ERR_MEMORY, both with the fault. *out lives in arena, which
 * needs twice the size of the file and 16 KiB.
 */
MUST_CHECK enum err config_load(const char *path, struct arena *arena, const struct config **out,
				struct fault *fault);

/* "browser", "remembered", "native", "guest"; static storage. */
const char *config_class_name(enum session_class c);

#endif
