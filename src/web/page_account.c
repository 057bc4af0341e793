/* The account page, and the front door that leads to it. */
#include "answer.h"
#include "call.h"
#include "handlers.h"
#include "say.h"
#include "view.h"

enum err page_account_home(struct call *call)
{
	bool live = call->session.standing == SESSION_LIVE && !session_is_guest(&call->session);
	return view_redirect(call, live ? STR("/account") : STR("/login"));
}

enum err page_account_show(struct call *call)
{
	const struct session_found *found = &call->session.found;
	struct template_data *data;
	struct str roles, signed_in_at;
	TRY(view_roles_text(call->arena, found->user_grants, &roles));
	TRY(say_time(call, found->session.auth_time, &signed_in_at));
	TRY(view_page_data(call, &data));
	template_text(data, "username", found->username);
	template_text(data, "email", found->email);
	template_text(data, "roles", roles);
	template_text(data, "signed_in_at", signed_in_at);
	return view_page(call, 200, "account.html", data);
}
