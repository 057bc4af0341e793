/* What a browser gives of a passkey, as JSON text (WebAuthn L3 §5.1, §5.8.1). */
#ifndef GATEPOST_HTTP_JSON_PASSKEY_H
#define GATEPOST_HTTP_JSON_PASSKEY_H

#include <stdbool.h>

#include "err.h"
#include "str.h"

struct arena;

/* Of RegistrationResponseJSON and AuthenticationResponseJSON: texts as they stand there. Absent:
 * not there, or null. */
struct json_passkey {
	struct str id;
	struct str raw_id;
	struct str type;
	struct str client_data;
	struct str attestation_object;
	struct str authenticator_data;
	struct str signature;
	struct str user_handle;
	struct str
		transports; /* a JSON array of texts as a list with spaces: known ones, each once */
};

/* Of clientDataJSON. */
struct json_client_data {
	struct str type; /* absent: not there, or no text; like the two below */
	struct str challenge;
	struct str origin;
	bool cross_origin; /* there, and anything but false */
	bool has_top;      /* there, whatever it is */
};

/*
 * One JSON object with one object "response" in it; other members are nobody's business. ERR_INPUT:
 * no such text, a member twice, one of those above of another type, deeper than JSON_DEPTH_MAX.
 * ERR_MEMORY. Texts in the arena.
 */
MUST_CHECK enum err json_passkey_read(struct arena *arena, struct str text,
				      struct json_passkey *out);
/* One JSON object in UTF-8 without a byte order mark and with no member twice. ERR_INPUT,
 * ERR_MEMORY. */
MUST_CHECK enum err json_client_data_read(struct arena *arena, struct str text,
					  struct json_client_data *out);

#endif
