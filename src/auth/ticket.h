/* Tickets: what a back end shows instead of a credential; each names a session to one service. */
#ifndef GATEPOST_AUTH_TICKET_H
#define GATEPOST_AUTH_TICKET_H

#include <stdbool.h>
#include <stdint.h>

#include "clock.h"
#include "context.h"
#include "err.h"
#include "ident.h"
#include "str.h"

#define TICKET_LIFE (5 * CLOCK_MINUTE)

/* "gpt_…": it has the beginning of one, whatever it is worth. */
bool ticket_is(struct str text);

/*
 * For a session and a service: the session's id, an end, the service's name and a MAC over them,
 * under a sub-key of its own. Nothing in it opens a session, and nothing is written. ERR_INPUT: no
 * session, or not the name of a service. ERR_MEMORY.
 */
MUST_CHECK enum err ticket_make(const struct auth_context *context, const struct id *session_id,
				struct str service, struct str *out);

/* Zeroed: good for nothing. */
struct ticket {
	bool valid; /* made here for this service, and not over; its session is yet to be found */
	struct id session_id;
	int64_t expires_at;
};
void ticket_read(const struct auth_context *context, struct str text, struct str service,
		 struct ticket *out);

#endif
