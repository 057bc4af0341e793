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

/* What an access token says of its session; zeroed until its signature was found right. */
struct credential_claim {
	struct id session_id, user_id;
	struct id token_id; /* jti */
	uint32_t version;   /* the session's epoch that it is good for */
};

struct credential {
	enum credential_syntax syntax;
	enum session_carrier carrier;        /* of a well-formed one */
	struct secret value;                 /* its 32 bytes, or a token's text; in the arena */
	struct digest hashes[KEYRING_ROOTS]; /* under each root, newest first */
	size_t roots;                        /* 0: a token that is not proven (yet) */
	struct credential_claim claim;       /* of a proven token */
};

/*
 * ERR_MEMORY. Cookie: 43 base64url. Handle: "gps_" and 43. Bearer with two dots: an access token,
 * of which nothing is proven: it resolves to nobody until credential_prove. Kinds are hashed under
 * different sub-keys.
 */
MUST_CHECK enum err credential_read(struct arena *arena, const struct keyring *keys,
				    const struct credential_input *input, struct credential *out);
/*
 * The token is right, its time too, and claims this. hashes become those of what every access token
 * of that session and version stands for, as the value of another carrier does.
 */
void credential_prove(const struct keyring *keys, const struct credential_claim *claim,
		      struct credential *credential);
/* A refresh token, "gpr_" and 43, as a credential of carrier token; malformed otherwise. It is
 * for exchanging it only: no request is anybody's by it. */
MUST_CHECK enum err credential_read_refresh(struct arena *arena, const struct keyring *keys,
					    struct str text, struct credential *out);
/* The text a client keeps: 43 characters for a cookie, "gps_…" for a handle, "gpr_…" for tokens. */
MUST_CHECK enum err credential_text(struct arena *arena, enum session_carrier carrier,
				    struct secret value, struct secret *out);
/* The digest of a value under one root. */
void credential_digest(const struct keyring *keys, size_t root, enum session_carrier carrier,
		       struct secret value, struct digest *out);

#endif
