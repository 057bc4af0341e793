/* Adding a passkey: the browser's script makes it, and this form brings it. */
#include "answer.h"
#include "call.h"
#include "factor_form.h"
#include "fields.h"
#include "handlers.h"
#include "issued.h"
#include "passkey.h"
#include "return_call.h"
#include "say.h"
#include "security_call.h"
#include "view.h"
#include "webauthn_json.h"

struct passkey_page {
	int status;
	struct str error, typed;
	struct return_to return_to;
};

static enum err show(struct call *call, const struct passkey_page *page)
{
	struct template_data *data;
	TRY(view_page_data(call, &data));
	TRY(answer_url(call, data, "url_action", STR("/account/security/passkey")));
	TRY(return_url(call, &page->return_to, data, "url_security", STR("/account/security")));
	TRY(factor_form_options(call, data, STR("/api/v1/passkeys/options")));
	template_text(data, "error", page->error);
	template_text(data, "typed", page->typed);
	template_text(data, "return_to", page->return_to.url.text);
	return view_page(call, page->status, "security-passkey.html", data);
}

enum err page_security_passkey_show(struct call *call)
{
	return show(call, &(struct passkey_page){.status = 200, .return_to = return_of_call(call)});
}

static enum err refuse(struct call *call, enum factors_verdict verdict, struct passkey_page *page)
{
	switch (verdict) {
	case FACTORS_WRONG:
		response_header(&call->response, "WWW-Authenticate",
				STR("Bearer realm=\"gatepost\""));
		page->status = 401;
		page->error = say(call, "security.passkey_wrong");
		return show(call, page);
	case FACTORS_TAKEN:
		page->status = 409;
		page->error = say(call, "security.passkey_taken");
		return show(call, page);
	case FACTORS_FULL:
		page->status = 409;
		page->error = say(call, "security.passkey_full");
		return show(call, page);
	default:
		return issued_gone(call);
	}
}

static enum err add(struct call *call, struct passkey_page *page,
		    const struct webauthn_json_registration *read)
{
	struct passkey_registration request = {
		.given = read->given,
		.transports = read->transports,
		.name = page->typed,
		.renews = true,
		.presented = &call->credential,
		.current = &call->session,
	};
	struct passkey_registered done;
	TRY(passkey_register(&call->auth, &request, &done));
	if (done.verdict != FACTORS_DONE)
		return refuse(call, done.verdict, page);
	if (done.renewed)
		issued_take(call, &done.issued);
	return security_set_up(call, done.codes.texts, done.has_codes ? RECOVERY_SET_CODES : 0,
			       &page->return_to, STR("passkey"));
}

enum err page_security_passkey_post(struct call *call)
{
	struct passkey_page page = {
		.typed = call_text(call, "name"),
		.return_to = return_of_call(call),
	};
	struct webauthn_json_registration read;
	if (call->csrf_stale && call->session.standing == SESSION_REPLACED)
		return issued_gone(call);
	if (call->csrf_stale) {
		page.status = 403;
		page.error = say(call, "page.stale");
		return show(call, &page);
	}
	if (str_is_present(page.typed) && !fields_is_device_name(page.typed)) {
		page.status = 400;
		page.error = say(call, "security.passkey_bad_name");
		return show(call, &page);
	}
	enum err e = webauthn_json_registration(call->arena, call_text(call, "passkey"), &read);
	if (e == ERR_INPUT)
		return answer_bad_field(call, STR("passkey"),
					STR("is not what a browser gives of a passkey"));
	TRY(e);
	return add(call, &page, &read);
}
