/* The page behind the link that a former address got: the change of address is taken back. */
#include "address.h"
#include "answer.h"
#include "call.h"
#include "guard.h"
#include "handlers.h"
#include "mail_call.h"
#include "say.h"
#include "view.h"

struct restore_page {
	int status;
	struct str error;
	bool done; /* else it asks, unless there is an error */
};

static enum err show(struct call *call, const struct mail_code_row *row,
		     const struct restore_page *page)
{
	struct template_data *data;
	struct str ticket;
	TRY(view_page_data(call, &data));
	TRY(guard_pre(call));
	TRY(mail_code_ticket(&call->auth, &row->id, call->pre_cookie, &ticket));
	TRY(answer_url(call, data, "url_action", STR("/not-me")));
	TRY(answer_url(call, data, "url_reset", STR("/reset")));
	template_text(data, "error", page->error);
	template_text(data, "ticket", ticket);
	template_text(data, "address", row->address);
	template_text(data, "new_address", mail_code_unpack(row, STR("to")));
	template_flag(data, "done", page->done);
	template_flag(data, "asks", !page->done && page->status != 409 && page->status != 410);
	return view_page(call, page->status, "restore.html", data);
}

enum err page_restore_show(struct call *call, const struct mail_code_row *row)
{
	return show(call, row, &(struct restore_page){.status = 200});
}

enum err page_restore_post(struct call *call, const struct mail_code_row *row)
{
	struct address_restoring restoring = {.context = &call->auth, .row = row};
	if (call->csrf_stale)
		return show(
			call, row,
			&(struct restore_page){.status = 403, .error = say(call, "page.stale")});
	TRY(mail_asker_of(call, &restoring.asker));
	TRY(address_restore(&restoring));
	if (restoring.effect.outcome == ADDRESS_DONE)
		return show(call, row, &(struct restore_page){.status = 200, .done = true});
	if (restoring.effect.outcome == ADDRESS_TAKEN)
		return show(
			call, row,
			&(struct restore_page){.status = 409, .error = say(call, "restore.taken")});
	return show(call, row,
		    &(struct restore_page){.status = 410, .error = say(call, "restore.over")});
}
