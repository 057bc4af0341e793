/* Signing out over HTTP: what page and API share. */
#include "signout_call.h"

#include "call.h"
#include "cookie.h"
#include "view.h"

bool signout_is_needed(const struct call *call)
{
	return call->session.standing >= SESSION_HELD;
}

void signout_forget(struct call *call)
{
	const struct config *config = call->app->config;
	response_cookie(&call->response, &(struct cookie){.name = STR(COOKIE_SESSION),
							  .value = STR(""),
							  .max_age = 0,
							  .strict = config->session.cookie_strict});
	response_header(&call->response, "Clear-Site-Data", config->server.clear_site_data);
	call->session = (struct session){.standing = SESSION_ABSENT};
	call->credential = (struct credential){.syntax = CREDENTIAL_ABSENT};
}

enum err signout_of_call(struct call *call)
{
	TRY(session_end(&call->auth, &call->session));
	if (call->credential.carrier == CARRIER_COOKIE)
		signout_forget(call);
	return OK;
}

enum err signout_page(struct call *call)
{
	struct template_data *data;
	TRY(view_page_data(call, &data));
	return view_page(call, 200, "signed-out.html", data);
}
