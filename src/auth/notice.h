/* Notices to a user about what was done in their name: mail that is queued with the act. */
#ifndef GATEPOST_AUTH_NOTICE_H
#define GATEPOST_AUTH_NOTICE_H

#include "context.h"
#include "err.h"
#include "ident.h"
#include "str.h"

struct db;

struct notice {
	struct str kind; /* names the mail's template: "handover", "token_reuse" */
	struct id user_id;
	struct str recipient; /* absent or "": nobody can be told, nothing is queued */
	struct str to; /* one more member of the template's data; a plain word; absent: none */
};

/* In the transaction of what it tells of. The data has "ip" and "at" of the request too. */
MUST_CHECK enum err notice_queue(const struct auth_context *context, struct db *db,
				 const struct notice *notice);

#endif
