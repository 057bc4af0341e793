/* Hand-over: a device on which somebody is signed in lets another one start a session of its own.
 */
#ifndef GATEPOST_AUTH_HANDOVER_H
#define GATEPOST_AUTH_HANDOVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "context.h"
#include "err.h"
#include "handover_store.h"
#include "secret.h"
#include "session.h"
#include "str.h"

/*
 * The receiver makes a verifier and shows its SHA-256, the challenge ("S256" of RFC 7636). The
 * giver confirms and gets a code, good for a minute and for one use. Only both together, verifier
 * and code, start the session.
 */

#define HANDOVER_VERIFIER_MIN 43
#define HANDOVER_VERIFIER_MAX 128

struct handover_given {
	struct secret code; /* text, in the arena */
	int64_t expires_at;
};

/*
 * The giver's session is live and fresh (the route's flags see to it), and the person has confirmed
 * a page that names the other device. An earlier code of this session ends. ERR_CONFLICT: the user
 * is not active any more.
 */
MUST_CHECK enum err handover_give(const struct auth_context *context, const struct session *giver,
				  const struct digest *challenge, enum handover_receiver receiver,
				  struct handover_given *out);

/* 43 … 128 unreserved characters. */
bool handover_is_verifier(struct str text);
/* What a code is found by, under each root. False: the text cannot be a code. */
bool handover_code_hashes(const struct keyring *keys, struct str typed, struct digest hashes[2]);

/* 0 refuses. */
enum handover_verdict {
	HANDOVER_REFUSED = 0, /* no such code, or not for this verifier or kind of device */
	HANDOVER_OVER,        /* for this device, but used, too old, or withdrawn by its giver */
	HANDOVER_OTHER,       /* somebody else is signed in here */
	HANDOVER_ACCEPTED
};

struct handover_request {
	struct digest hashes[2];         /* of the code */
	struct str verifier;             /* well-formed */
	enum handover_receiver receiver; /* what is taking */
	bool replaces_other; /* the person was told that somebody else's session here ends */
	enum session_carrier carrier;
	bool remember;
	struct str client;
	struct str device_name; /* absent: none */
	enum device_kind device_kind;
	struct secret device_ref;
	const struct credential *presented;
	const struct session *current;
};

/* Whose session it would be, without using the code: for the page that asks. */
MUST_CHECK enum err handover_look(const struct auth_context *context,
				  const struct handover_request *request,
				  enum handover_verdict *verdict, struct user_row *user);
/*
 * Uses the code and signs in (session_sign_in, with all that it does) in one transaction: aal 1,
 * the giver's auth_time and amr, and an end not after the giver's. The giver's session must live
 * unchanged. A notice is queued. Repeated by a receiver that had presented its own session of this
 * user: as session_sign_in says.
 */
MUST_CHECK enum err handover_take(const struct auth_context *context,
				  const struct handover_request *request,
				  enum handover_verdict *verdict, struct session_issued *out);

#endif
