/* gatepost.conf: one table of settings, checked whole before anything starts. */
#ifndef GATEPOST_BASE_CONFIG_H
#define GATEPOST_BASE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cidr.h"
#include "err.h"
#include "secret.h"
#include "str.h"
#include "uri.h"

struct arena;

enum session_class {
	CLASS_NONE = 0,
	CLASS_GUEST,
	CLASS_BROWSER,
	CLASS_REMEMBERED,
	CLASS_NATIVE,
	CLASS_COUNT
};

/* The five database accounts (docs/operations.md). */
enum db_role {
	DB_ROLE_MIGRATE,
	DB_ROLE_WEB,
	DB_ROLE_HASH,
	DB_ROLE_GUARD,
	DB_ROLE_MAIL,
	DB_ROLE_COUNT
};

/* What signing keys call their algorithm, which is the same (RFC 8037, RFC 9864). As in the rows.
 */
enum signing_alg { SIGNING_ALG_NONE = 0, SIGNING_EDDSA = 1, SIGNING_ED25519 = 2 };

enum listen_role { LISTEN_RESPONDER, LISTEN_AUTHORIZER, LISTEN_ROLE_COUNT };

/* [listen NAME]: a socket that Gatepost opens itself. Without any, fd 0 is the socket. */
struct listen_config {
	struct str name;
	struct str address; /* "/run/x.sock" or "127.0.0.1:9000" (loopback only) */
	enum listen_role role;
	unsigned threads; /* accept threads */
	unsigned mode;    /* of a unix socket, default 0660 */
	bool forwarded;   /* verify-access believes X-Forwarded-Uri and -Method there */
};

#define CONFIG_LISTENERS 8
#define CONFIG_CORS_ORIGINS 8
#define CONFIG_METRICS_NETWORKS 16
#define CONFIG_RETURN_PREFIXES 16
#define CONFIG_FLOWS 16
#define CONFIG_CLIENTS 16
#define CONFIG_PASSKEY_ORIGINS 8
#define CONFIG_PROTECTS 64
#define PROTECT_TERMS 16
#define FLOW_STEPS 16
#define FLOW_COUNTERS 4
#define FLOW_NAME_MAX 64 /* bytes of a kind, a step, a counter */

/* As in the rows of flow. */
enum flow_scope { FLOW_SCOPE_NONE = 0, FLOW_SCOPE_USER = 1, FLOW_SCOPE_SESSION = 2 };

/* counter.NAME: so many attempts in a window that begins with the first. Spans in microseconds. */
struct flow_counter_config {
	struct str name;
	unsigned attempts; /* at least 1 */
	int64_t cooldown;  /* the least between two; 0: none. Not longer than reset */
	int64_t reset;     /* the window, at most a day */
};

/* [flow KIND] */
struct flow_config {
	struct str kind;
	struct str steps_text; /* as given; the members below are made of it */
	struct str moves_text;
	struct str steps[FLOW_STEPS]; /* the first is where it starts */
	size_t step_count;
	uint32_t moves[FLOW_STEPS]; /* by step: bit i, a client may move it on to steps[i] */
	struct flow_counter_config counters[FLOW_COUNTERS];
	size_t counter_count;
	enum flow_scope scope;
	int64_t expires; /* after its start */
};

/* Who signs in over the API without naming itself, and what the pages' own sessions are of. */
#define CLIENT_DEFAULT STR("app")
#define CLIENT_PAGES STR("browser")

/* [client NAME]. Those two are clients without a section too. */
struct client_config {
	struct str name;
	struct str title;       /* what people call it; default: its name */
	struct str audience;    /* of its access tokens, beside Gatepost; absent: none */
	unsigned classes;       /* of its sessions: a bit 1 << enum session_class for each */
	int64_t refresh_grace;  /* span; so long a repeated refresh is answered with the same */
	struct str services;    /* who may see its sessions: config_client_lists reads it */
	struct str return_text; /* as given; the members below are made of it */
	/*
	 * What a return_to may be below (return_to.h): https with host and path, or the scheme of
	 * an app, which has a dot. Scheme and host in lower case, the path canonical, no query.
	 */
	struct uri returns[CONFIG_RETURN_PREFIXES];
	size_t return_count;
};

/* What a [protect] section may ask for. 0 lets nobody in. */
enum protect_kind {
	PROTECT_NOBODY = 0,
	PROTECT_PUBLIC,     /* everybody; who they are is not even looked at */
	PROTECT_GUEST,      /* a session, if only a guest's */
	PROTECT_USER,       /* somebody signed in; with a name: that user name or address */
	PROTECT_ROLE,       /* a role that is held everywhere, or see in_tenant */
	PROTECT_PERMISSION, /* the same of a permission */
	PROTECT_TENANT,     /* a member, in a session of that tenant; without a name: of any */
	PROTECT_AAL2,       /* two factors */
	PROTECT_MAX_AGE,    /* signed in or confirmed so recently */
	PROTECT_NETWORK,    /* from there, with or without a session */
	PROTECT_KIND_COUNT
};

struct protect_term {
	enum protect_kind kind;
	struct str text; /* as given, "role:admin" */
	struct str name; /* behind the colon; absent: none */
	int64_t span;    /* of PROTECT_MAX_AGE, microseconds */
	struct cidr network;
	bool closes; /* the last of its alternatives */
};

/* [protect "/PATH/"]: what is asked of whoever wants something there, or below. */
struct protect_config {
	struct str path;         /* canonical, without a slash at its end; "" is everything */
	unsigned line;           /* of its section, in config.file */
	struct str require_text; /* as given; the members below are made of it */
	struct str methods_text;
	struct str service; /* whom its tickets are for; absent: [guard] ticket */
	/* All groups of alternatives must be met, each by one of its own. At least one. */
	struct protect_term terms[PROTECT_TERMS];
	size_t term_count;
	bool in_tenant; /* a group asks for a tenant only: what is held there counts, too */
};

/* [mail] transport and smtp_tls */
enum mail_transport { MAIL_NONE = 0, MAIL_SMTP, MAIL_SENDMAIL };
enum mail_tls { MAIL_STARTTLS = 0, MAIL_IMPLICIT, MAIL_PLAIN };

/* [guard] remote_user */
enum remote_user { REMOTE_USER_NAME, REMOTE_USER_EMAIL, REMOTE_USER_ID };

/* [account] registration: who may make an account for themselves. */
enum registration { REGISTRATION_OFF = 0, REGISTRATION_ON, REGISTRATION_INVITATION };

/* [second_factor] require: after which sign-ins one is asked for. */
enum factor_require {
	FACTOR_OFF = 0,  /* never */
	FACTOR_OPTIONAL, /* of who has one */
	FACTOR_ROLES,    /* of who has one, and of the listed roles without fail */
	FACTOR_ALL       /* of everybody */
};

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
		struct str language;  /* of who asks for none that is there, default "en" */
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
		unsigned memory;        /* KiB, at least 19456 */
		unsigned passes;        /* at least 2 */
		unsigned min_length;    /* code points, at least 8, default 15 */
		struct str blocklist;   /* file of words that a new password must not be made of */
		struct str breached;    /* file of hashes of breached passwords; absent: none */
		struct str pepper_file; /* keys that seal hashes; absent: they are not sealed */
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
		unsigned mails;           /* to an address in 15 minutes, because somebody asked */
		unsigned mails_day;       /* … in a day */
		unsigned source_mails;    /* that a source asked for in 15 minutes */
		unsigned source_mails_day;
	} throttle;
	struct {
		enum registration registration;
		int64_t invitation; /* span: how long one is good */
		int64_t restorable; /* … a change of address can be taken back */
		int64_t closed;     /* … a closed account keeps its names */
	} account;
	struct {
		struct str require_text; /* as given; the member below is made of it */
		enum factor_require require;
		struct str roles;       /* names, space between; "elevated": every elevated one */
		int64_t trusted_device; /* span; so long a device is not asked again; 0: never */
		int64_t reset_delay;    /* span; from an administrator's reset to its effect */
	} second_factor;
	struct {
		struct str rp_id;        /* a host: the origin's, or one that it lies below */
		struct str origins_text; /* as given; the members below are made of it */
		struct str origins[CONFIG_PASSKEY_ORIGINS]; /* the origin, and those of apps */
		size_t origin_count;
		struct str counter_text; /* as given */
		bool counter_refuses;    /* a counter that did not grow: refused, else noted */
	} passkey;
	struct {
		int64_t life;             /* of an access token; spans like those below */
		int64_t leeway;           /* for clocks of others: at most a minute */
		int64_t key_active;       /* so long a key signs */
		int64_t jwks_cache;       /* so long others may keep the published keys */
		enum signing_alg alg;     /* of keys made from now on */
		unsigned signature_cache; /* right signatures remembered; 0: none */
	} token;
	struct str cors_origins[CONFIG_CORS_ORIGINS];
	size_t cors_origin_count;
	struct {
		struct str allow_text; /* as given; the members below are made of it */
		struct cidr networks[CONFIG_METRICS_NETWORKS]; /* that see the metrics unasked */
		size_t network_count;
	} metrics;
	struct flow_config *flows; /* CONFIG_FLOWS at most, like the clients */
	size_t flow_count;
	struct client_config *clients;
	size_t client_count;
	bool free_flows; /* kinds without a section may be started too */
	struct {
		enum remote_user remote_user; /* what REMOTE_USER is made of */
		struct str ticket;            /* the service that tickets are for; absent: none */
	} guard;
	struct {
		struct str transport_text; /* as given; transport is made of it, as is smtp_tls */
		struct str tls_text;
		enum mail_transport transport;
		struct str from; /* an address, like reply_to */
		struct str from_name;
		struct str reply_to; /* absent: none */
		struct str smtp_host;
		unsigned smtp_port; /* as smtp_tls has it, unless given */
		enum mail_tls smtp_tls;
		struct str smtp_ca; /* file; absent: what the system trusts */
		struct str smtp_user;
		struct str smtp_password_file;
		struct secret smtp_password; /* missing: not readable here, or none */
		struct str sendmail;         /* the program */
		int64_t timeout;             /* of one mail; spans, like those below */
		int64_t poll;                /* how often an empty outbox is looked at */
		int64_t give_up;             /* a mail that is not sent by then is dead */
		unsigned attempts;           /* so many refusals, and it is dead */
	} mail;
	struct protect_config *protects; /* CONFIG_PROTECTS at most */
	size_t protect_count;
};

/*
 * Reads and checks the file. Environment variables GATEPOST_SECTION_KEY override plain sections.
 * Refuses, with "FILE:LINE: reason": an unknown section or setting, a wrong type, a value out of
 * range, a duplicate, a line that is too long, a secret file that others can read, an origin that
 * is not https. A missing required setting is named without a line, an overriding variable by its
 * name. A password file that is missing or unreadable is a fault for web and hash, and no password
 * for migrate, guard, mail and SMTP. ERR_CONFIG or ERR_MEMORY, both with the fault. *out lives in
 * arena, which needs twice the size of the file and 100 KiB, 16 KiB for each of flows and clients,
 * and 160 KiB for protected paths.
 */
MUST_CHECK enum err config_load(const char *path, struct arena *arena, const struct config **out,
				struct fault *fault);

/* NULL: no such section. */
const struct flow_config *config_flow(const struct config *config, struct str kind);
/* NULL: no section, and neither of the two that need none. */
const struct client_config *config_client(const struct config *config, struct str name);
/* Its sessions may be of this class. */
bool config_client_has(const struct client_config *client, enum session_class c);
/* The service may see its sessions. */
bool config_client_lists(const struct client_config *client, struct str service);
/* What a kind, a step and a counter are called: [a-z0-9][a-z0-9._-]{0,63}. */
bool config_is_flow_name(struct str name);

/*
 * Whether the section speaks of requests by this method: all do, but those that name others. HEAD
 * goes with GET.
 */
bool config_protect_names(const struct protect_config *protect, struct str method);

/* "browser", "remembered", "native", "guest"; static storage. */
const char *config_class_name(enum session_class c);

#endif
