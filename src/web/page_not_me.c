/* "This wasn't me": what the link of a notice leads to. Opening it does nothing, the button acts.
 */
#include "answer.h"
#include "call.h"
#include "catalogue.h"
#include "dispute.h"
#include "handlers.h"
#include "language_call.h"
#include "link_call.h"
#include "recovery_call.h"
#include "say.h"
#include "view.h"

static const struct link_page PAGE = {.path = {"/not-me", 7}, .links = DISPUTE_LINKS};

static enum err show_over(struct call *call)
{
	return link_show_over(call, say(call, "not_me.over"), say(call, "not_me.over_text"));
}

static enum err show(struct call *call, int status, struct str ticket, struct str error)
{
	struct template_data *data;
	enum mail_verdict verdict;
	struct mail_code_row row;
	TRY(link_look(call, &PAGE, ticket, &verdict, &row));
	if (verdict != MAIL_RIGHT)
		return show_over(call);
	if (row.purpose == MAIL_RESTORATION)
		return page_restore_show(call, &row);
	TRY(view_page_data(call, &data));
	TRY(answer_url(call, data, "url_action", STR("/not-me")));
	template_text(data, "error", error);
	template_text(data, "ticket", ticket);
	return view_page(call, status, "not-me.html", data);
}

enum err page_not_me_show(struct call *call)
{
	struct str ticket = call_query(call, "ticket");
	bool good = false;
	if (str_is_present(ticket))
		return show(call, 200, ticket, STR_NONE);
	if (str_is_present(call_query(call, "code")))
		TRY(link_exchange(call, &PAGE, &good));
	return good ? OK : show_over(call);
}

/* The mail of the recovery has a code as well, which may be typed right here. */
static enum err show_done(struct call *call)
{
	struct template_data *data;
	TRY(view_page_data(call, &data));
	TRY(answer_url(call, data, "url_reset", STR("/reset")));
	TRY(answer_url(call, data, "url_recover", STR("/recover")));
	return view_page(call, 200, "not-me-done.html", data);
}

enum err page_not_me_post(struct call *call)
{
	struct str ticket = call_text(call, "ticket");
	struct dispute_request request = {.language = language_tag(language_of_call(call))};
	enum mail_verdict verdict;
	struct mail_code_row row;
	TRY(link_look(call, &PAGE, ticket, &verdict, &row));
	if (verdict == MAIL_RIGHT && row.purpose == MAIL_RESTORATION)
		return page_restore_post(call, &row);
	if (call->csrf_stale)
		return show(call, 403, ticket, say(call, "page.stale"));
	TRY(link_row(call, ticket, &request.claim.ticket));
	if (id_is_none(request.claim.ticket))
		return show_over(call);
	TRY(recovery_asker(call, &request.asker));
	TRY(dispute_act(&call->auth, &request, &verdict));
	return verdict == MAIL_RIGHT ? show_done(call) : show_over(call);
}
