/* A request to what Gatepost guards and does not serve. */
#include "guarded.h"

#include "admit.h"
#include "arena.h"
#include "media.h"
#include "place.h"
#include "return_to.h"
#include "view.h"

/* The one question that has its answer in the request line of the visitor. */
static struct str target_of(const struct call *call)
{
	const struct request *request = &call->request;

	if (call->authorizes)
		return request->target;
	if (str_is_present(request->guard_uri))
		return request->guard_uri;
	if (call->forwarded && str_is_present(request->forwarded_uri))
		return request->forwarded_uri;
	return str_is_present(request->denied) ? request->target : STR_NONE;
}

static struct str method_of(const struct call *call)
{
	const struct request *request = &call->request;

	if (call->authorizes)
		return request->method_text;
	if (str_is_present(request->guard_method))
		return request->guard_method;
	if (call->forwarded && str_is_present(request->forwarded_method))
		return request->forwarded_method;
	if (str_is_present(request->denied_method))
		return request->denied_method;
	return str_is_present(request->denied) ? request->method_text : STR_NONE;
}

static bool is_other_host(const struct call *call)
{
	struct str own = call->app->config->server.host;

	/* A proxy that asks by a request of its own may do so at any address. */
	if (call->forwarded && str_is_present(call->request.forwarded_host))
		return !admit_host_is_own(call->request.forwarded_host, own);
	return !admit_host_is_own(call->request.host, own);
}

static enum err read_place(struct call *call, struct str target, struct guarded *guarded)
{
	struct place place;

	TRY(place_read(call->arena, target, &place));
	if (place.flaw != NULL)
		guarded->flaw = GUARDED_BAD_PATH;
	guarded->asked.path = place.path;
	guarded->place = place.local;
	return OK;
}

/* A redirection inside the web server leads past no rule: both places have to be open. */
static void read_served(const struct call *call, struct guarded *guarded)
{
	struct str path = call->authorizes ? call->request.guard_place : STR_NONE;

	if (str_is_present(call->request.denied))
		path = call->request.denied_place;
	if (!str_is_present(path) || str_equal(path, guarded->asked.path))
		return;
	guarded->served = path;
	if (url_check_path(path) != OK || str_contains(path, ';'))
		guarded->flaw = GUARDED_BAD_PATH;
}

/* Browsers say so; what says nothing and asks for HTML by name is one, too. */
static bool is_navigation(const struct request *request)
{
	if (str_is_present(request->session_id_header))
		return false;
	if (str_is_present(request->sec_fetch_mode))
		return str_equal(request->sec_fetch_mode, STR("navigate"));
	return media_is_named(request->accept, STR("text/html"));
}

static bool is_open(const struct call *call, const struct protect_request *asked)
{
	bool no_method = false;
	const struct protect_config *rule = protect_find(call->app->config, asked, &no_method);

	return !no_method && protect_is_public(rule);
}

/* The same question about the other place. */
static struct protect_request served_of(const struct guarded *guarded)
{
	struct protect_request served = guarded->asked;

	served.path = guarded->served;
	return served;
}

static void find_rule(const struct call *call, struct guarded *guarded)
{
	struct protect_request served = served_of(guarded);
	bool is_moved = str_is_present(served.path);

	guarded->own = admit_is_own(call, is_moved ? served.path : guarded->asked.path);
	guarded->open = guarded->own ||
			(is_open(call, &guarded->asked) && (!is_moved || is_open(call, &served)));
}

enum err guarded_open(struct call *call)
{
	struct guarded *guarded = arena_alloc(call->arena, sizeof *guarded);
	struct str target = target_of(call);

	if (guarded == NULL)
		return ERR_MEMORY;
	guarded->asked = (struct protect_request){
		.path = STR(""),
		.method = method_of(call),
		.ip = call->request.remote_addr,
		.now = call->request.now,
	};
	guarded->navigates = is_navigation(&call->request);
	call->guarded = guarded;
	if (call->authorizes || str_is_present(call->request.denied))
		call->match.surface = guarded->navigates ? SURFACE_PAGE : SURFACE_API;
	call->request.content_length = 0; /* a body is for whoever is behind */
	if (!str_is_present(target) || guarded->asked.method.n == 0)
		guarded->flaw = GUARDED_NO_TARGET;
	else
		TRY(read_place(call, target, guarded));
	if (guarded->flaw == GUARDED_FINE)
		read_served(call, guarded);
	if (guarded->flaw == GUARDED_FINE && is_other_host(call))
		guarded->flaw = GUARDED_OTHER_HOST;
	if (guarded->flaw == GUARDED_FINE)
		find_rule(call, guarded);
	return OK;
}

void guarded_decide(struct call *call)
{
	struct guarded *guarded = call->guarded;

	if (guarded->flaw != GUARDED_FINE || guarded->own)
		return;
	guarded->decision = protect_decide(call->app->config, &guarded->asked, &call->session);
	if (!str_is_present(guarded->served))
		return;
	struct protect_request served = served_of(guarded);
	struct protect_decision decision =
		protect_decide(call->app->config, &served, &call->session);
	if (decision.verdict < guarded->decision.verdict)
		guarded->decision = decision;
}

bool guarded_needs_factor(const struct call *call, struct str place)
{
	struct protect_request asked = {
		.method = STR("GET"),
		.ip = call->request.remote_addr,
		.now = call->request.now,
	};
	struct str query = STR_NONE;

	if (!str_is_present(place) || request_target(call->arena, place, &asked.path, &query) != OK)
		return false;
	return protect_decide(call->app->config, &asked, &call->session).needs_aal2;
}

bool guarded_is_granted(const struct call *call)
{
	const struct guarded *guarded = call->guarded;

	return guarded->flaw == GUARDED_FINE &&
	       (guarded->own || (guarded->decision.verdict == PROTECT_GRANTED &&
				 call->credential.syntax != CREDENTIAL_AMBIGUOUS));
}

static enum problem sign_in_problem(const struct call *call)
{
	return call->session.standing == SESSION_EXPIRED ? PROBLEM_SESSION_EXPIRED
							 : PROBLEM_UNAUTHENTICATED;
}

enum problem guarded_problem(const struct call *call)
{
	const struct guarded *guarded = call->guarded;

	if (guarded->flaw == GUARDED_BAD_PATH || guarded->flaw == GUARDED_NO_TARGET)
		return PROBLEM_INVALID_REQUEST;
	if (guarded->flaw == GUARDED_OTHER_HOST)
		return PROBLEM_FORBIDDEN;
	if (call->credential.syntax == CREDENTIAL_AMBIGUOUS)
		return PROBLEM_AMBIGUOUS_CREDENTIALS;
	switch (guarded->decision.verdict) {
	case PROTECT_SIGN_IN:
		return sign_in_problem(call);
	case PROTECT_COMPLETE:
		return session_awaits_factor(&call->session) ? PROBLEM_SECOND_FACTOR_REQUIRED
							     : PROBLEM_FORBIDDEN;
	case PROTECT_STEP_UP:
		return PROBLEM_REAUTHENTICATION_REQUIRED;
	default:
		return PROBLEM_FORBIDDEN;
	}
}

enum err guarded_location(struct call *call, struct url *location, bool *there)
{
	const struct guarded *guarded = call->guarded;
	struct str page = protect_page(guarded->decision.verdict, &call->session);

	*there = false;
	if (guarded->flaw != GUARDED_FINE || !str_is_present(page) ||
	    call->credential.syntax == CREDENTIAL_AMBIGUOUS)
		return OK;
	TRY(return_to_link(call->arena, call->app->config, page, guarded->place, location));
	*there = true;
	return OK;
}

struct problem_sentence guarded_sentence(const struct guarded *guarded)
{
	static const struct problem_sentence flaws[] = {
		[GUARDED_BAD_PATH] = {"The path is not canonical.", "problem.bad_path"},
		[GUARDED_NO_TARGET] = {"The web server does not say what is asked for "
				       "(GATEPOST_URI, GATEPOST_METHOD).",
				       "problem.no_target"},
		[GUARDED_OTHER_HOST] = {"This host is not the one that people sign in at. The "
					"administrator has to set origin in section [server] of "
					"gatepost.conf to it, or to guard nothing here.",
					"problem.other_host"},
	};
	static const struct problem_sentence no_method = {
		"No rule of this place allows this method.", "problem.no_method"};
	static const struct problem_sentence needs_factor = {
		"This place asks for a second factor, which this session does not have. Please "
		"confirm with one to go on.",
		"problem.needs_factor"};

	if (guarded->flaw < sizeof flaws / sizeof flaws[0] && flaws[guarded->flaw].text != NULL)
		return flaws[guarded->flaw];
	if (guarded->decision.no_method)
		return no_method;
	return guarded->decision.needs_aal2 ? needs_factor
					    : (struct problem_sentence){.text = NULL};
}

/* A page in answer to a form would be lost by going there: what was sent is not sent again. */
static bool is_repeatable(struct str method)
{
	return str_equal(method, STR("GET")) || str_equal(method, STR("HEAD"));
}

enum err guarded_refuse(struct call *call)
{
	const struct guarded *guarded = call->guarded;
	struct problem_sentence sentence = guarded_sentence(guarded);
	struct problem_detail detail = view_detail(&sentence);
	struct url location;
	bool there = false;

	call->match.surface = guarded->navigates ? SURFACE_PAGE : SURFACE_API;
	if (guarded->navigates && is_repeatable(guarded->asked.method))
		TRY(guarded_location(call, &location, &there));
	if (!there)
		return view_problem(call, guarded_problem(call), &detail);
	response_reset(&call->response);
	response_redirect(&call->response, &location);
	return OK;
}
