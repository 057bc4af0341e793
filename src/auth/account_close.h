/* Closing an account, opening it again, and letting its names go. */
#ifndef GATEPOST_AUTH_ACCOUNT_CLOSE_H
#define GATEPOST_AUTH_ACCOUNT_CLOSE_H

#include <stdbool.h>
#include <stdint.h>

#include "account_admin.h"
#include "context.h"
#include "err.h"
#include "ident.h"

struct closing {
	struct id user_id, session_id; /* the session that asks: must still be there */
};
/*
 * In one transaction: no sign-in, session, token, hand-over, code, flow, device or password is
 * left; a notice goes to the address. Names, roles and what was recorded stay until the account is
 * removed, [account] closed later. *outcome: DONE, LAST_ADMIN, NO_SUCH_SESSION, NO_SUCH_USER.
 */
MUST_CHECK enum err account_close(const struct auth_context *context, const struct closing *closing,
				  enum account_outcome *outcome);
/*
 * Active again, with the roles that it had; a password is set by recovery or the command. As the
 * acts of account_admin.h: ALREADY where it is not closed.
 */
MUST_CHECK enum err account_reopen(const struct auth_context *context,
				   const struct account_act *act, struct account_effect *out);
/*
 * Removes at most limit accounts that have been closed for so long; not one whose address could
 * still be taken back.
 */
MUST_CHECK enum err account_remove_closed(const struct auth_context *context, unsigned limit,
					  uint64_t *removed);

#endif
