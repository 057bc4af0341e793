/* gatepost flow list|show|end|fact|step */
#include "buf.h"
#include "clock.h"
#include "ctl.h"
#include "flow_rule.h"
#include "json_merge.h"
#include "output.h"
#include "secret_input.h"
#include "session_store.h"

#define PATCH_MAX ((size_t)64 * 1024)

/* Over, though perhaps not deleted yet. */
static bool is_over(const struct session_row *row, int64_t now)
{
	return row->idle_end <= now || row->expires_at <= now;
}

static bool find_session(struct ctl *ctl, struct flow_reach *reach, enum ctl_exit *code)
{
	struct session_row row = {.user_id = ID_NONE};
	bool found = false;
	enum err e = id_parse(ctl_value(ctl, CTL_SESSION), &reach->session_id);

	if (e == OK)
		e = session_store_find_by_id(ctl->auth.db, ctl->auth.arena, &reach->session_id,
					     &row, &found);
	if (e != OK && e != ERR_INPUT)
		*code = ctl_failed(ctl, e);
	else if (!found || is_over(&row, ctl->auth.now))
		*code = ctl_say(CTL_REFUSED, "there is no session with this id");
	reach->user_id = row.user_id;
	return found && !is_over(&row, ctl->auth.now);
}

static bool find_reach(struct ctl *ctl, struct flow_reach *reach, enum ctl_exit *code)
{
	struct user_row user;

	*reach = (struct flow_reach){.user_id = ID_NONE};
	if (ctl_given(ctl, CTL_SESSION))
		return find_session(ctl, reach, code);
	if (!ctl_find_user(ctl, ctl->operand, &user, code))
		return false;
	reach->user_id = user.id;
	return true;
}

/*
 * Takes the words apart: whose flow, unless --session tells, then the others, as many as the
 * command needs. False: *code, and it was said.
 */
static bool read_words(struct ctl *ctl, const char *needed, struct str *words, enum ctl_exit *code)
{
	size_t from = ctl_given(ctl, CTL_SESSION) ? 0 : 1;
	size_t n = 0;

	while (n < CTL_OPERANDS_MAX && ctl->operands[n].n > 0)
		n++;
	if (n < from) {
		*code = ctl_say(CTL_USAGE, "whose? a user name, an address or an id, or "
					   "--session ID");
		return false;
	}
	for (size_t i = 0; needed[i] != '\0'; i++, from++) {
		words[i] = from < n ? ctl->operands[from] : STR_NONE;
		if (from < n)
			continue;
		*code = ctl_say(CTL_USAGE, needed[i] == 'k' ? "which kind?" : "to which step?");
		return false;
	}
	if (n == from)
		return true;
	*code = ctl_say(CTL_USAGE, "give one of: USER, --session ID");
	return false;
}

static enum ctl_exit refuse_kind(const struct ctl *ctl, const struct flow_key *key)
{
	struct flow_kind kind;
	int n = (int)key->kind.n;
	const char *p = key->kind.p;

	if (!config_is_flow_name(key->kind) || !flow_rule_kind(ctl->auth.config, key->kind, &kind))
		return ctl_say(CTL_REFUSED, "there is no such kind of flows: %.*s", n, p);
	if (kind.scope == FLOW_SCOPE_SESSION && id_is_none(key->reach.session_id))
		return ctl_say(CTL_REFUSED,
			       "flows of this kind belong to sessions, say --session ID: %.*s", n,
			       p);
	return ctl_say(CTL_REFUSED, "there is no such flow: %.*s", n, p);
}

static enum ctl_exit refuse_step(struct ctl *ctl, const struct flow *flow)
{
	const struct flow_config *declared = flow->declared;
	struct buf steps;
	struct str text = STR_NONE;

	buf_init(&steps, ctl->auth.arena, (size_t)FLOW_STEPS * (FLOW_NAME_MAX + 2));
	for (size_t i = 0; declared != NULL && i < declared->step_count; i++) {
		buf_add(&steps, i == 0 ? STR("") : STR(", "));
		buf_add(&steps, declared->steps[i]);
	}
	if (buf_str(&steps, &text) != OK)
		return ctl_failed(ctl, ERR_MEMORY);
	return ctl_say(CTL_REFUSED, "not a step of this kind; they are: %.*s", (int)text.n, text.p);
}

static enum ctl_exit refuse(struct ctl *ctl, const struct flow_key *key,
			    const struct flow_outcome *outcome)
{
	switch (outcome->verdict) {
	case FLOW_GONE:
		return ctl_say(CTL_REFUSED,
			       id_is_none(key->reach.user_id)
				       ? "the session is not a guest's any more; nothing was done"
				       : "the account is not active; nothing was done");
	case FLOW_OVER:
		return ctl_say(CTL_REFUSED, "the flow has expired");
	case FLOW_NO_MOVE:
		return refuse_step(ctl, &outcome->flow);
	case FLOW_TOO_LARGE:
		return ctl_say(CTL_REFUSED,
			       "nothing was done: facts may have %zu bytes as JSON without white "
			       "space",
			       outcome->limit);
	case FLOW_UNKNOWN:
		return refuse_kind(ctl, key);
	default:
		return ctl_failed(ctl, ERR_INTERNAL);
	}
}

static void add_line(struct buf *buf, const char *name, struct str text)
{
	buf_add(buf, str_of(name));
	buf_add_char(buf, '\t');
	output_plain(buf, text);
	buf_add_char(buf, '\n');
}

static void add_counter(struct buf *buf, const struct flow_counter *counter)
{
	buf_add(buf, STR("counter "));
	buf_add(buf, counter->name);
	buf_add(buf, STR("\tleft "));
	buf_add_u64(buf, counter->left);
	if (counter->retry_at != 0) {
		buf_add(buf, STR("\tnext "));
		clock_add_rfc3339(buf, counter->retry_at);
	}
	buf_add_char(buf, '\n');
}

static enum ctl_exit show(struct ctl *ctl, const struct flow *flow)
{
	struct output output;

	output_begin(&output, ctl);
	if (output.is_json) {
		output_flow_json(&output.json, NULL, flow);
		return output_end(&output);
	}
	output_flow_text(&output.buf, flow);
	if (flow->row.return_to.n > 0)
		add_line(&output.buf, "return to", flow->row.return_to);
	add_line(&output.buf, "data", flow->row.data);
	add_line(&output.buf, "facts", flow->row.facts);
	for (size_t i = 0; i < flow->counter_count; i++)
		add_counter(&output.buf, &flow->counters[i]);
	return output_end(&output);
}

/* Whose flow, of which kind; for a move the step. */
static bool read_key(struct ctl *ctl, const char *needed, struct flow_key *key, struct str *step,
		     enum ctl_exit *code)
{
	struct str words[CTL_OPERANDS_MAX] = {STR_NONE};

	if (!read_words(ctl, needed, words, code))
		return false;
	key->kind = words[0];
	*step = words[1];
	return find_reach(ctl, &key->reach, code);
}

static enum ctl_exit serve(struct ctl *ctl, const struct flow_key *key,
			   const struct flow_service *service)
{
	struct flow_outcome outcome = {.verdict = FLOW_REFUSED};
	enum err e = OK;

	if (!config_is_flow_name(key->kind))
		return refuse_kind(ctl, key);
	e = flow_serve(&ctl->auth, key, service, &outcome);
	if (e != OK)
		return ctl_failed(ctl, e);
	return outcome.verdict == FLOW_DONE ? show(ctl, &outcome.flow) : refuse(ctl, key, &outcome);
}

enum ctl_exit cmd_flow_show(struct ctl *ctl)
{
	struct flow_outcome outcome = {.verdict = FLOW_REFUSED};
	struct flow_key key;
	struct str none = STR_NONE;
	enum ctl_exit code = CTL_FINE;
	enum err e = OK;

	if (!read_key(ctl, "k", &key, &none, &code))
		return code;
	if (!config_is_flow_name(key.kind))
		return refuse_kind(ctl, &key);
	e = flow_read(&ctl->auth, &key, &outcome);
	if (e != OK)
		return ctl_failed(ctl, e);
	return outcome.verdict == FLOW_DONE ? show(ctl, &outcome.flow)
					    : refuse(ctl, &key, &outcome);
}

enum ctl_exit cmd_flow_end(struct ctl *ctl)
{
	const struct flow_service service = {.ends = true};
	struct flow_key key;
	struct str none = STR_NONE;
	enum ctl_exit code = CTL_FINE;

	return read_key(ctl, "k", &key, &none, &code) ? serve(ctl, &key, &service) : code;
}

enum ctl_exit cmd_flow_step(struct ctl *ctl)
{
	struct flow_service service = {.merge = json_merge};
	struct flow_key key;
	enum ctl_exit code = CTL_FINE;

	return read_key(ctl, "ks", &key, &service.to, &code) ? serve(ctl, &key, &service) : code;
}

/* What comes is whole and an object before anything is asked of the database. */
static bool read_facts(struct ctl *ctl, struct str *facts, enum ctl_exit *code)
{
	struct str text = STR_NONE;
	enum err e = secret_input_all(ctl->auth.arena, PATCH_MAX, &text, &ctl->fault);

	if (e == ERR_INPUT) {
		*code = ctl_say(CTL_REFUSED, "%s", ctl->fault.text);
		return false;
	}
	if (e == OK)
		e = json_compact(ctl->auth.arena, text, PATCH_MAX, facts);
	if (e == ERR_INPUT)
		*code = ctl_say(CTL_REFUSED, "the facts must be a JSON object, no member twice");
	else if (e != OK)
		*code = ctl_failed(ctl, e);
	return e == OK;
}

enum ctl_exit cmd_flow_fact(struct ctl *ctl)
{
	struct flow_service service = {.merge = json_merge};
	struct flow_key key;
	struct str none = STR_NONE;
	enum ctl_exit code = CTL_FINE;

	if (!ctl_given(ctl, CTL_FACTS_STDIN))
		return ctl_say(CTL_USAGE, "give --facts-stdin, and the facts on standard input");
	if (!read_key(ctl, "k", &key, &none, &code) || !read_facts(ctl, &service.facts, &code))
		return code;
	return serve(ctl, &key, &service);
}

static void add_all(struct output *output, const struct flow_state *state)
{
	if (!output->is_json) {
		for (size_t i = 0; i < state->n; i++)
			output_flow_text(&output->buf, &state->flows[i]);
		if (state->why == FLOW_WHY_GUEST) {
			buf_add(&output->buf, STR("offered:\t"));
			output_flow_text(&output->buf, state->next);
		}
		return;
	}
	json_open_object(&output->json, NULL);
	json_open_array(&output->json, "flows");
	for (size_t i = 0; i < state->n; i++)
		output_flow_json(&output->json, NULL, &state->flows[i]);
	json_close_array(&output->json);
	if (state->why == FLOW_WHY_GUEST)
		output_flow_json(&output->json, "offered", state->next);
	else
		json_none(&output->json, "offered");
	json_close_object(&output->json);
}

enum ctl_exit cmd_flow_list(struct ctl *ctl)
{
	struct flow_state state = {.n = 0};
	struct flow_reach reach;
	struct output output;
	struct str none[1] = {STR_NONE};
	enum ctl_exit code = CTL_FINE;
	enum err e = OK;

	if (!read_words(ctl, "", none, &code) || !find_reach(ctl, &reach, &code))
		return code;
	e = flow_list(&ctl->auth, &reach, &state);
	if (e != OK)
		return ctl_failed(ctl, e);
	output_begin(&output, ctl);
	add_all(&output, &state);
	return output_end(&output);
}
