/* A person's profile over HTTP: what page and API share. */
#ifndef GATEPOST_WEB_PROFILE_CALL_H
#define GATEPOST_WEB_PROFILE_CALL_H

#include <stdbool.h>

#include "err.h"
#include "profile.h"
#include "str.h"

struct call;

/* The call's own account, and nothing to be changed. */
struct profile_change profile_of_call(const struct call *call);
/* The language that a tag names, as it is kept; "": none. False: not one of this server's. */
bool profile_language(const struct call *call, struct str tag, struct str *out);
/* After a change: what is shown from now on, in this answer as well. */
void profile_take(struct call *call, const struct user_row *user);

#endif
