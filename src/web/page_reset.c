/* The page that sets a new password with a code or link from a mail. */
#include "answer.h"
#include "call.h"
#include "guard.h"
#include "handlers.h"
#include "link_call.h"
#include "recovery_call.h"
#include "say.h"
#include "view.h"

static const struct link_page PAGE = {.path = {"/reset", 6}, .links = RECOVERY_LINKS};

/* ticket present: by a link; else a code is typed. */
struct reset_page {
	int status;
	struct str error, wrong_code, wrong_password; /* what is wrong with each */
	struct str email, ticket;
	bool sent; /* the mail was just asked for */
};

static enum err show(struct call *call, const struct reset_page *page)
{
	struct template_data *data;
	TRY(guard_pre(call));
	TRY(view_page_data(call, &data));
	TRY(answer_url(call, data, "url_action", STR("/reset")));
	TRY(answer_url(call, data, "url_recover", STR("/recover")));
	template_text(data, "error", page->error);
	template_text(data, "error_code", page->wrong_code);
	template_text(data, "error_new", page->wrong_password);
	template_text(data, "email", page->email);
	template_text(data, "ticket", page->ticket);
	answer_min_length(call, data);
	template_flag(data, "sent", page->sent);
	template_flag(data, "asks_email", page->email.n == 0);
	return view_page(call, page->status, "reset.html", data);
}

enum err recovery_show_form(struct call *call, struct str email, bool sent)
{
	return show(call, &(struct reset_page){.status = 200, .email = email, .sent = sent});
}

static enum err show_over(struct call *call)
{
	return link_show_over(call, say(call, "recover.over"), say(call, "recover.over_text"));
}

static enum err show_ticket(struct call *call, struct reset_page *page)
{
	enum mail_verdict verdict;
	struct mail_code_row row;
	TRY(link_look(call, &PAGE, page->ticket, &verdict, &row));
	return verdict == MAIL_RIGHT ? show(call, page) : show_over(call);
}

enum err page_reset_show(struct call *call)
{
	struct reset_page page = {.status = 200, .ticket = call_query(call, "ticket")};
	bool good;
	if (str_is_present(page.ticket))
		return show_ticket(call, &page);
	if (!str_is_present(call_query(call, "code")))
		return show(call, &page);
	TRY(link_exchange(call, &PAGE, &good));
	return good ? OK : show_over(call);
}

static enum err explain(struct call *call, const struct recovery_outcome *outcome,
			struct reset_page *page)
{
	switch (outcome->verdict) {
	case RECOVERY_BAD_PASSWORD:
		page->status = 400;
		page->error = say(call, "recover.nothing_changed");
		return answer_password_text(call, &outcome->opinion, &page->wrong_password);
	case RECOVERY_THROTTLED:
		view_retry_after(call, answer_seconds(outcome->wait));
		page->status = 429;
		return answer_wait_text(call, answer_seconds(outcome->wait), &page->error);
	case RECOVERY_OVER:
		page->status = 410;
		page->error = say(call, "recover.nothing_changed");
		page->wrong_code = say(call, "recover.code_over");
		return OK;
	default:
		response_header(&call->response, "WWW-Authenticate",
				STR("Bearer realm=\"gatepost\""));
		page->status = 401;
		page->error = say(call, "recover.nothing_changed");
		page->wrong_code = say(call, "recover.bad_code");
		return OK;
	}
}

/* What cannot be an address has no code. */
static enum err read_claim(struct call *call, const struct reset_page *page,
			   struct mail_claim *claim)
{
	if (str_is_present(page->ticket))
		return link_row(call, page->ticket, &claim->ticket);
	claim->code = call_text(call, "code");
	if (account_normal_email(call->arena, page->email, &claim->address) != OK)
		claim->code = STR("");
	return recovery_asker(call, &claim->asker);
}

enum err page_reset_post(struct call *call)
{
	struct reset_page page = {
		.status = 403,
		.email = call_text(call, "email"),
		.ticket = call_text(call, "ticket"),
	};
	struct recovery_request request = {.new_password = call_text(call, "new_password")};
	struct recovery_outcome outcome;
	if (call->csrf_stale) {
		page.error = say(call, "page.stale");
		return str_is_present(page.ticket) ? show_ticket(call, &page) : show(call, &page);
	}
	TRY(read_claim(call, &page, &request.claim));
	TRY(recovery_reset(&call->auth, &request, &outcome));
	if (outcome.verdict == RECOVERY_DONE)
		return view_redirect(call, STR("/login?done=recovered"));
	if (str_is_present(page.ticket) && outcome.verdict <= RECOVERY_OVER)
		return show_over(call);
	TRY(explain(call, &outcome, &page));
	return show(call, &page);
}
