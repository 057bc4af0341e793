/* Request -> route -> guards -> handler -> response, and one access line. */
#include "dispatch.h"

#include "admit.h"
#include "arena.h"
#include "authorizer.h"
#include "buf.h"
#include "clock.h"
#include "cookie.h"
#include "cors.h"
#include "db.h"
#include "guard.h"
#include "guarded.h"
#include "inputs.h"
#include "language_call.h"
#include "log.h"
#include "meter.h"
#include "view.h"

#define HSTS_MAX 64
#define USER_AGENT_MAX 255

/* When there is no memory left to build an answer in. */
#define LAST_RESORT                                                                                \
	STR("Status: 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\n"       \
	    "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"                       \
	    "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"              \
	    "Retry-After: 2\r\nContent-Length: 25\r\n\r\nPlease try again shortly\n")
#define LAST_RESORT_STATUS 503

/* Printable ASCII, cut: it goes into rows and lists. */
static struct str shorten(struct arena *arena, struct str user_agent)
{
	struct str text = STR_NONE;
	struct buf buf;
	buf_init(&buf, arena, USER_AGENT_MAX);
	for (size_t i = 0; i < user_agent.n && buf.n < USER_AGENT_MAX; i++) {
		char c = user_agent.p[i];
		buf_add_char(&buf, c >= ' ' && c <= '~' ? c : '?');
	}
	return buf_str(&buf, &text) == OK ? text : STR_NONE;
}

static struct auth_context make_context(const struct call *call)
{
	return (struct auth_context){
		.config = call->app->config,
		.keys = call->app->keys,
		.peppers = call->app->peppers,
		.hasher = call->app->hasher,
		.blocklist = call->app->blocklist,
		.signing = call->app->signing,
		.counters = call->app->counters,
		.arena = call->arena,
		.now = call->request.now,
		.request_id = call->request.id,
		.ip = call->request.remote_addr,
		.user_agent = shorten(call->arena, call->request.user_agent),
	};
}

static void connect_to(struct call *call, const struct call_connections *connections)
{
	call->auth.db = call->guarded != NULL ? connections->guard : connections->web;
	call->auth.hash_db = connections->hash;
}

/* A connection never goes with a call to another thread, nor with an open transaction. */
static void disconnect(struct call *call)
{
	if (call->auth.db != NULL)
		db_rollback(call->auth.db);
	if (call->auth.hash_db != NULL)
		db_rollback(call->auth.hash_db);
	call->auth.db = NULL;
	call->auth.hash_db = NULL;
}

static enum err start(struct call *call, struct app *app)
{
	struct call fresh = {
		.ids = call->ids,
		.arena = call->arena,
		.fcgi = call->fcgi,
		.fd = call->fd,
		.forwarded = call->forwarded,
		.home = call->home,
		.app = app_hold(app),
	};
	*call = fresh;
	response_init(&call->response, call->arena);
	TRY(request_read(call->fcgi, call->arena, id_take(&call->ids), &call->request));
	call->auth = make_context(call);
	call->authorizes = fcgi_role(call->fcgi) == FCGI_ROLE_AUTHORIZER;
	if (call->authorizes && str_is_present(call->request.apache_role))
		fcgi_forgo_stdin(call->fcgi);
	if (call->authorizes)
		call->match =
			(struct route_match){.route = &authorizer_route, .surface = SURFACE_API};
	else
		admit_match(call);
	if (call->match.route != NULL && (call->match.route->exempt & ROUTE_GUARDS) != 0)
		return guarded_open(call);
	return language_read(call);
}

static enum err guard(struct call *call, bool *answered)
{
	enum guard_verdict verdict = GUARD_ANSWERED;
	TRY(guard_check(call, &verdict));
	*answered = verdict != GUARD_PASS;
	return OK;
}

/* Everything before the handler; *answered: it has been answered on the way. */
static enum err prepare(struct call *call, bool *answered)
{
	static enum err (*const STEPS[])(struct call *, bool *) = {
		admit_check, inputs_read_query, inputs_check_body, inputs_read_form,
		guard,       inputs_take_body,
	};
	if (call->guarded != NULL) {
		TRY(admit_check_guarded(call, answered));
		return *answered ? OK : guard(call, answered);
	}
	for (size_t i = 0; i < sizeof(STEPS) / sizeof(STEPS[0]) && !*answered; i++)
		TRY(STEPS[i](call, answered));
	return OK;
}

static enum err handle(struct call *call)
{
	call->response.cacheable = (call->match.route->exempt & ROUTE_CACHEABLE) != 0;
	return call->match.route->handle(call);
}

static enum err answer_failure(struct call *call, enum err failure)
{
	static const struct problem_sentence uncertain = {
		"The connection to the database was lost: it is uncertain whether this was done. "
		"Please look before you repeat it.",
		"problem.uncertain"};
	struct problem_detail detail = {.rotated = false};
	if (failure == ERR_UNCERTAIN)
		detail = view_detail(&uncertain);
	call->failed = failure;
	return view_problem(call, view_problem_of(failure), &detail);
}

static void add_hsts(struct call *call)
{
	int64_t span = call->app->config->server.hsts;
	struct str text;
	struct buf line;
	if (span <= 0)
		return;
	buf_init(&line, call->arena, HSTS_MAX);
	buf_add(&line, STR("max-age="));
	buf_add_i64(&line, span / CLOCK_SECOND);
	if (buf_str(&line, &text) == OK)
		response_header(&call->response, "Strict-Transport-Security", text);
}

static void add_common_headers(struct call *call)
{
	struct str id;
	if (id_text(call->arena, call->request.id, &id) == OK)
		response_header(&call->response, "X-Request-Id", id);
	add_hsts(call);
	cors_add_headers(call);
	if (call->pre_is_new)
		response_cookie(&call->response, &(struct cookie){.name = STR(COOKIE_PRE),
								  .value = call->pre_cookie,
								  .max_age = -1});
}

static void send_answer(struct call *call)
{
	if (!call->authorizes || authorizer_shows(call))
		add_common_headers(call);
	if (call->authorizes)
		authorizer_shape(call);
	call->response.head_only = call->request.method == METHOD_HEAD;
	enum err err = response_send(&call->response, call->fcgi);
	if (err == OK)
		return;
	if (call->failed == OK)
		call->failed = err;
	if (err == ERR_IO)
		return;
	call->response.status = LAST_RESORT_STATUS;
	err = fcgi_write(call->fcgi, LAST_RESORT);
	(void)err;
}

static struct str route_name(const struct call *call)
{
	return call->match.route != NULL ? str_of(call->match.route->path) : STR("-");
}

static void log_access(const struct call *call, int64_t took)
{
	struct log_field fields[9];
	size_t n = 0;
	struct str text;
	if (id_text(call->arena, call->request.id, &text) == OK)
		fields[n++] = LOG_TEXT("id", text);
	fields[n++] = LOG_TEXT("method", str_of(method_name(call->request.method)));
	fields[n++] = LOG_TEXT("route", route_name(call));
	fields[n++] = LOG_NUMBER("status", call->response.status);
	fields[n++] = LOG_NUMBER("us", took);
	fields[n++] = LOG_TEXT("ip", call->request.remote_addr);
	if (call->session.standing == SESSION_LIVE && !session_is_guest(&call->session) &&
	    id_text(call->arena, call->session.found.session.user_id, &text) == OK)
		fields[n++] = LOG_TEXT("user", text);
	if (str_is_present(call->auth.service))
		fields[n++] = LOG_TEXT("service", call->auth.service);
	if (call->failed != OK)
		fields[n++] = LOG_TEXT("err", str_of(err_name(call->failed)));
	if (call->lines != NULL)
		log_line_later(call->lines, LOG_LEVEL_INFO, "request", fields, n);
	else
		log_line(LOG_LEVEL_INFO, "request", fields, n);
}

static void note(const struct call *call)
{
	/* What could not even be read has not begun. */
	int64_t started = call->request.started;
	int64_t took = started > 0 ? clock_monotonic() - started : 0;

	meter_request(call, took);
	log_access(call, took);
}

/* An answer that did not fit, or has what no header may have, is a failure as well. */
static enum err flaw_of(const struct response *response)
{
	return response->headers.failed != OK ? response->headers.failed : response->body.failed;
}

static void end(struct call *call, enum err failure)
{
	disconnect(call);
	if (failure == OK)
		failure = flaw_of(&call->response);
	/* What cannot even say that it failed must not be sent by halves: the last resort is. */
	if (failure != OK && answer_failure(call, failure) != OK)
		call->response.headers.failed = ERR_MEMORY;
	send_answer(call);
	if (call->app != NULL && app_is_mute(call->app))
		log_detail(LOG_LEVEL_ERROR, "pages_refused", call->app->fault.text);
	note(call);
	arena_reset(call->arena);
	fcgi_finish(call->fcgi);
	app_release(&call->app);
	secret_wipe_bytes(&call->credential, sizeof(call->credential));
	/* The front desk wipes once for all that it answered. */
	if (call->lines == NULL)
		secret_wipe_stack();
}

bool dispatch_open(struct call *call, struct app *app)
{
	enum err err = start(call, app);
	if (err == OK)
		return true;
	end(call, err);
	return false;
}

enum dispatch_step dispatch_go_on(struct call *call, const struct call_connections *connections)
{
	bool answered = false;
	connect_to(call, connections);
	enum err err = prepare(call, &answered);
	if (err == OK && !answered) {
		bool hashes = (call->match.route->exempt & ROUTE_HASHES) != 0;
		if (hashes && !call->csrf_stale) {
			disconnect(call);
			secret_wipe_stack();
			return DISPATCH_HASH;
		}
		err = handle(call);
	}
	end(call, err);
	return DISPATCH_DONE;
}

enum dispatch_step dispatch_begin(struct call *call, struct app *app,
				  const struct call_connections *connections)
{
	if (!dispatch_open(call, app))
		return DISPATCH_DONE;
	return dispatch_go_on(call, connections);
}

void dispatch_finish(struct call *call, const struct call_connections *connections)
{
	connect_to(call, connections);
	end(call, handle(call));
}

void dispatch_refuse(struct call *call, struct app *app)
{
	enum err err = call->app == NULL ? start(call, app) : OK;
	end(call, err == OK ? ERR_UNAVAILABLE : err);
}
