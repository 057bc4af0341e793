/* Registration: an account for whoever proves an address, by a code or a link that was mailed. */
#ifndef GATEPOST_AUTH_REGISTRATION_H
#define GATEPOST_AUTH_REGISTRATION_H

#include <stdbool.h>
#include <stdint.h>

#include "account.h"
#include "context.h"
#include "err.h"
#include "ident.h"
#include "mail_code.h"
#include "str.h"

/* 0 refuses. */
enum registration_verdict {
	REGISTRATION_REFUSED = 0, /* the code is wrong, not from here, or was tried too often */
	REGISTRATION_OVER,        /* right, but used or too late */
	REGISTRATION_THROTTLED,
	REGISTRATION_CLOSED, /* [account] registration does not let them */
	REGISTRATION_FLAWED, /* see the flaw; nothing was done, and the code is as good as before */
	REGISTRATION_ACCEPTED
};

/* As typed. */
struct registration_request {
	struct str email;
	struct str username, display_name; /* absent or empty: none yet */
	struct str language;               /* of the mail and the account; absent: the server's */
	struct mail_asker asker;           /* who may type the code */
};

struct registration_asked {
	enum registration_verdict verdict; /* ACCEPTED, FLAWED or CLOSED */
	enum account_flaw flaw;
	struct str email; /* in normal form, when ACCEPTED */
};

/*
 * Mails a code and a link to the address, or, if it has an account, that to its owner. Whoever asks
 * learns nothing of it: the answer and the statements are the same, also when so much mail was
 * asked for that none is sent. No row of user is there before the proof.
 */
MUST_CHECK enum err registration_ask(const struct auth_context *context,
				     const struct registration_request *request,
				     struct registration_asked *out);

/* What is shown as proof, and what the account shall be. */
struct registration_proof {
	struct str email; /* as typed; absent with a ticket, or with a link at a page */
	struct str code;  /* as typed: of a registration's mail; or a link's */
	struct id ticket; /* see struct mail_claim */
	unsigned links;   /* bits 1 << enum mail_purpose: which a link may be for */
	struct mail_asker asker;
	struct str username, display_name; /* as typed; absent: as asked for */
	struct str new_password;           /* as typed; absent: none yet */
};

struct registration_result {
	enum registration_verdict verdict;
	int64_t wait; /* when THROTTLED */
	/*
	 * When FLAWED what is wrong: names, password, ACCOUNT_TAKEN. When ACCEPTED the user (of
	 * registration_look: id none, the names as asked for).
	 */
	struct account_result account;
	bool address_taken; /* ACCOUNT_TAKEN: there is an account of the address by now */
	bool password_set;
};

/* What a link or its ticket is good for: nothing is done or counted. */
MUST_CHECK enum err registration_look(const struct auth_context *context,
				      const struct registration_proof *proof,
				      struct mail_code_row *row, struct registration_result *out);
/*
 * The code is looked at first, then names and password, then there is one hash, and then one
 * transaction: the code is used up, the account is there with a proven address and the roles of an
 * invitation, and whatever else waited for a proof of this address is void. Without a password the
 * same code is good for one more thing, for ten minutes: choosing one, as if it was a recovery's.
 */
MUST_CHECK enum err registration_prove(const struct auth_context *context,
				       const struct registration_proof *proof,
				       struct registration_result *out);

#endif
