/* Who belongs to which tenant, with which roles there, and in which one a session is. */
#ifndef GATEPOST_AUTH_MEMBER_H
#define GATEPOST_AUTH_MEMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "actor.h"
#include "context.h"
#include "err.h"
#include "ident.h"
#include "session.h"
#include "str.h"
#include "tenant_store.h"

enum member_outcome {
	MEMBER_REFUSED = 0,    /* never a result by itself */
	MEMBER_DONE,           /* it was done */
	MEMBER_ALREADY,        /* it was so already */
	MEMBER_NO_SUCH_USER,   /* refused: gone meanwhile */
	MEMBER_NO_SUCH_TENANT, /* refused: gone meanwhile */
	MEMBER_NOT_A_MEMBER,   /* refused */
	MEMBER_NO_SUCH_ROLE,   /* refused */
	MEMBER_BAD_REASON,     /* refused: see account_is_reason */
	MEMBER_TOO_MUCH,       /* refused: the roles would not fit into the membership's grants */
	MEMBER_NOT_ALLOWED,    /* refused, see effect.verdict (actor.h) */
	MEMBER_OUTCOME_COUNT
};

/* What is to be done to whose membership. */
struct member_act {
	struct member_key key;
	const struct str *roles; /* member_add: to be given; the others: the first one */
	size_t role_count;
	bool make_default; /* member_add: the user's sessions begin in this tenant */
	struct str reason; /* goes into the event; absent or empty: none */
};

struct member_effect {
	enum member_outcome outcome;
	struct member_row member;   /* as it is now, or with member_remove was; DONE or ALREADY */
	uint64_t sessions;          /* how many were lowered, or are in no tenant now */
	enum actor_verdict verdict; /* with MEMBER_NOT_ALLOWED */
};

/*
 * Each is one transaction with the roles that are given and then the user's lock first, rewrites
 * the membership's grants in it, and holds from the next request on, on every carrier. Who acts by
 * context->actor_id is asked as in account_admin.h, and does nothing to their own roles. Gaining an
 * elevated role, in whatever tenant, takes aal 2 and freshness away from the user's sessions, which
 * go on.
 */

/* A user's first tenant becomes the default. For a member: gives what is missing. */
MUST_CHECK enum err member_add(const struct auth_context *context, const struct member_act *act,
			       struct member_effect *out);
/*
 * With all roles there. The user's sessions that are in this tenant are in none; of the tenants
 * that are left the oldest becomes the default if this was it.
 */
MUST_CHECK enum err member_remove(const struct auth_context *context, const struct member_act *act,
				  struct member_effect *out);
MUST_CHECK enum err member_give_role(const struct auth_context *context,
				     const struct member_act *act, struct member_effect *out);
MUST_CHECK enum err member_take_role(const struct auth_context *context,
				     const struct member_act *act, struct member_effect *out);

/* 0 refuses. */
enum member_choice {
	MEMBER_CHOICE_NONE = 0, /* not one of the user's tenants */
	MEMBER_CHOICE_STALE,    /* it makes the session an elevated one: needs a fresh sign-in */
	MEMBER_CHOICE_MADE
};
/*
 * The session of a user goes on in another of the user's tenants, with the roles there, under its
 * value; epoch + 1. *out, when made: the session as it is now. ERR_CONFLICT: it is gone.
 */
MUST_CHECK enum err member_choose(const struct auth_context *context,
				  const struct credential *presented, const struct id *tenant_id,
				  enum member_choice *choice, struct session *out);

#endif
