/* What the route table's flags mean: credentials, standing, CSRF, in that order. */
#ifndef GATEPOST_WEB_GUARD_H
#define GATEPOST_WEB_GUARD_H

#include "call.h"

/* 0 denies. */
enum guard_verdict { GUARD_ANSWERED = 0, GUARD_PASS };

/* Reads cookies and the credential of a call that has a route, once. No statement. */
MUST_CHECK enum err guard_identify(struct call *call);

/*
 * Reads cookies and the credential unless that was done, resolves the session unless that was done
 * (one statement), checks standing, freshness and CSRF for the matched route. GUARD_ANSWERED: the
 * refusal is already in call->response.
 */
MUST_CHECK enum err guard_check(struct call *call, enum guard_verdict *verdict);
/* How old auth_time may be on this call's route, in microseconds. */
int64_t guard_max_age(const struct call *call);
/*
 * For a live session on a route that may be stale, where not all that it does may be: the sign-in
 * is fresh, and of who has a second factor that was shown as recently. False: the answer is
 * PROBLEM_REAUTHENTICATION_REQUIRED, and names what is lacking.
 */
bool guard_confirms(struct call *call);
/* The call has a -pre value: as sent, or made and set as a cookie by the answer. */
MUST_CHECK enum err guard_pre(struct call *call);
/* The binding for this call's form tokens: its session, or -pre (made and set as a cookie if need
 * be). */
MUST_CHECK enum err guard_form_token(struct call *call, struct str *token);

#endif
