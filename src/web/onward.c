/* Where a browser goes on: what its sign-in still waits for, or where one wanted to go. */
#include "onward.h"

#include "call.h"
#include "return_call.h"
#include "session.h"
#include "view.h"

struct str onward_page(const struct session *session)
{
	if (session_awaits_factor(session))
		return STR("/second-factor");
	if (session_awaits_enrolment(session))
		return STR("/account/security");
	return session_awaits_password(session) ? STR("/account/password") : STR_NONE;
}

enum err onward_go(struct call *call, const struct session *session, const struct return_to *target,
		   struct str own_path)
{
	struct str page = onward_page(session), path;
	if (!str_is_present(page))
		return return_go_on(call, target, own_path);
	TRY(return_path(call, target, page, &path));
	return view_redirect(call, path);
}
