/* Another address for an account: asked for, proven by mail, and taken back by the former one. */
#ifndef GATEPOST_AUTH_ADDRESS_H
#define GATEPOST_AUTH_ADDRESS_H

#include <stdint.h>

#include "audit.h"
#include "context.h"
#include "err.h"
#include "ident.h"
#include "mail_code.h"
#include "str.h"
#include "user_store.h"

struct db;

enum address_outcome {
	ADDRESS_REFUSED = 0, /* never a result by itself */
	ADDRESS_DONE,
	ADDRESS_BAD,     /* asking: no address */
	ADDRESS_SAME,    /* asking: the account has it already */
	ADDRESS_PENDING, /* an earlier change can still be taken back: no other one until then */
	ADDRESS_TAKEN,   /* somebody has, or can have back, the address; known only to who proved it
			  */
	ADDRESS_WRONG,   /* no such code, not for this account, or tried too often */
	ADDRESS_OVER,    /* right, but used, replaced or too late */
	ADDRESS_THROTTLED,
	ADDRESS_GONE, /* the account or the session is not there any more, or not active */
	ADDRESS_OUTCOME_COUNT
};

struct address_effect {
	enum address_outcome outcome;
	int64_t wait;         /* with ADDRESS_THROTTLED */
	struct user_row user; /* as it is now; when DONE */
};

/* Who wants which address. */
struct address_wish {
	struct id user_id;
	struct str typed;
	struct str language; /* of the mail, where the account has none; absent: the server's */
};
/*
 * A code to type (by this user) and a link (signed in as this user) to the new address. DONE says
 * the same, and the same is written, whether or not somebody has the address: who has it is told
 * that they do, and nothing can be proven. Above the limits of mail nothing is sent, which is DONE,
 * too.
 */
MUST_CHECK enum err address_ask(const struct auth_context *context, const struct address_wish *wish,
				struct address_effect *out);

/* The user has asked for this address, as typed: a code shown with it is of that. */
MUST_CHECK enum err address_is_asked(const struct auth_context *context, const struct id *user_id,
				     struct str typed, bool *asked);

/* What the user of a session shows for the address. */
struct address_proof {
	struct id user_id, session_id; /* the session that goes on */
	struct str address;            /* as typed; absent: with a ticket */
	struct str code;               /* typed, or a link's; absent: with a ticket */
	struct id ticket;              /* mail_code_read_ticket; else none */
};
/*
 * In one transaction under the user's lock: the code is used, the address is the account's and
 * proven, all other codes that wait for it or of the user are void, all other sessions and
 * hand-overs of the user end. The former address gets a link that takes it back within [account]
 * restorable, and is reserved as long; the new one is told.
 */
MUST_CHECK enum err address_prove(const struct auth_context *context,
				  const struct address_proof *proof, struct address_effect *out);

/* Taking back a change, by the link that the former address got. */
struct address_restoring {
	const struct auth_context *context;
	const struct mail_code_row *row; /* MAIL_RESTORATION, checked (mail_code_check) */
	/* Where the code of the recovery that it begins may be typed: the browser. */
	struct mail_asker asker;
	struct address_effect effect; /* DONE, OVER, TAKEN or GONE */
	struct audit_trail trail;     /* written by the caller after the commit */
};
/*
 * The part within a transaction; begins with the user's lock. ERR_CONFLICT: it must be undone, and
 * effect says why. The former address is the account's again, all that could be the other's ends
 * (sessions, families, hand-overs, devices, codes), the password is refused until a recovery sets
 * another, and mail to begin that is queued. An account that was closed meanwhile is open again;
 * one that an administrator locked stays locked.
 */
MUST_CHECK enum err address_restore_work(struct db *db, struct address_restoring *restoring);
/* The whole: in a transaction of its own, lines written. */
MUST_CHECK enum err address_restore(struct address_restoring *restoring);

#endif
