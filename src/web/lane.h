/* The hash lane: the crew of low priority, two threads for each hash slot, that computes hashes. */
#ifndef GATEPOST_WEB_LANE_H
#define GATEPOST_WEB_LANE_H

#include <stdbool.h>
#include <stdint.h>

#include "clock.h"
#include "crew.h"
#include "err.h"

#define LANE_DEPTH 64 /* calls that may wait */
#define LANE_WAIT                                                                                  \
	(3 * CLOCK_SECOND) /* work that may wait: depth times the measured time of one             \
			    */
#define LANE_ALWAYS 5      /* so many wait however slow one is: five people at once never see 503 */

/* While one waits for the database, another has the slot. */
#define LANE_THREADS_A_SLOT 2

/* Whether one more may wait behind so many, when one takes average microseconds. */
bool lane_has_room(size_t waiting, unsigned threads, int64_t average);

/* A crew whose calls are at DISPATCH_HASH. */
MUST_CHECK enum err lane_open(struct app_box *box, unsigned threads, struct crew **out);

#endif
