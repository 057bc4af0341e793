/* Recovery of a forgotten password: asking for the mail, and the new password that it lets set. */
#ifndef GATEPOST_AUTH_RECOVERY_H
#define GATEPOST_AUTH_RECOVERY_H

#include <stdint.h>

#include "account.h"
#include "context.h"
#include "err.h"
#include "mail_code.h"
#include "str.h"
#include "user_store.h"

struct db;

struct recovery_wish {
	struct str email; /* as typed */
	struct mail_asker asker;
	struct str language; /* of the mail, where the account has none; absent: the server's */
};

/*
 * Queues the mail with code and link if there is an active account with that address, and changes
 * nothing on the account. Who asks learns nothing: whether or not there is one, it is locked or
 * closed, the same statements run, and one mail too many (throttle.h) ends as quietly. ERR_INPUT:
 * not an address.
 */
MUST_CHECK enum err recovery_ask(const struct auth_context *context,
				 const struct recovery_wish *wish);

/* What recovery_ask queues, for other acts; in their transaction. */
struct recovery_mail {
	struct str address;          /* in normal form */
	const struct user_row *user; /* NULL: nobody, and a decoy, as for one who is not active */
	struct mail_asker asker;     /* nowhere: the mail has the link alone */
	struct str language;
};
MUST_CHECK enum err recovery_queue(const struct auth_context *context, struct db *db,
				   const struct recovery_mail *mail);

/* 0 refuses. */
enum recovery_verdict {
	RECOVERY_WRONG = 0, /* no such code, not for this, not from here */
	RECOVERY_OVER,      /* used, too late, or the account is not what it was */
	RECOVERY_THROTTLED,
	RECOVERY_BAD_PASSWORD, /* see the opinion; the code is good still */
	RECOVERY_DONE
};

/* Which links a recovery takes, for mail_claim. */
#define RECOVERY_LINKS (1U << MAIL_RECOVERY)

struct recovery_request {
	struct mail_claim claim; /* purpose and links are set by recovery_reset */
	struct str new_password; /* as typed */
};

struct recovery_outcome {
	enum recovery_verdict verdict;
	int64_t wait; /* RECOVERY_THROTTLED: microseconds until it may be tried */
	struct password_opinion opinion;
};

/*
 * The code first, then the rules of a new password, one hash, and one transaction that uses the
 * code and sets the password of whose the code is: all that was begun before ends
 * (account_begin_anew), counters of wrong passwords begin anew, and the address is told. Nobody is
 * signed in, no second factor goes, and who was locked meanwhile stays so: RECOVERY_OVER. Needs
 * context->hasher.
 */
MUST_CHECK enum err recovery_reset(const struct auth_context *context,
				   const struct recovery_request *request,
				   struct recovery_outcome *outcome);

#endif
