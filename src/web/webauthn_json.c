/* What a browser sends of a WebAuthn ceremony, as what auth judges. */
#include "webauthn_json.h"

#include "arena.h"
#include "codec.h"
#include "json_passkey.h"

/* What so many characters of base64url hold; codec refuses a rest that holds nothing. */
static size_t octets_in(size_t characters)
{
	return characters / 4 * 3 + characters % 4 * 3 / 4;
}

/* From 1 to most octets. */
static enum err decode(struct arena *arena, struct str text, size_t most, struct str *out)
{
	size_t n = octets_in(text.n);

	if (n == 0 || n > most)
		return ERR_INPUT;
	unsigned char *octets = arena_alloc(arena, n);
	if (octets == NULL)
		return ERR_MEMORY;
	TRY(codec_base64url_decode(text, octets, n));
	*out = (struct str){(const char *)octets, n};
	return OK;
}

static enum err read_client_data(struct arena *arena, struct str text,
				 struct webauthn_client_data *out)
{
	struct json_client_data said;

	TRY(decode(arena, text, WEBAUTHN_CLIENT_DATA_MAX, &out->raw));
	TRY(json_client_data_read(arena, out->raw, &said));
	out->type = said.type;
	out->challenge = said.challenge;
	out->origin = said.origin;
	out->cross_origin = said.cross_origin;
	out->has_top = said.has_top;
	return OK;
}

static enum err read_passkey(struct arena *arena, struct str json, struct json_passkey *out,
			     struct str *id)
{
	TRY(json_passkey_read(arena, json, out));
	if (!str_equal(out->type, STR("public-key")) || !str_is_present(out->id) ||
	    !str_equal(out->id, out->raw_id))
		return ERR_INPUT;
	return decode(arena, out->raw_id, WEBAUTHN_ID_MAX, id);
}

enum err webauthn_json_registration(struct arena *arena, struct str json,
				    struct webauthn_json_registration *out)
{
	struct webauthn_json_registration read = {.transports = STR_NONE};
	struct json_passkey passkey;

	TRY(read_passkey(arena, json, &passkey, &read.given.id));
	TRY(read_client_data(arena, passkey.client_data, &read.given.client_data));
	TRY(decode(arena, passkey.attestation_object, WEBAUTHN_OBJECT_MAX,
		   &read.given.attestation_object));
	read.transports = passkey.transports;
	*out = read;
	return OK;
}

enum err webauthn_json_assertion(struct arena *arena, struct str json,
				 struct webauthn_json_assertion *out)
{
	struct webauthn_json_assertion read = {.user_handle = STR_NONE};
	struct json_passkey passkey;

	TRY(read_passkey(arena, json, &passkey, &read.given.id));
	TRY(read_client_data(arena, passkey.client_data, &read.given.client_data));
	TRY(decode(arena, passkey.authenticator_data, WEBAUTHN_AUTH_DATA_MAX,
		   &read.given.authenticator_data));
	TRY(decode(arena, passkey.signature, WEBAUTHN_SIGNATURE_MAX, &read.given.signature));
	if (str_is_present(passkey.user_handle))
		TRY(decode(arena, passkey.user_handle, WEBAUTHN_JSON_HANDLE_MAX,
			   &read.user_handle));
	*out = read;
	return OK;
}
