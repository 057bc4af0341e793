/* A circuit breaker: after a failure nobody tries for a while, then one does, then all. */
#ifndef GATEPOST_BASE_BREAKER_H
#define GATEPOST_BASE_BREAKER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "err.h"

/* Zeroed: closed, everybody may try. Times are of clock_monotonic; thread-safe. */
struct breaker {
	_Atomic int64_t open_until; /* 0: closed */
};

/*
 * Whether to try now. False: what was tried last failed only just, or somebody else is trying.
 * Whoever is let through tells by breaker_note how it went; who does not is taken for failed after
 * a few seconds.
 */
bool breaker_lets(struct breaker *breaker, int64_t now);
/*
 * ERR_MEMORY, ERR_INPUT and ERR_TOO_LARGE are of one request, whose sender may have caused them:
 * they open nothing, and leave a trial to the next one.
 */
void breaker_note(struct breaker *breaker, int64_t now, enum err e);

#endif
