/* Signals of the mailer: never acted on but where it asks. */
#include "signals.h"

#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>

#include "clock.h"

/* With what is to be noted afterwards the whole ends within five seconds. */
#define STOP_PATIENCE (3 * CLOCK_SECOND)
#define NANOSECONDS 1000

static void fill(sigset_t *set)
{
	(void)sigemptyset(set);
	(void)sigaddset(set, SIGTERM);
	(void)sigaddset(set, SIGINT);
	(void)sigaddset(set, SIGHUP);
}

void signals_block(void)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	sigset_t set;

	fill(&set);
	(void)pthread_sigmask(SIG_BLOCK, &set, NULL);
	(void)sigemptyset(&ignore.sa_mask);
	(void)sigaction(SIGPIPE, &ignore, NULL);
}

enum signals_wish signals_wait(int64_t span)
{
	const struct timespec patience = {
		.tv_sec = span / CLOCK_SECOND,
		.tv_nsec = span % CLOCK_SECOND * NANOSECONDS,
	};
	sigset_t set;
	int number = 0;

	if (signals_stop_waits())
		return SIGNALS_STOP;
	fill(&set);
	number = sigtimedwait(&set, NULL, &patience);
	if (number == SIGTERM || number == SIGINT) {
		(void)raise(number);
		return SIGNALS_STOP;
	}
	return number == SIGHUP ? SIGNALS_RELOAD : SIGNALS_NOTHING;
}

bool signals_stop_waits(void)
{
	sigset_t set;

	return sigpending(&set) == 0 &&
	       (sigismember(&set, SIGTERM) == 1 || sigismember(&set, SIGINT) == 1);
}

bool signals_is_over(int64_t *since)
{
	if (!signals_stop_waits())
		return false;
	if (*since == 0)
		*since = clock_monotonic();
	return clock_monotonic() - *since > STOP_PATIENCE;
}
