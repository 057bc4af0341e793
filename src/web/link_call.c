/* Links of mails over HTTP: a GET exchanges one, unused, for a form that only this browser has. */
#include "link_call.h"

#include "answer.h"
#include "buf.h"
#include "call.h"
#include "guard.h"
#include "view.h"

#define PLACE_MAX 200

enum err link_exchange(struct call *call, const struct link_page *page, bool *good)
{
	const struct mail_claim claim = {.links = page->links, .code = call_query(call, "code")};
	struct mail_code_row row;
	enum mail_verdict verdict;
	struct str ticket, place;
	struct buf text;
	int64_t wait;
	TRY(mail_code_check(&call->auth, &claim, &verdict, &row, &wait));
	*good = verdict == MAIL_RIGHT;
	if (!*good)
		return OK;
	TRY(guard_pre(call));
	TRY(mail_code_ticket(&call->auth, &row.id, call->pre_cookie, &ticket));
	buf_init(&text, call->arena, PLACE_MAX);
	buf_add(&text, page->path);
	buf_add(&text, STR("?ticket="));
	buf_add(&text, ticket);
	TRY(buf_str(&text, &place));
	return view_redirect(call, place);
}

enum err link_row(struct call *call, struct str ticket, struct id *row)
{
	struct id id = ID_NONE;
	TRY(guard_pre(call));
	if (!mail_code_read_ticket(&call->auth, ticket, call->pre_cookie, &id))
		id = ID_NONE;
	*row = id;
	return OK;
}

enum err link_look(struct call *call, const struct link_page *page, struct str ticket,
		   enum mail_verdict *verdict, struct mail_code_row *row)
{
	struct mail_claim claim = {.links = page->links};
	int64_t wait;
	TRY(link_row(call, ticket, &claim.ticket));
	if (!id_is_none(claim.ticket))
		return mail_code_check(&call->auth, &claim, verdict, row, &wait);
	*verdict = MAIL_WRONG;
	return OK;
}

enum err link_show_over(struct call *call, struct str title, struct str text)
{
	struct template_data *data;
	TRY(view_page_data(call, &data));
	TRY(answer_url(call, data, "url_recover", STR("/recover")));
	template_text(data, "title", title);
	template_text(data, "text", text);
	return view_page(call, 410, "link-over.html", data);
}
