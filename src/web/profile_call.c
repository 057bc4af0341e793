/* A person's profile over HTTP: what page and API share. */
#include "profile_call.h"

#include "call.h"
#include "catalogue.h"

struct profile_change profile_of_call(const struct call *call)
{
	const struct session_row *session = &call->session.found.session;
	return (struct profile_change){.user_id = session->user_id, .session_id = session->id};
}

bool profile_language(const struct call *call, struct str tag, struct str *out)
{
	const struct language *language = NULL;
	if (tag.n == 0) {
		*out = STR("");
		return true;
	}
	language = catalogue_lookup(call->app->texts, tag);
	if (language == NULL)
		return false;
	*out = language_tag(language);
	return true;
}

void profile_take(struct call *call, const struct user_row *user)
{
	struct session_found *found = &call->session.found;
	found->username = user->username;
	found->email = user->email;
	found->display_name = user->display_name;
	found->language = user->language;
}
