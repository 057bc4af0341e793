/* Administration over HTTP: what page and API share. */
#ifndef GATEPOST_WEB_ADMIN_CALL_H
#define GATEPOST_WEB_ADMIN_CALL_H

#include <stdbool.h>

#include "account_admin.h"
#include "err.h"
#include "problem.h"
#include "session.h"
#include "str.h"
#include "user_store.h"

struct call;
struct json_out;

/* The user whose id is in the path. *found false: there is none, or it is no id. */
MUST_CHECK enum err admin_find(struct call *call, struct user_row *user, bool *found);

/* What was done, whatever kind of act it was. */
struct admin_result {
	bool refused;
	enum problem problem;             /* when refused */
	const char *field;                /* of an invalid_request; else NULL */
	struct problem_sentence sentence; /* when refused */
	bool changed;
	uint64_t sessions; /* ended, held or lowered */
};

/* What an administrator does to an account: a function of account_admin.h. */
struct admin_deed {
	enum err (*act)(const struct auth_context *, const struct account_act *,
			struct account_effect *);
};
MUST_CHECK enum err admin_act(struct call *call, struct admin_deed deed,
			      const struct account_act *act, struct admin_result *result);
/* A role everywhere, or with tenant (id or name, as typed; absent: none) there. */
struct admin_role {
	struct id user_id;
	struct str role, tenant, reason;
	bool give;
};
MUST_CHECK enum err admin_change_role(struct call *call, const struct admin_role *wish,
				      struct admin_result *result);

/* "active", "locked", "closed"; static. */
struct str admin_state_name(uint32_t state);
/* A user as administrators see one, by which second factors too: no secret, and no trace of one. */
void admin_user_json(struct json_out *out, const char *name, const struct user_row *user);

/* A page of users. */
struct admin_query {
	struct str prefix; /* as typed; absent or empty: all, oldest first */
	struct str cursor; /* as typed */
	unsigned limit;
};
struct admin_users {
	struct user_row *rows; /* in the arena */
	size_t n;
	struct str next; /* absent: the last page */
};
/* ERR_INPUT: not a cursor of this list. */
MUST_CHECK enum err admin_list_users(struct call *call, const struct admin_query *query,
				     struct admin_users *out);

/* Whether each of a user's sessions is an elevated one: rows and as many flags, in the arena. */
MUST_CHECK enum err admin_elevated(struct call *call, const struct user_row *user,
				   const struct session_list *list, bool **out);

#endif
