/* Passkeys of accounts (WebAuthn L3 §7): registering, listing, removing, signing in, checking. */
#ifndef GATEPOST_AUTH_PASSKEY_H
#define GATEPOST_AUTH_PASSKEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "challenge.h"
#include "context.h"
#include "err.h"
#include "factors.h"
#include "passkey_store.h"
#include "recovery_codes.h"
#include "session.h"
#include "signin.h"
#include "webauthn.h"

/* What the caller makes the options of (web/passkey_json.h). */
struct passkey_offer {
	struct challenge challenge;
	/* Of the person; for a sign-in of nobody yet none: the browser offers what it has. */
	struct passkey_row *known; /* to be left out at registration, to choose from otherwise */
	size_t known_count;
};
/* For the person of session. place.kind says what for; of CHALLENGE_SIGN_IN nobody's are listed. */
MUST_CHECK enum err passkey_offer(const struct auth_context *context,
				  const struct challenge_place *place, const struct id *user_id,
				  struct str purpose, struct passkey_offer *out);

struct passkey_registration {
	struct webauthn_registration given;
	struct str transports; /* known words, or absent */
	struct str name;       /* absent: the time it was made says enough */
	bool renews;           /* as in totp.h */
	const struct credential *presented;
	const struct session *current;
};
struct passkey_registered {
	enum factors_verdict verdict; /* WRONG: refused by the rules, or the challenge is over */
	struct passkey_row row;
	struct recovery_codes codes; /* that come with the first strong factor */
	bool has_codes;
	bool renewed;
	struct session_issued issued;
};
MUST_CHECK enum err passkey_register(const struct auth_context *context,
				     const struct passkey_registration *request,
				     struct passkey_registered *out);
/* Oldest first; rows in the arena. */
MUST_CHECK enum err passkey_list(const struct auth_context *context, const struct id *user_id,
				 struct passkey_row **rows, size_t *n);
MUST_CHECK enum err passkey_remove(const struct auth_context *context,
				   const struct session *session, const struct id *id,
				   enum factors_verdict *verdict);

/* An assertion that was judged, and what of it is to be written. For prove.c and the below. */
struct passkey_judged {
	bool right;
	bool verified; /* the person was (UV) */
	struct passkey_row row;
	uint32_t former_count;
	bool counter_is_odd; /* it did not grow; right only where the configuration says so */
	struct challenge challenge;
	struct str why; /* for the record: "right", "unknown", "bad signature" */
};
struct passkey_question {
	struct challenge_place place;
	struct id user_id; /* whose it must be; none: whoever's, by the user handle (WA-07) */
	const struct webauthn_assertion *given;
	struct str user_handle; /* octets; absent: none */
	bool verified;          /* UV is asked for */
	/*
	 * The session's value was rotated away: this may be the request that did it, which has used
	 * the challenge. Then right says that all the rest is, and passkey_settle refuses.
	 */
	bool repeats;
};
/*
 * Reads and judges, and writes nothing but the audit event of a counter that is odd (WA-09). An
 * unknown credential takes a signature's time, too (WA-11).
 */
MUST_CHECK enum err passkey_judge(const struct auth_context *context,
				  const struct passkey_question *question,
				  struct passkey_judged *out);
/* Inside the transaction of what it proves: takes the challenge, writes the counter.
 * ERR_CONFLICT: another request was faster. */
MUST_CHECK enum err passkey_settle(const struct auth_context *context, struct db *db,
				   const struct passkey_judged *judged);
/* Words of amr (RFC 8176): "hwk mfa user", "swk mfa user", without "user" where it is not verified.
 */
struct str passkey_amr(const struct passkey_judged *judged);
/* The same of a credential that was registered with the person verified. */
struct str passkey_amr_of(const struct passkey_row *row);

/* What the configuration expects of every ceremony with this challenge, UV included. */
struct webauthn_expected passkey_expected(const struct auth_context *context,
					  const unsigned char value[CHALLENGE_BYTES]);
/* The value that the client's data names. *given false: it is none of ours, and zeroed. */
void passkey_challenge_of(const struct webauthn_client_data *data,
			  unsigned char value[CHALLENGE_BYTES], bool *given);

/*
 * POST /sessions with a passkey, and the page: one decision. request: identifier and password are
 * not looked at. Unknown, locked, wrong and over are one verdict, with an audit event. Counted by
 * source. The session is of aal 2.
 */
struct passkey_sign_in {
	struct signin_request signin;
	struct webauthn_assertion given;
	struct str user_handle;
	struct str browser; /* as in challenge.h */
};
MUST_CHECK enum err passkey_sign_in(const struct auth_context *context,
				    const struct passkey_sign_in *request,
				    enum signin_verdict *verdict, int64_t *wait,
				    struct session_issued *out);

#endif
