/* The step-up page: who you are, your password or a second factor, and back to where you were. */
#include "answer.h"
#include "call.h"
#include "factor_form.h"
#include "factor_store.h"
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
	bool factor;                /* where one comes from asks for a second factor */
	bool recovery;
};

/* No password would do. */
static bool needs_factor(const struct call *call, const struct reauth_page *page)
{
	return page->factor || (page->return_to.kind == RETURN_HERE &&
				guarded_needs_factor(call, page->return_to.url.text));
}

static enum err show(struct call *call, const struct reauth_page *page)
{
	const struct session_found *found = &call->session.found;
	struct factor_form form = {
		.own_path = page->factor ? STR("/reauth?factor=1") : STR("/reauth"),
		.purpose = STR("step-up"),
		.return_to = page->return_to,
		.recovery = page->recovery,
	};
	struct template_data *data;
	TRY(view_page_data(call, &data));
	TRY(answer_url(call, data, "url_action", STR("/reauth")));
	TRY(factor_form_add(call, &form, data));
	TRY(return_url(call, &page->return_to, data, "url_security", STR("/account/security")));
	answer_person(data, found);
	template_text(data, "error", page->error);
	template_text(data, "return_to", page->return_to.url.text);
	template_flag(data, "factor", page->factor);
	template_flag(data, "needs_factor", needs_factor(call, page));
	template_flag(data, "others",
		      !needs_factor(call, page) || (found->factors & FACTOR_TOTP) != 0);
	template_flag(data, "held", call->session.standing == SESSION_HELD);
	return view_page(call, page->status, "reauth.html", data);
}

enum err page_reauth_show(struct call *call)
{
	return show(call, &(struct reauth_page){
				  .status = 200,
				  .return_to = return_of_call(call),
				  .factor = str_is_present(call_query(call, "factor")),
				  .recovery = str_equal(call_query(call, "with"), STR("recovery")),
			  });
}

static enum err show_wait(struct call *call, struct reauth_page *page, int64_t wait)
{
	view_retry_after(call, answer_seconds(wait));
	page->status = 429;
	TRY(answer_wait_text(call, answer_seconds(wait), &page->error));
	return show(call, page);
}

static enum err show_wrong(struct call *call, struct reauth_page *page, struct str error)
{
	response_header(&call->response, "WWW-Authenticate", STR("Bearer realm=\"gatepost\""));
	page->status = 401;
	page->error = error;
	return show(call, page);
}

static enum err go_on(struct call *call, const struct reauth_page *page,
		      const struct session_issued *issued)
{
	issued_take(call, issued);
	return return_go_on(call, &page->return_to, STR("/account"));
}

static enum err by_password(struct call *call, struct reauth_page *page)
{
	struct reauth_request request = issued_request(call, call_text(call, "password"));
	struct reauth_outcome outcome;
	struct session_issued issued;
	TRY(reauth_password(&call->auth, &request, &outcome, &issued));
	switch (outcome.verdict) {
	case REAUTH_DONE:
		return go_on(call, page, &issued);
	case REAUTH_THROTTLED:
		return show_wait(call, page, outcome.wait);
	case REAUTH_GONE:
		return issued_gone(call);
	default:
		return show_wrong(call, page, say(call, "reauth.failed"));
	}
}

static enum err by_factor(struct call *call, struct reauth_page *page)
{
	struct prove_request request = {.presented = &call->credential, .current = &call->session};
	struct prove_outcome outcome;
	struct session_issued issued;
	TRY(factor_form_read(call, &request.proof));
	if (request.proof.method == PROVE_NOTHING)
		return answer_bad_field(call, STR("password"), STR("is missing"));
	TRY(prove_step_up(&call->auth, &request, &outcome, &issued));
	switch (outcome.verdict) {
	case PROVE_DONE:
		return go_on(call, page, &issued);
	case PROVE_THROTTLED:
		return show_wait(call, page, outcome.wait);
	case PROVE_WRONG:
		return show_wrong(call, page, factor_form_wrong(call, &request.proof));
	default:
		return issued_gone(call);
	}
}

enum err page_reauth_post(struct call *call)
{
	struct reauth_page page = {
		.return_to = return_of_call(call),
		.factor = call_flag(call, "factor"),
		.recovery = str_equal(call_text(call, "with"), STR("recovery")),
	};
	if (call->csrf_stale && call->session.standing == SESSION_REPLACED)
		return issued_gone(call);
	if (call->csrf_stale) {
		page.status = 403;
		page.error = say(call, "page.stale");
		return show(call, &page);
	}
	return str_is_present(call_text(call, "password")) ? by_password(call, &page)
							   : by_factor(call, &page);
}
