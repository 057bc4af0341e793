/* What a person changes about themselves: name, language, user name. */
#ifndef GATEPOST_AUTH_PROFILE_H
#define GATEPOST_AUTH_PROFILE_H

#include "context.h"
#include "err.h"
#include "ident.h"
#include "str.h"
#include "user_store.h"

enum profile_outcome {
	PROFILE_REFUSED = 0, /* never a result by itself */
	PROFILE_DONE,
	PROFILE_BAD_DISPLAY_NAME, /* empty, over 100 code points, a control, no UTF-8 */
	PROFILE_BAD_USERNAME,
	PROFILE_TAKEN, /* the user name */
	PROFILE_GONE   /* the account is not there any more, or not active */
};

/* As typed; what is absent stays. The language is one of the server's, "" for none chosen. */
struct profile_change {
	struct id user_id, session_id;
	struct str display_name, username, language;
};

/* In one transaction, all or nothing; holds from the next request on. user: as it is now. */
struct profile_effect {
	enum profile_outcome outcome;
	struct user_row user; /* when DONE */
};
MUST_CHECK enum err profile_change(const struct auth_context *context,
				   const struct profile_change *change, struct profile_effect *out);

#endif
