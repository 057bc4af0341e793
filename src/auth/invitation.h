/* Invitations: an administrator lets somebody make an account, with roles; proven as registrations
 * are (registration.h). */
#ifndef GATEPOST_AUTH_INVITATION_H
#define GATEPOST_AUTH_INVITATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "account.h"
#include "context.h"
#include "err.h"
#include "str.h"

/* As typed. */
struct invitation_request {
	struct str email;
	struct str username, display_name; /* absent or empty: the guest's to choose */
	struct str language;               /* absent or empty: the server's */
	const struct str *roles;           /* that the account gets */
	size_t role_count;
};

struct invitation_result {
	enum account_flaw flaw; /* TAKEN: an account has the address or the name */
	struct str email;       /* in normal form */
	int64_t expires_at;
};

/* Mails a link; a newer one takes an older one's place. A flaw is a result: nothing was done. */
MUST_CHECK enum err invitation_send(const struct auth_context *context,
				    const struct invitation_request *request,
				    struct invitation_result *out);
/* *withdrawn false: there was none for that address, or it was used. ERR_INPUT: no address. */
MUST_CHECK enum err invitation_withdraw(const struct auth_context *context, struct str email,
					bool *withdrawn);

#endif
