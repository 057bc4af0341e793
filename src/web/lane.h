/* The hash lane: a bounded queue of whole calls and as many low-priority threads as hash slots. */
#ifndef GATEPOST_WEB_LANE_H
#define GATEPOST_WEB_LANE_H

#include <stdbool.h>
#include <stdint.h>

#include "call.h"
#include "clock.h"
#include "err.h"

#define LANE_DEPTH 64 /* calls that may wait */
#define LANE_WAIT                                                                                  \
	(3 * CLOCK_SECOND) /* work that may wait: depth times the measured time of one             \
			    */
#define LANE_ALWAYS 5      /* so many wait however slow one is: five people at once never see 503 */

struct lane;

/* Whether one more may wait behind so many, when one takes average microseconds. */
bool lane_has_room(size_t waiting, unsigned threads, int64_t average);

MUST_CHECK enum err lane_open(struct app_box *box, unsigned threads, struct lane **out);
/* Takes the call over, with everything it holds. False: full; the call is still the caller's. */
bool lane_put(struct lane *lane, struct call *call);
/* A call of that listening socket that was finished, for reuse; NULL: none. */
struct call *lane_take_idle(struct lane *lane, int fd);
/*
 * Refuses what waits (503), finishes what runs, ends the threads by the deadline (clock_monotonic).
 * False: some did not end; nothing was freed, and the process must end at once.
 */
bool lane_close(struct lane **lane, int64_t deadline);

#endif
