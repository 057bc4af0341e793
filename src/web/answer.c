/* Small steps of an answer that several handlers take. */
#include "answer.h"

#include "account.h"
#include "assets.h"
#include "buf.h"
#include "call.h"
#include "clock.h"
#include "language_call.h"
#include "template.h"
#include "view.h"

#define WAIT_TEXT_MAX 128
#define NUMBER_MAX 16
#define SENTENCES_MAX 512

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
	TRY(language_url(call, own_path, &url));
	template_url(data, name, url);
	return OK;
}

enum err answer_location(struct call *call, struct str own_path, struct str name)
{
	const struct config *config = call->app->config;
	struct url own, location;
	struct buf text;
	struct str path;
	buf_init(&text, call->arena, REQUEST_PATH_MAX);
	buf_add(&text, own_path);
	buf_add(&text, name);
	TRY(buf_str(&text, &path));
	TRY(url_own(call->arena, config->server.base_path, path, &own));
	TRY(url_absolute(call->arena, config->server.origin, own.text, &location));
	response_header(&call->response, "Location", location.text);
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

static void send_asset(struct call *call, const struct asset *asset, struct str control)
{
	struct response *response = &call->response;
	response_header(response, "Cache-Control", control);
	response_header(response, "ETag", asset->etag);
	if (request_has_tag(&call->request, asset->etag)) {
		response_status(response, 304);
		return;
	}
	response_status(response, 200);
	response_type(response, asset->type);
	buf_add(&response->body, asset->bytes);
}

void answer_asset(struct call *call, const struct asset *asset)
{
	send_asset(call, asset, STR("public, max-age=3600"));
}

enum err answer_asset_for(struct call *call, const struct asset *asset, int64_t span)
{
	struct buf text;
	struct str control;
	buf_init(&text, call->arena, WAIT_TEXT_MAX);
	buf_add(&text, STR("public, max-age="));
	buf_add_i64(&text, span / CLOCK_SECOND);
	TRY(buf_str(&text, &control));
	send_asset(call, asset, control);
	return OK;
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

void answer_person(struct template_data *data, const struct session_found *found)
{
	struct str identity = found->username.n > 0 ? found->username : found->email;
	template_text(data, "identity", identity);
	template_text(data, "person", found->display_name.n > 0 ? found->display_name : identity);
}

enum err answer_min_length(struct call *call, struct str *out)
{
	struct buf text;
	buf_init(&text, call->arena, NUMBER_MAX);
	buf_add_u64(&text, call->app->config->password.min_length);
	return buf_str(&text, out);
}

enum err answer_password_text(struct call *call, const struct password_opinion *opinion,
			      struct str *out)
{
	struct buf text;
	buf_init(&text, call->arena, SENTENCES_MAX);
	buf_add(&text, str_of(password_flaw_text(opinion->flaw)));
	if (opinion->flaw == PASSWORD_TOO_SHORT)
		buf_addf(&text, " At least %u characters are needed.",
			 call->app->config->password.min_length);
	if (opinion->flaw != PASSWORD_SAME && str_is_present(opinion->hint)) {
		buf_add_char(&text, ' ');
		buf_add(&text, opinion->hint);
	}
	return buf_str(&text, out);
}

enum err answer_throttled(struct call *call, unsigned wait)
{
	struct problem_detail detail = {.retry_after = wait};
	TRY(answer_wait_text(call->arena, wait, &detail.detail));
	return view_problem(call, PROBLEM_TOO_MANY_ATTEMPTS, &detail);
}

unsigned answer_seconds(int64_t span)
{
	return (unsigned)((span + CLOCK_SECOND - 1) / CLOCK_SECOND);
}
