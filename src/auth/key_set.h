/* The signing keys that a process knows: immutable, counted, replaced as a whole. */
#ifndef GATEPOST_AUTH_KEY_SET_H
#define GATEPOST_AUTH_KEY_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "context.h"
#include "ed25519.h"
#include "err.h"
#include "ident.h"
#include "str.h"

#define KEY_SET_MAX 32 /* published keys at one time */

/* What the world may know of a key. */
struct published_key {
	struct digest kid; /* RFC 7638 thumbprint */
	struct ed25519_public public;
	struct str alg; /* "EdDSA" or "Ed25519"; static */
};

/* What signs: of the active key. In memory that is locked, read-only and wiped at its end. */
struct signing_secret {
	const struct published_key *key;
	const struct ed25519_secret *secret;
};

struct key_set;
struct key_box;

/* Holds the current set of a process; it is empty until the first need. Thread-safe. */
MUST_CHECK enum err key_box_open(unsigned signature_cache, struct key_box **out);
void key_box_close(struct key_box **box); /* NULL is fine; sets NULL */

/*
 * One more holder of the current set; reads (one statement) if there is none, or if nobody has for
 * long. It may have no key at all: nothing is signed yet. ERR_UNAVAILABLE: the database does not
 * answer, and nothing is known. A key that cannot be opened is not in it: key_box_fault says why.
 */
MUST_CHECK enum err key_box_take(const struct auth_context *context, struct key_set **out);
/*
 * The same, with a key that signs: makes the first ones when there is none (signing_key.h), so not
 * inside a transaction until a set is known. ERR_CONFIG: there are keys, but none that signs can be
 * opened: key_box_fault.
 */
MUST_CHECK enum err key_box_take_to_sign(const struct auth_context *context, struct key_set **out);
/* key_box_take when it takes no statement now; false: it would, and *out is untouched. */
bool key_box_peek(struct key_box *box, struct key_set **out);
void key_set_release(struct key_set **set); /* NULL is fine; sets NULL */

/* Reads anew: for the housekeeper, every half a minute. */
MUST_CHECK enum err key_box_refresh(const struct auth_context *context);
/* The last reading's complaint; text "" when there was none. */
void key_box_fault(struct key_box *box, struct fault *out);

const struct published_key *key_set_all(const struct key_set *set, size_t *n);
const struct published_key *key_set_find(const struct key_set *set, const struct digest *kid);
/* key NULL: none signs. */
struct signing_secret key_set_signer(const struct key_set *set);

/*
 * The published key of that name. An unknown one makes the process look once more, but not more
 * often than every few seconds, whoever asks for what. *found NULL: there is none. *set (held by
 * the caller, who releases it) may have become a newer one, in which *found lies.
 */
MUST_CHECK enum err key_box_find(const struct auth_context *context, const struct digest *kid,
				 struct key_set **set, const struct published_key **found);

/*
 * Of texts whose signature was found right, as keyed digests (KEY_ACCESS_TOKEN): whether this one
 * is remembered; and to remember it. Nothing else about a token is kept. Bounded; may forget.
 */
bool key_box_remembers(struct key_box *box, const struct digest *token);
void key_box_remember(struct key_box *box, const struct digest *token);

#endif
