/* What decisions add to the counters (counters.h): places behind those of the store. */
#ifndef GATEPOST_AUTH_TALLY_H
#define GATEPOST_AUTH_TALLY_H

#include <stddef.h>

#include "audit.h"
#include "db.h"
#include "throttle_policy.h"

/* One for each kind of event, which has one outcome. */
#define TALLY_EVENTS DB_COUNTS
/* One for each bucket: attempts that it refused. */
#define TALLY_THROTTLED (TALLY_EVENTS + AUDIT_KIND_COUNT)
/* Where others' begin. */
#define TALLY_END (TALLY_THROTTLED + THROTTLE_BUCKET_COUNT)

#endif
