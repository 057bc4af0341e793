/* /totp and /recovery-codes: an authenticator app, and codes for who has lost it. */
#include "answer.h"
#include "buf.h"
#include "call.h"
#include "handlers.h"
#include "issued.h"
#include "qr.h"
#include "recovery_codes.h"
#include "totp.h"
#include "view.h"

#define SVG_FRAME_MAX 256

static enum err conflict(struct call *call, struct str detail)
{
	return view_problem(call, PROBLEM_CONFLICT, &(struct problem_detail){.detail = detail});
}

/* Shown once, here and where codes are made: their keeper must be told. */
static struct str shown(struct secret secret)
{
	return (struct str){(const char *)secret.bytes, secret.len};
}

static enum err qr_svg(struct call *call, struct secret uri, struct str *out)
{
	struct buf text;
	struct qr qr;
	TRY(qr_encode(call->arena, shown(uri), &qr));
	buf_init(&text, call->arena, qr.path.n + SVG_FRAME_MAX);
	buf_add(&text, STR("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 "));
	buf_add(&text, qr.size);
	buf_add_char(&text, ' ');
	buf_add(&text, qr.size);
	buf_add(&text, STR("\"><path d=\""));
	buf_add(&text, qr.path);
	buf_add(&text, STR("\"/></svg>"));
	return buf_str(&text, out);
}

enum err api_totp_begin(struct call *call)
{
	struct totp_offer offer;
	struct json_out out;
	struct str svg;
	enum err e = totp_begin(&call->auth, &call->session, &offer);
	if (e == ERR_CONFLICT)
		return issued_gone(call);
	TRY(e);
	TRY(qr_svg(call, offer.uri, &svg));
	answer_json_begin(call, 200, &out);
	json_text(&out, "secret", shown(offer.secret));
	json_text(&out, "otpauth_uri", shown(offer.uri));
	json_text(&out, "qr_svg", svg);
	return answer_json_end(call, &out);
}

static void add_codes(struct json_out *out, const struct secret *codes, size_t n)
{
	json_open_array(out, "recovery_codes");
	for (size_t i = 0; i < n; i++)
		json_text(out, NULL, shown(codes[i]));
	json_close_array(out);
}

/* An answer that is given again has no codes: they were in the first. */
static enum err answer_confirmed(struct call *call, const struct totp_confirmed *done)
{
	struct json_out out;
	if (done->renewed) {
		issued_take(call, &done->issued);
		TRY(issued_json(call, 200, &done->issued, &out));
	} else {
		answer_json_begin(call, 200, &out);
	}
	if (!done->renewed || !done->issued.repeated)
		add_codes(&out, done->codes, done->n);
	return answer_json_end(call, &out);
}

enum err api_totp_confirm(struct call *call)
{
	const struct totp_confirm_request request = {
		.code = call_text(call, "code"),
		.presented = &call->credential,
		.current = &call->session,
	};
	struct totp_confirmed done;
	if (session_awaits_enrolment(&call->session) && !issued_is_renewable(call))
		return issued_not_renewable(call);
	TRY(issued_ready(call));
	TRY(totp_confirm(&call->auth, &request, &done));
	switch (done.verdict) {
	case FACTORS_DONE:
		return answer_confirmed(call, &done);
	case FACTORS_WRONG:
		return view_problem(
			call, PROBLEM_INVALID_CREDENTIALS,
			&(struct problem_detail){.detail = STR("The code is not right.")});
	case FACTORS_THROTTLED:
		return answer_throttled(call, answer_seconds(done.wait));
	default:
		if (call->session.standing == SESSION_REPLACED)
			return issued_gone(call);
		return conflict(call, STR("No authenticator app is being set up, or no more: "
					  "begin again."));
	}
}

enum err api_totp_remove(struct call *call)
{
	enum factors_verdict verdict;
	TRY(totp_remove(&call->auth, &call->session, &verdict));
	if (verdict == FACTORS_NEEDED)
		return conflict(call, STR("A second factor is required of this account, and this "
					  "is the last one: set up another one first."));
	if (verdict != FACTORS_DONE)
		return answer_not_found(call);
	response_status(&call->response, 204);
	return OK;
}

enum err api_recovery_codes_renew(struct call *call)
{
	struct recovery_codes codes;
	enum factors_verdict verdict;
	struct json_out out;
	TRY(recovery_codes_renew(&call->auth, &call->session, &verdict, &codes));
	if (verdict != FACTORS_DONE)
		return conflict(call, STR("Recovery codes are for who has lost a second factor: "
					  "set one up first."));
	answer_json_begin(call, 200, &out);
	add_codes(&out, codes.texts, RECOVERY_SET_CODES);
	return answer_json_end(call, &out);
}

enum err api_recovery_codes_show(struct call *call)
{
	struct recovery_left left;
	struct json_out out;
	TRY(recovery_codes_left(&call->auth, &call->session.found.session.user_id, &left));
	answer_json_begin(call, 200, &out);
	json_number(&out, "left", left.left);
	json_time(&out, "created_at", left.made_at);
	json_time(&out, "last_used_at", left.used_at);
	return answer_json_end(call, &out);
}
