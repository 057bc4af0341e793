/* Which credential a request carries: decided on syntax alone, before any query. */
#ifndef GATEPOST_AUTH_CREDENTIAL_H
#define GATEPOST_AUTH_CREDENTIAL_H

#include <stddef.h>

#include "err.h"
#include "ident.h"
#include "keyring.h"
#include "secret.h"
#include "session_store.h"
#include "str.h"

struct arena;

/* 0 refuses. */
enum credential_syntax {
	CREDENTIAL_MALFORMED = 0, /* 401 without a query */
	CREDENTIAL_AMBIGUOUS,     /* more than one carrier, or one twice: 400 */
	CREDENTIAL_ABSENT,
	CREDENTIAL_WELL_FORMED
};

/* As they came; absent: STR_NONE. */
struct credential_input {
	struct str cookie; /* value of __Host-gatepost */
	bool cookie_twice;
	struct str session_id_header; /* X-Session-Id */
	struct str authorization;     /* whole header; schemes other than Bearer are malformed */
};

struct credential {
	enum credential_syntax syntax;
	enum session_carrier carrier;        /* of a well-formed one */
	struct secret value;                 /* its 32 bytes, in the arena */
	struct digest hashes[KEYRING_ROOTS]; /* under each root, newest first */
	size_t roots;
};

/*
 * ERR_MEMORY. Cookie: 43 base64url. Handle: "gps_" and 43. Kinds are hashed under different
 * sub-keys.
 */
MUST_CHECK enum err credential_read(struct arena *arena, const struct keyring *keys,
				    const struct credential_input *input, struct credential *out);
/* The text a client keeps: 43 characters for a cookie, "gps_…" for a handle. */
MUST_CHECK enum err credential_text(struct arena *arena, enum session_carrier carrier,
				    struct secret value, struct secret *out);
/* The digest of a value under one root. */
void credential_digest(const struct keyring *keys, size_t root, enum session_carrier carrier,
		       struct secret value, struct digest *out);

#endif
