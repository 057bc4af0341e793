/* Form tokens, and the cookie that binds forms before anybody is signed in. */
#ifndef GATEPOST_AUTH_CSRF_H
#define GATEPOST_AUTH_CSRF_H

#include <stdbool.h>
#include <stdint.h>

#include "clock.h"
#include "err.h"
#include "keyring.h"
#include "secret.h"
#include "str.h"

struct arena;

#define CSRF_PRE_LIFE (12 * CLOCK_HOUR)

/* What a token is bound to: the digest of a presented session value, or a valid -pre cookie. */
struct csrf_binding {
	struct digest digest;
};
struct csrf_binding csrf_bind_session(const struct keyring *keys,
				      const struct digest *session_hash);
struct csrf_binding csrf_bind_pre(const struct keyring *keys, struct str pre_value);

/* A new -pre value: random, time and MAC, base64url. */
MUST_CHECK enum err csrf_pre_make(struct arena *arena, const struct keyring *keys, int64_t now,
				  struct secret *out);
/* Made by us (under either root) at most CSRF_PRE_LIFE ago. Constant time in the MAC. */
bool csrf_pre_is_valid(const struct keyring *keys, struct str value, int64_t now);

/* base64url of mask || (mask xor mac): another text each time. */
MUST_CHECK enum err csrf_token(struct arena *arena, const struct csrf_binding *binding,
			       struct str *out);
/* Missing never matches. Constant time. */
bool csrf_token_matches(const struct csrf_binding *binding, struct str token);

#endif
