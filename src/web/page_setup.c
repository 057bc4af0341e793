/* Setting up the first administrator, with the code that "gatepost setup" printed. */
#include "account.h"
#include "answer.h"
#include "call.h"
#include "handlers.h"
#include "say.h"
#include "view.h"

struct setup_page {
	int status;
	struct str error, code, username, email, display_name, password; /* what is wrong with it */
};

/* typed NULL: an empty form. */
static enum err show(struct call *call, const struct setup_page *page,
		     const struct account_request *typed)
{
	static const struct account_request nothing = {.role_count = 0};
	struct template_data *data;
	if (typed == NULL)
		typed = &nothing;
	TRY(view_page_data(call, &data));
	TRY(answer_url(call, data, "url_action", STR("/setup")));
	template_text(data, "error", page->error);
	template_text(data, "error_code", page->code);
	template_text(data, "error_username", page->username);
	template_text(data, "error_email", page->email);
	template_text(data, "error_display_name", page->display_name);
	template_text(data, "error_new", page->password);
	template_text(data, "username", typed->username);
	template_text(data, "email", typed->email);
	template_text(data, "display_name_value", typed->display_name);
	answer_min_length(call, data);
	return view_page(call, page->status, "setup.html", data);
}

enum err page_setup_show(struct call *call)
{
	return show(call, &(struct setup_page){.status = 200}, NULL);
}

/* ERR_INTERNAL: a flaw that this form cannot have. */
static enum err explain(struct call *call, const struct account_result *result,
			struct setup_page *page)
{
	page->error = say(call, "setup.failed");
	switch (result->flaw) {
	case ACCOUNT_BAD_CODE:
		page->code = say(call, "setup.bad_code");
		return OK;
	case ACCOUNT_BAD_USERNAME:
		page->username = say(call, "setup.bad_username");
		return OK;
	case ACCOUNT_BAD_EMAIL:
		page->email = say(call, "setup.bad_email");
		return OK;
	case ACCOUNT_NO_NAME:
		page->username = say(call, "setup.no_name");
		return OK;
	case ACCOUNT_BAD_DISPLAY_NAME:
		page->display_name = say(call, "setup.bad_display_name");
		return OK;
	case ACCOUNT_BAD_PASSWORD:
		return answer_password_text(
			call,
			&(struct password_opinion){.flaw = result->password_flaw,
						   .hint = result->password_hint},
			&page->password);
	case ACCOUNT_TAKEN:
		page->error = say(call, "setup.taken");
		return OK;
	default:
		return ERR_INTERNAL;
	}
}

static enum err show_done(struct call *call, const struct user_row *user)
{
	struct template_data *data;
	TRY(view_page_data(call, &data));
	template_text(data, "identity",
		      str_is_present(user->username) ? user->username : user->email);
	return view_page(call, 200, "setup-done.html", data);
}

enum err page_setup_post(struct call *call)
{
	struct setup_page page = {.status = 400};
	struct account_request typed = {
		.username = call_text(call, "username"),
		.email = call_text(call, "email"),
		.display_name = call_text(call, "display_name"),
		.password = call_text(call, "new_password"),
	};
	struct account_result result;
	if (call->csrf_stale) {
		page.status = 403;
		page.error = say(call, "page.stale");
		return show(call, &page, &typed);
	}
	TRY(account_setup_finish(&call->auth, call_text(call, "code"), &typed, &result));
	if (result.flaw == ACCOUNT_FINE)
		return show_done(call, &result.user);
	TRY(explain(call, &result, &page));
	return show(call, &page, &typed);
}
