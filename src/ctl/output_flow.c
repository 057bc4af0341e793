/* How the command shows a flow. */
#include "clock.h"
#include "flow_rule.h"
#include "output.h"

static void add_allowed(struct json_out *json, const struct flow *flow)
{
	const struct flow_config *declared = flow->declared;

	if (declared == NULL) {
		json_none(json, "allowed_steps");
		return;
	}
	json_open_array(json, "allowed_steps");
	for (size_t i = 0; i < declared->step_count; i++)
		if (flow_rule_may_move(flow, declared->steps[i]))
			json_text(json, NULL, declared->steps[i]);
	json_close_array(json);
}

static void add_counters(struct json_out *json, const struct flow *flow)
{
	json_open_object(json, "counters");
	for (size_t i = 0; i < flow->counter_count; i++) {
		const struct flow_counter *counter = &flow->counters[i];

		json_open_object(json, counter->name.p);
		json_number(json, "left", counter->left);
		json_time(json, "retry_at", counter->retry_at);
		json_close_object(json);
	}
	json_close_object(json);
}

void output_flow_json(struct json_out *json, const char *name, const struct flow *flow)
{
	const struct flow_row *row = &flow->row;

	json_open_object(json, name);
	json_text(json, "kind", row->kind);
	json_text(json, "step", row->step);
	add_allowed(json, flow);
	json_text(json, "return_to", row->return_to.n > 0 ? row->return_to : STR_NONE);
	json_raw(json, "data", row->data);
	json_raw(json, "facts", row->facts);
	add_counters(json, flow);
	json_text(json, "scope", row->scope == FLOW_SCOPE_SESSION ? STR("session") : STR("user"));
	json_bool(json, "trusted", flow->declared != NULL);
	json_text(json, "from", row->from_guest ? STR("guest") : STR_NONE);
	json_number(json, "version", row->version);
	json_time(json, "expires_at", row->expires_at);
	json_close_object(json);
}

/* "fund-wallet	kyc	version 3	expires 2026-…	from a guest" */
void output_flow_text(struct buf *buf, const struct flow *flow)
{
	const struct flow_row *row = &flow->row;

	buf_add(buf, row->kind);
	buf_add_char(buf, '\t');
	buf_add(buf, row->step);
	buf_add(buf, STR("\tversion "));
	buf_add_i64(buf, row->version);
	buf_add(buf, STR("\texpires "));
	clock_add_rfc3339(buf, row->expires_at);
	if (flow->declared == NULL)
		buf_add(buf, STR("\tnot declared"));
	if (row->scope == FLOW_SCOPE_SESSION)
		buf_add(buf, STR("\tof the session"));
	if (row->from_guest)
		buf_add(buf, STR("\tfrom a guest"));
	buf_add_char(buf, '\n');
}
