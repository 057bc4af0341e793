/* What an administrator may do to others and not to themselves. The command may do everything. */
#ifndef GATEPOST_AUTH_ACTOR_H
#define GATEPOST_AUTH_ACTOR_H

#include <stdbool.h>

#include "context.h"
#include "err.h"
#include "ident.h"
#include "str.h"

struct db;

/* 0 refuses. */
enum actor_verdict {
	ACTOR_DENIED = 0, /* is no administrator, or no active one, any more */
	ACTOR_SELF,       /* nobody does this to themselves */
	ACTOR_ABOVE,      /* an elevated role that is above the actor's own */
	ACTOR_FINE
};

struct actor_wish {
	struct id user_id; /* whom it is about */
	bool own_too;      /* may be done to oneself as well */
	struct str gives;  /* a role that is to be given; absent: none is */
};

/* A sentence for the event and for people; static. Empty for ACTOR_FINE. */
const char *actor_text(enum actor_verdict verdict);
/*
 * For context->actor_id, read inside the transaction that acts. An elevated role is above an
 * administrator who neither has it everywhere nor has everywhere all its permissions, of which
 * there is at least one (AZ-05).
 */
MUST_CHECK enum err actor_check(const struct auth_context *context, struct db *db,
				const struct actor_wish *wish, enum actor_verdict *verdict);

#endif
