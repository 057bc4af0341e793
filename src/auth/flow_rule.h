/* Rules of flows that need no database: kinds, moves, what is left, where to go on. */
#ifndef GATEPOST_AUTH_FLOW_RULE_H
#define GATEPOST_AUTH_FLOW_RULE_H

#include "flow.h"

/* A kind as this server knows it. */
struct flow_kind {
	struct str name;
	const struct flow_config *declared; /* NULL: free */
	enum flow_scope scope;
	struct str first; /* the step it begins with */
	int64_t expires;  /* span */
};

/* False: not declared, and no other may be. */
bool flow_rule_kind(const struct config *config, struct str name, struct flow_kind *out);

/* Whether the row is the session's flow of this kind, or, if not, what a guest left (*offer). */
bool flow_rule_is_current(const struct config *config, const struct flow_reach *reach,
			  const struct flow_row *row, bool *offer);

bool flow_rule_matches(const struct flow_match *match, const struct flow_row *row);
/* By a client; a free flow goes anywhere. */
bool flow_rule_may_move(const struct flow *flow, struct str to);
/* By anybody. */
bool flow_rule_is_step(const struct flow *flow, struct str step);

/* count NULL: nothing was taken yet. The last attempt cools down across the end of its window. */
struct flow_counter flow_rule_left(const struct flow_counter_config *counter,
				   const struct flow_count_row *count, int64_t now);

/* Sets why and next from flows and what a guest left (NULL: nothing), whatever the session is. */
void flow_rule_next(const struct session *session, const struct flow *left_over,
		    struct flow_state *state);

#endif
