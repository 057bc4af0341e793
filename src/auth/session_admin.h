/* Ending sessions as an administrator: anybody's by id, or everybody's. */
#ifndef GATEPOST_AUTH_SESSION_ADMIN_H
#define GATEPOST_AUTH_SESSION_ADMIN_H

#include <stdbool.h>
#include <stdint.h>

#include "context.h"
#include "err.h"
#include "ident.h"

/* Ends the session with this id, whoever's it is. *ended false: there is none. */
MUST_CHECK enum err session_admin_end(const struct auth_context *context,
				      const struct id *session_id, bool *ended);
/*
 * Ends every session there is, guests included, in small batches, each of which is recorded and
 * holds by itself: after a failure some have ended and calling again goes on.
 */
MUST_CHECK enum err session_admin_end_everybody(const struct auth_context *context,
						uint64_t *ended);

#endif
