/* The claims of an access token as JSON text, strict on the way in. */
#ifndef GATEPOST_HTTP_JSON_CLAIMS_H
#define GATEPOST_HTTP_JSON_CLAIMS_H

#include "claims.h"
#include "err.h"
#include "str.h"

struct arena;

/*
 * One JSON object without duplicates. Required: iss, aud (a string, or an array of 1 to 4), sub,
 * sid, jti (ids), sv, client_id, exp, iat; optional: nbf, auth_time, amr, acr, scope. Times are
 * integers from 1 to the year 9999: a string, fraction, exponent, sign or null is ERR_INPUT, as is
 * an unknown claim. Texts in the arena. ERR_MEMORY.
 */
MUST_CHECK enum err json_claims_read(struct arena *arena, struct str payload, struct claims *out);
/* One audience is a string, more are an array. ERR_TOO_LARGE, ERR_MEMORY. */
MUST_CHECK enum err json_claims_write(struct arena *arena, const struct claims *claims,
				      struct str *out);

#endif
