/* What an access token claims (RFC 9068 §2.2): plain values between its bytes and the decision. */
#ifndef GATEPOST_BASE_CLAIMS_H
#define GATEPOST_BASE_CLAIMS_H

#include <stddef.h>
#include <stdint.h>

#include "ident.h"
#include "str.h"

#define CLAIMS_AUDIENCES 4
#define CLAIMS_METHODS 8

/* Times in whole seconds since 1970, as in the token; 0: not there. Texts: absent: not there. */
struct claims {
	struct str issuer;
	struct str audiences[CLAIMS_AUDIENCES]; /* at least one */
	size_t audience_count;
	struct id subject; /* user.id */
	struct id session; /* session.id */
	struct id token;   /* jti */
	uint32_t version;  /* sv: the session's epoch at issue */
	struct str client; /* client_id */
	int64_t expires_at, issued_at;
	int64_t not_before; /* never issued, but heeded */
	int64_t auth_time;
	struct str methods[CLAIMS_METHODS]; /* amr: "pwd" */
	size_t method_count;
	struct str level; /* acr: "aal1", "aal2" */
	struct str scope; /* words with a space between (RFC 6749 §3.3) */
};

#endif
