/* Flows as the contract shows them. */
#include "view_flow.h"

#include "buf.h"
#include "flow_rule.h"

#define TAG_MAX 64

void view_flow_allowed(struct json_out *out, const struct flow *flow)
{
	const struct flow_config *declared = flow->declared;
	if (declared == NULL) {
		json_none(out, "allowed_steps");
		return;
	}
	json_open_array(out, "allowed_steps");
	for (size_t i = 0; i < declared->step_count; i++)
		if (flow_rule_may_move(flow, declared->steps[i]))
			json_text(out, NULL, declared->steps[i]);
	json_close_array(out);
}

/* The writer takes names that end with a NUL, as those of a configuration do. */
static void add_counters(struct json_out *out, const struct flow *flow)
{
	json_open_object(out, "counters");
	for (size_t i = 0; i < flow->counter_count; i++) {
		const struct flow_counter *counter = &flow->counters[i];
		json_open_object(out, counter->name.p);
		json_number(out, "left", counter->left);
		json_time(out, "retry_at", counter->retry_at);
		json_close_object(out);
	}
	json_close_object(out);
}

void view_flow_json(struct json_out *out, const char *name, const struct flow *flow)
{
	const struct flow_row *row = &flow->row;
	json_open_object(out, name);
	json_text(out, "kind", row->kind);
	json_text(out, "step", row->step);
	view_flow_allowed(out, flow);
	json_text(out, "return_to", row->return_to.n > 0 ? row->return_to : STR_NONE);
	json_raw(out, "data", row->data);
	json_raw(out, "facts", row->facts);
	add_counters(out, flow);
	json_text(out, "scope", row->scope == FLOW_SCOPE_SESSION ? STR("session") : STR("user"));
	json_bool(out, "trusted", flow->declared != NULL);
	json_text(out, "from", row->from_guest ? STR("guest") : STR_NONE);
	json_number(out, "version", row->version);
	json_time(out, "expires_at", row->expires_at);
	json_close_object(out);
}

enum err view_flow_tag(struct arena *arena, const struct flow_row *row, struct str *out)
{
	struct buf tag;
	buf_init(&tag, arena, TAG_MAX);
	buf_add_char(&tag, '"');
	id_add(&tag, row->id);
	buf_add_char(&tag, '.');
	buf_add_i64(&tag, row->version);
	buf_add_char(&tag, '"');
	return buf_str(&tag, out);
}

/* False: a weak one, or none that this server has made. */
static bool read_tag(struct str text, struct flow_tag *tag)
{
	struct str id, number;
	uint64_t version;
	if (text.n < 2 || text.p[0] != '"' || text.p[text.n - 1] != '"')
		return false;
	if (!str_cut(str_sub(text, 1, text.n - 1), '.', &id, &number))
		return false;
	if (id_parse(id, &tag->id) != OK || str_to_u64(number, INT64_MAX, &version) != OK)
		return false;
	tag->version = (int64_t)version;
	return true;
}

void view_flow_match(struct str header, struct flow_match *out)
{
	struct str part, rest = header;
	*out = (struct flow_match){.any = str_equal(str_trim(header), STR("*"))};
	for (bool more = true; more && out->n < FLOW_TAGS;) {
		more = str_cut(rest, ',', &part, &rest);
		if (read_tag(str_trim(part), &out->tags[out->n]))
			out->n++;
	}
}
