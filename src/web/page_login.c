/* The sign-in page: who is signed in already, the form, and what it sends. */
#include "answer.h"
#include "call.h"
#include "factor_form.h"
#include "handlers.h"
#include "onward.h"
#include "passkey_call.h"
#include "return_call.h"
#include "say.h"
#include "signin_call.h"
#include "view.h"

struct login_page {
	int status;
	struct str notice, error, identifier;
	struct return_to return_to; /* absent: the account page */
	bool remember, already;
};

static enum err add_links(struct call *call, const struct login_page *page,
			  struct template_data *data)
{
	const struct return_to *target = &page->return_to;
	TRY(return_url(call, target, data, "url_switch", STR("/login?switch=yes")));
	TRY(return_url(call, target, data, "url_handover", STR("/handover")));
	TRY(return_url(call, target, data, "url_register", STR("/register")));
	template_flag(data, "may_register",
		      call->app->config->account.registration == REGISTRATION_ON);
	TRY(answer_url(call, data, "url_recover", STR("/recover")));
	TRY(answer_url(call, data, "url_action", STR("/login")));
	TRY(factor_form_options(call, data, STR("/api/v1/sessions/passkey/options")));
	return return_link(call, target, data, "url_continue", STR("/account"));
}

static enum err show(struct call *call, const struct login_page *page)
{
	const struct session_found *found = &call->session.found;
	struct template_data *data;
	TRY(view_page_data(call, &data));
	TRY(add_links(call, page, data));
	template_text(data, "notice", page->notice);
	template_text(data, "error", page->error);
	template_text(data, "identifier", page->identifier);
	template_text(data, "return_to", page->return_to.url.text);
	template_text(data, "identity",
		      str_is_present(found->username) ? found->username : found->email);
	template_flag(data, "remember", page->remember);
	template_flag(data, "already", page->already);
	return view_page(call, page->status, "login.html", data);
}

/* The browser keeps a cookie of a session that is over. */
static bool has_ended(const struct call *call)
{
	return call->credential.syntax == CREDENTIAL_WELL_FORMED &&
	       call->session.standing < SESSION_PENDING;
}

enum err page_login_show(struct call *call)
{
	bool stays = !str_is_present(call_query(call, "switch"));
	struct login_page page = {
		.status = 200,
		.return_to = return_of_call(call),
		.already = call->session.standing == SESSION_LIVE &&
			   !session_is_guest(&call->session) && stays,
	};
	if (stays && str_is_present(onward_page(&call->session)))
		return onward_go(call, &call->session, &page.return_to, STR("/account"));
	if (has_ended(call))
		page.notice = say(call, "login.ended");
	if (str_equal(call_query(call, "done"), STR("recovered")))
		page.notice = say(call, "login.recovered");
	if (str_equal(call_query(call, "done"), STR("tries")))
		page.notice = say(call, "login.tries");
	return show(call, &page);
}

static enum err show_wait(struct call *call, struct login_page *page, unsigned wait)
{
	view_retry_after(call, wait);
	page->status = 429;
	TRY(answer_wait_text(call, wait, &page->error));
	return show(call, page);
}

static enum err show_refused(struct call *call, struct login_page *page, const char *why)
{
	response_header(&call->response, "WWW-Authenticate", STR("Bearer realm=\"gatepost\""));
	page->status = 401;
	page->error = say(call, why);
	return show(call, page);
}

static enum err by_password(struct call *call, struct login_page *page, struct signin_form *form)
{
	enum signin_verdict verdict;
	struct session_issued issued;
	unsigned wait;
	form->password = call_text(call, "password");
	if (!str_is_present(form->identifier) || !str_is_present(form->password))
		return answer_bad_field(call,
					str_is_present(form->identifier) ? STR("password")
									 : STR("identifier"),
					STR("is missing"));
	TRY(signin_of_call(call, form, &verdict, &wait, &issued));
	if (verdict == SIGNIN_ACCEPTED)
		return onward_go(call, &issued.session, &page->return_to, STR("/account"));
	return verdict == SIGNIN_THROTTLED ? show_wait(call, page, wait)
					   : show_refused(call, page, "login.failed");
}

static enum err by_passkey(struct call *call, struct login_page *page,
			   const struct signin_form *form)
{
	struct passkey_call_outcome outcome;
	struct session_issued issued;
	TRY(passkey_call_sign_in(call, form, call_text(call, "passkey"), &outcome, &issued));
	if (!outcome.well_formed)
		return answer_bad_field(call, STR("passkey"),
					STR("is not what a browser gives of a passkey"));
	if (outcome.verdict == SIGNIN_ACCEPTED)
		return onward_go(call, &issued.session, &page->return_to, STR("/account"));
	return outcome.verdict == SIGNIN_THROTTLED
		       ? show_wait(call, page, outcome.wait)
		       : show_refused(call, page, "login.passkey_refused");
}

enum err page_login_post(struct call *call)
{
	struct login_page page = {
		.identifier = call_text(call, "identifier"),
		.return_to = return_of_call(call),
		.remember = call_flag(call, "remember"),
	};
	struct signin_form form = {
		.identifier = page.identifier,
		.carrier = CARRIER_COOKIE,
		.remember = page.remember,
		.client = CLIENT_PAGES,
	};
	if (call->csrf_stale) {
		page.status = 403;
		page.error = say(call, "page.stale");
		return show(call, &page);
	}
	return str_is_present(call_text(call, "passkey")) ? by_passkey(call, &page, &form)
							  : by_password(call, &page, &form);
}
