/* "This wasn't me": what the link of a notice does, once, for whoever got it. */
#ifndef GATEPOST_AUTH_DISPUTE_H
#define GATEPOST_AUTH_DISPUTE_H

#include <stdbool.h>

#include "context.h"
#include "err.h"
#include "mail_code.h"

/* Which links come to its page, for mail_claim: those of changes of address, too (address.h). */
#define DISPUTE_LINKS (1U << MAIL_NOT_ME | 1U << MAIL_RESTORATION)

struct dispute_request {
	struct mail_claim claim; /* the link, or its ticket; links are set by dispute_act */
	struct mail_asker asker; /* where the code of the recovery may be typed */
	struct str language;     /* of its mail, where the account has none */
};

/*
 * In one transaction: uses the link; if the notice had gone to an address from which the account
 * was moved since, and the move can be taken back still, does that (address_restore_work); else
 * ends everything that account_end_access ends, refuses the password from now on, and queues the
 * mail of a recovery to the address that the account has, a decoy if it is not active. MAIL_OVER:
 * used before, too late, or the account has gone.
 */
MUST_CHECK enum err dispute_act(const struct auth_context *context,
				const struct dispute_request *request, enum mail_verdict *verdict);

#endif
