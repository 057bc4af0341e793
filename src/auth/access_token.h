/* Access tokens: what one claims of a session, and whether claims may be believed now. */
#ifndef GATEPOST_AUTH_ACCESS_TOKEN_H
#define GATEPOST_AUTH_ACCESS_TOKEN_H

#include <stdint.h>

#include "claims.h"
#include "clock.h"
#include "config.h"
#include "err.h"
#include "session.h"
#include "str.h"

struct arena;

/* 0 refuses. */
enum access_verdict {
	ACCESS_REFUSED = 0, /* malformed, not ours, not for us, not yet valid */
	ACCESS_EXPIRED,     /* was ours */
	ACCESS_VALID,
	ACCESS_VERDICT_COUNT
};

/* How long a token may live at the very most, whatever the configuration (TK-11). */
#define ACCESS_LIFE_MAX (15 * CLOCK_MINUTE)
#define ACCESS_LEEWAY_MAX CLOCK_MINUTE

/* Issuer of everything here: origin and base path. */
MUST_CHECK enum err access_token_issuer(struct arena *arena, const struct config *config,
					struct str *out);

/* Of what a token is made. */
struct access_grant {
	const struct session *session; /* live, of a user */
	struct str client;             /* its client_id */
	struct str audience;           /* beside Gatepost itself; absent: none */
	struct str scope;              /* absent or "": none */
	struct id token;               /* its jti; none: a new one */
	int64_t issued_at;             /* 0: now */
};
/*
 * Claims of a token: it lives [token] life, and not longer than its session. aud is
 * Gatepost's issuer, and the audience before it. ERR_CONFLICT: the session is not live, or
 * nobody's.
 */
MUST_CHECK enum err access_token_claims(const struct auth_context *context,
					const struct access_grant *grant, struct claims *out);

/*
 * iss is exactly ours, aud has us, exp, nbf and iat against now with [token] leeway (at most a
 * minute), and no longer life than ACCESS_LIFE_MAX. The row decides the rest (sid, sv).
 */
enum access_verdict access_token_judge(const struct config *config, struct str issuer,
				       const struct claims *claims, int64_t now);

#endif
