/* What the pages about a person's own second factors share. */
#ifndef GATEPOST_WEB_SECURITY_CALL_H
#define GATEPOST_WEB_SECURITY_CALL_H

#include <stddef.h>

#include "err.h"
#include "factors.h"
#include "return_to.h"
#include "secret.h"
#include "str.h"

struct call;

/*
 * After a factor was set up: the page with the recovery codes that came with it, once; with none
 * (n 0) 303 to the target, or to the page of them all, which says done's word.
 */
MUST_CHECK enum err security_set_up(struct call *call, const struct secret *codes, size_t n,
				    const struct return_to *target, struct str done);
/* 303 to that page. */
MUST_CHECK enum err security_go_back(struct call *call, struct str done);

#endif
