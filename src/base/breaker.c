/* A circuit breaker. */
#include "breaker.h"

#include "clock.h"

#define PAUSE CLOCK_SECOND             /* after a failure */
#define TRIAL_LIMIT (5 * CLOCK_SECOND) /* for the one who tries again */

bool breaker_lets(struct breaker *breaker, int64_t now)
{
	int64_t until = atomic_load(&breaker->open_until);

	if (until == 0)
		return true;
	return now >= until &&
	       atomic_compare_exchange_strong(&breaker->open_until, &until, now + TRIAL_LIMIT);
}

static bool says_nothing(enum err e)
{
	return e == ERR_MEMORY || e == ERR_INPUT || e == ERR_TOO_LARGE;
}

void breaker_note(struct breaker *breaker, int64_t now, enum err e)
{
	bool is_closed = atomic_load(&breaker->open_until) == 0;

	if (says_nothing(e) && !is_closed)
		atomic_store(&breaker->open_until, now);
	else if (e != OK && !says_nothing(e))
		atomic_store(&breaker->open_until, now + PAUSE);
	else if (!is_closed)
		atomic_store(&breaker->open_until, 0);
}
