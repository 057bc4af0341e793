/* What is asked of every request before its route is looked at closely. */
#include "admit.h"

#include "buf.h"
#include "own_path.h"
#include "verify_access.h"
#include "view.h"

#define ALLOW_MAX 128
#define SENTENCE_MAX 128
#define DEFAULT_PORT STR(":443")
#define DENIED_PATH STR("/denied")
#define JSON_SUFFIX STR("+json")

/* What the problem says is enough. */
static const struct problem_sentence NOTHING = {.text = NULL};

static enum err refuse(struct call *call, enum problem problem,
		       const struct problem_sentence *sentence, bool *answered)
{
	struct problem_detail detail = view_detail(sentence);
	*answered = true;
	if (verify_access_is(call))
		problem = verify_access_problem(problem);
	return view_problem(call, problem, &detail);
}

static bool cut_base(const struct call *call, struct str path, struct str *own)
{
	return own_path_cut(call->app->config->server.base_path, path, own);
}

bool admit_is_own(const struct call *call, struct str path)
{
	return own_path_is(call->app->config->server.base_path, path);
}

void admit_match(struct call *call)
{
	struct str own;
	if (str_is_present(call->request.denied)) {
		call->match = routes_match(METHOD_GET, DENIED_PATH);
		return;
	}
	if (cut_base(call, call->request.path, &own)) {
		call->match = routes_match(call->request.method, own);
		return;
	}
	call->match = (struct route_match){.surface = SURFACE_PAGE};
	if (!request_accepts(&call->request, "text/html"))
		call->match.surface = SURFACE_API;
}

static enum err check_flaw(struct call *call, bool *answered)
{
	static const struct problem_sentence SENTENCES[] = {
		[REQUEST_BAD_PATH] = {"The path is not canonical.", "problem.bad_path"},
		[REQUEST_BAD_LENGTH] = {"Content-Length is not a number.", "problem.bad_length"},
		[REQUEST_TWICE] = {"A header came more than once.", "problem.header_twice"},
		[REQUEST_HEADER_TOO_LONG] = {"A header is too long.", "problem.header_too_long"},
	};
	enum request_flaw flaw = call->request.flaw;
	if (flaw == REQUEST_FINE)
		return OK;
	if (flaw >= sizeof(SENTENCES) / sizeof(SENTENCES[0]))
		return ERR_INTERNAL;
	return refuse(call, PROBLEM_INVALID_REQUEST, &SENTENCES[flaw], answered);
}

static enum err check_scheme(struct call *call, bool *answered)
{
	static const struct problem_sentence no_https = {"Gatepost must be reached by https.",
							 "problem.no_https"};
	if (call->request.https || call->app->config->server.behind_tls_proxy)
		return OK;
	return refuse(call, PROBLEM_MISDIRECTED, &no_https, answered);
}

bool admit_host_is_own(struct str host, struct str own)
{
	if (str_equal_nocase(host, own))
		return true;
	if (host.n != own.n + DEFAULT_PORT.n || !str_equal_nocase(str_sub(host, 0, own.n), own))
		return false;
	return str_equal(str_sub(host, own.n, host.n), DEFAULT_PORT);
}

static enum err check_host(struct call *call, bool *answered)
{
	struct str own;
	if (!str_is_present(call->request.denied) && cut_base(call, call->request.path, &own) &&
	    !admit_host_is_own(call->request.host, call->app->config->server.host))
		return refuse(call, PROBLEM_MISDIRECTED, &NOTHING, answered);
	return OK;
}

static void add_allow(struct call *call)
{
	struct buf list;
	struct str text;
	buf_init(&list, call->arena, ALLOW_MAX);
	for (unsigned method = METHOD_GET; method < METHOD_COUNT; method++) {
		if ((call->match.allowed & 1U << method) == 0)
			continue;
		if (list.n > 0)
			buf_add(&list, STR(", "));
		buf_add(&list, str_of(method_name((enum method)method)));
	}
	if (buf_str(&list, &text) == OK)
		response_header(&call->response, "Allow", text);
}

/* Whoever asks there takes every 2xx for a grant, and some ask with the visitor's own method. */
static bool is_question(const struct call *call)
{
	struct str own;
	const struct route *get = cut_base(call, call->request.path, &own)
					  ? routes_match(METHOD_GET, own).route
					  : NULL;
	return get != NULL && (get->exempt & ROUTE_GUARDS) != 0;
}

static enum err check_route(struct call *call, bool *answered)
{
	if (call->match.allowed == 0)
		return refuse(call, PROBLEM_NOT_FOUND, &NOTHING, answered);
	if (call->request.method == METHOD_OPTIONS && !is_question(call)) {
		*answered = true;
		response_status(&call->response, 204);
		add_allow(call);
		return OK;
	}
	if (call->match.route != NULL)
		return OK;
	TRY(refuse(call, PROBLEM_METHOD_NOT_ALLOWED, &NOTHING, answered));
	add_allow(call);
	return OK;
}

static enum err check_own_type(struct call *call, const char *type, bool *answered)
{
	struct str name = str_of(type);
	struct buf sentence;
	struct str text;
	if (request_accepts(&call->request, type))
		return OK;
	/* Whoever takes JSON can read what is some kind of it. */
	if (str_equal(str_sub(name, name.n - JSON_SUFFIX.n, name.n), JSON_SUFFIX) &&
	    request_accepts(&call->request, "application/json"))
		return OK;
	buf_init(&sentence, call->arena, SENTENCE_MAX);
	buf_addf(&sentence, "The answer exists only as %s.", type);
	TRY(buf_str(&sentence, &text));
	return refuse(call, PROBLEM_NOT_ACCEPTABLE, &(struct problem_sentence){.text = text.p},
		      answered);
}

static enum err check_accept(struct call *call, bool *answered)
{
	if (call->match.surface == SURFACE_PAGE)
		return OK;
	/* What is accepted there is about what is guarded, not about a refusal. */
	if ((call->match.route->exempt & ROUTE_GUARDS) != 0)
		return OK;
	if (call->match.route->type != NULL)
		return check_own_type(call, call->match.route->type, answered);
	if (request_accepts(&call->request, "application/json") ||
	    request_accepts(&call->request, "application/problem+json"))
		return OK;
	return refuse(call, PROBLEM_NOT_ACCEPTABLE, &NOTHING, answered);
}

enum err admit_check(struct call *call, bool *answered)
{
	static enum err (*const STEPS[])(struct call *, bool *) = {
		check_flaw, check_scheme, check_host, check_route, check_accept,
	};
	for (size_t i = 0; i < sizeof(STEPS) / sizeof(STEPS[0]) && !*answered; i++)
		TRY(STEPS[i](call, answered));
	return OK;
}

enum err admit_check_guarded(struct call *call, bool *answered)
{
	TRY(check_flaw(call, answered));
	return *answered ? OK : check_scheme(call, answered);
}
