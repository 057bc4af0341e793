/* What the calls about one flow have in common. */
#ifndef GATEPOST_WEB_FLOW_CALL_H
#define GATEPOST_WEB_FLOW_CALL_H

#include "call.h"
#include "flow.h"

/* The session's flow of the kind that the path names. *answered: it can be none (400). */
MUST_CHECK enum err flow_call_key(struct call *call, struct flow_key *key, bool *answered);
/* If-Match. *answered: there is none (428). */
MUST_CHECK enum err flow_call_match(struct call *call, struct flow_match *match, bool *answered);
/* return_to of the body as it may be kept: "" for null, absent if so. *answered: it may not (400).
 */
MUST_CHECK enum err flow_call_return_to(struct call *call, struct str *out, bool *answered);

/* The answer to an outcome: 200, 201 with the flow, or the problem. */
MUST_CHECK enum err flow_call_answer(struct call *call, const struct flow_key *key,
				     const struct flow_outcome *outcome);

#endif
