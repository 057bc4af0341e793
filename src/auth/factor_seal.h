/* Secrets of second factors: sealed in their rows, opened again. Private to auth. */
#ifndef GATEPOST_AUTH_FACTOR_SEAL_H
#define GATEPOST_AUTH_FACTOR_SEAL_H

#include "err.h"
#include "factor_store.h"
#include "ident.h"
#include "keyring.h"
#include "secret.h"

struct arena;

/*
 * Under the newest root, bound to the table and the user; the box lives in the arena. A secret of
 * an authenticator app has the same place while it is offered and when it is in use.
 * ERR_TOO_LARGE: more than the column takes.
 */
MUST_CHECK enum err factor_seal_totp(struct arena *arena, const struct keyring *keys,
				     const struct id *user_id, struct secret plain,
				     struct factor_box *out);
MUST_CHECK enum err factor_seal_recovery(struct arena *arena, const struct keyring *keys,
					 const struct id *user_id, struct secret plain,
					 struct factor_box *out);
/*
 * *plain: in the arena. ERR_CONFIG: the key file has no such root. ERR_INPUT: it does not open:
 * sealed under another root of that number, somebody else's, or changed.
 */
MUST_CHECK enum err factor_open_totp(struct arena *arena, const struct keyring *keys,
				     const struct id *user_id, const struct factor_box *box,
				     struct secret *plain);
MUST_CHECK enum err factor_open_recovery(struct arena *arena, const struct keyring *keys,
					 const struct id *user_id, const struct factor_box *box,
					 struct secret *plain);

#endif
