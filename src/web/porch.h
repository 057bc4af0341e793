/* The porch: where connections stand until their request has arrived. Used by one thread. */
#ifndef GATEPOST_WEB_PORCH_H
#define GATEPOST_WEB_PORCH_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"
#include "fcgi.h"

struct arena;
struct porch;

/*
 * Over n listening sockets (at most CONFIG_LISTENERS), which are made not to block and stay the
 * caller's to close. The porch lives in the arena.
 */
MUST_CHECK enum err porch_open(struct arena *arena, const int *listeners, size_t n,
			       struct porch **out);
/* Waits until somebody is there, or the bell rings; connections that took too long are closed. */
void porch_wait(struct porch *porch);
/*
 * The next connection of which enough has arrived (never FCGI_ARRIVAL_PART or _GONE), for the
 * caller to close. False: nobody else is there, until porch_wait.
 */
bool porch_next(struct porch *porch, int *connection, enum fcgi_arrival *arrival);
/* Ends a wait; from any thread. */
void porch_ring(struct porch *porch);
/* Closes whoever still stands there. Sets NULL; NULL is fine. */
void porch_close(struct porch **porch);

#endif
