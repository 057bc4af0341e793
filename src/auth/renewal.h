/* A session's new value: rotation, and the same answer to the same request. Private to auth. */
#ifndef GATEPOST_AUTH_RENEWAL_H
#define GATEPOST_AUTH_RENEWAL_H

#include <stdbool.h>

#include "audit.h"
#include "context.h"
#include "err.h"
#include "session.h"

struct db;

/*
 * What sign-in, step-up and password change share. The first seven members are set by the caller,
 * the others are made anew when the transaction runs again.
 */
struct renewal {
	const struct auth_context *context;
	struct id user_id;
	enum session_carrier carrier;
	const struct credential *presented;
	const struct session *resolved; /* presented, as it was before the transaction */
	struct digest proof;            /* of all that made the request: session_proof */
	struct str method;              /* for the audit event of a repetition: "pwd" */
	bool takes_resolved; /* does not look again: renewal_rotate decides whether it still is */
	struct session current; /* presented, as it stands under the user's lock */
	unsigned factors;       /* of the user, under that lock */
	bool resets;            /* a reset of them by an administrator is under way */
	struct secret value;
	struct digest hash;
	struct session_issued issued;
	struct audit_trail trail;
};

/*
 * Inside a transaction, first: locks the user (not active: ERR_CONFLICT), looks at what was
 * presented once more (or not: takes_resolved), and if it was rotated away by this very request
 * gives the same value again: issued.repeated, and nothing else is to be done.
 */
MUST_CHECK enum err renewal_begin(struct renewal *r, struct db *db);
/*
 * Writes *row over the current session under a value derived from the old one, the proof and a
 * nonce; sets its hash, epoch and value_used. *won false: it is gone, nothing was done.
 */
MUST_CHECK enum err renewal_rotate(struct renewal *r, struct db *db, struct session_row *row,
				   bool *won);
/* What renewal_rotate does to the row of a session that is carried by tokens, for a new row: names
 * the pair; and, when the row is written, the first refresh token of it, in place of all others. Of
 * other carriers: no pair, nothing. */
void renewal_name_pair(const struct renewal *r, struct session_row *row);
MUST_CHECK enum err renewal_keep_token(const struct renewal *r, struct db *db,
				       const struct session_row *row);
/* A random value, for a new row: sets value and hash. */
MUST_CHECK enum err renewal_make_value(struct renewal *r);
/* Reads the row of the value that was made into issued.session. */
MUST_CHECK enum err renewal_read(struct renewal *r, struct db *db);
/* After the commit: the audit lines, and what the client is told. */
MUST_CHECK enum err renewal_give(const struct renewal *r, struct session_issued *out);

/* An event of this transaction; the user is the renewal's. */
MUST_CHECK enum err renewal_note(struct renewal *r, enum audit_kind kind, struct id session_id,
				 struct str detail);
/* "3 of the same device"; nothing when n is 0. */
MUST_CHECK enum err renewal_note_ended(struct renewal *r, uint64_t n, const char *why);

#endif
