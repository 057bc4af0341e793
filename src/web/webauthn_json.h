/* What a browser sends of a WebAuthn ceremony, as what auth judges (WebAuthn L3 §5.1, §5.8.1). */
#ifndef GATEPOST_WEB_WEBAUTHN_JSON_H
#define GATEPOST_WEB_WEBAUTHN_JSON_H

#include "err.h"
#include "str.h"
#include "webauthn.h"

struct arena;

#define WEBAUTHN_JSON_HANDLE_MAX 64 /* octets of a user handle (WebAuthn L3 §5.4.3) */

struct webauthn_json_registration {
	struct webauthn_registration given;
	struct str transports; /* known ones, with spaces between them; absent: nothing said */
};

struct webauthn_json_assertion {
	struct webauthn_assertion given;
	struct str user_handle; /* octets; absent: null, or not there */
};

/*
 * From the JSON text of a RegistrationResponseJSON. ERR_INPUT: not such an object, another type
 * than "public-key", id and rawId differ, base64url that is padded, empty or over the bound of what
 * it holds, clientDataJSON that is not one JSON object. ERR_MEMORY. All in the arena.
 */
MUST_CHECK enum err webauthn_json_registration(struct arena *arena, struct str json,
					       struct webauthn_json_registration *out);
/* The same of an AuthenticationResponseJSON. */
MUST_CHECK enum err webauthn_json_assertion(struct arena *arena, struct str json,
					    struct webauthn_json_assertion *out);

#endif
