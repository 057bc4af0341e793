/* Rows of flow and flow_counter when their owner, a guest's session, becomes a user's. */
#ifndef GATEPOST_STORE_FLOW_PROMOTION_STORE_H
#define GATEPOST_STORE_FLOW_PROMOTION_STORE_H

#include <stdint.h>

#include "err.h"
#include "ident.h"

struct db;

struct flow_promotion {
	struct id session_id;
	struct id user_id;
	int64_t now;
	int64_t offer_end; /* of what stays with the session because the user has its kind */
};

/*
 * One statement, or three where a flow of the user's that has expired has to give way: the
 * session's flows that have not expired lose their facts and are marked from_guest; those of scope
 * user whose kind the user has not become the user's. Belongs in a transaction.
 */
MUST_CHECK enum err flow_promotion_store_flows(struct db *db,
					       const struct flow_promotion *promotion);
/*
 * One statement: the user's counters take over what the session's have counted. Where both have one
 * whose window runs: the later start, the greater number, the later last attempt. The session's
 * stay until they are purged.
 */
MUST_CHECK enum err flow_promotion_store_counters(struct db *db,
						  const struct flow_promotion *promotion);

#endif
