/* When a mail is tried again, and when no more: pure. */
#ifndef GATEPOST_MAILER_SCHEDULE_H
#define GATEPOST_MAILER_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "config.h"

/* After so many attempts (at least 1): a minute, doubled by each, at most six hours. */
int64_t schedule_wait(unsigned attempts);
/* The next attempt would be one too many, or too late after the mail was written. */
bool schedule_is_over(const struct config *config, unsigned attempts, int64_t age);
/*
 * Nobody may do with a mail what its taker does for so long: two mails, their commits, and some
 * more.
 */
int64_t schedule_lease(const struct config *config);
/* So long after it was taken its sending may still begin. */
int64_t schedule_begin(const struct config *config);
/* How long nothing is tried after so many failures of the server's own (at least 1). */
int64_t schedule_pause(unsigned failures);

#endif
