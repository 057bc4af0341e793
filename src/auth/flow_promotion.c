/* What a guest's flows become when the guest signs in. */
#include "clock.h"
#include "flow.h"
#include "flow_promotion_store.h"

/* So long what the user has one of already is offered. */
#define OFFERED CLOCK_HOUR

enum err flow_promote(struct db *db, const struct id *session_id, const struct id *user_id,
		      int64_t now)
{
	struct flow_promotion promotion = {
		.session_id = *session_id,
		.user_id = *user_id,
		.now = now,
		.offer_end = now + OFFERED,
	};

	TRY(flow_promotion_store_flows(db, &promotion));
	return flow_promotion_store_counters(db, &promotion);
}
