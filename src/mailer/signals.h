/* Signals of the mailer: never acted on but where it asks. */
#ifndef GATEPOST_MAILER_SIGNALS_H
#define GATEPOST_MAILER_SIGNALS_H

#include <stdbool.h>
#include <stdint.h>

/* From now on they wait to be taken; SIGPIPE is ignored. */
void signals_block(void);

enum signals_wish { SIGNALS_NOTHING = 0, SIGNALS_STOP, SIGNALS_RELOAD };

/*
 * Waits so long (microseconds) for SIGTERM or SIGINT, or for SIGHUP, which is taken. A stop may go
 * on waiting: it is asked for as often as anybody asks.
 */
enum signals_wish signals_wait(int64_t span);

/* A stop that waits to be taken. */
bool signals_stop_waits(void);

/*
 * What is on its way when a stop comes has so long to end: once this is true, it is broken off.
 * since: the asker's own, 0 before the first call.
 */
bool signals_is_over(int64_t *since);

#endif
