/* The second step of a sign-in: a code or a passkey, and on to where one wanted to go. */
#include "answer.h"
#include "buf.h"
#include "call.h"
#include "clock.h"
#include "factor_form.h"
#include "handlers.h"
#include "issued.h"
#include "onward.h"
#include "return_call.h"
#include "say.h"
#include "signout_call.h"
#include "view.h"

#define ERROR_MAX 2048

struct factor_page {
	int status;
	struct str error;
	struct return_to return_to; /* absent: the account page */
	bool recovery;
};

/* 0: it is not offered. Where a role asks for a factor, no device is trusted. */
static uint64_t trust_days(const struct call *call)
{
	int64_t span = call->app->config->second_factor.trusted_device;
	if (call->session.elevated || id_is_none(call->session.found.session.device_id))
		return 0;
	return (uint64_t)((span + CLOCK_DAY - 1) / CLOCK_DAY);
}

static enum err show(struct call *call, const struct factor_page *page)
{
	struct factor_form form = {
		.own_path = STR("/second-factor"),
		.purpose = STR("sign-in"),
		.return_to = page->return_to,
		.second = true,
		.recovery = page->recovery,
	};
	struct template_data *data;
	TRY(view_page_data(call, &data));
	TRY(answer_url(call, data, "url_action", STR("/second-factor")));
	TRY(factor_form_add(call, &form, data));
	answer_person(data, &call->session.found);
	template_text(data, "error", page->error);
	template_text(data, "return_to", page->return_to.url.text);
	template_count(data, "trust_days", trust_days(call));
	return view_page(call, page->status, "second-factor.html", data);
}

enum err page_second_factor_show(struct call *call)
{
	struct factor_page page = {
		.status = 200,
		.return_to = return_of_call(call),
		.recovery = str_equal(call_query(call, "with"), STR("recovery")),
	};
	if (!session_awaits_factor(&call->session))
		return onward_go(call, &call->session, &page.return_to, STR("/account"));
	return show(call, &page);
}

/* The sign-in is over: only the password begins another one. */
static enum err send_to_login(struct call *call, const struct return_to *target,
			      struct str own_path)
{
	struct str path;
	TRY(return_path(call, target, own_path, &path));
	return view_redirect(call, path);
}

static enum err start_over(struct call *call, const struct return_to *target)
{
	if (signout_is_needed(call))
		TRY(signout_of_call(call));
	return send_to_login(call, target, STR("/login"));
}

/* With the tries that are left, as they were counted before this one. */
static enum err wrong_text(struct call *call, const struct prove_proof *proof, struct str *out)
{
	uint32_t tries = call->session.found.session.tries + 1;
	struct buf text;
	struct str left;
	buf_init(&text, call->arena, ERROR_MAX);
	buf_add(&text, factor_form_wrong(call, proof));
	if (tries < PROVE_TRIES) {
		TRY(say_count(call, "second_factor.left", PROVE_TRIES - tries, &left));
		buf_add_char(&text, ' ');
		buf_add(&text, left);
	}
	return buf_str(&text, out);
}

static enum err refuse(struct call *call, const struct prove_proof *proof,
		       const struct prove_outcome *outcome, struct factor_page *page)
{
	switch (outcome->verdict) {
	case PROVE_ENDED:
		signout_forget(call);
		return send_to_login(call, &page->return_to, STR("/login?done=tries"));
	case PROVE_THROTTLED:
		view_retry_after(call, answer_seconds(outcome->wait));
		page->status = 429;
		TRY(answer_wait_text(call, answer_seconds(outcome->wait), &page->error));
		return show(call, page);
	case PROVE_WRONG:
		response_header(&call->response, "WWW-Authenticate",
				STR("Bearer realm=\"gatepost\""));
		page->status = 401;
		TRY(wrong_text(call, proof, &page->error));
		return show(call, page);
	default:
		return issued_gone(call);
	}
}

enum err page_second_factor_post(struct call *call)
{
	struct factor_page page = {
		.return_to = return_of_call(call),
		.recovery = str_equal(call_text(call, "with"), STR("recovery")),
	};
	struct prove_request request = {
		.trust = call_flag(call, "trust"),
		.presented = &call->credential,
		.current = &call->session,
	};
	struct prove_outcome outcome;
	struct session_issued issued;
	if (call->csrf_stale && call->session.standing == SESSION_REPLACED)
		return issued_gone(call);
	if (!session_awaits_factor(&call->session) && call->session.standing != SESSION_REPLACED)
		return onward_go(call, &call->session, &page.return_to, STR("/account"));
	if (call->csrf_stale) {
		page.status = 403;
		page.error = say(call, "page.stale");
		return show(call, &page);
	}
	if (str_is_present(call_text(call, "over")))
		return start_over(call, &page.return_to);
	TRY(factor_form_read(call, &request.proof));
	if (request.proof.method == PROVE_NOTHING)
		return answer_bad_field(call, STR("code"), STR("is missing or malformed"));
	TRY(prove_second_factor(&call->auth, &request, &outcome, &issued));
	if (outcome.verdict != PROVE_DONE)
		return refuse(call, &request.proof, &outcome, &page);
	issued_take(call, &issued);
	return onward_go(call, &issued.session, &page.return_to, STR("/account"));
}
