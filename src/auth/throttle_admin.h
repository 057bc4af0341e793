/* Throttling as its keeper sees it: listing counters, clearing them. */
#ifndef GATEPOST_AUTH_THROTTLE_ADMIN_H
#define GATEPOST_AUTH_THROTTLE_ADMIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "context.h"
#include "err.h"
#include "ident.h"
#include "str.h"
#include "throttle_store.h"

/* A counter. Whom it counts cannot be read from it, only compared. */
struct throttle_view {
	struct throttle_row row;
	int64_t wait; /* what an attempt now would be told; 0: it would go on */
	bool lost;    /* of a device: the account knows it no more */
};

/* Which counters are meant; all absent: every one. At most one is given. */
struct throttle_choice {
	struct str user;   /* a user name, address or id; a name of nobody works too */
	struct str source; /* an address; what services tried there is cleared, but not listed */
};

#define THROTTLE_PAGE 100 /* at least 2 */
/*
 * The chosen counters in the order of their keys, after a key (all zero: from the first), at most
 * THROTTLE_PAGE. Those of devices come only among all. ERR_INPUT: the source is not an address.
 */
MUST_CHECK enum err throttle_admin_list(const struct auth_context *context,
					const struct throttle_choice *choice,
					const struct digest *after, struct throttle_view *views,
					size_t *n);
/*
 * Deletes the chosen counters and records that. All of them go in small batches, each of which
 * is recorded and holds by itself. ERR_INPUT as above.
 */
MUST_CHECK enum err throttle_admin_clear(const struct auth_context *context,
					 const struct throttle_choice *choice, uint64_t *cleared);

#endif
