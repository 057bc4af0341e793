/* Request -> route -> guards -> handler -> response, and one access line. */
#ifndef GATEPOST_WEB_DISPATCH_H
#define GATEPOST_WEB_DISPATCH_H

#include "call.h"

/* What became of a call. */
enum dispatch_step {
	DISPATCH_DONE = 0, /* answered and finished; the call can accept again */
	DISPATCH_HASH /* must be finished by dispatch_finish on a thread with a hash connection */
};

/* Reads, matches, guards; runs the handler unless its route hashes: both of the two below. */
enum dispatch_step dispatch_begin(struct call *call, struct app *app,
				  const struct call_connections *connections);
/*
 * Reads and matches, without any connection. False: the request could not even be read, and that
 * has been answered.
 */
bool dispatch_open(struct call *call, struct app *app);
/* The rest, on whatever thread. What is resolved already is not looked up again. */
enum dispatch_step dispatch_go_on(struct call *call, const struct call_connections *connections);
/* Runs the handler of a call that dispatch_begin left at DISPATCH_HASH, answers, finishes. */
void dispatch_finish(struct call *call, const struct call_connections *connections);
/* Answers 503 with Retry-After to a call that was accepted or queued and cannot be served. */
void dispatch_refuse(struct call *call, struct app *app);

#endif
