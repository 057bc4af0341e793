/* The rules about sessions as pure functions of rows, configuration and time. */
#ifndef GATEPOST_AUTH_POLICY_H
#define GATEPOST_AUTH_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "clock.h"
#include "config.h"
#include "session_store.h"

/* So long a sign-in waits for its second factor. */
#define POLICY_FACTOR_SPAN (15 * CLOCK_MINUTE)

/* What a presented session is worth. 0 denies; only SESSION_LIVE opens a route by default. */
enum session_standing {
	SESSION_UNKNOWN = 0, /* no such session: revoked, never existed, malformed */
	SESSION_ABSENT,      /* no credential was presented */
	SESSION_EXPIRED,     /* idle or absolute end reached; the row is still there */
	SESSION_REPLACED,    /* this value was rotated away */
	SESSION_HELD,        /* a hold asks for a new sign-in */
	SESSION_PENDING,     /* sign-in not complete: only what completes it */
	SESSION_LIVE
};

/* Ends of a session for the class and, with an elevated role, the shorter ones. */
struct policy_ends {
	int64_t idle; /* over when now is at or after it */
	int64_t absolute;
};
struct policy_ends policy_ends(const struct config *config, const struct session_row *row,
			       bool elevated);
/* A role with "elevated", everywhere or in the session's tenant. */
bool policy_is_elevated(const struct session_found *found);
/*
 * [second_factor] require demands one of this person, as things are now: without it a session goes
 * nowhere, whatever it was when it began.
 */
bool policy_requires_factor(const struct config *config, const struct session_found *found);
/* The person has what a sign-in asks for, and the configuration lets it ask. */
bool policy_has_factor(const struct config *config, unsigned factors);
/*
 * The state as it counts now: an active row of somebody of whom a second factor is required,
 * without one (and without a trusted device, which never stands for an elevated role's), waits for
 * it, or for one to be set up. One that waits for a new password waits for that factor first.
 */
enum session_state policy_state(const struct config *config, const struct session_found *found);
/* The standing of a found row. A user that is not active: SESSION_UNKNOWN. */
enum session_standing policy_standing(const struct config *config,
				      const struct session_found *found, int64_t now);
/*
 * aal as of now: 2 only before aal2_end and within the aal2 idle span (session_touch makes that
 * last).
 */
unsigned policy_aal(const struct config *config, const struct session_row *row, int64_t now);
/* A second factor was shown at most max_age ago, and counts still. */
bool policy_is_factor_fresh(const struct config *config, const struct session_row *row,
			    int64_t max_age, int64_t now);
/* auth_time is at most max_age old (and not in the future by more than a minute). */
bool policy_is_fresh(const struct session_row *row, int64_t max_age, int64_t now);
/* last_seen is over a minute old. */
bool policy_is_seen_late(const struct session_row *row, int64_t now);
/* Whether a check must write: seen late, or the value never used before. */
bool policy_must_touch(const struct session_row *row, int64_t now);
/* The class of a new session. */
enum session_class policy_class(enum session_carrier carrier, bool remember);
/*
 * The new idle_end when seen at now: never after expires_at. What waits for a second factor has so
 * long from its sign-in, and no request moves that.
 */
int64_t policy_idle_end(const struct config *config, const struct session_row *row, int64_t now);

#endif
