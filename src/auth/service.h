/* Services: back ends that prove who they are and ask about, or act on, sessions of clients. */
#ifndef GATEPOST_AUTH_SERVICE_H
#define GATEPOST_AUTH_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "context.h"
#include "err.h"
#include "secret.h"
#include "service_store.h"
#include "session.h"
#include "str.h"

struct buf;

/* What a service may do. As in the rows. */
enum service_scope {
	SERVICE_NOTHING = 0,
	SERVICE_INTROSPECT = 1u << 0,    /* "introspect" */
	SERVICE_FLOWS_READ = 1u << 1,    /* "flows:read" */
	SERVICE_FLOWS_WRITE = 1u << 2,   /* "flows:write": facts, any move, ending */
	SERVICE_SESSIONS_END = 1u << 3,  /* "sessions:end" */
	SERVICE_SESSIONS_HOLD = 1u << 4, /* "sessions:hold" */
	SERVICE_METRICS = 1u << 5,       /* "metrics": the page of numbers */
};

/* Words with spaces between, each once, at least one. ERR_INPUT. */
MUST_CHECK enum err service_scopes_parse(struct str text, uint32_t *scopes);
/* The words with a space between, in the order of the enum. */
void service_scopes_add(struct buf *buf, uint32_t scopes);

#define SERVICE_SECRET_BYTES 32
/* What is kept of a secret; bound to the service's name. */
struct digest service_digest(const struct keyring *keys, size_t root, struct str name,
			     struct secret value);
/* Makes it the row's secret: hash and root of the newest. */
void service_keep(const struct keyring *keys, struct secret value, struct service_row *row);
/* "gpk_" and 43 base64url, as it is shown once. */
MUST_CHECK enum err service_secret_text(struct arena *arena, struct secret value,
					struct secret *out);

/* 0 refuses. */
enum service_verdict {
	SERVICE_REFUSED = 0, /* unknown, disabled, wrong: alike */
	SERVICE_THROTTLED,   /* so too, and too often */
	SERVICE_ADMITTED
};

/* As presented. */
struct service_login {
	struct str name;
	struct str secret;
};

struct service_admission {
	enum service_verdict verdict;
	int64_t wait;               /* when throttled; microseconds */
	struct service_row service; /* when admitted */
	/*
	 * When admitted: the subject's, as it is now. SESSION_UNKNOWN: there is none, or none that
	 * its client lets this service see.
	 */
	struct session session;
};

/*
 * Whether it is the service that it says, and the session it asks about: one statement, and no
 * write. What a wrong try costs is counted by name and source (throttle_take_service) and recorded.
 * A secret that is right under an older root key only is kept under the newest from then on.
 */
MUST_CHECK enum err service_admit(const struct auth_context *context,
				  const struct service_login *login,
				  const struct service_subject *subject,
				  struct service_admission *out);

#endif
