/* What administrators do to accounts: lock, unlock, mark a password, begin its recovery, hold
 * sessions, change roles. */
#ifndef GATEPOST_AUTH_ACCOUNT_ADMIN_H
#define GATEPOST_AUTH_ACCOUNT_ADMIN_H

#include <stdbool.h>
#include <stdint.h>

#include "actor.h"
#include "context.h"
#include "err.h"
#include "ident.h"
#include "str.h"
#include "user_store.h"

#define ACCOUNT_REASON_MAX 200 /* bytes */
/* Absent, or so much UTF-8 without controls. */
bool account_is_reason(struct str reason);
/* How far back auth_time goes at least when freshness is taken away; microseconds. */
int64_t account_stale_age(const struct config *config);

enum account_outcome {
	ACCOUNT_REFUSED = 0,     /* never a result by itself */
	ACCOUNT_DONE,            /* it was done */
	ACCOUNT_ALREADY,         /* it was so already; what else the act does was done again */
	ACCOUNT_LAST_ADMIN,      /* refused: nobody would be administrator any more */
	ACCOUNT_IS_CLOSED,       /* refused: a closed account is neither locked nor unlocked */
	ACCOUNT_NO_PASSWORD,     /* refused: there is none to be marked */
	ACCOUNT_NO_SUCH_ROLE,    /* refused */
	ACCOUNT_NO_SUCH_USER,    /* refused: gone meanwhile */
	ACCOUNT_NO_SUCH_SESSION, /* refused */
	ACCOUNT_BAD_REASON,      /* refused: over ACCOUNT_REASON_MAX, a control, no UTF-8 */
	ACCOUNT_TOO_MUCH,        /* refused: the roles would not fit into the user's grants */
	ACCOUNT_IS_LOCKED,       /* refused: who is locked recovers nothing */
	ACCOUNT_NO_ADDRESS,      /* refused: there is nowhere to send mail to */
	ACCOUNT_NO_FACTOR,       /* refused: there is no second factor to take away */
	ACCOUNT_NOT_ALLOWED,     /* refused, see effect.verdict (actor.h) */
	ACCOUNT_OUTCOME_COUNT
};

/* What is to be done to whom. */
struct account_act {
	struct id user_id;
	struct str role;   /* account_give_role, account_take_role */
	struct str reason; /* goes into the event; absent or empty: none */
};

struct account_effect {
	enum account_outcome outcome;
	struct user_row user; /* as it is now; when DONE or ALREADY, but for one session's hold */
	uint64_t sessions;    /* how many were ended, held or lowered */
	enum actor_verdict verdict; /* with ACCOUNT_NOT_ALLOWED */
};

/*
 * Each is one transaction with the user's lock first (before it, where an administrator could be
 * lost, a turn of the role admin, and a role that is given), one event, and holds from the next
 * request on, on every carrier. Administrator is who is active and has users:manage everywhere, by
 * whatever role. Of two acts that would together leave none one is refused, on any number of nodes.
 * Who acts by context->actor_id is asked for their right within the transaction, and neither locks
 * themselves nor changes their own roles.
 */

/* Locks the account and ends all its sessions. */
MUST_CHECK enum err account_lock(const struct auth_context *context, const struct account_act *act,
				 struct account_effect *out);
MUST_CHECK enum err account_unlock(const struct auth_context *context,
				   const struct account_act *act, struct account_effect *out);
/* The password must be changed at the next sign-in; ends all sessions. */
MUST_CHECK enum err account_compromised(const struct auth_context *context,
					const struct account_act *act, struct account_effect *out);
/*
 * Sends the mail of a recovery, with the link alone (account_recover.c). Nothing on the account
 * changes until the person uses it, and nobody else sees or sets a password (PW-22).
 */
MUST_CHECK enum err account_recover(const struct auth_context *context,
				    const struct account_act *act, struct account_effect *out);
/* Every session of the user asks for a new sign-in. */
MUST_CHECK enum err account_hold(const struct auth_context *context, const struct account_act *act,
				 struct account_effect *out);
/* One session, whoever's; act->user_id is not looked at. */
MUST_CHECK enum err account_hold_session(const struct auth_context *context,
					 const struct id *session_id, const struct account_act *act,
					 struct account_effect *out);
/*
 * Everywhere, not in a tenant. Gaining an elevated role takes aal 2 and freshness away from the
 * user's sessions, which go on.
 */
MUST_CHECK enum err account_give_role(const struct auth_context *context,
				      const struct account_act *act, struct account_effect *out);
MUST_CHECK enum err account_take_role(const struct auth_context *context,
				      const struct account_act *act, struct account_effect *out);

#endif
