/* Signing out over HTTP: what page and API share. */
#ifndef GATEPOST_WEB_SIGNOUT_CALL_H
#define GATEPOST_WEB_SIGNOUT_CALL_H

#include <stdbool.h>

#include "err.h"

struct call;

/* There is a session to end: live, pending or held. */
bool signout_is_needed(const struct call *call);

/* The answer tells the browser to forget; from now on the call is nobody's. */
void signout_forget(struct call *call);

/* Ends the call's session and, when a cookie carried it, tells the browser to forget. */
MUST_CHECK enum err signout_of_call(struct call *call);

/* 200, "You are signed out". */
MUST_CHECK enum err signout_page(struct call *call);

#endif
