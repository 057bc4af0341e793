/* /flows: where a journey stands, and its steps. */
#include "answer.h"
#include "flow_call.h"
#include "handlers.h"
#include "json_merge.h"

enum err api_flow_start(struct call *call)
{
	struct flow_beginning beginning = {.data = call_text(call, "data")};
	struct flow_outcome outcome;
	struct flow_key key;
	bool answered;
	TRY(flow_call_key(call, &key, &answered));
	if (!answered)
		TRY(flow_call_return_to(call, &beginning.return_to, &answered));
	if (answered)
		return OK;
	TRY(flow_start(&call->auth, &key, &beginning, &outcome));
	return flow_call_answer(call, &key, &outcome);
}

enum err api_flow_show(struct call *call)
{
	struct flow_outcome outcome;
	struct flow_key key;
	bool answered;
	TRY(flow_call_key(call, &key, &answered));
	if (answered)
		return OK;
	TRY(flow_read(&call->auth, &key, &outcome));
	return flow_call_answer(call, &key, &outcome);
}

/* What a service does to a flow of the session that it asks about. */
static enum err serve(struct call *call, const struct flow_key *key, struct flow_service *service)
{
	struct flow_outcome outcome;
	service->merge = json_merge;
	TRY(flow_serve(&call->auth, key, service, &outcome));
	if (outcome.verdict == FLOW_DONE && service->ends) {
		response_status(&call->response, 204);
		return OK;
	}
	return flow_call_answer(call, key, &outcome);
}

/* The member that is not the caller's to write; absent: none. */
static struct str foreign_member(const struct call *call)
{
	static const struct {
		const char *name;
		bool of_services;
	} MEMBERS[] = {{"facts", true}, {"data", false}, {"return_to", false}};
	for (size_t i = 0; i < sizeof(MEMBERS) / sizeof(MEMBERS[0]); i++) {
		const char *name = MEMBERS[i].name;
		if (MEMBERS[i].of_services != call->by_service &&
		    (str_is_present(call_text(call, name)) || call_is_null(call, name)))
			return str_of(name);
	}
	return STR_NONE;
}

enum err api_flow_patch(struct call *call)
{
	struct flow_match match;
	struct flow_patch patch = {
		.match = &match,
		.merge = json_merge,
		.data = call_text(call, "data"),
		.clears_data = call_is_null(call, "data"),
	};
	struct flow_service service = {
		.match = &match,
		.facts = call_text(call, "facts"),
		.clears_facts = call_is_null(call, "facts"),
	};
	struct str foreign = foreign_member(call);
	struct flow_outcome outcome;
	struct flow_key key;
	bool answered;
	if (str_is_present(foreign))
		return answer_bad_field(call, foreign,
					call->by_service ? STR("is the client's to write")
							 : STR("is a service's to write"));
	TRY(flow_call_key(call, &key, &answered));
	if (!answered)
		TRY(flow_call_match(call, &match, &answered));
	if (!answered)
		TRY(flow_call_return_to(call, &patch.return_to, &answered));
	if (answered)
		return OK;
	if (call->by_service && !str_is_present(service.facts) && !service.clears_facts)
		return answer_bad_field(call, STR("facts"), STR("is missing"));
	if (call->by_service)
		return serve(call, &key, &service);
	if (call_is_null(call, "return_to"))
		patch.return_to = STR("");
	TRY(flow_patch(&call->auth, &key, &patch, &outcome));
	return flow_call_answer(call, &key, &outcome);
}

enum err api_flow_step(struct call *call)
{
	struct str to = call_text(call, "to");
	struct flow_match match;
	struct flow_outcome outcome;
	struct flow_key key;
	bool answered;
	TRY(flow_call_key(call, &key, &answered));
	if (!answered)
		TRY(flow_call_match(call, &match, &answered));
	if (answered)
		return OK;
	if (!config_is_flow_name(to))
		return answer_bad_field(call, STR("to"), STR("not a name of a step"));
	if (call->by_service)
		return serve(call, &key, &(struct flow_service){.match = &match, .to = to});
	TRY(flow_step(&call->auth, &key, &match, to, &outcome));
	return flow_call_answer(call, &key, &outcome);
}

enum err api_flow_end(struct call *call)
{
	struct flow_match match;
	bool matches = str_is_present(call->request.if_match);
	struct flow_outcome outcome;
	struct flow_key key;
	bool answered;
	TRY(flow_call_key(call, &key, &answered));
	if (!answered && matches)
		TRY(flow_call_match(call, &match, &answered));
	if (answered)
		return OK;
	if (call->by_service)
		return serve(
			call, &key,
			&(struct flow_service){.match = matches ? &match : NULL, .ends = true});
	TRY(flow_end(&call->auth, &key, matches ? &match : NULL, &outcome));
	if (outcome.verdict != FLOW_DONE)
		return flow_call_answer(call, &key, &outcome);
	response_status(&call->response, 204);
	return OK;
}

enum err api_flow_attempt(struct call *call)
{
	struct flow_outcome outcome;
	struct json_out out;
	struct flow_key key;
	bool answered;
	TRY(flow_call_key(call, &key, &answered));
	if (answered)
		return OK;
	TRY(flow_attempt(&call->auth, &key, call_text(call, "counter"), &outcome));
	if (outcome.verdict != FLOW_DONE)
		return flow_call_answer(call, &key, &outcome);
	answer_json_begin(call, 200, &out);
	json_number(&out, "attempts_left", outcome.counter.left);
	json_time(&out, "retry_at", outcome.counter.retry_at);
	return answer_json_end(call, &out);
}
