/* Registration at the pages: what its forms have in common. */
#include "registration_call.h"

#include "answer.h"
#include "call.h"
#include "return_call.h"
#include "say.h"
#include "view.h"

static enum err explain_password(struct call *call, const struct account_result *account,
				 struct str *out)
{
	const struct password_opinion opinion = {
		.flaw = account->password_flaw,
		.hint = account->password_hint,
	};
	return answer_password_text(call, &opinion, out);
}

enum err registration_explain(struct call *call, const struct registration_result *result,
			      struct registration_flaws *out)
{
	out->error = say(call, "register.flawed");
	switch (result->account.flaw) {
	case ACCOUNT_BAD_EMAIL:
		out->email = say(call, "register.bad_email");
		return OK;
	case ACCOUNT_BAD_USERNAME:
		out->username = say(call, "register.bad_username");
		return OK;
	case ACCOUNT_BAD_DISPLAY_NAME:
		out->display_name = say(call, "register.bad_display_name");
		return OK;
	case ACCOUNT_TAKEN:
		out->username = say(call, "register.taken");
		return OK;
	case ACCOUNT_BAD_PASSWORD:
		return explain_password(call, &result->account, &out->password);
	default:
		return ERR_INTERNAL;
	}
}

void registration_add_flaws(struct template_data *data, const struct registration_flaws *flaws)
{
	template_text(data, "error", flaws->error);
	template_text(data, "error_email", flaws->email);
	template_text(data, "error_username", flaws->username);
	template_text(data, "error_display_name", flaws->display_name);
	template_text(data, "error_new", flaws->password);
	template_text(data, "error_code", flaws->code);
}

enum err registration_show_closed(struct call *call)
{
	struct return_to target = return_of_call(call);
	struct template_data *data;
	TRY(view_page_data(call, &data));
	TRY(return_url(call, &target, data, "url_login", STR("/login")));
	template_flag(data, "by_invitation",
		      call->app->config->account.registration == REGISTRATION_INVITATION);
	return view_page(call, 403, "register-closed.html", data);
}
