/* The step-up page: who you are, your password, and back to where you were. */
#include "answer.h"
#include "call.h"
#include "guarded.h"
#include "handlers.h"
#include "issued.h"
#include "return_call.h"
#include "say.h"
#include "view.h"

struct reauth_page {
	int status;
	struct str error;
	struct return_to return_to; /* absent: the account page */
};

static enum err show(struct call *call, const struct reauth_page *page)
{
	const struct session_found *found = &call->session.found;
	struct template_data *data;
	TRY(view_page_data(call, &data));
	TRY(answer_url(call, data, "url_action", STR("/reauth")));
	answer_person(data, found);
	template_text(data, "error", page->error);
	template_text(data, "return_to", page->return_to.url.text);
	template_flag(data, "needs_factor",
		      page->return_to.kind == RETURN_HERE &&
			      guarded_needs_factor(call, page->return_to.url.text));
	template_flag(data, "held", call->session.standing == SESSION_HELD);
	return view_page(call, page->status, "reauth.html", data);
}

enum err page_reauth_show(struct call *call)
{
	return show(call, &(struct reauth_page){
				  .status = 200,
				  .return_to = return_of_call(call),
			  });
}

enum err page_reauth_post(struct call *call)
{
	struct reauth_page page = {.return_to = return_of_call(call)};
	struct reauth_request request = issued_request(call, call_text(call, "password"));
	struct reauth_outcome outcome;
	struct session_issued issued;
	if (call->csrf_stale && call->session.standing == SESSION_REPLACED)
		return issued_gone(call);
	if (call->csrf_stale) {
		page.status = 403;
		page.error = say(call, "page.stale");
		return show(call, &page);
	}
	TRY(reauth_password(&call->auth, &request, &outcome, &issued));
	if (outcome.verdict == REAUTH_GONE)
		return issued_gone(call);
	if (outcome.verdict == REAUTH_DONE) {
		issued_take(call, &issued);
		return return_go_on(call, &page.return_to, STR("/account"));
	}
	if (outcome.verdict == REAUTH_THROTTLED) {
		view_retry_after(call, answer_seconds(outcome.wait));
		page.status = 429;
		TRY(answer_wait_text(call, answer_seconds(outcome.wait), &page.error));
		return show(call, &page);
	}
	response_header(&call->response, "WWW-Authenticate", STR("Bearer realm=\"gatepost\""));
	page.status = 401;
	page.error = say(call, "reauth.failed");
	return show(call, &page);
}
