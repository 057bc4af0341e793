/* A circuit breaker: after a failure nobody tries for a while, then one does, then all. */
#ifndef GATEPOST_BASE_BREAKER_H
#define GATEPOST_BASE_BREAKER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

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
void breaker_note(struct breaker *breaker, int64_t now, bool failed);

#endif
