/* Mail: what is written into the outbox, in the transaction of the act that it tells of. */
#ifndef GATEPOST_AUTH_MAIL_H
#define GATEPOST_AUTH_MAIL_H

#include <stddef.h>
#include <stdint.h>

#include "context.h"
#include "err.h"
#include "ident.h"
#include "secret.h"
#include "str.h"

struct arena;
struct db;

/* One name of the mail's template. value: UTF-8; absent: "". */
struct mail_value {
	const char *name;
	struct str value;
};

struct mail {
	struct str kind;      /* names its templates: "recover" is mail/recover.txt and .html */
	struct id user_id;    /* none: nobody's */
	struct str recipient; /* in normal form; absent: a decoy, which nobody is sent */
	struct str language;  /* absent: the server's */
	const struct mail_value *values;
	size_t n;
	int64_t too_late; /* when it need not be sent any more; 0: never */
};

/*
 * Queues it. Beside its values the payload has "at" (RFC 3339), "ip" and "user_agent" of the
 * request, and "expires_at" where it can be too late. Decoys are as large as others. ERR_INPUT: a
 * value is not UTF-8.
 */
MUST_CHECK enum err mail_queue(const struct auth_context *context, struct db *db,
			       const struct mail *mail);

/* A row's payload as it lies there. */
struct mail_box {
	struct id id; /* of the row */
	uint32_t root;
	struct str sealed;
};
/* The payload again: a flat JSON object of strings. Errors as of seal_open. */
MUST_CHECK enum err mail_open(const struct keyring *keys, struct arena *arena,
			      const struct mail_box *box, struct str *json);

/* "https://www.example.org/auth/reset?code=…": page is "/reset". ERR_MEMORY. */
MUST_CHECK enum err mail_link(const struct auth_context *context, struct str page,
			      struct secret code, struct str *out);

#endif
