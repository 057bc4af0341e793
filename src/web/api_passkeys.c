/* /passkeys: registering, listing and removing them, and what one signs to sign in with it. */
#include "answer.h"
#include "call.h"
#include "fields.h"
#include "handlers.h"
#include "issued.h"
#include "passkey.h"
#include "passkey_json.h"
#include "throttle.h"
#include "view.h"
#include "webauthn_json.h"

static enum err answer_conflict(struct call *call, struct str detail)
{
	return view_problem(call, PROBLEM_CONFLICT, &(struct problem_detail){.detail = detail});
}

static enum err answer_full(struct call *call)
{
	return answer_conflict(call, STR("There are 20 passkeys, so nothing was done. Remove one "
					 "that is not used any more."));
}

/* The options alone, as a browser's parse functions take them. */
static void begin_bare(struct call *call, struct json_out *out)
{
	response_status(&call->response, 200);
	response_type(&call->response, "application/json; charset=utf-8");
	json_begin(out, &call->response.body);
}

enum err api_passkeys_options(struct call *call)
{
	const struct session_row *row = &call->session.found.session;
	const struct challenge_place place = {
		.kind = CHALLENGE_REGISTRATION,
		.session_id = row->id,
	};
	struct passkey_offer offer;
	struct json_out out;
	TRY(passkey_offer(&call->auth, &place, &row->user_id, STR(""), &offer));
	if (offer.known_count >= PASSKEYS_MAX)
		return answer_full(call);
	begin_bare(call, &out);
	TRY(passkey_json_creation(call, &out, NULL, &offer));
	return call->response.body.failed;
}

enum err api_sessions_passkey_options(struct call *call)
{
	const struct challenge_place place = {.kind = CHALLENGE_SIGN_IN, .browser = STR("")};
	struct throttle_ticket ticket;
	struct passkey_offer offer;
	struct json_out out;
	TRY(throttle_take_challenge(&call->auth, &ticket));
	if (!ticket.allowed)
		return answer_throttled(call, answer_seconds(ticket.wait));
	TRY(passkey_offer(&call->auth, &place, &ID_NONE, STR(""), &offer));
	begin_bare(call, &out);
	TRY(passkey_json_request(call, &out, NULL,
				 &(struct passkey_json_of){.offer = &offer, .verified = true}));
	return call->response.body.failed;
}

static enum err read_registration(struct call *call, struct passkey_registration *request,
				  bool *answered)
{
	struct webauthn_json_registration read;
	struct str name = call_text(call, "name");
	enum err e = webauthn_json_registration(call->arena, call_text(call, "passkey"), &read);
	*answered = true;
	if (e == ERR_INPUT)
		return answer_bad_field(call, STR("passkey"),
					STR("is not what a browser gives of a new passkey"));
	TRY(e);
	if (str_is_present(name) && !fields_is_device_name(name))
		return answer_bad_field(call, STR("name"),
					STR("at most 100 characters, no control characters"));
	*answered = false;
	request->given = read.given;
	request->transports = read.transports;
	request->name = name;
	return OK;
}

static enum err answer_refused(struct call *call, enum factors_verdict verdict)
{
	static const struct problem_detail wrong = {
		.detail = {"The passkey was not made for this, or too late. Ask for new options.",
			   68}};
	switch (verdict) {
	case FACTORS_WRONG:
		return view_problem(call, PROBLEM_INVALID_CREDENTIALS, &wrong);
	case FACTORS_TAKEN:
		return answer_conflict(call, STR("This passkey is registered already."));
	case FACTORS_FULL:
		return answer_full(call);
	default:
		return issued_gone(call);
	}
}

static void add_codes(struct json_out *out, const struct recovery_codes *codes)
{
	json_open_array(out, "recovery_codes");
	/* The one place where they leave with a passkey: their keeper must be told. */
	for (size_t i = 0; i < RECOVERY_SET_CODES; i++)
		json_text(out, NULL,
			  (struct str){(const char *)codes->texts[i].bytes, codes->texts[i].len});
	json_close_array(out);
}

static enum err answer_registered(struct call *call, const struct passkey_registered *done)
{
	struct json_out out;
	if (done->renewed) {
		issued_take(call, &done->issued);
		TRY(issued_json(call, 201, &done->issued, &out));
	} else {
		answer_json_begin(call, 201, &out);
	}
	passkey_json_row(&out, "passkey", &done->row);
	if (done->has_codes)
		add_codes(&out, &done->codes);
	return answer_json_end(call, &out);
}

enum err api_passkeys_create(struct call *call)
{
	struct passkey_registration request = {
		.presented = &call->credential,
		.current = &call->session,
	};
	struct passkey_registered done;
	bool completes = call->session.standing != SESSION_LIVE;
	bool answered;
	if (completes && !issued_is_renewable(call))
		return issued_not_renewable(call);
	TRY(read_registration(call, &request, &answered));
	if (answered)
		return OK;
	TRY(issued_ready(call));
	TRY(passkey_register(&call->auth, &request, &done));
	if (done.verdict != FACTORS_DONE)
		return answer_refused(call, done.verdict);
	return answer_registered(call, &done);
}

enum err api_passkeys_list(struct call *call)
{
	struct passkey_row *rows;
	struct json_out out;
	size_t n;
	TRY(passkey_list(&call->auth, &call->session.found.session.user_id, &rows, &n));
	answer_json_begin(call, 200, &out);
	json_open_array(&out, "passkeys");
	for (size_t i = 0; i < n; i++)
		passkey_json_row(&out, NULL, &rows[i]);
	json_close_array(&out);
	json_none(&out, "next_cursor");
	return answer_json_end(call, &out);
}

enum err api_passkeys_remove(struct call *call)
{
	enum factors_verdict verdict;
	struct id id;
	if (id_parse(call->match.segment, &id) != OK)
		return answer_not_found(call);
	TRY(passkey_remove(&call->auth, &call->session, &id, &verdict));
	if (verdict == FACTORS_NEEDED)
		return answer_conflict(call,
				       STR("A second factor is required of this account, and "
					   "this is the last one: set up another one first."));
	if (verdict != FACTORS_DONE)
		return answer_not_found(call);
	response_status(&call->response, 204);
	return OK;
}
