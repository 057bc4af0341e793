/* What a command prints: one JSON value with --json, else lines for a person. */
#ifndef GATEPOST_CTL_OUTPUT_H
#define GATEPOST_CTL_OUTPUT_H

#include "audit_store.h"
#include "buf.h"
#include "ctl.h"
#include "flow.h"
#include "json.h"
#include "session_store.h"
#include "user_store.h"

/* Text on its way to standard output, in the command's arena. */
struct output {
	struct buf buf;
	struct json_out json;
	bool is_json;
};

void output_begin(struct output *output, const struct ctl *ctl);
/* Writes it all. A failure is CTL_UNAVAILABLE. */
enum ctl_exit output_end(struct output *output);

void output_user_json(struct json_out *json, const char *name, const struct user_row *user);
void output_user_text(struct buf *buf, const struct user_row *user);
void output_session_json(struct json_out *json, const struct session_row *row);
void output_session_text(struct buf *buf, const struct session_row *row);
void output_audit_json(struct json_out *json, const struct audit_row *row);
void output_audit_text(struct buf *buf, const struct audit_row *row);
/* CONTRACT §5: "flow", as GET /flows/{kind} has it. */
void output_flow_json(struct json_out *json, const char *name, const struct flow *flow);
/* One line. */
void output_flow_text(struct buf *buf, const struct flow *flow);
/* Text that others wrote, its control characters as '?': a terminal acts on them. */
void output_plain(struct buf *buf, struct str s);

#endif
