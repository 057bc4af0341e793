/* The FastCGI role Authorizer: whether somebody may have what a web server is asked for. */
#ifndef GATEPOST_WEB_AUTHORIZER_H
#define GATEPOST_WEB_AUTHORIZER_H

#include "call.h"

/* The route of every request in that role; the table has none. */
extern const struct route authorizer_route;

/* The answer is a refusal that the visitor gets as it is, with what every answer has. */
bool authorizer_shows(const struct call *call);
/*
 * Sees to it that the answer is one that every web server reads alike (FastCGI §6.3 and what Apache
 * and lighttpd make of it): a grant has nothing but its status and variables; a refusal none of
 * them, and all in less than 8 kB. Whatever failed on the way is in call->response already.
 */
void authorizer_shape(struct call *call);

#endif
