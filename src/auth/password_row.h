/* A stored password: what is compared with what was typed, and what is written of a new one. */
#ifndef GATEPOST_AUTH_PASSWORD_ROW_H
#define GATEPOST_AUTH_PASSWORD_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include "context.h"
#include "err.h"
#include "password.h"
#include "user_store.h"

/* Zeroed: not right. */
struct password_finding {
	bool right;    /* the user has a password, and it is this one */
	bool outdated; /* right, but stored weaker or under another pepper than one set today */
};

/* What was typed, as password_normalise made it, and what that found. */
struct password_typed {
	struct secret normal; /* with a flaw: anything, for the work's sake */
	enum password_flaw flaw;
};

/*
 * Needs context->hash_db and hasher. One statement and one hash, whether the user exists or has a
 * password or not; only PASSWORD_TOO_LONG, which the sender knows, saves the hash. ERR_UNAVAILABLE:
 * no slot or no database; or, after the same work and a line in the log, the row is sealed and does
 * not open (pepper.h): nothing can be said of the password then, so nothing may be counted.
 */
MUST_CHECK enum err password_row_compare(const struct auth_context *context,
					 const struct id *user_id, struct password_typed typed,
					 int64_t deadline, struct password_finding *out);

/* password_store_set and _strengthen with the hash sealed, if hashes are (context->peppers). */
MUST_CHECK enum err password_row_set(const struct auth_context *context, struct db *db,
				     const struct id *user_id, struct secret hash);
MUST_CHECK enum err password_row_strengthen(const struct auth_context *context, struct db *db,
					    const struct id *user_id, struct secret hash);

#endif
