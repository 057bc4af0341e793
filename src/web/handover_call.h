/* Hand-over over HTTP: what page and API share between their fields and the decision. */
#ifndef GATEPOST_WEB_HANDOVER_CALL_H
#define GATEPOST_WEB_HANDOVER_CALL_H

#include <stdbool.h>

#include "err.h"
#include "handover.h"
#include "signin_call.h"
#include "str.h"

struct call;

/* HANDOVER_NOBODY: neither of the words. */
enum handover_receiver handover_receiver_of(struct str to);
struct str handover_receiver_word(enum handover_receiver receiver);

/* 43 base64url characters of a SHA-256. ERR_INPUT. */
MUST_CHECK enum err handover_challenge_of(struct str text, struct digest *out);

/*
 * This browser's own verifier, made from its -pre cookie (which is made if need be) and kept
 * nowhere: the same while the cookie is.
 */
MUST_CHECK enum err handover_own_verifier(struct call *call, struct str *out);

/* What a link to the giver's page says, so that nobody can change what it was made for. */
struct handover_link {
	struct str challenge; /* text */
	struct str to;
	struct str device; /* what the other device seems to be */
};
/* MAC of the link's parts under the newest root, as text. */
MUST_CHECK enum err handover_sign(const struct call *call, const struct handover_link *link,
				  struct str *out);
/* This server wrote what the link says of the device. Constant time. */
bool handover_is_signed(const struct call *call, const struct handover_link *link, struct str sign);

/*
 * Decides, and on HANDOVER_ACCEPTED lets the answer carry the session as signin_of_call does. form:
 * carrier, remember, client and device of it; request: hashes, verifier, receiver, replaces_other.
 */
MUST_CHECK enum err handover_of_call(struct call *call, const struct signin_form *form,
				     struct handover_request *request,
				     enum handover_verdict *verdict, struct session_issued *issued);

#endif
