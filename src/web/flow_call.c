/* What the calls about one flow have in common. */
#include "flow_call.h"

#include "answer.h"
#include "audit.h"
#include "buf.h"
#include "return_to.h"
#include "view.h"
#include "view_flow.h"

#define SENTENCE_MAX 256

enum err flow_call_key(struct call *call, struct flow_key *key, bool *answered)
{
	*key = (struct flow_key){
		.reach = flow_reach_of(&call->session),
		.kind = call->match.segment,
	};
	*answered = !config_is_flow_name(key->kind);
	if (!*answered)
		return OK;
	return answer_bad_field(call, STR("kind"),
				STR("a-z, 0-9, dot, hyphen and underscore, at most 64, the first a "
				    "letter or digit"));
}

enum err flow_call_match(struct call *call, struct flow_match *match, bool *answered)
{
	*answered = !str_is_present(call->request.if_match);
	if (*answered)
		return view_problem(call, PROBLEM_PRECONDITION_REQUIRED,
				    &(struct problem_detail){.rotated = false});
	view_flow_match(call->request.if_match, match);
	return OK;
}

enum err flow_call_return_to(struct call *call, struct str *out, bool *answered)
{
	struct str text = call_text(call, "return_to");
	*answered = false;
	*out = STR_NONE;
	if (!str_is_present(text))
		return OK;
	if (return_to_find(call->app->config, text).kind == RETURN_NOWHERE) {
		*answered = true;
		return answer_bad_field(call, STR("return_to"),
					STR("neither a path of this site nor listed for a client"));
	}
	*out = text;
	return OK;
}

static enum err answer_flow(struct call *call, const struct flow_key *key,
			    const struct flow_outcome *outcome)
{
	bool created = outcome->verdict == FLOW_CREATED;
	struct json_out out;
	struct str tag;
	TRY(view_flow_tag(call->arena, &outcome->flow.row, &tag));
	response_status(&call->response, created ? 201 : 200);
	response_type(&call->response, "application/json; charset=utf-8");
	response_header(&call->response, "ETag", tag);
	if (created)
		TRY(answer_location(call, STR("/api/v1/flows/"), key->kind));
	json_begin(&out, &call->response.body);
	view_flow_json(&out, NULL, &outcome->flow);
	return call->response.body.failed;
}

/* What the client needs to go on, beside the problem itself. */
static void add_current(struct json_out *out, const void *of)
{
	view_flow_json(out, "current", of);
}

static void add_moves(struct json_out *out, const void *of)
{
	const struct flow *flow = of;
	json_text(out, "step", flow->row.step);
	view_flow_allowed(out, flow);
}

static void add_counter(struct json_out *out, const void *of)
{
	const struct flow_counter *counter = of;
	json_number(out, "attempts_left", counter->left);
	json_time(out, "retry_at", counter->retry_at);
}

static enum err answer_stale(struct call *call, const struct flow_outcome *outcome)
{
	struct str tag;
	TRY(view_flow_tag(call->arena, &outcome->flow.row, &tag));
	TRY(view_problem(call, PROBLEM_VERSION_MISMATCH,
			 &(struct problem_detail){.add = add_current, .add_of = &outcome->flow}));
	response_header(&call->response, "ETag", tag);
	return OK;
}

/* A journey that a program tries to cut short is worth a line; a row would be theirs to make. */
static enum err answer_no_move(struct call *call, const struct flow_outcome *outcome)
{
	if (call->by_service)
		return answer_bad_field(call, STR("to"), STR("not a step of this kind"));

	struct audit_event event = {
		.kind = AUDIT_SEQUENCE_REFUSED,
		.user_id = call->session.found.session.user_id,
		.session_id = call->session.found.session.id,
		.detail = outcome->flow.row.kind,
	};
	audit_line(&call->auth, &event);
	return view_problem(call, PROBLEM_CONFLICT,
			    &(struct problem_detail){
				    .detail = STR("A client may not move this flow there."),
				    .add = add_moves,
				    .add_of = &outcome->flow,
			    });
}

static enum err answer_limit(struct call *call, enum problem problem, const char *format,
			     size_t limit)
{
	struct problem_detail detail = {.rotated = false};
	struct buf text;
	buf_init(&text, call->arena, SENTENCE_MAX);
	buf_add(&text, str_of(format));
	buf_add_u64(&text, limit);
	buf_add_char(&text, '.');
	TRY(buf_str(&text, &detail.detail));
	return view_problem(call, problem, &detail);
}

static enum err answer_too_large(struct call *call, size_t limit)
{
	if (call->by_service)
		return answer_limit(call, PROBLEM_TOO_LARGE,
				    "Nothing was changed. The facts of a flow, in bytes as JSON "
				    "without white space: at most ",
				    limit);
	return answer_limit(
		call, PROBLEM_TOO_LARGE,
		limit == FLOW_DATA_MAX_OF_USER
			? "Nothing was changed. All data of a user's flows together, in "
			  "bytes as JSON without white space: at most "
			: "Nothing was changed. The data of a flow, in bytes as JSON "
			  "without white space: at most ",
		limit);
}

static enum err answer_wait(struct call *call, const struct flow_outcome *outcome)
{
	const struct flow_counter *counter = &outcome->counter;
	return view_problem(
		call,
		outcome->verdict == FLOW_USED_UP ? PROBLEM_TOO_MANY_ATTEMPTS : PROBLEM_COOLDOWN,
		&(struct problem_detail){
			.retry_after = answer_seconds(counter->retry_at - call->request.now),
			.add = add_counter,
			.add_of = counter,
		});
}

enum err flow_call_answer(struct call *call, const struct flow_key *key,
			  const struct flow_outcome *outcome)
{
	struct problem_detail none = {.rotated = false};
	switch (outcome->verdict) {
	case FLOW_DONE:
	case FLOW_CREATED:
		return answer_flow(call, key, outcome);
	case FLOW_GONE:
		if (call->by_service)
			return answer_not_found(call);
		return view_problem(call, PROBLEM_UNAUTHENTICATED, &none);
	case FLOW_UNKNOWN:
		return answer_not_found(call);
	case FLOW_OVER:
		return view_problem(call, PROBLEM_FLOW_EXPIRED, &none);
	case FLOW_STALE:
		return answer_stale(call, outcome);
	case FLOW_NO_MOVE:
		return answer_no_move(call, outcome);
	case FLOW_TOO_MANY:
		return answer_limit(call, PROBLEM_CONFLICT,
				    "Nothing was started. Flows at a time: at most ",
				    outcome->limit);
	case FLOW_TOO_LARGE:
		return answer_too_large(call, outcome->limit);
	case FLOW_NO_COUNTER:
		return answer_bad_field(call, STR("counter"), STR("not a counter of this kind"));
	case FLOW_USED_UP:
	case FLOW_COOLING_DOWN:
		return answer_wait(call, outcome);
	case FLOW_REFUSED:
		break;
	}
	return ERR_INTERNAL;
}
