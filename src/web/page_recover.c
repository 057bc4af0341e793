/* The page that sends mail to who has forgotten the password, and then asks for its code. */
#include "answer.h"
#include "call.h"
#include "guard.h"
#include "handlers.h"
#include "recovery_call.h"
#include "say.h"
#include "view.h"

struct recover_page {
	int status;
	struct str error, wrong, email; /* what is wrong with the address */
};

static enum err show(struct call *call, const struct recover_page *page)
{
	struct template_data *data;
	/* Before the page's token: the code may only be typed in this browser. */
	TRY(guard_pre(call));
	TRY(view_page_data(call, &data));
	TRY(answer_url(call, data, "url_action", STR("/recover")));
	template_text(data, "error", page->error);
	template_text(data, "error_email", page->wrong);
	template_text(data, "email", page->email);
	return view_page(call, page->status, "recover.html", data);
}

enum err page_recover_show(struct call *call)
{
	return show(call, &(struct recover_page){.status = 200});
}

enum err page_recover_post(struct call *call)
{
	struct recover_page page = {.status = 403, .email = call_text(call, "email")};
	struct str email;
	bool bad;
	if (call->csrf_stale) {
		page.error = say(call, "page.stale");
		return show(call, &page);
	}
	TRY(recovery_ask_of(call, &email, &bad));
	if (!bad)
		return recovery_show_form(call, email, true);
	page.status = 400;
	page.error = say(call, "recover.nothing_sent");
	page.wrong = say(call, "recover.bad_email");
	return show(call, &page);
}
