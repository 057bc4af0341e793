/* Tenants: the organisations that users belong to. */
#ifndef GATEPOST_AUTH_TENANT_H
#define GATEPOST_AUTH_TENANT_H

#include <stdbool.h>
#include <stdint.h>

#include "context.h"
#include "err.h"
#include "ident.h"
#include "str.h"
#include "tenant_store.h"

enum tenant_outcome {
	TENANT_REFUSED = 0, /* never a result by itself */
	TENANT_DONE,
	TENANT_ALREADY,    /* it was so already */
	TENANT_BAD_NAME,   /* refused: as a user name [a-z0-9][a-z0-9._-]{1,63} */
	TENANT_BAD_TITLE,  /* refused: at most 100 characters without controls */
	TENANT_TAKEN,      /* refused: the name is another's */
	TENANT_NOT_THERE,  /* refused: gone meanwhile */
	TENANT_BAD_REASON, /* refused: see account_is_reason */
	TENANT_OUTCOME_COUNT
};

/* As typed. */
struct tenant_request {
	struct str name;  /* tenant_rename: absent leaves it */
	struct str title; /* absent: the name, or with tenant_rename leaves it */
	struct str reason;
};

struct tenant_effect {
	enum tenant_outcome outcome;
	struct tenant_row tenant; /* as it is now, or with tenant_remove was */
	uint64_t members;         /* who have left with tenant_remove */
};

/* By id, else by name. */
MUST_CHECK enum err tenant_find(const struct auth_context *context, struct str typed,
				struct tenant_row *row, bool *found);
MUST_CHECK enum err tenant_create(const struct auth_context *context,
				  const struct tenant_request *request, struct tenant_effect *out);
MUST_CHECK enum err tenant_rename(const struct auth_context *context, const struct id *id,
				  const struct tenant_request *request, struct tenant_effect *out);
/*
 * Every member leaves (member_remove, a transaction each), then the tenant goes. Interrupted, what
 * has left has left; done again it goes on. ERR_CONFLICT: members are added faster.
 */
MUST_CHECK enum err tenant_remove(const struct auth_context *context, const struct id *id,
				  const struct tenant_request *request, struct tenant_effect *out);

#endif
