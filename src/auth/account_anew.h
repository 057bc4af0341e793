/* An account begins anew: what was begun in its name before a proof, or a dispute, ends. */
#ifndef GATEPOST_AUTH_ACCOUNT_ANEW_H
#define GATEPOST_AUTH_ACCOUNT_ANEW_H

#include <stdint.h>

#include "context.h"
#include "err.h"
#include "ident.h"
#include "user_store.h"

struct db;

/* Both inside a transaction that holds the user's lock. */

/*
 * Ends all sessions and families of refresh tokens of the user, hand-overs they have given, what
 * they have asked to prove by mail (recoveries and changes of address), and takes keys and trust
 * from their devices. *sessions counts those that ended.
 */
MUST_CHECK enum err account_end_access(const struct auth_context *context, struct db *db,
				       const struct id *user_id, uint64_t *sessions);

/*
 * Somebody has proven the address that the account has, as *user is read under the lock. Ends all
 * the above, and what waits for a proof of that address with anybody. If it is the first proof of
 * it, nobody knows who made what there is: devices and factors go as well, and the address is
 * proven from now on. Later the factors stay: a mailbox alone does not get round them (MF-14).
 */
MUST_CHECK enum err account_begin_anew(const struct auth_context *context, struct db *db,
				       const struct user_row *user, uint64_t *sessions);

#endif
