/* Flows as the contract shows them. */
#ifndef GATEPOST_WEB_VIEW_FLOW_H
#define GATEPOST_WEB_VIEW_FLOW_H

#include "flow.h"
#include "json.h"

struct arena;

/* CONTRACT §5: "flow". allowed_steps are a client's; null where any may be taken. */
void view_flow_json(struct json_out *out, const char *name, const struct flow *flow);

/* The member allowed_steps alone. */
void view_flow_allowed(struct json_out *out, const struct flow *flow);

/* The entity tag, in quotes: which flow, and which version of it. */
MUST_CHECK enum err view_flow_tag(struct arena *arena, const struct flow_row *row, struct str *out);
/* The tags of an If-Match (RFC 9110 §13.1.1). What cannot be one of ours matches nothing. */
void view_flow_match(struct str header, struct flow_match *out);

#endif
