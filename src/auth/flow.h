/* Flows: the state of a journey, kept on the server. */
#ifndef GATEPOST_AUTH_FLOW_H
#define GATEPOST_AUTH_FLOW_H

#include <stdint.h>

#include "err.h"
#include "ident.h"

struct db;

/*
 * Inside the transaction of a sign-in that promotes a guest's row (user locked): the guest's
 * user-scoped flows become the user's; where the user has one of that kind the guest's stays where
 * it is, to be offered, at most an hour. All of them are marked from_guest and lose their facts.
 * Counters: the user gets the worse of both in every respect, so that nobody has more left. Two
 * statements.
 */
MUST_CHECK enum err flow_promote(struct db *db, const struct id *session_id,
				 const struct id *user_id, int64_t now);

#endif
