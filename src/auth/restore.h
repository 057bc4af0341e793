/* After a restore: what the database remembers, and ending what must not live a second time. */
#ifndef GATEPOST_AUTH_RESTORE_H
#define GATEPOST_AUTH_RESTORE_H

#include <stdbool.h>
#include <stdint.h>

#include "context.h"
#include "err.h"

/* Times in microseconds; 0: there is none. */
struct restore_signs {
	int64_t made;   /* the tables were: by a restore, or when they were new or moved */
	int64_t newest; /* what the database remembers last: of before made, if there is such */
	bool restored;  /* made over a minute after that, so that something may be missing */
	bool checked;   /* … and restore_clean ran since */
	bool ahead;     /* an event is over a minute later than now: a clock is or was wrong */
};

/* At least so many: what went with an answer that was lost is not counted. */
struct restore_cleaned {
	uint64_t sessions, rotations, handovers, mail_codes, setup_codes, challenges, factor_resets;
};

MUST_CHECK enum err restore_look(const struct auth_context *context, struct restore_signs *out);
/*
 * Ends all sessions unless they are kept, forgets rotations, hand-overs, codes and links of mail
 * (what was used since the backup is not used there), challenges and the set-up code, stops resets
 * of second factors, which may have been stopped since, lets no code of an authenticator app up to
 * the next one count, and records it.
 * What was done before a failure stays; doing it again goes on.
 */
MUST_CHECK enum err restore_clean(const struct auth_context *context, bool keep_sessions,
				  struct restore_cleaned *out);

#endif
