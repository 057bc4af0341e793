/* Small steps of an answer that several handlers take. */
#include "answer.h"

#include "account.h"
#include "assets.h"
#include "buf.h"
#include "call.h"
#include "clock.h"
#include "language_call.h"
#include "say.h"
#include "template.h"
#include "view.h"

#define WAIT_TEXT_MAX 128
#define SENTENCES_MAX 2048

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
static const struct wait_unit {
	unsigned from, size;
	const char *name; /* in English */
	const char *key;
} WAIT_UNITS[] = {
	{7200, 3600, "hour", "throttle.hours"},
	{120, 60, "minute", "throttle.minutes"},
	{0, 1, "second", "throttle.seconds"},
};

/* Rounded up. */
static const struct wait_unit *wait_unit(unsigned seconds, unsigned *n)
{
	const struct wait_unit *unit = WAIT_UNITS;
	while (seconds < unit->from)
		unit++;
	*n = (seconds + unit->size - 1) / unit->size;
	return unit;
}

enum err answer_wait_text(struct call *call, unsigned seconds, struct str *out)
{
	unsigned n;
	const struct wait_unit *unit = wait_unit(seconds, &n);
	return say_count(call, unit->key, n, out);
}

void answer_person(struct template_data *data, const struct session_found *found)
{
	struct str identity = found->username.n > 0 ? found->username : found->email;
	template_text(data, "identity", identity);
	template_text(data, "person", found->display_name.n > 0 ? found->display_name : identity);
}

void answer_min_length(const struct call *call, struct template_data *data)
{
	template_count(data, "min_length", call->app->config->password.min_length);
}

static const char *const FLAWS[PASSWORD_FLAW_COUNT] = {
	[PASSWORD_FINE] = "password.flaw_fine",     [PASSWORD_NOT_TEXT] = "password.flaw_not_text",
	[PASSWORD_TOO_LONG] = "password.flaw_long", [PASSWORD_TOO_SHORT] = "password.flaw_short",
	[PASSWORD_COMMON] = "password.flaw_common", [PASSWORD_PERSONAL] = "password.flaw_personal",
	[PASSWORD_SAME] = "password.flaw_same",     [PASSWORD_BREACHED] = "new_password.breached",
};
_Static_assert(PASSWORD_BREACHED + 1 == PASSWORD_FLAW_COUNT, "each flaw has its text above");

static const char *const HINTS[PASSWORD_HINT_COUNT] = {
	[PASSWORD_HINT_WEAK] = "password.hint_weak",
	[PASSWORD_HINT_FAIR] = "password.hint_fair",
};

enum err answer_password_text(struct call *call, const struct password_opinion *opinion,
			      struct str *out)
{
	struct str needed;
	struct buf text;
	buf_init(&text, call->arena, SENTENCES_MAX);
	buf_add(&text, say(call, FLAWS[opinion->flaw]));
	if (opinion->flaw == PASSWORD_TOO_SHORT) {
		TRY(say_count(call, "password.needed", call->app->config->password.min_length,
			      &needed));
		buf_add_char(&text, ' ');
		buf_add(&text, needed);
	}
	if (opinion->flaw != PASSWORD_SAME && opinion->hint != PASSWORD_HINT_NONE) {
		buf_add_char(&text, ' ');
		buf_add(&text, say(call, HINTS[opinion->hint]));
	}
	return buf_str(&text, out);
}

/* For programs, so in English whatever the catalogues are. */
enum err answer_throttled(struct call *call, unsigned wait)
{
	struct problem_detail detail = {.retry_after = wait};
	struct buf text;
	unsigned n;
	const struct wait_unit *unit = wait_unit(wait, &n);
	buf_init(&text, call->arena, WAIT_TEXT_MAX);
	buf_addf(&text, "There were too many attempts. Please try again in %u %s%s.", n, unit->name,
		 n == 1 ? "" : "s");
	TRY(buf_str(&text, &detail.detail));
	return view_problem(call, PROBLEM_TOO_MANY_ATTEMPTS, &detail);
}

unsigned answer_seconds(int64_t span)
{
	return (unsigned)((span + CLOCK_SECOND - 1) / CLOCK_SECOND);
}
