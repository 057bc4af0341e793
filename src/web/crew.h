/* A crew: threads that take whole calls from a bounded queue and bring them to their end. */
#ifndef GATEPOST_WEB_CREW_H
#define GATEPOST_WEB_CREW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "call.h"
#include "connections.h"
#include "err.h"
#include "meter.h"

#define CREW_DEPTH 256 /* the most that any queue holds */

/* What makes one crew another than the next. */
struct crew_plan {
	unsigned threads;
	int nice;               /* added to the priority of each thread; 0: none */
	bool with_hash;         /* each has a connection of the account "hash", too */
	enum meter_queue queue; /* as which it is counted */
	const void *caller;     /* given to serve */
	/* Whether one more may wait behind so many, when one takes average microseconds. */
	bool (*has_room)(size_t waiting, unsigned threads, int64_t average);
	/*
	 * Brings a call to its end. ready ERR_UNAVAILABLE: there is no connection. False: the call
	 * has gone to another crew.
	 */
	bool (*serve)(const void *caller, struct call *call, struct connections *connections,
		      enum err ready);
};

struct crew;

MUST_CHECK enum err crew_open(struct app_box *box, const struct crew_plan *plan, struct crew **out);
/* Takes the call over, with everything it holds. False: full; the call is still the caller's. */
bool crew_put(struct crew *crew, struct call *call);
/* A finished call of that listening socket (or CALL_DESK), for reuse; NULL: none. */
struct call *crew_take_idle(struct crew *crew, int fd);
/* Whether crew_put would find room now. */
bool crew_has_room(struct crew *crew);
/*
 * Refuses what waits (503; what is unread is closed), finishes what runs, ends the threads by the
 * deadline (clock_monotonic). False: some did not end; nothing was freed, and the process must end
 * at once. Sets NULL.
 */
bool crew_close(struct crew **crew, int64_t deadline);

#endif
