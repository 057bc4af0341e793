/* What is proven by mail: a code to type where it was asked for, and a link that goes anywhere. */
#ifndef GATEPOST_AUTH_MAIL_CODE_H
#define GATEPOST_AUTH_MAIL_CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clock.h"
#include "context.h"
#include "err.h"
#include "ident.h"
#include "mail_code_store.h"
#include "secret.h"
#include "str.h"

struct arena;
struct db;

#define MAIL_CODE_DIGITS 8 /* about 27 bits: ten minutes, five tries */
#define MAIL_CODE_SPAN (10 * CLOCK_MINUTE)
#define MAIL_CODE_LINK 22 /* characters: 128 bits in base64url */
#define MAIL_CODE_TICKET_MAX 80

/* Where a code may be typed: where it was asked for. */
enum mail_asker_kind {
	MAIL_ASKER_NOWHERE = 0,
	MAIL_ASKER_API,
	MAIL_ASKER_BROWSER,
	MAIL_ASKER_USER
};
struct mail_asker {
	enum mail_asker_kind kind;
	/* Of a browser its -pre cookie, of a user the id; nothing of the API. */
	struct str value;
};

/* What is to be proven. */
struct mail_code_request {
	enum mail_purpose purpose;
	struct str address; /* in normal form: where the mail goes */
	struct id user_id;  /* none: nobody's yet */
	struct mail_asker asker;
	struct str payload; /* of mail_code_pack; absent: "" */
	struct str language;
	/*
	 * Nothing can be proven with it: the row is there, so that nobody learns from work or
	 * answer that the mail said something else.
	 */
	bool decoy;
};

struct mail_code_made {
	struct id id;
	struct secret code; /* MAIL_CODE_DIGITS digits */
	struct secret link; /* MAIL_CODE_LINK characters */
	int64_t code_end, expires_at;
};

/*
 * Makes and stores one, in the transaction of the act, in place of an older one: of the address for
 * registrations, recoveries and invitations, of the user for changes of address and their
 * restoration; disputes of notices stand side by side.
 */
MUST_CHECK enum err mail_code_put(const struct auth_context *context, struct db *db,
				  const struct mail_code_request *request,
				  struct mail_code_made *out);

/*
 * In the transaction that has used row, which goes: what was shown for it (typed digits, or a
 * link's code) is what the new one can be shown with, once, for as long as a typed code. The other
 * of the two, code or link, is nothing that anybody knows.
 */
MUST_CHECK enum err mail_code_put_again(const struct auth_context *context, struct db *db,
					const struct mail_code_request *request,
					const struct mail_code_row *row, struct str shown);

/*
 * Takes back what was sent to an address for that purpose, of registrations, recoveries and
 * invitations. *withdrawn false: there was nothing, or it was used. Inside a transaction.
 */
MUST_CHECK enum err mail_code_withdraw(const struct auth_context *context, struct db *db,
				       enum mail_purpose purpose, struct str address,
				       bool *withdrawn);

/* What is kept with a code until it is proven: names, roles. */
struct mail_code_value {
	const char *name;
	struct str value; /* absent: left out */
};
/* ERR_INPUT: a value with a control character. ERR_TOO_LARGE: more than a row takes. */
MUST_CHECK enum err mail_code_pack(struct arena *arena, const struct mail_code_value *values,
				   size_t n, struct str *out);
/* Absent: it was left out. */
struct str mail_code_unpack(const struct mail_code_row *row, struct str name);

/* How long the link is good, for the mail's text: a span. */
int64_t mail_code_life(const struct config *config, enum mail_purpose purpose);

/* What somebody shows. */
struct mail_claim {
	enum mail_purpose purpose; /* which a typed code is for */
	unsigned links;            /* bits 1 << enum mail_purpose: which a link may be for */
	/*
	 * In normal form. Typed with the code; the link's row must be of it, too, where it is
	 * present. Absent: with a ticket, or a link at a page.
	 */
	struct str address;
	struct id user_id; /* MAIL_ADDRESS: whose change. The link's row must be theirs, too */
	struct str code;   /* as typed or sent: digits (spaces and dashes are fine), or a link's */
	struct id ticket;  /* the row whose link this browser opened; code is absent then */
	struct mail_asker asker;
};

/* 0 refuses. */
enum mail_verdict {
	MAIL_WRONG = 0, /* no such code, not for this, not from here, or tried too often */
	MAIL_OVER,      /* right, but used or too late */
	MAIL_THROTTLED,
	MAIL_RIGHT
};

/*
 * Uses nothing up but a try of a typed code, which is counted before it is looked at, so that any
 * number at once are that many; a right one is taken back. The same statements whether or not there
 * is such an address. *wait: of MAIL_THROTTLED.
 */
MUST_CHECK enum err mail_code_check(const struct auth_context *context,
				    const struct mail_claim *claim, enum mail_verdict *verdict,
				    struct mail_code_row *row, int64_t *wait);
/*
 * Uses it up, in the transaction of what it proves; ERR_CONFLICT: used by another at the same time,
 * replaced, or over.
 */
MUST_CHECK enum err mail_code_use(const struct auth_context *context, struct db *db,
				  const struct mail_code_row *row);

/*
 * A link's row in an address: worth something only with the browser's -pre cookie. At most
 * MAIL_CODE_TICKET_MAX characters.
 */
MUST_CHECK enum err mail_code_ticket(const struct auth_context *context, const struct id *row,
				     struct str pre, struct str *out);
/* False: not a ticket of this browser. */
bool mail_code_read_ticket(const struct auth_context *context, struct str text, struct str pre,
			   struct id *row);

#endif
