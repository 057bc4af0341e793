/* What a person shows of a factor, from the fields of a request; and what became of it. */
#ifndef GATEPOST_WEB_PROVE_CALL_H
#define GATEPOST_WEB_PROVE_CALL_H

#include <stdbool.h>

#include "err.h"
#include "prove.h"

struct call;

/*
 * The proof of the fields method, code, passkey, and where the route has them device_id, challenge
 * and signature. allowed: bits 1 << enum prove_method. *answered: 400 names the field.
 */
MUST_CHECK enum err prove_call_read(struct call *call, unsigned allowed, struct prove_proof *out,
				    bool *answered);
/* Whether the fields are the method's (PROVE_NOTHING: a password). *answered: 400 names one. */
MUST_CHECK enum err prove_call_check(struct call *call, enum prove_method method, bool *answered);
/* The same of a passkey's JSON text alone. *well_formed false: it is none. */
MUST_CHECK enum err prove_call_passkey(struct call *call, struct str json, struct prove_proof *out,
				       bool *well_formed);
/* The answer of the API: 200 with the session's new value, or the problem. */
MUST_CHECK enum err prove_call_answer(struct call *call, const struct prove_outcome *outcome,
				      const struct session_issued *issued);

#endif
