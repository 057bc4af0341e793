/* Challenges: random values to be signed, good once, for one kind of proof in one place. */
#ifndef GATEPOST_AUTH_CHALLENGE_H
#define GATEPOST_AUTH_CHALLENGE_H

#include <stdbool.h>
#include <stdint.h>

#include "clock.h"
#include "context.h"
#include "err.h"
#include "ident.h"
#include "passkey_store.h"
#include "str.h"

struct db;

#define CHALLENGE_BYTES 32
#define CHALLENGE_SPAN (5 * CLOCK_MINUTE)

/* Part of the digest: the numbers never change. A value of one kind never matches another. */
enum challenge_kind {
	CHALLENGE_NONE = 0,
	CHALLENGE_SIGN_IN,       /* a passkey of whomever, before anybody is signed in */
	CHALLENGE_SECOND_FACTOR, /* a sign-in that waits for it */
	CHALLENGE_STEP_UP,       /* a passkey or a device's key */
	CHALLENGE_REGISTRATION   /* a new passkey */
};

/* Where it is good: what it is bound to. */
struct challenge_place {
	enum challenge_kind kind;
	struct id session_id; /* none only for CHALLENGE_SIGN_IN */
	struct str browser;   /* of a page's sign-in: its -pre cookie; absent: the API's */
};

struct challenge {
	unsigned char value[CHALLENGE_BYTES];
	struct challenge_row row;
};

/*
 * A new one, stored. user_id: whose (none: nobody's yet); purpose: what is to be proven for, a
 * name, for the record ("" for none). row.expires_at is CHALLENGE_SPAN from now.
 */
MUST_CHECK enum err challenge_make(const struct auth_context *context,
				   const struct challenge_place *place, const struct id *user_id,
				   struct str purpose, struct challenge *out);
/* The one of that value that is good in that place. *found false: none, used, or over. */
MUST_CHECK enum err challenge_find(const struct auth_context *context,
				   const struct challenge_place *place,
				   const unsigned char value[CHALLENGE_BYTES],
				   struct challenge *out, bool *found);
/* Inside the transaction of what it proves. ERR_CONFLICT: somebody else was faster, or it is over.
 */
MUST_CHECK enum err challenge_take(struct db *db, const struct challenge *challenge, int64_t now);

#endif
