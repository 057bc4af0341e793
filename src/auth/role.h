/* Roles and what is in them: made, changed and removed for all who have them. */
#ifndef GATEPOST_AUTH_ROLE_H
#define GATEPOST_AUTH_ROLE_H

#include <stdbool.h>
#include <stdint.h>

#include "context.h"
#include "err.h"
#include "role_store.h"
#include "str.h"

/* Of roles and permissions: [a-z0-9][a-z0-9:._-]*, at most 64. */
bool role_is_name(struct str name);

enum role_outcome {
	ROLE_REFUSED = 0,    /* never a result by itself */
	ROLE_DONE,           /* it was done */
	ROLE_ALREADY,        /* it was so already */
	ROLE_BAD_NAME,       /* refused */
	ROLE_BAD_PERMISSION, /* refused: as a name */
	ROLE_BAD_REASON,     /* refused: see account_is_reason */
	ROLE_TAKEN,          /* refused: there is one of that name */
	ROLE_NOT_THERE,      /* refused */
	ROLE_BUILT_IN,       /* refused: admin stays, and keeps users:manage */
	ROLE_LAST_ADMIN,     /* refused: nobody would be administrator any more */
	ROLE_NOT_ELEVATED,   /* refused: users:manage goes into elevated roles only */
	ROLE_TOO_MUCH,       /* refused: it would not fit into the grants of somebody */
	ROLE_BUSY,           /* refused: another change has just begun and is not finished */
	ROLE_OUTCOME_COUNT
};

/* As typed. */
struct role_request {
	struct str name;
	struct str permission; /* role_allow, role_forbid */
	bool elevated;         /* role_create */
	struct str reason;     /* goes into the event; absent or empty: none */
};

struct role_effect {
	enum role_outcome outcome;
	struct role_row role; /* as it is now, or with role_remove was; DONE or ALREADY. work: what
				 the database kept from being finished (below) */
	uint64_t holders;     /* so many times it is given, everywhere and in tenants */
};

/*
 * A change of a role is one transaction: it takes the turn of the role admin (one change of roles
 * at a time, and none beside what could take the last administrator away), locks the role (nobody
 * is given it meanwhile), changes it, and rewrites the grants of its first 100 holders, or takes
 * the role from them. With more holders the same transaction notes in the role's row that there is
 * work and how far it has come. Each further batch is a transaction that locks the role, goes on
 * from there and moves the note along, so that whatever is committed is right as far as the note
 * says, the note never says more, and no batch is done by two. Interrupted anywhere, even by a
 * lost connection or kill -9, the rest is done by a worker's housekeeper within a minute, by
 * `gatepost purge`, or before the next change of a role; until then `gatepost role list` and
 * `gatepost doctor` tell. Who has not been reached keeps the former grants, which are those of the
 * role before the change and never a mixture. Whoever is given or loses a role at that time gets
 * grants from the role as it is now.
 *
 * role_remove, role_allow and role_forbid return when all of it is done, or, after the first
 * transaction, when the database fails: that is ROLE_DONE as well, and effect.role.work says that
 * the note is there.
 */
MUST_CHECK enum err role_create(const struct auth_context *context,
				const struct role_request *request, struct role_effect *out);
MUST_CHECK enum err role_remove(const struct auth_context *context,
				const struct role_request *request, struct role_effect *out);
/* Puts a permission into a role, or takes it out. */
MUST_CHECK enum err role_allow(const struct auth_context *context,
			       const struct role_request *request, struct role_effect *out);
MUST_CHECK enum err role_forbid(const struct auth_context *context,
				const struct role_request *request, struct role_effect *out);

/* Goes on with what changes have left to do, until nothing is left or until (clock_monotonic) is
 * reached; *batches counts. */
MUST_CHECK enum err role_go_on(const struct auth_context *context, int64_t until,
			       uint64_t *batches);

#endif
