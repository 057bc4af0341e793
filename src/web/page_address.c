/* The page where a person changes their address: asks for a new one, and for the code it got. */
#include "address.h"
#include "answer.h"
#include "buf.h"
#include "call.h"
#include "catalogue.h"
#include "clock.h"
#include "guard.h"
#include "handlers.h"
#include "issued.h"
#include "language_call.h"
#include "policy.h"
#include "profile_call.h"
#include "return_call.h"
#include "say.h"
#include "view.h"

#define PATH_MAX_BYTES 200

struct address_page {
	int status;
	struct str notice, error, email, code; /* what is wrong with each, for the last two */
	struct str wanted;                     /* the address that was asked for; absent: none */
	struct str typed;
};

static enum err show(struct call *call, const struct address_page *page)
{
	struct template_data *data;
	TRY(view_page_data(call, &data));
	TRY(answer_url(call, data, "url_action", STR("/account/address")));
	answer_person(data, &call->session.found);
	template_text(data, "email", call->session.found.email);
	template_text(data, "notice", page->notice);
	template_text(data, "error", page->error);
	template_text(data, "error_email", page->email);
	template_text(data, "error_code", page->code);
	template_count(data, "days", (uint64_t)(call->app->config->account.restorable / CLOCK_DAY));
	template_text(data, "wanted", page->wanted);
	template_text(data, "typed", page->typed);
	return view_page(call, page->status, "address.html", data);
}

enum err page_address_show(struct call *call)
{
	struct address_page page = {.status = 200};
	if (str_is_present(call_query(call, "done")))
		page.notice = say(call, "address.done");
	return show(call, &page);
}

/* What was refused, on either form; the rest is the caller's. */
static enum err explain(struct call *call, const struct address_effect *effect,
			struct address_page *page)
{
	page->status = 400;
	switch (effect->outcome) {
	case ADDRESS_BAD:
		page->email = say(call, "address.bad");
		return OK;
	case ADDRESS_SAME:
		page->email = say(call, "address.same");
		return OK;
	case ADDRESS_WRONG:
		page->code = say(call, "address.wrong");
		return OK;
	case ADDRESS_OVER:
		page->status = 410;
		page->error = say(call, "address.over");
		return OK;
	case ADDRESS_PENDING:
		page->status = 409;
		page->error = say(call, "address.pending");
		return OK;
	case ADDRESS_TAKEN:
		page->status = 409;
		page->error = say(call, "address.taken");
		return OK;
	default:
		view_retry_after(call, answer_seconds(effect->wait));
		page->status = 429;
		return answer_wait_text(call, answer_seconds(effect->wait), &page->error);
	}
}

static enum err ask(struct call *call)
{
	struct address_wish wish = {
		.user_id = call->session.found.session.user_id,
		.typed = call_text(call, "email"),
		.language = language_tag(language_of_call(call)),
	};
	struct address_page page = {.status = 200, .typed = wish.typed};
	struct address_effect effect;
	TRY(address_ask(&call->auth, &wish, &effect));
	if (effect.outcome == ADDRESS_GONE)
		return issued_gone(call);
	if (effect.outcome == ADDRESS_DONE)
		page.wanted = str_trim(wish.typed);
	else
		TRY(explain(call, &effect, &page));
	return show(call, &page);
}

static enum err prove(struct call *call)
{
	struct address_proof proof = {
		.user_id = call->session.found.session.user_id,
		.session_id = call->session.found.session.id,
		.address = call_text(call, "email"),
		.code = call_text(call, "code"),
	};
	struct address_page page = {.wanted = str_trim(proof.address)};
	struct address_effect effect;
	TRY(address_prove(&call->auth, &proof, &effect));
	if (effect.outcome == ADDRESS_GONE)
		return issued_gone(call);
	if (effect.outcome == ADDRESS_DONE)
		return view_redirect(call, STR("/account/address?done=yes"));
	TRY(explain(call, &effect, &page));
	/* With a code that is over, or an address that somebody has, it begins anew. */
	if (page.status == 409 || page.status == 410)
		page.wanted = STR_NONE;
	return show(call, &page);
}

enum err page_address_post(struct call *call)
{
	if (call->csrf_stale)
		return show(call, &(struct address_page){.status = 403,
							 .error = say(call, "page.stale"),
							 .typed = call_text(call, "email")});
	return str_is_present(call_text(call, "code")) ? prove(call) : ask(call);
}

static enum err ticket_path(struct call *call, const struct mail_code_row *row, struct str *out)
{
	struct str ticket;
	struct buf text;
	TRY(guard_pre(call));
	TRY(mail_code_ticket(&call->auth, &row->id, call->pre_cookie, &ticket));
	buf_init(&text, call->arena, PATH_MAX_BYTES);
	buf_add(&text, STR("/verify?ticket="));
	buf_add(&text, ticket);
	return buf_str(&text, out);
}

/* Back to the link, once the visitor is who asked, and that is known well enough. */
static enum err entry_path(struct call *call, const struct mail_code_row *row, struct str entry,
			   struct str *out)
{
	struct return_to back = {.kind = RETURN_HERE};
	struct str path;
	TRY(ticket_path(call, row, &path));
	TRY(language_url(call, path, &back.url));
	return return_path(call, &back, entry, out);
}

static enum err send_to(struct call *call, const struct mail_code_row *row, struct str entry)
{
	struct str path;
	TRY(entry_path(call, row, entry, &path));
	return view_redirect(call, path);
}

static enum err show_link(struct call *call, const struct mail_code_row *row, int status,
			  struct str error)
{
	struct template_data *data;
	struct str ticket, other;
	TRY(view_page_data(call, &data));
	TRY(guard_pre(call));
	TRY(mail_code_ticket(&call->auth, &row->id, call->pre_cookie, &ticket));
	TRY(entry_path(call, row, STR("/login?switch=yes"), &other));
	TRY(answer_url(call, data, "url_switch", other));
	TRY(answer_url(call, data, "url_action", STR("/verify")));
	TRY(answer_url(call, data, "url_address", STR("/account/address")));
	answer_person(data, &call->session.found);
	template_text(data, "error", error);
	template_text(data, "ticket", ticket);
	template_text(data, "wanted", row->address);
	template_text(data, "email", call->session.found.email);
	template_flag(data, "other", !id_equal(row->user_id, call->session.found.session.user_id));
	template_flag(data, "over", status == 410 || status == 409);
	return view_page(call, status, "verify-address.html", data);
}

static enum err prove_link(struct call *call, const struct mail_code_row *row)
{
	struct address_proof proof = {
		.user_id = call->session.found.session.user_id,
		.session_id = call->session.found.session.id,
		.ticket = row->id,
	};
	struct address_page page = {.status = 200};
	struct address_effect effect;
	TRY(address_prove(&call->auth, &proof, &effect));
	if (effect.outcome == ADDRESS_GONE)
		return issued_gone(call);
	if (effect.outcome == ADDRESS_DONE)
		return view_redirect(call, STR("/account/address?done=yes"));
	if (effect.outcome == ADDRESS_WRONG)
		effect.outcome = ADDRESS_OVER;
	TRY(explain(call, &effect, &page));
	return show_link(call, row, page.status, page.error);
}

static enum err go_on(struct call *call, const struct mail_code_row *row)
{
	const struct session_row *session = &call->session.found.session;
	bool lives = call->session.standing == SESSION_LIVE && !session_is_guest(&call->session);
	bool reads = call->request.method != METHOD_POST;
	if (!lives)
		return reads ? send_to(call, row, STR("/login"))
			     : view_problem(call, PROBLEM_UNAUTHENTICATED,
					    &(struct problem_detail){.detail = STR_NONE});
	/* Whoever can read the mail is not asked to give the address to who wants it. */
	if (!id_equal(row->user_id, session->user_id))
		return show_link(call, row, 403, say(call, "address.not_yours"));
	if (!policy_is_fresh(session, guard_max_age(call), call->request.now))
		return reads ? send_to(call, row, STR("/reauth"))
			     : view_problem(call, PROBLEM_REAUTHENTICATION_REQUIRED,
					    &(struct problem_detail){.detail = STR_NONE});
	if (row->used_at > 0 || row->expires_at <= call->request.now)
		return show_link(call, row, 410, say(call, "address.over"));
	if (call->csrf_stale)
		return show_link(call, row, 403, say(call, "page.stale"));
	return reads ? show_link(call, row, 200, STR_NONE) : prove_link(call, row);
}

/* The row is told by its link, whoever asked: what may be done with it is looked at afterwards. */
static enum err find_row(struct call *call, const struct mail_claim *claim,
			 struct mail_code_row *row, bool *found)
{
	enum mail_verdict verdict;
	int64_t wait;
	*row = (struct mail_code_row){.purpose = MAIL_NOTHING};
	TRY(mail_code_check(&call->auth, claim, &verdict, row, &wait));
	*found = row->purpose == MAIL_ADDRESS;
	return OK;
}

enum err page_verify_address(struct call *call, bool *taken)
{
	bool reads = call->request.method != METHOD_POST;
	struct mail_claim claim = {.links = 1U << MAIL_ADDRESS};
	struct str ticket = reads ? call_query(call, "ticket") : call_text(call, "ticket");
	struct mail_code_row row;
	struct str path;
	*taken = false;
	if (reads)
		claim.code = call_query(call, "code");
	if (str_is_present(claim.code)) {
		TRY(find_row(call, &claim, &row, taken));
		if (!*taken)
			return OK;
		/* The code leaves the address bar before anything is shown. */
		TRY(ticket_path(call, &row, &path));
		return view_redirect(call, path);
	}
	if (!str_is_present(ticket) ||
	    !mail_code_read_ticket(&call->auth, ticket, call->pre_cookie, &claim.ticket))
		return OK;
	TRY(find_row(call, &claim, &row, taken));
	return *taken ? go_on(call, &row) : OK;
}
