/* The page where somebody asks for an account: an address, to which a mail goes in any case. */
#include "answer.h"
#include "buf.h"
#include "call.h"
#include "guard.h"
#include "handlers.h"
#include "mail_call.h"
#include "registration_call.h"
#include "return_call.h"
#include "say.h"
#include "view.h"

#define PATH_MAX_BYTES (MAIL_NOTE_MAX + 32)

static bool is_closed(const struct call *call)
{
	return call->app->config->account.registration != REGISTRATION_ON;
}

static enum err show(struct call *call, int status, const struct registration_flaws *flaws,
		     const struct mail_note *typed)
{
	struct return_to target = return_of_call(call);
	struct template_data *data;
	/* The code that will be asked for is bound to it. */
	TRY(guard_pre(call));
	TRY(view_page_data(call, &data));
	TRY(answer_url(call, data, "url_action", STR("/register")));
	TRY(return_url(call, &target, data, "url_login", STR("/login")));
	registration_add_flaws(data, flaws);
	template_text(data, "return_to", target.url.text);
	template_text(data, "email", typed->email);
	template_text(data, "username", typed->username);
	template_text(data, "display_name_value", typed->display_name);
	return view_page(call, status, "register.html", data);
}

enum err page_register_show(struct call *call)
{
	static const struct registration_flaws none = {.error = {NULL, 0}};
	static const struct mail_note nothing = {.email = {NULL, 0}};
	if (is_closed(call))
		return registration_show_closed(call);
	return show(call, 200, &none, &nothing);
}

/* To where the code is typed, whatever was mailed, if anything. */
static enum err go_on(struct call *call, const struct mail_note *note)
{
	struct return_to target = return_of_call(call);
	struct str text, path;
	struct buf place;
	TRY(mail_note_text(call, note, &text));
	buf_init(&place, call->arena, PATH_MAX_BYTES);
	buf_add(&place, STR("/verify?note="));
	buf_add(&place, text);
	TRY(buf_str(&place, &path));
	TRY(return_path(call, &target, path, &path));
	return view_redirect(call, path);
}

enum err page_register_post(struct call *call)
{
	struct mail_note typed = {
		.email = call_text(call, "email"),
		.username = call_text(call, "username"),
		.display_name = call_text(call, "display_name"),
	};
	struct registration_request request = {
		.email = typed.email,
		.username = typed.username,
		.display_name = typed.display_name,
		.language = mail_language_of(call),
	};
	struct registration_flaws flaws = {.error = say(call, "page.stale")};
	struct registration_result result = {.verdict = REGISTRATION_FLAWED};
	struct registration_asked asked;
	if (call->csrf_stale)
		return show(call, 403, &flaws, &typed);
	TRY(mail_asker_of(call, &request.asker));
	TRY(registration_ask(&call->auth, &request, &asked));
	if (asked.verdict == REGISTRATION_CLOSED)
		return registration_show_closed(call);
	if (asked.verdict == REGISTRATION_FLAWED) {
		result.account.flaw = asked.flaw;
		TRY(registration_explain(call, &result, &flaws));
		return show(call, 400, &flaws, &typed);
	}
	typed.email = asked.email;
	return go_on(call, &typed);
}
