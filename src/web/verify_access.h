/* GET /verify-access: the guard's decision for servers that ask by a request of their own. */
#ifndef GATEPOST_WEB_VERIFY_ACCESS_H
#define GATEPOST_WEB_VERIFY_ACCESS_H

#include "call.h"
#include "problem.h"

/* Whether the call is such a question. */
bool verify_access_is(const struct call *call);
/* What is said instead of a refusal: nginx takes 401 and 403 for one, every other for a failure. */
enum problem verify_access_problem(enum problem problem);

#endif
