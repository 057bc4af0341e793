/* What only the doctor and the check of a restore read: clock, age of the tables, overdue rows. */
#ifndef GATEPOST_STORE_DOCTOR_STORE_H
#define GATEPOST_STORE_DOCTOR_STORE_H

#include <stdint.h>

#include "err.h"
#include "str.h"

struct db;

/* Rows that were over before a time; each counted up to 10000. */
struct doctor_overdue {
	int64_t sessions, rotations, throttles;
};

/* What tells that a database was restored. 0: there is none. */
struct doctor_restore {
	int64_t made;    /* when the oldest of the main tables was made, as the server says */
	int64_t before;  /* the newest event from before that */
	int64_t newest;  /* the newest event at all, but for those of the given name */
	int64_t checked; /* the newest event of the given name since made */
};

/* event: the name of what a check for a restore leaves. */
MUST_CHECK enum err doctor_store_restore(struct db *db, struct str event,
					 struct doctor_restore *out);
/* Microseconds since 1970, as the database has it. */
MUST_CHECK enum err doctor_store_clock(struct db *db, int64_t *now);
/* sessions_before: of idle_end; before: of the other two's purge_at. */
MUST_CHECK enum err doctor_store_overdue(struct db *db, int64_t sessions_before, int64_t before,
					 struct doctor_overdue *out);

#endif
