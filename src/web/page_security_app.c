/* Setting up an authenticator app: a picture to scan, and a code that shows that it works. */
#include "answer.h"
#include "buf.h"
#include "call.h"
#include "factor_store.h"
#include "handlers.h"
#include "issued.h"
#include "qr.h"
#include "return_call.h"
#include "say.h"
#include "security_call.h"
#include "totp.h"
#include "view.h"

#define SECRET_MAX 128
#define GROUP 4

struct app_page {
	int status;
	struct str error;
	struct return_to return_to;
};

/* In groups, for typing. */
static enum err group(struct call *call, struct secret secret, struct str *out)
{
	struct buf text;
	buf_init(&text, call->arena, SECRET_MAX);
	for (size_t i = 0; i < secret.len; i++) {
		if (i > 0 && i % GROUP == 0)
			buf_add_char(&text, ' ');
		buf_add_char(&text, (char)secret.bytes[i]);
	}
	return buf_str(&text, out);
}

/* The one page that shows a secret: it is there to be scanned or typed. */
static enum err add_offer(struct call *call, struct template_data *data)
{
	struct totp_offer offer;
	struct str secret;
	struct qr qr;
	bool offered;
	TRY(totp_offered(&call->auth, &call->session, &offer, &offered));
	template_flag(data, "offered", offered);
	if (!offered)
		return OK;
	TRY(group(call, offer.secret, &secret));
	TRY(qr_encode(call->arena, (struct str){(const char *)offer.uri.bytes, offer.uri.len},
		      &qr));
	template_text(data, "secret", secret);
	template_text(data, "qr_size", qr.size);
	template_text(data, "qr_path", qr.path);
	return OK;
}

static enum err show(struct call *call, const struct app_page *page)
{
	struct template_data *data;
	TRY(view_page_data(call, &data));
	TRY(answer_url(call, data, "url_action", STR("/account/security/app")));
	TRY(return_url(call, &page->return_to, data, "url_security", STR("/account/security")));
	TRY(add_offer(call, data));
	template_flag(data, "replaces", (call->session.found.factors & FACTOR_TOTP) != 0);
	template_text(data, "error", page->error);
	template_text(data, "return_to", page->return_to.url.text);
	return view_page(call, page->status, "security-app.html", data);
}

enum err page_security_app_show(struct call *call)
{
	return show(call, &(struct app_page){.status = 200, .return_to = return_of_call(call)});
}

/* The page that follows can be loaded anew without another secret. */
static enum err begin(struct call *call, const struct return_to *target)
{
	struct totp_offer offer;
	struct str path;
	enum err e = totp_begin(&call->auth, &call->session, &offer);
	if (e == ERR_CONFLICT)
		return issued_gone(call);
	TRY(e);
	TRY(return_path(call, target, STR("/account/security/app"), &path));
	return view_redirect(call, path);
}

static enum err refuse(struct call *call, const struct totp_confirmed *done, struct app_page *page)
{
	switch (done->verdict) {
	case FACTORS_THROTTLED:
		view_retry_after(call, answer_seconds(done->wait));
		page->status = 429;
		TRY(answer_wait_text(call, answer_seconds(done->wait), &page->error));
		return show(call, page);
	case FACTORS_WRONG:
		response_header(&call->response, "WWW-Authenticate",
				STR("Bearer realm=\"gatepost\""));
		page->status = 401;
		page->error = say(call, "security.app_wrong");
		return show(call, page);
	default:
		if (call->session.standing == SESSION_REPLACED)
			return issued_gone(call);
		page->status = 409;
		page->error = say(call, "security.app_over");
		return show(call, page);
	}
}

enum err page_security_app_post(struct call *call)
{
	struct app_page page = {.return_to = return_of_call(call)};
	struct totp_confirm_request request = {
		.code = call_text(call, "code"),
		.renews = true,
		.presented = &call->credential,
		.current = &call->session,
	};
	struct totp_confirmed done;
	if (call->csrf_stale && call->session.standing == SESSION_REPLACED)
		return issued_gone(call);
	if (call->csrf_stale) {
		page.status = 403;
		page.error = say(call, "page.stale");
		return show(call, &page);
	}
	if (!str_is_present(request.code))
		return call->session.standing == SESSION_REPLACED ? issued_gone(call)
								  : begin(call, &page.return_to);
	TRY(totp_confirm(&call->auth, &request, &done));
	if (done.verdict != FACTORS_DONE)
		return refuse(call, &done, &page);
	issued_take(call, &done.issued);
	return security_set_up(call, done.codes, done.n, &page.return_to, STR("app"));
}
