/* Notices to a user about what was done in their name: mail that is queued with the act. */
#ifndef GATEPOST_AUTH_NOTICE_H
#define GATEPOST_AUTH_NOTICE_H

#include <stdbool.h>
#include <stdint.h>

#include "context.h"
#include "err.h"
#include "ident.h"
#include "str.h"
#include "user_store.h"

struct db;

struct notice {
	struct str kind; /* names the mail's template: "handover", "token-reuse", "new-device" */
	struct id user_id;
	struct str recipient; /* absent or "": nobody can be told, nothing is queued */
	struct str language;  /* absent: the server's */
	struct str display_name;
	struct str to;   /* one more value of the mail, a plain word; absent: none */
	struct str left; /* digits: recovery codes that are left; absent: not said */
	int64_t due_at;  /* when what it tells of takes effect; 0: it has */
};

/* A notice to a user at the address that the row has. */
struct notice notice_to(struct str kind, const struct user_row *user);

/*
 * In the transaction of what it tells of. It has a link ("link") that works once in 48 hours: "this
 * wasn't me" (dispute.h).
 */
MUST_CHECK enum err notice_queue(const struct auth_context *context, struct db *db,
				 const struct notice *notice);

#endif
