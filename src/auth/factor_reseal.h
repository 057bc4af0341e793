/* Secrets of second factors under the newest root key, everybody's. */
#ifndef GATEPOST_AUTH_FACTOR_RESEAL_H
#define GATEPOST_AUTH_FACTOR_RESEAL_H

#include <stdint.h>

#include "context.h"
#include "err.h"

struct factor_resealing {
	uint64_t resealed;  /* were under a former root, and are not any more */
	uint64_t shut;      /* do not open with this key file: they stay as they are */
	struct fault fault; /* whose, and why, of the first of those */
};

/*
 * Row by row, so that what was done before a failure stays. A secret that its owner changes at
 * this very moment is under the newest root by that. Recorded where something was resealed. Not
 * inside a transaction.
 */
MUST_CHECK enum err factor_reseal(const struct auth_context *context, struct factor_resealing *out);

#endif
