/* When a mail is tried again, and when no more. */
#include "schedule.h"

#include "clock.h"

#define FIRST_WAIT CLOCK_MINUTE
#define LONGEST_WAIT (6 * CLOCK_HOUR)
#define FIRST_PAUSE CLOCK_SECOND
#define LONGEST_PAUSE CLOCK_MINUTE
/* To note what became of it, with a database that answers slowly. */
#define NOTING (30 * CLOCK_SECOND)

static int64_t doubled(int64_t first, unsigned times, int64_t most)
{
	int64_t span = first;

	for (unsigned i = 1; i < times && span < most; i++)
		span *= 2;
	return span < most ? span : most;
}

int64_t schedule_wait(unsigned attempts)
{
	return doubled(FIRST_WAIT, attempts, LONGEST_WAIT);
}

bool schedule_is_over(const struct config *config, unsigned attempts, int64_t age)
{
	return attempts >= config->mail.attempts || age >= config->mail.give_up;
}

int64_t schedule_lease(const struct config *config)
{
	return 2 * (config->mail.timeout + NOTING);
}

int64_t schedule_begin(const struct config *config)
{
	return config->mail.timeout + NOTING;
}

int64_t schedule_pause(unsigned failures)
{
	return doubled(FIRST_PAUSE, failures, LONGEST_PAUSE);
}
