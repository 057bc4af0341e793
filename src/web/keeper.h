/* The housekeeper: a thread that deletes what is over, a little every minute, counts the hours of
 * the overview, and tends the keys. */
#ifndef GATEPOST_WEB_KEEPER_H
#define GATEPOST_WEB_KEEPER_H

#include <stdbool.h>
#include <stdint.h>

#include "app.h"
#include "err.h"

struct connections;
struct keeper;

MUST_CHECK enum err keeper_start(struct app_box *box, struct keeper **out);
/* False: it did not end by the deadline (clock_monotonic); nothing was freed. Sets NULL. */
bool keeper_stop(struct keeper **keeper, int64_t deadline);

/* What is due of the signing keys, and the process's set of them read anew (auth/key_set.h). */
void keeper_tend_keys(struct connections *connections, struct arena *arena);
/* One round of at most budget microseconds. A failure is the next round's to repair. */
void keeper_tidy(struct connections *connections, struct arena *arena, int64_t budget);

#endif
