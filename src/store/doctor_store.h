/* What only "gatepost doctor" reads: the database's clock, and rows that nobody purged. */
#ifndef GATEPOST_STORE_DOCTOR_STORE_H
#define GATEPOST_STORE_DOCTOR_STORE_H

#include <stdint.h>

#include "err.h"

struct db;

/* Rows that were over before a time; each counted up to 10000. */
struct doctor_overdue {
	int64_t sessions, rotations, throttles;
};

/* Microseconds since 1970, as the database has it. */
MUST_CHECK enum err doctor_store_clock(struct db *db, int64_t *now);
/* sessions_before: of idle_end; before: of the other two's purge_at. */
MUST_CHECK enum err doctor_store_overdue(struct db *db, int64_t sessions_before, int64_t before,
					 struct doctor_overdue *out);

#endif
