/* Housekeeping: deleting what is over, by key and in small batches. */
#ifndef GATEPOST_AUTH_PURGE_H
#define GATEPOST_AUTH_PURGE_H

#include <stdint.h>

#include "context.h"
#include "err.h"

struct purge_report {
	uint64_t sessions, rotations, devices, events, throttles, handovers, flows, counters,
		signing_keys, refresh_tokens, families, mail_codes, hours, closed_users, mails,
		challenges, totp_offers, factor_resets;
};

/*
 * Small batches until nothing is left or until (clock_monotonic) is reached; resets of second
 * factors that are due come first, accounts that were closed long ago last. Adds to *report.
 */
MUST_CHECK enum err purge_run(const struct auth_context *context, int64_t until,
			      struct purge_report *report);

#endif
