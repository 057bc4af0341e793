/* Asking what listens on an authorizer's socket, as a web server does: FastCGI, role Authorizer. */
#ifndef GATEPOST_CTL_AUTHORIZER_ASK_H
#define GATEPOST_CTL_AUTHORIZER_ASK_H

#include <stddef.h>

#include "err.h"
#include "fetch.h"
#include "str.h"

struct arena;

struct authorizer_question {
	struct str target; /* path and query */
	struct str host;
};

/*
 * One request on a connection, without a credential and from nowhere; 10 seconds at most. The
 * answer as lighttpd reads it: without a status, even empty, it is a grant (200). Not answered: no
 * end of a request came. Closes fd. ERR_MEMORY.
 */
MUST_CHECK enum err authorizer_ask(int fd, struct arena *arena,
				   const struct authorizer_question *question,
				   struct fetch_answer *out);

/* What came on a connection so far, in records. Pure: *answer is set when true. */
bool authorizer_read(struct arena *arena, struct str bytes, struct fetch_answer *answer);

#endif
