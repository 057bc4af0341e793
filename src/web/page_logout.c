/* The sign-out page: asks, then acts; it always ends at "You are signed out". */
#include "answer.h"
#include "call.h"
#include "handlers.h"
#include "say.h"
#include "signout_call.h"
#include "view.h"

static enum err ask(struct call *call, int status, struct str error)
{
	struct template_data *data;
	TRY(view_page_data(call, &data));
	TRY(answer_url(call, data, "url_action", STR("/logout")));
	template_text(data, "error", error);
	return view_page(call, status, "logout.html", data);
}

enum err page_logout_show(struct call *call)
{
	return ask(call, 200, STR_NONE);
}

enum err page_logout_post(struct call *call)
{
	if (signout_is_needed(call)) {
		if (call->csrf_stale)
			return ask(call, 403, say(call, "page.stale"));
		TRY(signout_of_call(call));
	} else {
		signout_forget(call);
	}
	return signout_page(call);
}
