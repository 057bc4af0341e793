/* What back ends are told about whoever was let in: facts in place of a credential. */
#ifndef GATEPOST_WEB_FACTS_H
#define GATEPOST_WEB_FACTS_H

#include "call.h"

/* How a fact is written: the name of the web server's variable, or that of a header. */
enum facts_form { FACTS_VARIABLES, FACTS_HEADERS };

/*
 * Headers of the answer for each fact of the granted call: REMOTE_USER, GATEPOST_USER_ID, _EMAIL,
 * _ROLES (commas between; those of the current tenant are among them), _TENANT, _SESSION_ID, _AAL,
 * _TICKET as "Variable-…"; or X-Gatepost-Remote-User and so on. Without a session, or where there
 * is nothing to say, a variable is left out and a header is empty; GATEPOST_VERDICT is always
 * there, for what runs before and after the web server has asked. ERR_UNAVAILABLE: what one has to
 * know of them does not fit; nobody is let in by halves.
 */
MUST_CHECK enum err facts_add(struct call *call, enum facts_form form);

#endif
