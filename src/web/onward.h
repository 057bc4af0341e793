/* Where a browser goes on: what its sign-in still waits for, or where one wanted to go. */
#ifndef GATEPOST_WEB_ONWARD_H
#define GATEPOST_WEB_ONWARD_H

#include "err.h"
#include "return_to.h"
#include "str.h"

struct call;
struct session;

/* The page, below base_path, of what the session waits for; absent: nothing. */
struct str onward_page(const struct session *session);
/* 303 there, with the target as its return_to; else to the target, or to that path if there is
 * none. */
MUST_CHECK enum err onward_go(struct call *call, const struct session *session,
			      const struct return_to *target, struct str own_path);

#endif
