/* The account page with the profile, and the front door that leads to it. */
#include "answer.h"
#include "call.h"
#include "catalogue.h"
#include "handlers.h"
#include "issued.h"
#include "moment.h"
#include "profile_call.h"
#include "say.h"
#include "view.h"

struct account_page {
	int status;
	struct str notice, error, bad_name;
	struct str typed; /* absent: the name as it is */
};

enum err page_account_home(struct call *call)
{
	bool live = call->session.standing == SESSION_LIVE && !session_is_guest(&call->session);
	return view_redirect(call, live ? STR("/account") : STR("/login"));
}

static void add_languages(struct call *call, struct template_data *data)
{
	const struct catalogue *texts = call->app->texts;
	struct str chosen = call->session.found.language;
	template_flag(data, "languages", false);
	template_flag(data, "no_language", chosen.n == 0);
	for (size_t i = 0; i < catalogue_languages(texts); i++) {
		const struct language *language = catalogue_language(texts, i);
		struct template_data *item = template_item(data, "languages");
		template_text(item, "tag", language_tag(language));
		template_text(item, "name", language_name(language));
		template_flag(item, "chosen", str_equal(language_tag(language), chosen));
	}
}

static enum err show(struct call *call, const struct account_page *page)
{
	const struct session_found *found = &call->session.found;
	struct template_data *data;
	struct str roles, signed_in_at;
	TRY(view_roles_text(call->arena, found->user_grants, &roles));
	TRY(say_time(call, found->session.auth_time, &signed_in_at));
	TRY(view_page_data(call, &data));
	TRY(answer_url(call, data, "url_action", STR("/account")));
	TRY(answer_url(call, data, "url_address", STR("/account/address")));
	TRY(answer_url(call, data, "url_close", STR("/account/close")));
	template_text(data, "username", found->username);
	template_text(data, "email", found->email);
	template_text(data, "roles", roles);
	template_text(data, "signed_in_at", signed_in_at);
	template_text(data, "notice", page->notice);
	template_text(data, "error", page->error);
	template_text(data, "error_name", page->bad_name);
	template_text(data, "name",
		      str_is_present(page->typed) ? page->typed : found->display_name);
	add_languages(call, data);
	return view_page(call, page->status, "account.html", data);
}

enum err page_account_show(struct call *call)
{
	struct account_page page = {.status = 200};
	if (str_is_present(call_query(call, "done")))
		page.notice = say(call, "profile.done");
	return show(call, &page);
}

enum err page_account_post(struct call *call)
{
	struct profile_change change = profile_of_call(call);
	struct account_page page = {.status = 400, .typed = call_text(call, "display_name")};
	struct profile_effect effect;
	if (call->csrf_stale) {
		page.status = 403;
		page.error = say(call, "page.stale");
		return show(call, &page);
	}
	change.display_name = page.typed;
	if (!profile_language(call, call_text(call, "language"), &change.language))
		return answer_bad_field(call, STR("language"), STR("not one of this server's"));
	TRY(profile_change(&call->auth, &change, &effect));
	if (effect.outcome == PROFILE_GONE)
		return issued_gone(call);
	if (effect.outcome == PROFILE_DONE)
		return view_redirect(call, STR("/account?done=yes"));
	page.error = say(call, "profile.not_saved");
	page.bad_name = say(call, "profile.bad_name");
	return show(call, &page);
}
