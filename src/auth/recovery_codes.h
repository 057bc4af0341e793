/* Recovery codes of accounts: ten that are shown once, and stand for a lost factor once each. */
#ifndef GATEPOST_AUTH_RECOVERY_CODES_H
#define GATEPOST_AUTH_RECOVERY_CODES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "context.h"
#include "err.h"
#include "factor_store.h"
#include "factors.h"
#include "secret.h"
#include "session.h"

struct db;

struct recovery_codes {
	struct secret texts[RECOVERY_SET_CODES]; /* in the arena */
};
/*
 * A new set in place of the former, inside the transaction of a change of factors; the caller
 * settles. Nothing is told: the caller's change is.
 */
MUST_CHECK enum err recovery_codes_put(const struct auth_context *context, struct db *db,
				       const struct id *user_id, struct recovery_codes *out);
/* POST /recovery-codes. GONE: the user has no strong factor that they could stand for. */
MUST_CHECK enum err recovery_codes_renew(const struct auth_context *context,
					 const struct session *session,
					 enum factors_verdict *verdict, struct recovery_codes *out);

struct recovery_left {
	unsigned left;   /* codes that still work; 0 without a set, too */
	int64_t made_at; /* 0: there is no set */
	int64_t used_at; /* of the last that was used; 0: none */
};
MUST_CHECK enum err recovery_codes_left(const struct auth_context *context,
					const struct id *user_id, struct recovery_left *out);

/* Which code of the set it is, if it is one that still works. For prove.c. */
struct recovery_match {
	struct recovery_row row;
	unsigned bit;
};
MUST_CHECK enum err recovery_codes_match(const struct auth_context *context,
					 const struct id *user_id, struct str typed,
					 struct recovery_match *out, bool *right);

#endif
