/* The pages where a registration or an invitation is proven, by a typed code or a mail's link, and
 * the account's names and password are chosen. */
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

#define TICKET_PATH_MAX 128

/* One of the two pages, and what it goes on with. */
struct verify_page {
	enum mail_purpose purpose;
	struct str path;
	int status;
	struct registration_flaws flaws;
	struct mail_note note;
	bool is_known;     /* what was asked for: names are shown, and the address is settled */
	struct str ticket; /* absent: a code has to be typed */
	struct return_to return_to;
};

static struct verify_page page_of(const struct call *call, enum mail_purpose purpose)
{
	return (struct verify_page){
		.purpose = purpose,
		.path = purpose == MAIL_INVITATION ? STR("/invite") : STR("/verify"),
		.status = 200,
		.return_to = return_of_call(call),
	};
}

static bool is_invitation(const struct verify_page *page)
{
	return page->purpose == MAIL_INVITATION;
}

static enum err add_links(struct call *call, const struct verify_page *page,
			  struct template_data *data)
{
	TRY(answer_url(call, data, "url_action", page->path));
	TRY(return_url(call, &page->return_to, data, "url_register", STR("/register")));
	TRY(answer_url(call, data, "url_recover", STR("/recover")));
	return return_url(call, &page->return_to, data, "url_login", STR("/login"));
}

static enum err show(struct call *call, const struct verify_page *page)
{
	struct template_data *data;
	/* The -pre cookie comes first: codes and tickets are bound to it, and perhaps the form. */
	TRY(guard_pre(call));
	TRY(view_page_data(call, &data));
	TRY(add_links(call, page, data));
	registration_add_flaws(data, &page->flaws);
	template_text(data, "email", page->note.email);
	template_text(data, "username", page->note.username);
	template_text(data, "display_name_value", page->note.display_name);
	template_text(data, "ticket", page->ticket);
	template_text(data, "return_to", page->return_to.url.text);
	answer_min_length(call, data);
	template_flag(data, "is_invitation", is_invitation(page));
	template_flag(data, "is_known", page->is_known);
	return view_page(call, page->status, "verify.html", data);
}

/* A calm page instead of the form: with this link nothing more can be done. */
static enum err show_end(struct call *call, const struct verify_page *page, int status,
			 const char *text)
{
	struct template_data *data;
	TRY(view_page_data(call, &data));
	TRY(add_links(call, page, data));
	template_text(data, "text", say(call, text));
	template_flag(data, "is_invitation", is_invitation(page));
	template_flag(data, "is_taken", status == 409);
	return view_page(call, status, "verify-over.html", data);
}

static enum err show_refused(struct call *call, const struct verify_page *page)
{
	return show_end(call, page, 400,
			is_invitation(page) ? "invite.wrong" : "register.wrong_link");
}

static enum err show_over(struct call *call, const struct verify_page *page)
{
	return show_end(call, page, 410, is_invitation(page) ? "invite.over" : "register.over");
}

/* What a link or ticket that was only looked at leads to, where it is not good. */
static enum err show_verdict(struct call *call, const struct verify_page *page,
			     enum registration_verdict verdict)
{
	if (verdict == REGISTRATION_CLOSED)
		return registration_show_closed(call);
	return verdict == REGISTRATION_OVER ? show_over(call, page) : show_refused(call, page);
}

/* The code leaves the address bar before anything is shown; it is not used, and nothing counted. */
static enum err exchange(struct call *call, const struct verify_page *page, struct str code)
{
	const struct registration_proof proof = {.code = code, .links = 1U << page->purpose};
	struct registration_result result;
	struct mail_code_row row;
	struct str ticket, path;
	struct buf text;
	TRY(guard_pre(call));
	TRY(registration_look(&call->auth, &proof, &row, &result));
	if (result.verdict != REGISTRATION_ACCEPTED)
		return show_verdict(call, page, result.verdict);
	TRY(mail_code_ticket(&call->auth, &row.id, call->pre_cookie, &ticket));
	buf_init(&text, call->arena, TICKET_PATH_MAX);
	buf_add(&text, page->path);
	buf_add(&text, STR("?ticket="));
	buf_add(&text, ticket);
	TRY(buf_str(&text, &path));
	TRY(return_path(call, &page->return_to, path, &path));
	return view_redirect(call, path);
}

/* Sets *verdict, and when it is good whose it is. */
static enum err look_at_ticket(struct call *call, struct verify_page *page,
			       enum registration_verdict *verdict)
{
	struct registration_proof proof = {.links = 1U << page->purpose};
	struct registration_result result;
	struct mail_code_row row;
	*verdict = REGISTRATION_REFUSED;
	if (!mail_code_read_ticket(&call->auth, page->ticket, call->pre_cookie, &proof.ticket))
		return OK;
	TRY(registration_look(&call->auth, &proof, &row, &result));
	*verdict = result.verdict;
	if (result.verdict != REGISTRATION_ACCEPTED)
		return OK;
	page->is_known = true;
	page->note.email = result.account.user.email;
	page->note.username = result.account.user.username;
	page->note.display_name = result.account.user.display_name;
	return OK;
}

static enum err show_ticket(struct call *call, struct verify_page *page)
{
	enum registration_verdict verdict;
	page->ticket = call_query(call, "ticket");
	TRY(look_at_ticket(call, page, &verdict));
	return verdict == REGISTRATION_ACCEPTED ? show(call, page)
						: show_verdict(call, page, verdict);
}

enum err page_verify_show(struct call *call)
{
	struct verify_page page = page_of(call, MAIL_REGISTRATION);
	struct str code = call_query(call, "code");
	bool taken;
	TRY(page_verify_address(call, &taken));
	if (taken)
		return OK;
	if (str_is_present(code))
		return exchange(call, &page, code);
	if (str_is_present(call_query(call, "ticket")))
		return show_ticket(call, &page);
	TRY(mail_note_read(call, call_query(call, "note"), &page.note, &page.is_known));
	return show(call, &page);
}

enum err page_invite_show(struct call *call)
{
	struct verify_page page = page_of(call, MAIL_INVITATION);
	struct str code = call_query(call, "code");
	if (str_is_present(code))
		return exchange(call, &page, code);
	return show_ticket(call, &page);
}

static enum err show_done(struct call *call, const struct verify_page *page,
			  const struct user_row *user)
{
	struct template_data *data;
	TRY(view_page_data(call, &data));
	TRY(add_links(call, page, data));
	template_text(data, "identity", user->username.n > 0 ? user->username : user->email);
	return view_page(call, 200, "verify-done.html", data);
}

/* The form again, with what was typed. */
static enum err show_again(struct call *call, struct verify_page *page,
			   const struct registration_result *result)
{
	page->status = 400;
	if (result->verdict == REGISTRATION_THROTTLED) {
		unsigned wait = answer_seconds(result->wait);
		page->status = 429;
		view_retry_after(call, wait);
		TRY(answer_wait_text(call, wait, &page->flaws.error));
	} else if (result->verdict == REGISTRATION_REFUSED) {
		page->status = 401;
		response_header(&call->response, "WWW-Authenticate",
				STR("Bearer realm=\"gatepost\""));
		page->flaws.error = say(call, "register.flawed");
		page->flaws.code = say(call, "register.wrong_code");
	} else {
		page->status = result->account.flaw == ACCOUNT_TAKEN ? 409 : 400;
		TRY(registration_explain(call, result, &page->flaws));
	}
	return show(call, page);
}

static enum err answer(struct call *call, struct verify_page *page,
		       const struct registration_result *result)
{
	switch (result->verdict) {
	case REGISTRATION_ACCEPTED:
		return show_done(call, page, &result->account.user);
	case REGISTRATION_CLOSED:
	case REGISTRATION_OVER:
		return show_verdict(call, page, result->verdict);
	case REGISTRATION_REFUSED:
		if (str_is_present(page->ticket))
			return show_refused(call, page);
		break;
	default:
		if (result->address_taken)
			return show_end(call, page, 409, "register.address_taken");
	}
	return show_again(call, page, result);
}

static enum err post(struct call *call, enum mail_purpose purpose)
{
	struct verify_page page = page_of(call, purpose);
	struct registration_proof proof = {
		.code = call_text(call, "code"),
		.links = 1U << purpose,
		.username = call_text(call, "username"),
		.display_name = call_text(call, "display_name"),
		.new_password = call_text(call, "new_password"),
	};
	struct registration_result result = {.verdict = REGISTRATION_REFUSED};
	page.note =
		(struct mail_note){call_text(call, "email"), proof.username, proof.display_name};
	page.ticket = call_text(call, "ticket");
	page.is_known = str_is_present(proof.username);
	/* At a page it is chosen with the proof. */
	if (!str_is_present(proof.new_password))
		proof.new_password = STR("");
	if (call->csrf_stale) {
		page.status = 403;
		page.flaws.error = say(call, "page.stale");
		return show(call, &page);
	}
	TRY(mail_asker_of(call, &proof.asker));
	proof.email = page.note.email;
	if (str_is_present(page.ticket) &&
	    !mail_code_read_ticket(&call->auth, page.ticket, call->pre_cookie, &proof.ticket))
		return show_refused(call, &page);
	TRY(registration_prove(&call->auth, &proof, &result));
	return answer(call, &page, &result);
}

enum err page_verify_post(struct call *call)
{
	bool taken;
	TRY(page_verify_address(call, &taken));
	return taken ? OK : post(call, MAIL_REGISTRATION);
}

enum err page_invite_post(struct call *call)
{
	return post(call, MAIL_INVITATION);
}
