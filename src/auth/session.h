/* Sessions: resolving what was presented, starting, rotating, listing, ending. */
#ifndef GATEPOST_AUTH_SESSION_H
#define GATEPOST_AUTH_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "context.h"
#include "credential.h"
#include "device_store.h"
#include "err.h"
#include "policy.h"
#include "secret.h"
#include "session_store.h"
#include "user_store.h"

/* A presented credential, resolved. Zeroed: SESSION_UNKNOWN. */
struct session {
	enum session_standing standing;
	enum session_state state;   /* as it counts now (policy_state); set as found is */
	struct session_found found; /* set from SESSION_EXPIRED on, but for REPLACED */
	struct policy_ends ends;
	unsigned aal; /* as of now */
	bool elevated;
	bool is_older_pair; /* by an access token that is not the one value_used is about */
	struct rotation_row rotation; /* set for SESSION_REPLACED */
};

/*
 * What a found row is worth now; a row of a user who is not active is SESSION_UNKNOWN and not
 * shown.
 */
void session_judge(const struct auth_context *context, const struct session_found *found,
		   struct session *out);
/*
 * Resolves n credentials with one statement for all values that are well-formed (n ≤
 * SESSION_BATCH_MAX / KEYRING_ROOTS), one for all proven access tokens, one more for each that
 * matched nothing (was it rotated?), and no write. A token is good for one version of its session:
 * before the change that made another, it is as a value that was rotated away. out[i] belongs to
 * credentials[i]. ERR_UNAVAILABLE: nothing is known, nothing may be granted.
 */
MUST_CHECK enum err session_resolve(const struct auth_context *context,
				    const struct credential *credentials, size_t n,
				    struct session *out);

/* One of many requests that look up at once: its credential, its time, where its session goes. */
struct session_look_up {
	const struct auth_context *context;
	const struct credential *credential; /* well-formed */
	struct session *out;
};
/*
 * What session_resolve does, for requests of their own, but with one statement for all values
 * (their session_hashes together at most SESSION_BATCH_MAX) and one for all proven access tokens
 * (as many at most): where no row is found, or one of another version, out stays SESSION_UNKNOWN,
 * and whether the value or version was rotated away remains to be asked. db and arena (of the
 * strings) are the caller's, not the contexts'.
 */
MUST_CHECK enum err session_look_up(struct db *db, struct arena *arena,
				    const struct session_look_up *list, size_t n);
/* How many hashes a credential is looked up by; a token is by its session's id. */
size_t session_hashes(const struct credential *credential);
/* Copies a session's strings into an arena that lives longer than where they are. */
MUST_CHECK enum err session_keep(struct arena *arena, struct session *session);
/* Whether session_touch would write. */
bool session_must_touch(const struct session *session, int64_t now);
/*
 * Writes last_seen when a minute has passed, or that a rotated value is now in use. For live and
 * pending sessions; updates *session. Its failure must not change the answer of a read.
 */
MUST_CHECK enum err session_touch(const struct auth_context *context, struct session *session);
/*
 * The same with the account guard, which may write no more than last_seen and idle_end: a session
 * whose second factor has lapsed goes on, and what makes it lapse for good is left to the next
 * request of another kind. Nothing for one that is not live.
 */
MUST_CHECK enum err session_touch_guarded(const struct auth_context *context,
					  struct session *session);
/* Whether that would write. */
bool session_must_touch_guarded(const struct auth_context *context, const struct session *session);

/* What a method of signing in adds to the transaction, when it is not a repetition. */
struct session_claim {
	enum err (*settle)(struct db *db, void *what); /* ERR_CONFLICT: no sign-in after all */
	void *what;
};

/* How a session comes to be: the one step behind every method of signing in. */
struct session_start {
	struct id user_id;
	struct id tenant_id; /* the user's default; none: no tenant */
	enum session_carrier carrier;
	bool remember;
	struct str client; /* "browser" from the pages, else a configured name */
	struct str amr;    /* "pwd" */
	unsigned aal;
	enum session_state state; /* SESSION_ACTIVE, or what is still to be done */
	struct str device_name;   /* "" unless the client gave one */
	enum device_kind device_kind;
	struct secret device_ref; /* the device cookie's value or the app's device_id; missing: no
				     device */
	const struct credential *presented; /* what the request came with; never NULL */
	const struct session *current;      /* presented, resolved; never NULL */
	struct digest proof; /* keyed digest of all that made this request (session_proof) */
	int64_t password_changed_at; /* of the password that was compared; 0: none was */
	struct secret
		stronger_hash; /* of that password at today's cost; missing: keep what is there */
	int64_t auth_time;     /* when the person proved who they are; 0: now */
	int64_t latest_end;    /* the session ends by then at the latest; 0: as its class says */
	struct str detail;     /* of the event; absent: amr */
	bool told;             /* the claim queues a notice of its own: none of a new device */
	struct session_claim claim;
};

/* What the client is told, once. */
struct session_issued {
	struct session session;
	enum session_carrier carrier;
	struct secret text; /* the cookie's value or the handle; in the arena */
	bool repeated;      /* the answer to the same request, given again */
};

/* Digest of the request's parts for session_start.proof: length-prefixed, keyed. */
struct digest session_proof(const struct keyring *keys, const struct secret *parts, size_t n);

/* Live, and nobody's. */
bool session_is_guest(const struct session *session);

/*
 * In one transaction (user locked first): ends the device's former session and, over the limit, the
 * longest idle ones. Then, when what was presented
 * - is live (or pending, or held), this user's and of this carrier: rotates that row (new value
 *   from the old value, the proof and a nonce; epoch + 1; new auth_time, class and ends);
 * - is a guest's, carried in whatever way: promotes that row. It is rotated as above to the user
 *   and the carrier asked for, and its flows are carried over (flow.h): at most three statements
 *   more than a new row takes. Of several at once one wins; for the others it was rotated away;
 * - is somebody else's, of another carrier, or over: ends it and starts a new one;
 * - was rotated away at most 30 s ago by this very proof, and the new value is unused: gives that
 *   same value again, changing nothing;
 * - is anything else: starts a new one with a random value.
 * From a device that the account does not know the address is told (notice.h), but for the first
 * sign-in of a new account; without a device each is from one, unless it comes with a session.
 * A user that is not active, or whose password is not the compared one (any more): ERR_CONFLICT and
 * nothing is done. Carrier token: the value is the first refresh token of the session's family, in
 * place of all before it; while the sign-in is not complete it is a handle instead.
 */
MUST_CHECK enum err session_sign_in(const struct auth_context *context,
				    const struct session_start *start, struct session_issued *out);

/* Its sign-in is complete but for a new password; for a second factor; for setting one up. */
bool session_awaits_password(const struct session *session);
bool session_awaits_factor(const struct session *session);
bool session_awaits_enrolment(const struct session *session);

/* The person of a session has proven again who they are. */
struct session_proof_again {
	struct id user_id;
	const struct credential *presented;
	const struct session *current; /* presented, resolved */
	struct digest proof;           /* session_proof */
	struct str method;             /* words of amr: "pwd", "otp mfa" */
	struct str purpose;            /* for the audit event */
	struct secret new_hash;        /* of a new password; missing: the password stays */
	/*
	 * It is more than the password: the session is of aal 2 from now on, and one that waited
	 * for just this is complete, with the carrier that was asked for. enrols: what it shows was
	 * set up with it, so a session may come that waits for that.
	 */
	bool is_factor;
	bool enrols;
	int64_t trust_until; /* the session's device is trusted until then; 0: nothing changes */
	struct session_claim claim; /* runs when it is not a repetition */
};

/*
 * In one transaction (user locked first): the session goes on under a new value with epoch + 1, a
 * fresh auth_time and no hold; its absolute end does not move. With new_hash: the password is
 * set, every other session of the user ends, recoveries and changes of address that were asked for
 * are void, the address is told, and a session that waited for this becomes active. What a
 * factor completes gets the carrier that was asked for.
 * The same request repeated is answered as session_sign_in does. ERR_CONFLICT, nothing done: the
 * session is gone, rotated away, carried in another way than it was presented (by an access token),
 * waiting for something else, or its user is not active.
 */
MUST_CHECK enum err session_prove_again(const struct auth_context *context,
					const struct session_proof_again *again,
					struct session_issued *out);

/* Ends the presented session. Ending one that is gone already is OK. */
MUST_CHECK enum err session_end(const struct auth_context *context, const struct session *session);
/* Ends one of the user's by id. *ended false: not there, or not this user's (none: nobody's). */
MUST_CHECK enum err session_end_one(const struct auth_context *context, const struct id *user_id,
				    const struct id *session_id, bool *ended);
/* Ends all of the user's but keep (NULL: all). */
MUST_CHECK enum err session_end_all(const struct auth_context *context, const struct id *user_id,
				    const struct id *keep, uint64_t *ended);

struct session_list {
	struct session_row *rows; /* in the arena */
	size_t n;
	bool more;
	struct page_cursor next; /* set when more */
};
/* The user's sessions that are not over, newest sign-in first. limit 1 … 100. */
MUST_CHECK enum err session_list(const struct auth_context *context, const struct id *user_id,
				 const struct page_cursor *from, struct session_list *out);

#endif
