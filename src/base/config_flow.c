/* [flow KIND]: steps, the moves of clients, counters. */
#include "config_flow.h"

#include "clock.h"

#define ATTEMPTS_MAX 1000000

static bool is_inner(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

bool config_is_flow_name(struct str name)
{
	if (name.n == 0 || name.n > FLOW_NAME_MAX || str_contains(STR("._-"), name.p[0]))
		return false;
	for (size_t i = 0; i < name.n; i++) {
		if (!is_inner(name.p[i]))
			return false;
	}
	return true;
}

const struct flow_config *config_flow(const struct config *config, struct str kind)
{
	for (size_t i = 0; i < config->flow_count; i++) {
		if (str_equal(config->flows[i].kind, kind))
			return &config->flows[i];
	}
	return NULL;
}

/* "cooldown 30s" or "reset 15m". */
static enum err take_span(struct str part, struct flow_counter_config *counter,
			  struct fault *reason)
{
	struct str word;
	struct str text;
	int64_t *out = NULL;
	int64_t span = 0;

	(void)str_cut(part, ' ', &word, &text);
	if (str_equal(word, STR("cooldown")))
		out = &counter->cooldown;
	if (str_equal(word, STR("reset")))
		out = &counter->reset;
	if (out == NULL || *out != 0)
		return fault_set(reason, "a counter is ATTEMPTS, reset SPAN, and perhaps cooldown "
					 "SPAN, each once");
	if (clock_parse_span(str_trim(text), &span) != OK || span < CLOCK_SECOND ||
	    span > CLOCK_DAY)
		return fault_set(reason, "a counter's spans are from 1s to 24h");
	*out = span;
	return OK;
}

enum err config_flow_counter(struct flow_config *flow, struct str name, struct str value,
			     struct arena *arena, struct fault *reason)
{
	struct flow_counter_config counter = {.attempts = 0};
	struct str rest = value;
	struct str part;
	uint64_t attempts = 0;

	if (!config_is_flow_name(name))
		return fault_set(reason, "expected counter.NAME: a-z, 0-9, ., _ and -, at most 64");
	for (size_t i = 0; i < flow->counter_count; i++) {
		if (str_equal(flow->counters[i].name, name))
			return fault_set(reason, "this counter is there twice");
	}
	if (flow->counter_count == FLOW_COUNTERS)
		return fault_set(reason, "more than %d counters", FLOW_COUNTERS);
	bool more = str_cut(rest, ',', &part, &rest);
	if (str_to_u64(str_trim(part), ATTEMPTS_MAX, &attempts) != OK || attempts == 0)
		return fault_set(reason, "a counter begins with a number of attempts, 1 to %d",
				 ATTEMPTS_MAX);
	while (more) {
		more = str_cut(rest, ',', &part, &rest);
		TRY(take_span(str_trim(part), &counter, reason));
	}
	if (counter.reset == 0 || counter.cooldown > counter.reset)
		return fault_set(reason, "a counter needs reset SPAN, not shorter than its "
					 "cooldown");
	counter.attempts = (unsigned)attempts;
	TRY(str_copy(arena, name, &counter.name));
	flow->counters[flow->counter_count++] = counter;
	return OK;
}

/* The number of steps: there is none of this name. */
static size_t find_step(const struct flow_config *flow, struct str name)
{
	size_t i = 0;

	while (i < flow->step_count && !str_equal(flow->steps[i], name))
		i++;
	return i;
}

/* NULL: fine. The slices point into steps_text, which the arena has. */
static const char *read_steps(struct flow_config *flow)
{
	struct str rest = flow->steps_text;
	struct str name;
	bool more = true;

	while (more) {
		more = str_cut(rest, '>', &name, &rest);
		name = str_trim(name);
		if (!config_is_flow_name(name))
			return "must be steps such as start > done: a-z, 0-9, ., _ and -";
		if (find_step(flow, name) < flow->step_count)
			return "has a step twice";
		if (flow->step_count == FLOW_STEPS)
			return "has more than 16 steps";
		flow->steps[flow->step_count++] = name;
	}
	return NULL;
}

/* One chain: start > kyc > otp are two moves. */
static const char *read_chain(struct flow_config *flow, struct str chain)
{
	size_t from = FLOW_STEPS;
	struct str name;
	bool more = true;

	while (more) {
		more = str_cut(chain, '>', &name, &chain);
		size_t to = find_step(flow, str_trim(name));
		if (to == flow->step_count)
			return "names what is no step of this flow";
		if (from == FLOW_STEPS && !more)
			return "must be moves such as start > kyc, kyc > otp";
		if (from < FLOW_STEPS)
			flow->moves[from] |= UINT32_C(1) << to;
		from = to;
	}
	return NULL;
}

static const char *read_moves(struct flow_config *flow)
{
	struct str rest = flow->moves_text;
	struct str chain;
	const char *flaw = NULL;
	bool more = str_is_present(rest);

	while (more && flaw == NULL) {
		more = str_cut(rest, ',', &chain, &rest);
		flaw = read_chain(flow, chain);
	}
	return flaw;
}

enum err config_flow_check(struct config_draft *draft)
{
	for (size_t i = 0; i < draft->config->flow_count; i++) {
		struct flow_config *flow = &draft->config->flows[i];
		size_t part = config_draft_part(CONFIG_FLOW, i);
		const char *flaw = read_steps(flow);

		if (flaw != NULL)
			return config_draft_refuse(
				draft, part, config_table_find(STR("flow"), STR("steps")), flaw);
		flaw = read_moves(flow);
		if (flaw != NULL)
			return config_draft_refuse(
				draft, part, config_table_find(STR("flow"), STR("client_may")),
				flaw);
	}
	return OK;
}
