/* What the words of problem documents mean: where their "type" leads. */
#include "buf.h"
#include "call.h"
#include "handlers.h"
#include "problem.h"
#include "say.h"
#include "view.h"

#define STATUS_MAX 16

static enum err add_problem(struct call *call, const struct problem_info *info,
			    struct template_data *data)
{
	struct buf text;
	struct str status;
	buf_init(&text, call->arena, STATUS_MAX);
	buf_add_i64(&text, info->status);
	TRY(buf_str(&text, &status));
	struct template_data *item = template_item(data, "problems");
	template_text(item, "code", str_of(info->code));
	template_text(item, "status", status);
	template_text(item, "title", say(call, info->title_key));
	template_text(item, "text", say(call, info->text_key));
	return OK;
}

enum err page_problems_show(struct call *call)
{
	struct template_data *data;
	TRY(view_page_data(call, &data));
	for (int i = 0; i < PROBLEM_COUNT; i++)
		TRY(add_problem(call, problem_info((enum problem)i), data));
	return view_page(call, 200, "problems.html", data);
}
