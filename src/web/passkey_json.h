/* Passkeys as JSON: what a browser makes and asks one with, and what is told of one. */
#ifndef GATEPOST_WEB_PASSKEY_JSON_H
#define GATEPOST_WEB_PASSKEY_JSON_H

#include <stdbool.h>

#include "err.h"
#include "passkey.h"

struct call;
struct json_out;

struct passkey_json_of {
	const struct passkey_offer *offer;
	bool verified; /* a request: the person must be (UV), else should */
};
/*
 * PublicKeyCredentialRequestOptionsJSON (WebAuthn L3 §5.1.9) as a member; name NULL: as a value by
 * itself. What the offer knows is what may be used; nothing known: the browser chooses.
 */
MUST_CHECK enum err passkey_json_request(struct call *call, struct json_out *out, const char *name,
					 const struct passkey_json_of *of);
/* PublicKeyCredentialCreationOptionsJSON (§5.1.8) for the person of the call's session. */
MUST_CHECK enum err passkey_json_creation(struct call *call, struct json_out *out, const char *name,
					  const struct passkey_offer *offer);
/* CONTRACT §4: "id", "name", "created_at", "last_used_at", "transports", "backed_up". */
void passkey_json_row(struct json_out *out, const char *name, const struct passkey_row *row);

#endif
