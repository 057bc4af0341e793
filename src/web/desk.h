/* The front desk: one thread that looks up the credentials of all who wait with one statement. */
#ifndef GATEPOST_WEB_DESK_H
#define GATEPOST_WEB_DESK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crew.h"
#include "err.h"

/*
 * The desk takes whatever waits at its listening sockets, looks up all of its credentials at once,
 * answers what only reads the session (ROUTE_LIGHT), and hands the rest, resolved, to a crew.
 * Nothing is remembered from one round to the next, so nothing is stale: a credential is read by a
 * statement that began after its request had arrived.
 */
struct desk;

struct desk_plan {
	struct app_box *box;
	struct crew *lane;    /* where what hashes goes */
	const int *listeners; /* made not to block; stay the caller's to close */
	size_t n;
	unsigned threads; /* of the crew behind */
	bool authorizes;  /* in the role Authorizer, and no other */
};

/* Copies the plan. */
MUST_CHECK enum err desk_open(const struct desk_plan *plan, struct desk **out);
/* From now on what comes is answered 503. */
void desk_refuse(struct desk *desk);
/* Ends the thread, then the crew, as crew_close does. Before the lane is closed. Sets NULL. */
bool desk_close(struct desk **desk, int64_t deadline);

#endif
