/* Small steps of an answer that several handlers take. */
#include "answer.h"

#include "call.h"
#include "template.h"
#include "url.h"
#include "view.h"

void answer_json_begin(struct call *call, int status, struct json_out *out)
{
	response_status(&call->response, status);
	response_type(&call->response, "application/json; charset=utf-8");
	json_begin(out, &call->response.body);
	json_open_object(out, NULL);
}

enum err answer_json_end(struct call *call, struct json_out *out)
{
	json_close_object(out);
	return call->response.body.failed;
}

enum err answer_url(struct call *call, struct template_data *data, const char *name,
		    struct str own_path)
{
	struct url url;
	TRY(url_own(call->arena, call->app->config->server.base_path, own_path, &url));
	template_url(data, name, url);
	return OK;
}

enum err answer_bad_field(struct call *call, struct str field, struct str reason)
{
	return view_problem(call, PROBLEM_INVALID_REQUEST,
			    &(struct problem_detail){.field = field, .reason = reason});
}

enum err answer_not_found(struct call *call)
{
	return view_problem(call, PROBLEM_NOT_FOUND, &(struct problem_detail){.retry_after = 0});
}
