/* Small steps of an answer that several handlers take. */
#include "answer.h"

#include "buf.h"
#include "call.h"
#include "template.h"
#include "url.h"
#include "view.h"

#define WAIT_TEXT_MAX 128

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

/* Minutes and hours once seconds would be hard to read. */
enum err answer_wait_text(struct arena *arena, unsigned seconds, struct str *out)
{
	static const struct {
		unsigned from, size;
		const char *name;
	} units[] = {{7200, 3600, " hour"}, {120, 60, " minute"}, {0, 1, " second"}};
	struct buf text;
	size_t i = 0;
	unsigned n;
	while (seconds < units[i].from)
		i++;
	n = (seconds + units[i].size - 1) / units[i].size;
	buf_init(&text, arena, WAIT_TEXT_MAX);
	buf_add(&text, STR("There were too many attempts. Please try again in "));
	buf_add_u64(&text, n);
	buf_add(&text, str_of(units[i].name));
	buf_add(&text, n == 1 ? STR(".") : STR("s."));
	return buf_str(&text, out);
}
