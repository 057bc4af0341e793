/* The page that a journey to another site or an app ends at: a link, for a person to follow. */
#include "answer.h"
#include "call.h"
#include "handlers.h"
#include "return_call.h"
#include "view.h"

enum err page_return_show(struct call *call)
{
	/* Listed when the sign-in began does not mean listed now. */
	struct return_to target = return_of_call(call);
	struct template_data *data;
	if (!return_to_is_foreign(&target))
		return return_go_on(call, &target, STR("/account"));
	TRY(view_page_data(call, &data));
	answer_person(data, &call->session.found);
	template_text(data, "client", target.title);
	template_text(data, "place", target.place);
	template_flag(data, "is_app", target.kind == RETURN_APP);
	template_url(data, "url_return", target.url);
	return view_page(call, 200, "return.html", data);
}
