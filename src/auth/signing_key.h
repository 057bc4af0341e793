/* The life of signing keys: made, put in charge, retired, gone; each change decided once. */
#ifndef GATEPOST_AUTH_SIGNING_KEY_H
#define GATEPOST_AUTH_SIGNING_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "context.h"
#include "err.h"
#include "key_policy.h"

struct key_outcome {
	enum key_verdict verdict;
	bool changed; /* rows were written */
	bool lost;    /* somebody else changed the keys at this very moment: nothing was done */
	int64_t from; /* KEY_TOO_EARLY: when it may */
	unsigned resealed;
	struct fault fault; /* which key could not be opened, and why; text "": none */
};

/*
 * All of them: read the keys, plan (key_policy.h), and in one transaction take the turn, whose
 * conditional UPDATE decides, write, and record one event. ERR_CONFIG with outcome.fault: a key
 * that is there cannot be opened with this key file, so no new one is sealed with it and none put
 * in charge: nothing was done. *outcome is set in that case too. Not inside a transaction.
 */

/* What is due, the first keys included. Nothing is written most of the time. */
MUST_CHECK enum err signing_key_tend(const struct auth_context *context,
				     struct key_outcome *outcome);
/* The next key signs from now on. */
MUST_CHECK enum err signing_key_rotate(const struct auth_context *context,
				       struct key_outcome *outcome);
/* Emergency: new keys at once, and no token signed before is good any more. Opens none. */
MUST_CHECK enum err signing_key_replace(const struct auth_context *context,
					struct key_outcome *outcome);
/* A next or retiring key goes at once. */
MUST_CHECK enum err signing_key_retire(const struct auth_context *context, const struct digest *kid,
				       struct key_outcome *outcome);
/* All that are not gone under the newest root; all or none. */
MUST_CHECK enum err signing_key_reseal(const struct auth_context *context,
				       struct key_outcome *outcome);

/* All keys, the newest first, those that are gone for a while too. *out is of the caller's. */
MUST_CHECK enum err signing_key_list(const struct auth_context *context, struct key_rows *out);

/* Whether a key can be opened with this key file; ERR_CONFIG with the reason. */
MUST_CHECK enum err signing_key_check(const struct auth_context *context, const struct key_row *row,
				      struct fault *fault);

#endif
