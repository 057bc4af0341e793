/* One transaction over one flow: its owner locked, its row read, an act, what a guest left cleared.
 */
#ifndef GATEPOST_AUTH_FLOW_CHANGE_H
#define GATEPOST_AUTH_FLOW_CHANGE_H

#include "audit.h"
#include "flow.h"
#include "flow_rule.h"

/* Everything below "request" is made anew when the transaction runs again. */
struct flow_change {
	const struct auth_context *context;
	const struct flow_key *key;
	struct flow_kind kind;
	enum err (*act)(struct flow_change *change, struct db *db);
	const void *request;
	struct flow current; /* id none: there is none; perhaps expired */
	struct id offer_id;  /* of what a guest left; none: nothing */
	struct flow_outcome outcome;
	struct audit_trail trail;
};

/* The transaction, or FLOW_UNKNOWN for a kind that is none. */
MUST_CHECK enum err flow_change_run(struct flow_change *change, struct flow_outcome *out);

/* Sets current and offer_id from the database: before the act, and where an act asks again. */
MUST_CHECK enum err flow_change_read(struct flow_change *change, struct db *db);
/* How acts end: with a verdict and the flow as it is now. */
MUST_CHECK enum err flow_change_end(struct flow_change *change, enum flow_verdict verdict);
MUST_CHECK enum err flow_change_end_over(struct flow_change *change, enum flow_verdict verdict,
					 size_t limit);
/* Whether one runs and is (match NULL: whatever) as the client thinks; else the outcome says why.
 */
bool flow_change_is_on(struct flow_change *change, const struct flow_match *match);

/* The session's writing to a kind ends the offer of it. */
MUST_CHECK enum err flow_change_drop_offer(struct flow_change *change, struct db *db);
/* Whether so much data may be the flow's: of one, and of all that the owner has. *fits false:
 * the outcome says why. */
MUST_CHECK enum err flow_change_check_size(struct flow_change *change, struct db *db, size_t bytes,
					   bool *fits);
/* The next version of the current row, as row says. */
MUST_CHECK enum err flow_change_write(struct flow_change *change, struct db *db,
				      struct flow_row row);

size_t flow_change_data_max(const struct flow_change *change);

/* flow from a row and the counters among lines. */
void flow_change_build(const struct flow_kind *kind, const struct flow_row *row,
		       const struct flow_lines *lines, int64_t now, struct flow *out);

#endif
