/* Cross-origin headers: none, unless the configuration lists exact origins. */
#include "cors.h"

static bool is_listed(const struct config *config, struct str origin)
{
	for (size_t i = 0; i < config->cors_origin_count; i++)
		if (str_equal(config->cors_origins[i], origin))
			return true;
	return false;
}

void cors_add_headers(struct call *call)
{
	const struct config *config = call->app->config;
	struct response *response = &call->response;
	if (config->cors_origin_count == 0 || call->match.surface != SURFACE_API)
		return;
	response_header(response, "Vary", STR("Origin"));
	if (!str_is_present(call->request.origin) || !is_listed(config, call->request.origin))
		return;
	response_header(response, "Access-Control-Allow-Origin", call->request.origin);
	response_header(response, "Access-Control-Expose-Headers",
			STR("ETag, Retry-After, WWW-Authenticate, X-Request-Id"));
	if (call->request.method != METHOD_OPTIONS)
		return;
	response_header(response, "Access-Control-Allow-Methods",
			STR("GET, POST, PUT, PATCH, DELETE"));
	response_header(response, "Access-Control-Allow-Headers",
			STR("Authorization, Content-Type, If-Match, X-Session-Id"));
	response_header(response, "Access-Control-Max-Age", STR("600"));
}
