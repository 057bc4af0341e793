/* What is asked of every request before its route is looked at closely. */
#ifndef GATEPOST_WEB_ADMIT_H
#define GATEPOST_WEB_ADMIT_H

#include <stdbool.h>

#include "call.h"
#include "err.h"
#include "str.h"

/*
 * Finds route and surface; of the parameter GATEPOST_DENIED, with which a web server asks for what
 * to say about a refused request, the page for that, whatever the path. call->match is set whatever
 * is wrong with the request.
 */
void admit_match(struct call *call);
/*
 * Flaws, https, Host, path, method, Accept, in that order. A refusal (and the answer to OPTIONS) is
 * in call->response then, and *answered set.
 */
MUST_CHECK enum err admit_check(struct call *call, bool *answered);

/* The same for an authorizer's request: what makes it none, and https. Its place is guarded.h's. */
MUST_CHECK enum err admit_check_guarded(struct call *call, bool *answered);

/* A path of one of our own routes, which have rules of their own. */
bool admit_is_own(const struct call *call, struct str path);
/* Whether the Host header names our own host (lower case, default port left out). */
bool admit_host_is_own(struct str host, struct str own);

#endif
