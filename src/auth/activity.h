/* What happened to a person's account, for that person: their events without what is internal. */
#ifndef GATEPOST_AUTH_ACTIVITY_H
#define GATEPOST_AUTH_ACTIVITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audit_store.h"
#include "context.h"
#include "err.h"
#include "session_store.h"

/* Who did it. Administrators, services and operators are not told apart any further. */
enum activity_by {
	ACTIVITY_BY_PERSON = 0, /* they, or who tried to be */
	ACTIVITY_BY_ADMINISTRATOR,
	ACTIVITY_BY_SERVICE,
	ACTIVITY_BY_OPERATOR, /* the command */
	ACTIVITY_BY_COUNT
};
/* "person"; static. */
const char *activity_by_name(enum activity_by by);

struct activity_item {
	int64_t at;
	struct str event;                  /* enum audit_kind's name */
	struct str outcome;                /* "ok", "refused" */
	enum activity_by by;               /* … */
	struct str source;                 /* absent: not the person's own, or not known */
	struct id session_id;              /* none: of no session */
	const struct session_row *session; /* NULL: it is over, or there was none */
	struct str detail;                 /* absent: none, or none for them */
};

struct activity_list {
	struct activity_item *items; /* like all else, in the arena */
	size_t n;
	bool more;
	struct page_cursor next; /* if more */
};

/*
 * Events about this user, newest first, behind the cursor; from->limit 1 to 100, else ERR_INPUT.
 * Left out are: who the administrator was and from where, reasons that were written down for other
 * administrators, hashed names, what services are called.
 */
MUST_CHECK enum err activity_list(const struct auth_context *context, const struct id *user_id,
				  const struct page_cursor *from, struct activity_list *out);

#endif
