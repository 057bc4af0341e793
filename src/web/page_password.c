/* The page where a person changes the password; all other devices are signed out by it. */
#include "answer.h"
#include "buf.h"
#include "call.h"
#include "handlers.h"
#include "issued.h"
#include "return_call.h"
#include "say.h"
#include "view.h"

struct password_page {
	int status;
	struct str notice, error, current, wanted; /* what is wrong with each */
	struct return_to return_to;                /* absent: this page */
};

static bool is_required(const struct call *call)
{
	return call->session.standing == SESSION_PENDING;
}

static enum err show(struct call *call, const struct password_page *page)
{
	struct template_data *data;
	TRY(view_page_data(call, &data));
	TRY(answer_url(call, data, "url_action", STR("/account/password")));
	answer_person(data, &call->session.found);
	template_text(data, "notice", page->notice);
	template_text(data, "error", page->error);
	template_text(data, "error_current", page->current);
	template_text(data, "error_new", page->wanted);
	template_text(data, "return_to", page->return_to.url.text);
	answer_min_length(call, data);
	template_flag(data, "required", is_required(call));
	return view_page(call, page->status, "password.html", data);
}

enum err page_password_show(struct call *call)
{
	struct password_page page = {
		.status = 200,
		.return_to = return_of_call(call),
	};
	if (str_is_present(call_query(call, "done")))
		page.notice = say(call, "password.changed");
	return show(call, &page);
}

static enum err explain(struct call *call, const struct reauth_outcome *outcome,
			const struct password_opinion *opinion, struct password_page *page)
{
	if (outcome->verdict == REAUTH_THROTTLED) {
		view_retry_after(call, answer_seconds(outcome->wait));
		page->status = 429;
		return answer_wait_text(call, answer_seconds(outcome->wait), &page->error);
	}
	if (outcome->verdict == REAUTH_WRONG) {
		response_header(&call->response, "WWW-Authenticate",
				STR("Bearer realm=\"gatepost\""));
		page->status = 401;
		page->error = say(call, "password.unchanged");
		page->current = say(call, "password.not_current");
		return OK;
	}
	page->status = 400;
	page->error = say(call, "password.another");
	return answer_password_text(call, opinion, &page->wanted);
}

enum err page_password_post(struct call *call)
{
	struct password_page page = {.return_to = return_of_call(call)};
	struct reauth_request request = issued_request(call, call_text(call, "current_password"));
	struct password_opinion opinion;
	struct reauth_outcome outcome;
	struct session_issued issued;
	bool required = is_required(call);
	request.new_password = call_text(call, "new_password");
	if (call->csrf_stale && call->session.standing == SESSION_REPLACED)
		return issued_gone(call);
	if (call->csrf_stale) {
		page.status = 403;
		page.error = say(call, "page.stale");
		return show(call, &page);
	}
	TRY(reauth_change_password(&call->auth, &request, &opinion, &outcome, &issued));
	if (outcome.verdict == REAUTH_GONE)
		return issued_gone(call);
	if (outcome.verdict == REAUTH_DONE) {
		issued_take(call, &issued);
		return return_go_on(call, &page.return_to,
				    required ? STR("/account") : STR("/account/password?done=yes"));
	}
	TRY(explain(call, &outcome, &opinion, &page));
	return show(call, &page);
}
