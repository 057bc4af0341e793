/* Sign-ins, failures and live sessions over time: written hour by hour, read as points of a line.
 */
#ifndef GATEPOST_AUTH_OVERVIEW_H
#define GATEPOST_AUTH_OVERVIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "context.h"
#include "err.h"
#include "overview_store.h"

/*
 * What the housekeepers of all nodes do, and one of them at a time is enough: where the current
 * hour was not counted for some minutes, it is, with those before it that nobody has finished, 48
 * hours back at most. Until (clock_monotonic) is reached.
 */
MUST_CHECK enum err overview_keep(const struct auth_context *context, int64_t until);

#define OVERVIEW_HOURS 48
#define OVERVIEW_DAYS 30
#define OVERVIEW_POINTS OVERVIEW_HOURS

struct overview_point {
	int64_t at; /* where it begins */
	uint64_t sign_ins, failures;
	uint64_t sessions; /* the most that were counted */
	bool is_known;     /* an hour of it was counted */
	bool has_sessions; /* … while it lasted */
};

/* The last hours and days (of UTC), each with the one that is not over yet as its last point. */
struct overview {
	struct overview_point hours[OVERVIEW_HOURS];
	struct overview_point days[OVERVIEW_DAYS];
};
MUST_CHECK enum err overview_read(const struct auth_context *context, struct overview *out);
/* The same of rows, the oldest first. Pure. */
void overview_arrange(const struct overview_page *page, int64_t now, struct overview *out);

#endif
