/* The FastCGI role Authorizer. */
#include "authorizer.h"

#include "facts.h"
#include "guarded.h"
#include "handlers.h"

#define ANSWER_MAX 8000 /* mod_authnz_fcgi takes what comes in one record of 8 KiB */

static enum err authorize(struct call *call)
{
	guarded_decide(call);
	if (!guarded_is_granted(call))
		return guarded_refuse(call);
	response_status(&call->response, 200);
	TRY(facts_add(call, FACTS_VARIABLES));
	call->guarded->granted = true;
	return OK;
}

const struct route authorizer_route = {
	.method = METHOD_GET,
	.path = "(authorizer)",
	.surface = SURFACE_API,
	.exempt = ROUTE_GUARDS | ROUTE_LIGHT,
	.handle = authorize,
};

static bool is_grant(const struct call *call)
{
	return call->guarded != NULL && call->guarded->granted && call->failed == OK;
}

bool authorizer_shows(const struct call *call)
{
	/* For a redirection Apache asks for no other page. */
	return !is_grant(call) &&
	       (!str_is_present(call->request.apache_role) || call->response.status < 400);
}

void authorizer_shape(struct call *call)
{
	struct response *response = &call->response;

	if (is_grant(call)) {
		response_bare(response);
		response->cacheable = true; /* what is said of that is the web server's */
		return;
	}
	/* Lest a status that nobody has set lets somebody in. */
	if (response->status < 300) {
		response_reset(response);
		response_status(response, 503);
	}
	/*
	 * Apache calls every body text/html, and asks for the page behind ErrorDocument where there
	 * is none, which says the same with its own type (page_denied.c).
	 */
	if (str_is_present(call->request.apache_role))
		response_bare(response);
	else if (response_size(response) > ANSWER_MAX)
		response_bare(response);
}
