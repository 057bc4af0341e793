/* A counting lock over all processes of a host: N files, one flock each. */
#ifndef GATEPOST_BASE_SLOTS_H
#define GATEPOST_BASE_SLOTS_H

#include <stdint.h>

#include "err.h"

struct slots;

/*
 * Opens (creating, 0600, never following a link) dir/hash-0.lock … hash-(count-1).lock.
 * Thread-safe. ERR_IO with the reason.
 */
MUST_CHECK enum err slots_open(const char *dir, unsigned count, struct slots **out,
			       struct fault *fault);
/* Takes one, waiting until the deadline (clock_monotonic). ERR_UNAVAILABLE when none came free. */
MUST_CHECK enum err slots_take(struct slots *slots, int64_t deadline, unsigned *slot);
/* Gives it back. The kernel gives back those of a killed process. */
void slots_give(struct slots *slots, unsigned slot);
void slots_close(struct slots **slots);

#endif
