/* /user: the account of the one who asks. */
#include "answer.h"
#include "call.h"
#include "handlers.h"
#include "view.h"

enum err api_user_show(struct call *call)
{
	struct json_out out;
	answer_json_begin(call, 200, &out);
	view_user_json(&out, "user", &call->session);
	return answer_json_end(call, &out);
}
