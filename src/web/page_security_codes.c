/* Recovery codes: shown once, when they are made. */
#include "answer.h"
#include "buf.h"
#include "call.h"
#include "handlers.h"
#include "onward.h"
#include "recovery_codes.h"
#include "return_call.h"
#include "say.h"
#include "security_call.h"
#include "url.h"
#include "view.h"

#define LIST_MAX 1024

static enum err add_common(struct call *call, struct template_data **out)
{
	TRY(view_page_data(call, out));
	TRY(answer_url(call, *out, "url_action", STR("/account/security/codes")));
	template_text(*out, "notice", STR_NONE);
	template_text(*out, "error", STR_NONE);
	return OK;
}

static enum err ask(struct call *call, int status, struct str error)
{
	struct template_data *data;
	TRY(add_common(call, &data));
	template_flag(data, "made", false);
	template_text(data, "error", error);
	return view_page(call, status, "security-codes.html", data);
}

enum err page_security_codes_show(struct call *call)
{
	return ask(call, 200, STR_NONE);
}

/* One a line. */
static enum err list_text(struct call *call, const struct secret *codes, size_t n, struct str *out)
{
	struct buf text;
	buf_init(&text, call->arena, LIST_MAX);
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_add_char(&text, '\n');
		buf_add(&text, (struct str){(const char *)codes[i].bytes, codes[i].len});
	}
	return buf_str(&text, out);
}

/* What is still to be done for the sign-in goes before where one wanted to go. */
static enum err add_continue(struct call *call, const struct return_to *target,
			     struct template_data *data)
{
	struct str page = onward_page(&call->session);
	if (str_is_present(page))
		return return_url(call, target, data, "url_continue", page);
	return return_link(call, target, data, "url_continue", STR("/account/security"));
}

/* The one page that shows the codes: they are there to be kept. */
static enum err show(struct call *call, const struct secret *codes, size_t n,
		     const struct return_to *target, struct str notice)
{
	struct template_data *data;
	struct url script;
	struct str list;
	TRY(add_common(call, &data));
	TRY(url_own(call->arena, call->app->config->server.base_path, STR("/assets/codes.js"),
		    &script));
	TRY(list_text(call, codes, n, &list));
	TRY(add_continue(call, target, data));
	template_url(data, "url_codes_script", script);
	template_text(data, "codes", list);
	template_text(data, "notice", notice);
	template_flag(data, "made", true);
	return view_page(call, 200, "security-codes.html", data);
}

enum err security_set_up(struct call *call, const struct secret *codes, size_t n,
			 const struct return_to *target, struct str done)
{
	bool is_app = str_equal(done, STR("app"));
	if (n > 0)
		return show(call, codes, n, target,
			    say(call, is_app ? "security.done_app" : "security.done_passkey"));
	if (str_is_present(onward_page(&call->session)) || target->kind != RETURN_NOWHERE)
		return onward_go(call, &call->session, target, STR("/account/security"));
	return security_go_back(call, done);
}

enum err page_security_codes_post(struct call *call)
{
	static const struct return_to NOWHERE = {.kind = RETURN_NOWHERE};
	struct recovery_codes codes;
	enum factors_verdict verdict;
	if (call->csrf_stale)
		return ask(call, 403, say(call, "page.stale"));
	TRY(recovery_codes_renew(&call->auth, &call->session, &verdict, &codes));
	if (verdict != FACTORS_DONE)
		return security_go_back(call, STR("gone"));
	return show(call, codes.texts, RECOVERY_SET_CODES, &NOWHERE, STR_NONE);
}
