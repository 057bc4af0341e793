/* WebAuthn ceremonies as pure functions of octets: what an authenticator says of a new credential,
 * and what it has signed (WebAuthn L3 §7.1, §7.2). No state, no database, no clock.
 */
#ifndef GATEPOST_AUTH_WEBAUTHN_H
#define GATEPOST_AUTH_WEBAUTHN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "str.h"

struct arena;

#define WEBAUTHN_CHALLENGE 32         /* octets */
#define WEBAUTHN_ID_MAX 1023          /* octets of a credential's id (WebAuthn L3 §7.1) */
#define WEBAUTHN_KEY_MAX 512          /* octets of a stored public key */
#define WEBAUTHN_CLIENT_DATA_MAX 4096 /* octets, like those below; more is refused unread */
#define WEBAUTHN_OBJECT_MAX 8192
#define WEBAUTHN_AUTH_DATA_MAX 990 /* the most that libfido2 hashes for EdDSA */
#define WEBAUTHN_SIGNATURE_MAX 1024
#define WEBAUTHN_AAGUID 16

/* COSE algorithms that are offered, in this order (RFC 9053 §2, RFC 8812 §2). */
enum webauthn_algorithm {
	WEBAUTHN_NO_ALGORITHM = 0,
	WEBAUTHN_ES256 = -7,
	WEBAUTHN_EDDSA = -8,
	WEBAUTHN_RS256 = -257
};

/* 0 denies. All but the last are refusals; which one it was is for the log, not for who asks. */
enum webauthn_verdict {
	WEBAUTHN_MALFORMED = 0, /* not what the standard says, too large, or refused by the guard */
	WEBAUTHN_WRONG_TYPE,
	WEBAUTHN_WRONG_CHALLENGE,
	WEBAUTHN_WRONG_ORIGIN, /* not listed, crossOrigin, or a topOrigin */
	WEBAUTHN_WRONG_PARTY,  /* rpIdHash */
	WEBAUTHN_NOT_PRESENT,  /* UP not set */
	WEBAUTHN_NOT_VERIFIED, /* UV asked for and not set */
	WEBAUTHN_BAD_BACKUP,   /* BS without BE, or BE not what it was at registration */
	WEBAUTHN_BAD_KEY,      /* an algorithm that was not offered, a point off the curve, … */
	WEBAUTHN_BAD_ATTESTATION,  /* a format other than none and self, or one that is not right */
	WEBAUTHN_WRONG_CREDENTIAL, /* the ids inside and outside differ */
	WEBAUTHN_BAD_SIGNATURE,
	WEBAUTHN_RIGHT,
	WEBAUTHN_VERDICT_COUNT
};
/* "wrong challenge": for the audit event; static storage. */
const char *webauthn_verdict_name(enum webauthn_verdict verdict);

/* clientDataJSON: its octets as they came, which are what is hashed, and what they say. */
struct webauthn_client_data {
	struct str raw;
	struct str type;      /* absent: not a string, or not there; like the two below */
	struct str challenge; /* base64url text */
	struct str origin;
	bool cross_origin; /* "crossOrigin" is there and anything but false */
	bool has_top;      /* "topOrigin" is there */
};

/* What this ceremony must be about. */
struct webauthn_expected {
	struct str rp_id;
	const struct str
		*origins; /* compared octet by octet: "https://host", "android:apk-key-hash:…" */
	size_t origin_count;
	unsigned char challenge[WEBAUTHN_CHALLENGE];
	bool verified; /* UV must be set */
};

/* A credential as it is stored. */
struct webauthn_credential {
	struct str id;
	enum webauthn_algorithm algorithm;
	struct str public_key; /* in libfido2's own form for the algorithm: 64, 32, 259 octets */
	uint32_t sign_count;
	bool eligible;  /* BE: may be synced; never changes */
	bool backed_up; /* BS */
	bool verified;  /* UV of the registration */
	unsigned char aaguid[WEBAUTHN_AAGUID];
};

struct webauthn_registration {
	struct webauthn_client_data client_data;
	struct str id; /* rawId, decoded */
	struct str attestation_object;
};

struct webauthn_assertion {
	struct webauthn_client_data client_data;
	struct str id; /* rawId, decoded */
	struct str authenticator_data;
	struct str signature;
};

/* What a right assertion says. */
struct webauthn_proof {
	uint32_t sign_count;
	bool verified;
	bool backed_up;
};

/*
 * §7.1. *out, in the arena, is set for WEBAUTHN_RIGHT only. Attestation "none" (empty statement)
 * and self-attestation ("packed" without x5c) are taken; every other one is refused (WA-10). The
 * key is one that works: its point is on the curve. Of extensions, of which none is asked for, only
 * credProtect is taken. Whether the id is registered already is the
 * caller's question. ERR_MEMORY; ERR_INTERNAL when the library fails for another reason.
 */
MUST_CHECK enum err webauthn_register(struct arena *arena, const struct webauthn_expected *expected,
				      const struct webauthn_registration *given,
				      struct webauthn_credential *out,
				      enum webauthn_verdict *verdict);

/*
 * §7.2, for a credential that the caller has found by given->id. Counters are the caller's
 * question too. The signature is checked whatever else is wrong, except in what is malformed or for
 * another party: which of the rest it was shows in no time. *out is set for WEBAUTHN_RIGHT only.
 * ERR_MEMORY, ERR_INTERNAL as above.
 */
MUST_CHECK enum err webauthn_assert(const struct webauthn_expected *expected,
				    const struct webauthn_credential *credential,
				    const struct webauthn_assertion *given,
				    struct webauthn_proof *out, enum webauthn_verdict *verdict);

#endif
