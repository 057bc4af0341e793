/* From a verdict to an answer: problem documents for the API, pages for people. */
#include "view.h"

#include "buf.h"
#include "clock.h"
#include "device_store.h"
#include "grants.h"
#include "guard.h"
#include "guarded.h"
#include "json.h"
#include "language_call.h"
#include "prove.h"
#include "say.h"
#include "url.h"

#define LINE_MAX_BYTES 512
#define TARGET_MAX ((size_t)8 * REQUEST_PATH_MAX)
#define RETRY_UNAVAILABLE 2 /* seconds */
#define RETRY_ATTEMPTS 60

enum problem view_problem_of(enum err e)
{
	switch (e) {
	case ERR_INPUT:
		return PROBLEM_INVALID_REQUEST;
	case ERR_TOO_LARGE:
		return PROBLEM_TOO_LARGE;
	case ERR_CONFLICT:
		return PROBLEM_CONFLICT;
	case ERR_MEMORY:
	case ERR_CONFIG: /* of a database that will not have us */
	case ERR_UNAVAILABLE:
	case ERR_UNCERTAIN:
		return PROBLEM_UNAVAILABLE;
	default:
		return PROBLEM_INTERNAL;
	}
}

/* For services, at the OAuth endpoints and where they act in a client's place. */
static bool is_for_services(const struct call *call)
{
	return call->by_service || call->match.surface == SURFACE_OAUTH;
}

static bool sent_bearer(const struct call *call)
{
	return str_is_present(call->request.authorization) ||
	       str_is_present(call->request.session_id_header);
}

static bool wants_aal2(const struct call *call)
{
	return call->wants_factor || (call->guarded != NULL && call->guarded->decision.needs_aal2);
}

/* RFC 6750 §3, RFC 9470 §3. No error word when no credential of that kind was sent. */
static void add_challenge(struct call *call, enum problem problem)
{
	struct buf line;
	struct str text;
	if (is_for_services(call)) {
		response_header(&call->response, "WWW-Authenticate",
				STR("Basic realm=\"gatepost\", charset=\"UTF-8\""));
		return;
	}
	buf_init(&line, call->arena, LINE_MAX_BYTES);
	buf_add(&line, STR("Bearer realm=\"gatepost\""));
	if (problem == PROBLEM_REAUTHENTICATION_REQUIRED)
		buf_addf(&line,
			 ", error=\"insufficient_user_authentication\", max_age=%lld"
			 ", acr_values=\"%s\"",
			 (long long)(guard_max_age(call) / CLOCK_SECOND),
			 wants_aal2(call) ? "aal2" : "aal1");
	else if (sent_bearer(call))
		buf_add(&line, STR(", error=\"invalid_token\""));
	if (buf_str(&line, &text) == OK)
		response_header(&call->response, "WWW-Authenticate", text);
}

void view_retry_after(struct call *call, unsigned seconds)
{
	struct buf line;
	struct str text;
	buf_init(&line, call->arena, LINE_MAX_BYTES);
	buf_add_u64(&line, seconds);
	if (buf_str(&line, &text) == OK)
		response_header(&call->response, "Retry-After", text);
}

static unsigned retry_after(int status, const struct problem_detail *detail)
{
	if (detail->retry_after > 0)
		return detail->retry_after;
	return status == 503 ? RETRY_UNAVAILABLE : RETRY_ATTEMPTS;
}

static enum err problem_type(struct call *call, const char *code, struct str *out)
{
	const struct config *config = call->app->config;
	struct buf text;
	buf_init(&text, call->arena, LINE_MAX_BYTES);
	buf_add(&text, config->server.origin);
	buf_add(&text, config->server.base_path);
	buf_add(&text, STR("/problems#"));
	buf_add(&text, str_of(code));
	return buf_str(&text, out);
}

static void add_fields(struct json_out *out, const struct problem_detail *detail)
{
	json_open_array(out, "fields");
	json_open_object(out, NULL);
	json_text(out, "name", detail->field);
	json_text(out, "reason", detail->reason);
	json_close_object(out);
	json_close_array(out);
}

/* Whether the session's own device has a key; that it is not known is answered as no. */
static bool has_device_key(struct call *call)
{
	const struct session_row *row = &call->session.found.session;
	struct device_row device;
	bool found = false;
	if (call->match.surface != SURFACE_API || call->guarded != NULL ||
	    id_is_none(row->device_id))
		return false;
	enum err e = device_store_find_by_id(call->auth.db, call->arena, &row->user_id,
					     &row->device_id, &device, &found);
	return e == OK && found && device.key_kind != DEVICE_KEY_NONE;
}

static void add_methods(struct json_out *out, struct call *call, enum problem problem)
{
	const struct session_found *found = &call->session.found;
	bool second = problem == PROBLEM_SECOND_FACTOR_REQUIRED;
	json_open_array(out, "methods");
	if (!second && !wants_aal2(call))
		json_text(out, NULL, STR("password"));
	view_methods_json(
		out, prove_methods(&call->auth, found, second, !second && has_device_key(call)));
	json_close_array(out);
}

static enum err problem_json(struct call *call, enum problem problem,
			     const struct problem_detail *detail)
{
	const struct problem_info *info = problem_info(problem);
	struct str type;
	struct json_out out;
	TRY(problem_type(call, info->code, &type));
	response_type(&call->response, "application/problem+json; charset=utf-8");
	json_begin(&out, &call->response.body);
	json_open_object(&out, NULL);
	json_text(&out, "type", type);
	json_text(&out, "title", str_of(info->title));
	json_number(&out, "status", info->status);
	json_text(&out, "detail",
		  str_is_present(detail->detail) ? detail->detail : str_of(info->text));
	json_text(&out, "code", str_of(info->code));
	if (str_is_present(detail->field))
		add_fields(&out, detail);
	if (detail->rotated)
		json_bool(&out, "rotated", true);
	if (problem == PROBLEM_REAUTHENTICATION_REQUIRED ||
	    problem == PROBLEM_SECOND_FACTOR_REQUIRED)
		add_methods(&out, call, problem);
	if (detail->add != NULL)
		detail->add(&out, detail->add_of);
	json_close_object(&out);
	return call->response.body.failed;
}

/* RFC 6749 §5.2; unavailable and internal are called as its §4.1.2.1 calls them. */
static const char *oauth_word(enum problem problem)
{
	switch (problem) {
	case PROBLEM_INVALID_CREDENTIALS:
	case PROBLEM_UNAUTHENTICATED:
		return "invalid_client";
	case PROBLEM_FORBIDDEN:
		return "insufficient_scope";
	case PROBLEM_COOLDOWN:
	case PROBLEM_TOO_MANY_ATTEMPTS:
	case PROBLEM_UNAVAILABLE:
		return "temporarily_unavailable";
	case PROBLEM_INTERNAL:
		return "server_error";
	default:
		return "invalid_request";
	}
}

/* What a name that the client made up may have, error_description may not. */
static enum err oauth_json(struct call *call, enum problem problem,
			   const struct problem_detail *detail)
{
	const struct problem_info *info = problem_info(problem);
	struct str text = str_is_present(detail->detail) ? detail->detail : str_of(info->text);

	if (str_is_present(detail->field))
		text = STR("A parameter is missing, repeated or malformed.");
	return view_oauth_error(call, info->status, oauth_word(problem), text);
}

enum err view_oauth_error(struct call *call, int status, const char *word, struct str text)
{
	struct json_out out;
	response_status(&call->response, status);
	response_type(&call->response, "application/json; charset=utf-8");
	json_begin(&out, &call->response.body);
	json_open_object(&out, NULL);
	json_text(&out, "error", str_of(word));
	json_text(&out, "error_description", text);
	json_close_object(&out);
	return call->response.body.failed;
}

static enum err add_asset_url(struct call *call, struct template_data *data, const char *name,
			      struct str own_path)
{
	struct url url;
	TRY(url_own(call->arena, call->app->config->server.base_path, own_path, &url));
	template_url(data, name, url);
	return OK;
}

static enum err add_url(struct call *call, struct template_data *data, const char *name,
			struct str own_path)
{
	struct url url;
	TRY(language_url(call, own_path, &url));
	template_url(data, name, url);
	return OK;
}

static enum err add_urls(struct call *call, struct template_data *data, bool signed_in)
{
	TRY(add_asset_url(call, data, "url_css", STR("/assets/gatepost.css")));
	TRY(add_asset_url(call, data, "url_icon", STR("/assets/gatepost.svg")));
	TRY(add_asset_url(call, data, "url_script", STR("/assets/gatepost.js")));
	TRY(add_asset_url(call, data, "url_passkey_script", STR("/assets/passkey.js")));
	TRY(add_url(call, data, "url_home", signed_in ? STR("/account") : STR("/login")));
	TRY(add_url(call, data, "url_login", STR("/login")));
	TRY(add_url(call, data, "url_logout", STR("/logout")));
	TRY(add_url(call, data, "url_account", STR("/account")));
	TRY(add_url(call, data, "url_handover", STR("/handover")));
	TRY(add_url(call, data, "url_password", STR("/account/password")));
	TRY(add_url(call, data, "url_security", STR("/account/security")));
	TRY(add_url(call, data, "url_users", STR("/admin/users")));
	TRY(add_url(call, data, "url_overview", STR("/admin/overview")));
	TRY(add_url(call, data, "url_activity", STR("/account/activity")));
	return add_url(call, data, "url_sessions", STR("/account/sessions"));
}

static struct str shown_name(const struct session_found *found)
{
	if (found->display_name.n > 0)
		return found->display_name;
	return found->username.n > 0 ? found->username : found->email;
}

/* token absent: a page without a form. */
static enum err page_data(struct call *call, struct str token, struct template_data **out)
{
	bool signed_in =
		call->session.standing == SESSION_LIVE && !session_is_guest(&call->session);
	struct template_data *data;
	struct str id;
	TRY(template_data_new(call->arena, &data));
	TRY(id_text(call->arena, call->request.id, &id));
	TRY(add_urls(call, data, signed_in));
	template_language(data, language_of_call(call));
	if (app_is_mute(call->app))
		return ERR_CONFIG;
	template_text(data, "ui_locales",
		      call->carries_language ? language_tag(call->language) : STR_NONE);
	template_text(data, "service_name", call->app->config->server.name);
	template_text(data, "csrf_token", token);
	template_text(data, "request_id", id);
	template_text(data, "display_name",
		      signed_in ? shown_name(&call->session.found) : STR_NONE);
	template_flag(data, "signed_in", signed_in);
	template_flag(
		data, "administers",
		signed_in && grants_has(call->session.found.user_grants, STR("perm:users:manage")));
	*out = data;
	return OK;
}

enum err view_page_data(struct call *call, struct template_data **out)
{
	struct str token;
	TRY(guard_form_token(call, &token));
	return page_data(call, token, out);
}

enum err view_page(struct call *call, int status, const char *name,
		   const struct template_data *data)
{
	response_status(&call->response, status);
	response_type(&call->response, "text/html; charset=utf-8");
	response_header(&call->response, "Content-Language", language_tag(language_of_call(call)));
	response_header(&call->response, "Vary", STR("Accept-Language"));
	TRY(app_need(call->app, str_of(name)));
	return template_render(call->app->templates, str_of(name), data, &call->response.body);
}

/* Back to the page that the refused form was on. */
static enum err add_reauth(struct call *call, struct template_data *data)
{
	struct str path;
	struct buf text;
	buf_init(&text, call->arena, TARGET_MAX);
	buf_add(&text, call->wants_factor ? STR("/reauth?factor=1") : STR("/reauth"));
	if ((call->match.allowed & 1U << METHOD_GET) != 0) {
		buf_add(&text, call->wants_factor ? STR("&return_to=") : STR("?return_to="));
		url_add_encoded(&text, call->request.path);
	}
	TRY(buf_str(&text, &path));
	return add_url(call, data, "url_reauth", path);
}

/* Whoever may not go there may be somebody else as well. */
static enum err add_switch(struct call *call, struct template_data *data, enum problem problem)
{
	struct str path;
	struct buf text;
	bool offered = call->guarded != NULL && problem == PROBLEM_FORBIDDEN &&
		       call->guarded->decision.verdict == PROTECT_FORBIDDEN &&
		       call->session.standing == SESSION_LIVE &&
		       str_is_present(call->guarded->place);
	template_flag(data, "offer_switch", offered);
	buf_init(&text, call->arena, TARGET_MAX);
	buf_add(&text, STR("/login?switch=1"));
	if (offered) {
		buf_add(&text, STR("&return_to="));
		url_add_encoded(&text, call->guarded->place);
	}
	TRY(buf_str(&text, &path));
	return add_url(call, data, "url_switch", path);
}

static enum err problem_page(struct call *call, enum problem problem,
			     const struct problem_detail *detail)
{
	const struct problem_info *info = problem_info(problem);
	struct template_data *data;
	TRY(page_data(call, STR_NONE, &data));
	template_count(data, "status", (uint64_t)info->status);
	template_text(data, "title", say(call, info->title_key));
	template_text(data, "text", say(call, detail->key != NULL ? detail->key : info->text_key));
	bool again = problem == PROBLEM_REAUTHENTICATION_REQUIRED;
	template_flag(data, "offer_login", info->status == 401 && !again);
	template_flag(data, "offer_reauth", again);
	TRY(add_reauth(call, data));
	TRY(add_switch(call, data, problem));
	template_flag(data, "offer_back", true);
	return view_page(call, info->status, "error.html", data);
}

struct problem_detail view_detail(const struct problem_sentence *sentence)
{
	return (struct problem_detail){.detail = str_of(sentence->text), .key = sentence->key};
}

enum err view_problem(struct call *call, enum problem problem, const struct problem_detail *detail)
{
	int status = problem_info(problem)->status;
	response_reset(&call->response);
	response_status(&call->response, status);
	call->response.cacheable = false;
	if (status == 401)
		add_challenge(call, problem);
	if (status == 429 || status == 503)
		view_retry_after(call, retry_after(status, detail));
	switch (call->match.surface) {
	case SURFACE_API:
		return problem_json(call, problem, detail);
	case SURFACE_OAUTH:
		return oauth_json(call, problem, detail);
	case SURFACE_PAGE:
		break;
	}
	return problem_page(call, problem, detail);
}

enum err view_redirect(struct call *call, struct str own_path)
{
	struct url path, location;
	TRY(language_url(call, own_path, &path));
	TRY(url_absolute(call->arena, call->app->config->server.origin, path.text, &location));
	response_redirect(&call->response, &location);
	return OK;
}
