/* /sessions: signing in, the list of one's sessions, ending others. */
#include "answer.h"
#include "call.h"
#include "fields.h"
#include "handlers.h"
#include "handover.h"
#include "issued.h"
#include "passkey_call.h"
#include "signin_call.h"
#include "signout_call.h"
#include "token_call.h"
#include "view.h"

/* What is wrong with the body; field absent: nothing, and the client is one of ours. */
static struct problem_detail flaw_of(const struct call *call, struct signin_form *form)
{
	const struct fields_client client = {
		.name = form->client,
		.class = policy_class(form->carrier, form->remember),
	};
	struct str reason;
	if (form->carrier == CARRIER_NONE)
		return (struct problem_detail){.field = STR("transport"),
					       .reason = STR("must be handle, cookie or token")};
	form->client = fields_client(call->app->config, &client, &reason);
	if (!str_is_present(form->client))
		return (struct problem_detail){.field = STR("client"), .reason = reason};
	if (str_is_present(form->device_name) && !fields_is_device_name(form->device_name))
		return (struct problem_detail){
			.field = STR("device_name"),
			.reason = STR("at most 100 characters, no control characters")};
	if (str_is_present(form->device_id) && !fields_is_device_id(form->device_id))
		return (struct problem_detail){.field = STR("device_id"),
					       .reason =
						       STR("1 to 128 printable ASCII characters")};
	return (struct problem_detail){.field = STR_NONE};
}

static struct signin_form form_of(const struct call *call)
{
	return (struct signin_form){
		.identifier = call_text(call, "identifier"),
		.password = call_text(call, "password"),
		.carrier = fields_carrier(call_text(call, "transport")),
		.remember = call_flag(call, "remember"),
		.client = call_text(call, "client"),
		.device_name = call_text(call, "device_name"),
		.device_id = call_text(call, "device_id"),
	};
}

/* The ways to sign in, each with all that it takes. */
static const struct way {
	const char *needs[2]; /* the other NULL: one is enough */
	const char *alone;
} WAYS[] = {
	{{"passkey", NULL}, "not together with passkey"},
	{{"handover", "verifier"}, "not together with handover"},
	{{"identifier", "password"}, NULL},
};
#define WAY_COUNT (sizeof(WAYS) / sizeof(WAYS[0]))

static bool has_any(const struct call *call, const struct way *way)
{
	for (size_t i = 0; i < 2 && way->needs[i] != NULL; i++)
		if (str_is_present(call_text(call, way->needs[i])))
			return true;
	return false;
}

/* Field absent: nothing is there of it. */
static struct problem_detail flaw_of_other(const struct call *call, const struct way *other,
					   const struct way *way)
{
	for (size_t i = 0; i < 2 && other->needs[i] != NULL; i++)
		if (str_is_present(call_text(call, other->needs[i])))
			return (struct problem_detail){.field = str_of(other->needs[i]),
						       .reason = str_of(way->alone)};
	return (struct problem_detail){.field = STR_NONE};
}

/* One way to sign in, and all that it takes. Field absent: nothing is wrong. */
static struct problem_detail flaw_of_proof(const struct call *call)
{
	struct problem_detail flaw = {.field = STR_NONE};
	size_t at = 0;
	while (at + 1 < WAY_COUNT && !has_any(call, &WAYS[at]))
		at++;
	const struct way *way = &WAYS[at];
	for (size_t i = at + 1; i < WAY_COUNT && !str_is_present(flaw.field); i++)
		flaw = flaw_of_other(call, &WAYS[i], way);
	if (str_is_present(flaw.field))
		return flaw;
	for (size_t i = 0; i < 2 && way->needs[i] != NULL; i++)
		if (!str_is_present(call_text(call, way->needs[i])))
			return (struct problem_detail){.field = str_of(way->needs[i]),
						       .reason = STR("is missing")};
	if (str_is_present(call_text(call, "verifier")) &&
	    !handover_is_verifier(call_text(call, "verifier")))
		return (struct problem_detail){.field = STR("verifier"),
					       .reason = STR("43 to 128 unreserved characters")};
	return flaw;
}

static enum err create_by_passkey(struct call *call, const struct signin_form *form)
{
	static const struct problem_detail wrong = {
		.detail = {"The passkey is not right, or was used before. Ask for a new challenge.",
			   70}};
	struct passkey_call_outcome outcome;
	struct session_issued issued;
	TRY(passkey_call_sign_in(call, form, call_text(call, "passkey"), &outcome, &issued));
	if (!outcome.well_formed)
		return answer_bad_field(call, STR("passkey"),
					STR("is not what a browser gives of a passkey"));
	if (outcome.verdict == SIGNIN_THROTTLED)
		return answer_throttled(call, outcome.wait);
	if (outcome.verdict != SIGNIN_ACCEPTED)
		return view_problem(call, PROBLEM_INVALID_CREDENTIALS, &wrong);
	return issued_created(call, &issued);
}

static enum err create_by_handover(struct call *call, const struct signin_form *form)
{
	struct session_issued issued;
	bool taken;
	TRY(api_handover_take(call, form, &issued, &taken));
	return taken ? issued_created(call, &issued) : OK;
}

enum err api_sessions_create(struct call *call)
{
	struct signin_form form = form_of(call);
	struct problem_detail flaw = flaw_of_proof(call);
	enum signin_verdict verdict;
	struct session_issued issued;
	unsigned wait;
	if (!str_is_present(flaw.field))
		flaw = flaw_of(call, &form);
	if (str_is_present(flaw.field))
		return view_problem(call, PROBLEM_INVALID_REQUEST, &flaw);
	if (form.carrier == CARRIER_TOKEN)
		TRY(token_ready(call));
	if (str_is_present(call_text(call, "handover")))
		return create_by_handover(call, &form);
	if (str_is_present(call_text(call, "passkey")))
		return create_by_passkey(call, &form);
	TRY(signin_of_call(call, &form, &verdict, &wait, &issued));
	if (verdict == SIGNIN_THROTTLED)
		return answer_throttled(call, wait);
	if (verdict != SIGNIN_ACCEPTED)
		return view_problem(call, PROBLEM_INVALID_CREDENTIALS, &flaw);
	return issued_created(call, &issued);
}

static enum err answer_list(struct call *call, const struct session_list *list)
{
	struct json_out out;
	struct str cursor = STR_NONE;
	if (list->more)
		TRY(fields_cursor_text(call->arena, &list->next, &cursor));
	answer_json_begin(call, 200, &out);
	json_open_array(&out, "sessions");
	for (size_t i = 0; i < list->n; i++)
		view_session_row_json(&out, call, &list->rows[i], call->session.elevated);
	json_close_array(&out);
	json_text(&out, "next_cursor", cursor);
	return answer_json_end(call, &out);
}

enum err api_sessions_list(struct call *call)
{
	const struct session_row *current = &call->session.found.session;
	struct page_cursor from;
	struct session_list list;
	if (fields_limit_parse(call_query(call, "limit"), &from.limit) != OK)
		return answer_bad_field(call, STR("limit"), STR("must be 1 to 100"));
	if (fields_cursor_parse(call_query(call, "cursor"), &from) != OK)
		return answer_bad_field(call, STR("cursor"), STR("not a cursor of this list"));
	TRY(session_list(&call->auth, &current->user_id, &from, &list));
	return answer_list(call, &list);
}

enum err api_sessions_end_one(struct call *call)
{
	const struct session_row *current = &call->session.found.session;
	struct id id;
	bool ended = true;
	if (call->by_service)
		return api_session_end(call);
	if (id_parse(call->match.segment, &id) != OK)
		return answer_not_found(call);
	if (id_equal(id, current->id))
		TRY(signout_of_call(call));
	else
		TRY(session_end_one(&call->auth, &current->user_id, &id, &ended));
	if (!ended)
		return answer_not_found(call);
	response_status(&call->response, 204);
	return OK;
}

enum err api_sessions_end_many(struct call *call)
{
	const struct session_row *current = &call->session.found.session;
	struct str scope = call_query(call, "scope");
	bool all = str_equal(scope, STR("all"));
	struct json_out out;
	uint64_t ended;
	if (!all && !str_equal(scope, STR("others")))
		return answer_bad_field(call, STR("scope"), STR("must be others or all"));
	TRY(session_end_all(&call->auth, &current->user_id, all ? NULL : &current->id, &ended));
	if (all && call->credential.carrier == CARRIER_COOKIE)
		signout_forget(call);
	answer_json_begin(call, 200, &out);
	json_number(&out, "revoked", (int64_t)ended);
	return answer_json_end(call, &out);
}
