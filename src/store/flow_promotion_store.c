/* Rows of flow and flow_counter when their owner, a guest's session, becomes a user's. */
#include "flow_promotion_store.h"

#include "clock.h"
#include "db.h"
#include "row.h"

static enum err promote(struct db *db, const struct flow_promotion *promotion)
{
	return row_run(db, STMT_FLOW_PROMOTE,
		       ARGS(arg_id(&promotion->user_id), arg_int(promotion->now),
			    arg_id(&promotion->user_id), arg_int(promotion->now),
			    arg_int(promotion->offer_end), arg_id(&promotion->session_id),
			    arg_int(promotion->now)),
		       NULL);
}

enum err flow_promotion_store_flows(struct db *db, const struct flow_promotion *promotion)
{
	enum err e = promote(db, promotion);

	if (e != ERR_CONFLICT)
		return e;
	TRY(row_run(db, STMT_FLOW_GIVE_WAY,
		    ARGS(arg_id(&promotion->user_id), arg_int(promotion->now),
			 arg_id(&promotion->session_id), arg_int(promotion->now)),
		    NULL));
	return promote(db, promotion);
}

enum err flow_promotion_store_counters(struct db *db, const struct flow_promotion *promotion)
{
	return row_run(db, STMT_FLOW_COUNTER_PROMOTE,
		       ARGS(arg_id(&promotion->user_id), arg_id(&promotion->session_id),
			    arg_int(promotion->now - CLOCK_DAY), arg_int(promotion->now),
			    arg_int(promotion->now), arg_int(promotion->now),
			    arg_int(promotion->now)),
		       NULL);
}
