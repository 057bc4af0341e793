/* The page where a person closes their account: asks first. */
#include "account_close.h"
#include "answer.h"
#include "call.h"
#include "clock.h"
#include "handlers.h"
#include "issued.h"
#include "say.h"
#include "signout_call.h"
#include "view.h"

static enum err ask(struct call *call, int status, struct str error)
{
	struct template_data *data;
	TRY(view_page_data(call, &data));
	TRY(answer_url(call, data, "url_action", STR("/account/close")));
	answer_person(data, &call->session.found);
	template_text(data, "error", error);
	template_count(data, "days", (uint64_t)(call->app->config->account.closed / CLOCK_DAY));
	return view_page(call, status, "close.html", data);
}

enum err page_close_show(struct call *call)
{
	return ask(call, 200, STR_NONE);
}

static enum err say_goodbye(struct call *call)
{
	struct template_data *data;
	signout_forget(call);
	TRY(view_page_data(call, &data));
	return view_page(call, 200, "closed.html", data);
}

enum err page_close_post(struct call *call)
{
	const struct session_row *session = &call->session.found.session;
	struct closing closing = {session->user_id, session->id};
	enum account_outcome outcome;
	if (call->csrf_stale)
		return ask(call, 403, say(call, "page.stale"));
	if (!call_flag(call, "sure"))
		return ask(call, 400, say(call, "close.not_sure"));
	TRY(account_close(&call->auth, &closing, &outcome));
	if (outcome == ACCOUNT_LAST_ADMIN)
		return ask(call, 409, say(call, "close.last_admin"));
	return outcome == ACCOUNT_DONE ? say_goodbye(call) : issued_gone(call);
}
