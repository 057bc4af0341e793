/* What an authenticator says, taken apart (WebAuthn L3 §6.1, §6.5): no judgement but of its form.
 */
#ifndef GATEPOST_AUTH_ATTESTATION_H
#define GATEPOST_AUTH_ATTESTATION_H

#include <stdbool.h>
#include <stdint.h>

#include "str.h"
#include "webauthn.h"

/* An attestation object: slices of it. */
struct attestation {
	struct str format;
	struct str statement; /* CBOR: one map */
	struct str auth_data;
};

struct auth_data {
	struct str rp_id_hash; /* 32 octets */
	bool present;          /* UP */
	bool verified;         /* UV */
	bool eligible;         /* BE */
	bool backed_up;        /* BS */
	uint32_t sign_count;
	bool has_credential;   /* AT: the three below are there */
	struct str aaguid;     /* WEBAUTHN_AAGUID octets */
	struct str id;         /* 1 … WEBAUTHN_ID_MAX octets */
	struct str key;        /* CBOR: one map, a COSE key */
	struct str extensions; /* CBOR: one map; absent without ED */
};

/*
 * Exactly fmt, attStmt and authData, each once, through the guard. False: anything else, or over
 * WEBAUTHN_OBJECT_MAX octets.
 */
bool attestation_split(struct str object, struct attestation *out);
/*
 * authData. False: AT or ED set without what they announce, octets that neither announces, no
 * credential id or too long a one, CBOR that the guard refuses.
 */
bool auth_data_read(struct str octets, struct auth_data *out);

#endif
