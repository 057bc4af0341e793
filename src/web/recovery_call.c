/* Recovery over HTTP: what its pages and its API share. */
#include "recovery_call.h"

#include "call.h"
#include "catalogue.h"
#include "guard.h"
#include "language_call.h"

enum err recovery_asker(struct call *call, struct mail_asker *out)
{
	*out = (struct mail_asker){.kind = MAIL_ASKER_API};
	if (call->match.surface == SURFACE_API)
		return OK;
	TRY(guard_pre(call));
	*out = (struct mail_asker){.kind = MAIL_ASKER_BROWSER, .value = call->pre_cookie};
	return OK;
}

enum err recovery_ask_of(struct call *call, struct str *email, bool *bad)
{
	struct recovery_wish wish = {
		.email = call_text(call, "email"),
		.language = language_tag(language_of_call(call)),
	};
	enum err e = account_normal_email(call->arena, wish.email, email);
	*bad = e == ERR_INPUT;
	if (*bad)
		return OK;
	TRY(e);
	TRY(recovery_asker(call, &wish.asker));
	return recovery_ask(&call->auth, &wish);
}
