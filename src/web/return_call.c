/* Return over HTTP: the field return_to on its way through pages, and where it ends. */
#include "return_call.h"

#include "answer.h"
#include "buf.h"
#include "call.h"
#include "template.h"
#include "view.h"

#define LINK_MAX ((size_t)4 * REQUEST_PATH_MAX)
#define PAGE STR("/return")

struct return_to return_of_call(const struct call *call)
{
	bool posted = call->request.method == METHOD_POST;

	return return_to_find(call->app->config, posted ? call_text(call, "return_to")
							: call_query(call, "return_to"));
}

enum err return_path(struct call *call, const struct return_to *target, struct str own_path,
		     struct str *out)
{
	struct buf path;
	buf_init(&path, call->arena, LINK_MAX);
	buf_add(&path, own_path);
	if (target->kind != RETURN_NOWHERE) {
		buf_add_char(&path, str_contains(own_path, '?') ? '&' : '?');
		buf_add(&path, STR("return_to="));
		url_add_encoded(&path, target->url.text);
	}
	return buf_str(&path, out);
}

enum err return_url(struct call *call, const struct return_to *target, struct template_data *data,
		    const char *name, struct str own_path)
{
	struct str path;
	TRY(return_path(call, target, own_path, &path));
	return answer_url(call, data, name, path);
}

enum err return_go_on(struct call *call, const struct return_to *target, struct str own_path)
{
	struct str path;
	struct url location;
	if (return_to_is_foreign(target)) {
		TRY(return_path(call, target, PAGE, &path));
		return view_redirect(call, path);
	}
	if (target->kind != RETURN_HERE)
		return view_redirect(call, own_path);
	TRY(url_absolute(call->arena, call->app->config->server.origin, target->url.text,
			 &location));
	response_redirect(&call->response, &location);
	return OK;
}

enum err return_link(struct call *call, const struct return_to *target, struct template_data *data,
		     const char *name, struct str own_path)
{
	if (return_to_is_foreign(target))
		return return_url(call, target, data, name, PAGE);
	if (target->kind != RETURN_HERE)
		return answer_url(call, data, name, own_path);
	template_url(data, name, target->url);
	return OK;
}
