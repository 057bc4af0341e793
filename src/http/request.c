/* A request read from its parameters in one pass, with what is wrong about it noted. */
#include "request.h"

#include <arpa/inet.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "media.h"
#include "url.h"

/* The parameters that are read; all others, HTTP_PROXY and X-Forwarded-For among them, never are.
 */
enum param {
	PARAM_REQUEST_METHOD,
	PARAM_REQUEST_URI,
	PARAM_SCRIPT_NAME,
	PARAM_PATH_INFO,
	PARAM_QUERY_STRING,
	PARAM_CONTENT_LENGTH,
	PARAM_CONTENT_TYPE,
	PARAM_REMOTE_ADDR,
	PARAM_HTTPS,
	PARAM_REQUEST_SCHEME,
	PARAM_HOST,
	PARAM_ORIGIN,
	PARAM_REFERER,
	PARAM_SEC_FETCH_SITE,
	PARAM_ACCEPT,
	PARAM_ACCEPT_LANGUAGE,
	PARAM_USER_AGENT,
	PARAM_CSRF_TOKEN,
	PARAM_COOKIE,
	PARAM_AUTHORIZATION,
	PARAM_SESSION_ID,
	PARAM_TICKET,
	PARAM_IF_MATCH,
	PARAM_IF_NONE_MATCH,
	PARAM_SEC_FETCH_MODE,
	PARAM_APACHE_ROLE,
	PARAM_GUARD_URI,
	PARAM_GUARD_METHOD,
	PARAM_GUARD_PLACE,
	PARAM_DENIED,
	PARAM_DENIED_METHOD,
	PARAM_DENIED_STATUS,
	PARAM_DENIED_PLACE,
	PARAM_FORWARDED_URI,
	PARAM_FORWARDED_METHOD,
	PARAM_FORWARDED_HOST,
	PARAM_COUNT
};

struct param_rule {
	struct str name;
	bool once;   /* it decides something: twice is a flaw; else the first counts */
	bool header; /* the client's text: bounded by REQUEST_HEADER_MAX */
};

#define RULE(text, is_once, is_header)                                                             \
	{                                                                                          \
		.name = {(text), sizeof(text) - 1}, .once = (is_once), .header = (is_header)       \
	}

static const struct param_rule rules[PARAM_COUNT] = {
	[PARAM_REQUEST_METHOD] = RULE("REQUEST_METHOD", true, true),
	[PARAM_REQUEST_URI] = RULE("REQUEST_URI", true, false),
	[PARAM_SCRIPT_NAME] = RULE("SCRIPT_NAME", false, false),
	[PARAM_PATH_INFO] = RULE("PATH_INFO", false, false),
	[PARAM_QUERY_STRING] = RULE("QUERY_STRING", false, true),
	[PARAM_CONTENT_LENGTH] = RULE("CONTENT_LENGTH", true, true),
	[PARAM_CONTENT_TYPE] = RULE("CONTENT_TYPE", true, true),
	[PARAM_REMOTE_ADDR] = RULE("REMOTE_ADDR", true, false),
	[PARAM_HTTPS] = RULE("HTTPS", false, false),
	[PARAM_REQUEST_SCHEME] = RULE("REQUEST_SCHEME", false, false),
	[PARAM_HOST] = RULE("HTTP_HOST", true, true),
	[PARAM_ORIGIN] = RULE("HTTP_ORIGIN", true, true),
	[PARAM_REFERER] = RULE("HTTP_REFERER", true, true),
	[PARAM_SEC_FETCH_SITE] = RULE("HTTP_SEC_FETCH_SITE", true, true),
	[PARAM_ACCEPT] = RULE("HTTP_ACCEPT", false, true),
	[PARAM_ACCEPT_LANGUAGE] = RULE("HTTP_ACCEPT_LANGUAGE", false, true),
	[PARAM_USER_AGENT] = RULE("HTTP_USER_AGENT", false, true),
	[PARAM_CSRF_TOKEN] = RULE("HTTP_X_CSRF_TOKEN", true, true),
	[PARAM_COOKIE] = RULE("HTTP_COOKIE", true, true),
	[PARAM_AUTHORIZATION] = RULE("HTTP_AUTHORIZATION", true, true),
	[PARAM_SESSION_ID] = RULE("HTTP_X_SESSION_ID", true, true),
	[PARAM_TICKET] = RULE("HTTP_X_GATEPOST_TICKET", true, true),
	[PARAM_IF_MATCH] = RULE("HTTP_IF_MATCH", true, true),
	[PARAM_IF_NONE_MATCH] = RULE("HTTP_IF_NONE_MATCH", false, true),
	[PARAM_SEC_FETCH_MODE] = RULE("HTTP_SEC_FETCH_MODE", false, true),
	[PARAM_APACHE_ROLE] = RULE("FCGI_APACHE_ROLE", false, false),
	[PARAM_GUARD_URI] = RULE("GATEPOST_URI", true, false),
	[PARAM_GUARD_METHOD] = RULE("GATEPOST_METHOD", true, true),
	[PARAM_GUARD_PLACE] = RULE("GATEPOST_PLACE", true, false),
	[PARAM_DENIED] = RULE("GATEPOST_DENIED", false, false),
	[PARAM_DENIED_METHOD] = RULE("REDIRECT_REQUEST_METHOD", false, true),
	[PARAM_DENIED_STATUS] = RULE("REDIRECT_STATUS", false, false),
	[PARAM_DENIED_PLACE] = RULE("REDIRECT_GATEPOST_PLACE", false, false),
	[PARAM_FORWARDED_URI] = RULE("HTTP_X_FORWARDED_URI", true, true),
	[PARAM_FORWARDED_METHOD] = RULE("HTTP_X_FORWARDED_METHOD", true, true),
	[PARAM_FORWARDED_HOST] = RULE("HTTP_X_FORWARDED_HOST", true, true),
};

static const char *const method_names[METHOD_COUNT] = {
	[METHOD_OTHER] = "OTHER",   [METHOD_GET] = "GET",         [METHOD_HEAD] = "HEAD",
	[METHOD_POST] = "POST",     [METHOD_PUT] = "PUT",         [METHOD_PATCH] = "PATCH",
	[METHOD_DELETE] = "DELETE", [METHOD_OPTIONS] = "OPTIONS",
};

const char *method_name(enum method m)
{
	return method_names[m];
}

/* The first flaw is the one that is answered. */
static void note(struct request *request, enum request_flaw flaw)
{
	if (request->flaw == REQUEST_FINE)
		request->flaw = flaw;
}

static enum param find_rule(struct str name)
{
	for (enum param i = 0; i < PARAM_COUNT; i++) {
		if (str_equal(rules[i].name, name))
			return i;
	}
	return PARAM_COUNT;
}

/* "NAME=value" into its place in values, if it has one. */
static void take(struct request *request, const char *param, struct str values[PARAM_COUNT])
{
	const char *equals = strchr(param, '=');
	if (equals == NULL)
		return;

	enum param i = find_rule((struct str){.p = param, .n = (size_t)(equals - param)});
	if (i == PARAM_COUNT)
		return;
	if (str_is_present(values[i])) {
		if (rules[i].once)
			note(request, REQUEST_TWICE);
		return;
	}
	values[i] = str_of(equals + 1);
	if (rules[i].header && values[i].n > REQUEST_HEADER_MAX)
		note(request, REQUEST_HEADER_TOO_LONG);
}

static enum method method_of(struct str text)
{
	for (enum method m = METHOD_GET; m < METHOD_COUNT; m++) {
		if (str_equal(str_of(method_names[m]), text))
			return m;
	}
	return METHOD_OTHER;
}

/* An absolute request target (RFC 9112 §3.2.2) without its scheme and authority. */
static struct str origin_form(struct str target)
{
	struct str http = STR("http://");
	struct str https = STR("https://");
	size_t at = 0;

	if (str_equal_nocase(str_sub(target, 0, http.n), http))
		at = http.n;
	else if (str_equal_nocase(str_sub(target, 0, https.n), https))
		at = https.n;
	else
		return target;
	while (at < target.n && target.p[at] != '/' && target.p[at] != '?')
		at++;
	return str_sub(target, at, target.n);
}

enum err request_target(struct arena *arena, struct str target, struct str *path, struct str *query)
{
	struct str raw = STR_NONE;
	struct str rest = STR_NONE;
	struct str decoded = STR("/");

	str_cut(origin_form(target), '?', &raw, &rest);
	if (rest.n > REQUEST_HEADER_MAX)
		return ERR_TOO_LARGE;
	/* "http://host?x" has an empty path; "" is no target at all. */
	bool authority_only = raw.n == 0 && target.n > 0 && target.p[0] != '?';
	TRY(authority_only ? OK : url_decode_path(arena, raw, &decoded));
	TRY(str_copy(arena, rest, query));
	*path = decoded;
	return OK;
}

/* A flaw leaves path and query empty. */
static enum err read_target(struct request *request, struct str target)
{
	enum err failed = request_target(request->arena, target, &request->path, &request->query);

	if (failed == ERR_TOO_LARGE)
		note(request, REQUEST_HEADER_TOO_LONG);
	else if (failed == ERR_INPUT)
		note(request, REQUEST_BAD_PATH);
	else
		return failed;
	return OK;
}

/* Without REQUEST_URI: SCRIPT_NAME and PATH_INFO, which the web server has decoded (RFC 3875 §4.1).
 */
static enum err read_script_path(struct request *request, const struct str values[PARAM_COUNT])
{
	struct buf text;
	struct str path = STR_NONE;

	buf_init(&text, request->arena, REQUEST_PATH_MAX);
	buf_add(&text, values[PARAM_SCRIPT_NAME]);
	buf_add(&text, values[PARAM_PATH_INFO]);
	enum err failed = buf_str(&text, &path);
	if (failed == ERR_TOO_LARGE || (failed == OK && url_check_path(path) != OK)) {
		note(request, REQUEST_BAD_PATH);
		return OK;
	}
	TRY(failed);
	TRY(str_copy(request->arena, values[PARAM_QUERY_STRING], &request->query));
	request->path = path;
	return OK;
}

/* Absent and empty are 0: RFC 3875 §4.1.2, and nginx sends it empty. */
static void read_length(struct request *request, struct str text)
{
	uint64_t length = 0;

	if (text.n > 0 && str_to_u64(text, SIZE_MAX, &length) != OK)
		note(request, REQUEST_BAD_LENGTH);
	request->content_length = (size_t)length;
}

static struct str valid_address(struct str text)
{
	unsigned char address[sizeof(struct in6_addr)];

	if (!str_is_present(text))
		return STR("");
	if (inet_pton(AF_INET, text.p, address) == 1 || inet_pton(AF_INET6, text.p, address) == 1)
		return text;
	return STR("");
}

static void place(struct request *request, const struct str values[PARAM_COUNT])
{
	request->method_text = values[PARAM_REQUEST_METHOD];
	request->method = method_of(request->method_text);
	request->https = str_equal_nocase(values[PARAM_HTTPS], STR("on")) ||
			 str_equal(values[PARAM_REQUEST_SCHEME], STR("https"));
	request->content_type = values[PARAM_CONTENT_TYPE];
	request->remote_addr = valid_address(values[PARAM_REMOTE_ADDR]);
	request->host = values[PARAM_HOST];
	request->origin = values[PARAM_ORIGIN];
	request->referer = values[PARAM_REFERER];
	request->sec_fetch_site = values[PARAM_SEC_FETCH_SITE];
	request->accept = values[PARAM_ACCEPT];
	request->accept_language = values[PARAM_ACCEPT_LANGUAGE];
	request->user_agent = values[PARAM_USER_AGENT];
	request->csrf_header = values[PARAM_CSRF_TOKEN];
	request->cookie = values[PARAM_COOKIE];
	request->authorization = values[PARAM_AUTHORIZATION];
	request->session_id_header = values[PARAM_SESSION_ID];
	request->ticket_header = values[PARAM_TICKET];
	request->if_match = values[PARAM_IF_MATCH];
	request->if_none_match = values[PARAM_IF_NONE_MATCH];
	request->sec_fetch_mode = values[PARAM_SEC_FETCH_MODE];
	request->target = values[PARAM_REQUEST_URI];
	request->apache_role = values[PARAM_APACHE_ROLE];
	request->guard_uri = values[PARAM_GUARD_URI];
	request->guard_method = values[PARAM_GUARD_METHOD];
	request->guard_place = values[PARAM_GUARD_PLACE];
	request->denied = values[PARAM_DENIED];
	request->denied_method = values[PARAM_DENIED_METHOD];
	request->denied_status = values[PARAM_DENIED_STATUS];
	request->denied_place = values[PARAM_DENIED_PLACE];
	request->forwarded_uri = values[PARAM_FORWARDED_URI];
	request->forwarded_method = values[PARAM_FORWARDED_METHOD];
	request->forwarded_host = values[PARAM_FORWARDED_HOST];
}

enum err request_read(struct fcgi_call *call, struct arena *arena, struct id id,
		      struct request *request)
{
	struct str values[PARAM_COUNT] = {STR_NONE};
	struct request made = {
		.arena = arena,
		.call = call,
		.id = id,
		.now = clock_now(),
		.started = clock_monotonic(),
		.path = STR(""),
	};

	for (const char *const *param = fcgi_params(call); *param != NULL; param++)
		take(&made, *param, values);
	place(&made, values);
	read_length(&made, values[PARAM_CONTENT_LENGTH]);
	if (str_is_present(values[PARAM_REQUEST_URI]))
		TRY(read_target(&made, values[PARAM_REQUEST_URI]));
	else
		TRY(read_script_path(&made, values));
	*request = made;
	return OK;
}

enum err request_read_body(struct request *request)
{
	return fcgi_read_body(request->call, request->arena, request->content_length,
			      REQUEST_BODY_MAX, &request->body);
}

bool request_has_type(const struct request *request, const char *type)
{
	return media_is(request->content_type, str_of(type));
}

bool request_accepts(const struct request *request, const char *type)
{
	return media_is_accepted(request->accept, str_of(type));
}

bool request_has_tag(const struct request *request, struct str tag)
{
	struct str rest = request->if_none_match;
	struct str one = STR_NONE;
	struct str weak = STR("W/");

	for (bool more = str_is_present(rest); more;) {
		more = str_cut(rest, ',', &one, &rest);
		one = str_trim(one);
		if (str_starts(one, weak))
			one = str_sub(one, weak.n, one.n);
		if (str_equal(one, tag) || str_equal(one, STR("*")))
			return true;
	}
	return false;
}

enum request_site request_site(const struct request *request, struct str own_origin)
{
	if (str_is_present(request->sec_fetch_site)) {
		return str_equal(request->sec_fetch_site, STR("same-origin")) ? SITE_SAME_ORIGIN
									      : SITE_FOREIGN;
	}
	if (str_is_present(request->origin))
		return str_equal(request->origin, own_origin) ? SITE_SAME_ORIGIN : SITE_FOREIGN;
	if (!str_is_present(request->referer))
		return SITE_UNSTATED;

	struct str rest = str_sub(request->referer, own_origin.n, request->referer.n);
	bool ends = rest.n == 0 || str_contains(STR("/?#"), rest.p[0]);
	return ends && str_starts(request->referer, own_origin) ? SITE_SAME_ORIGIN : SITE_FOREIGN;
}
