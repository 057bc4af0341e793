/* Passkeys as JSON: what a browser makes and asks one with, and what is told of one. */
#include "passkey_json.h"

#include "arena.h"
#include "call.h"
#include "codec.h"
#include "json.h"
#include "view.h"

#define TYPE STR("public-key")
#define TIMEOUT (CHALLENGE_SPAN / CLOCK_MS)

static enum err octets(struct call *call, struct json_out *out, const char *name, struct str bytes)
{
	char *text = arena_alloc(call->arena, CODEC_BASE64URL_LEN(bytes.n) + 1);
	if (text == NULL)
		return ERR_MEMORY;
	codec_base64url((const unsigned char *)bytes.p, bytes.n, text);
	json_text(out, name, (struct str){text, CODEC_BASE64URL_LEN(bytes.n)});
	return OK;
}

static enum err add_challenge(struct call *call, struct json_out *out,
			      const struct challenge *challenge)
{
	return octets(call, out, "challenge",
		      (struct str){(const char *)challenge->value, CHALLENGE_BYTES});
}

/* PublicKeyCredentialDescriptorJSON (WebAuthn L3 §5.8.3). */
static enum err add_known(struct call *call, struct json_out *out, const char *name,
			  const struct passkey_offer *offer)
{
	json_open_array(out, name);
	for (size_t i = 0; i < offer->known_count; i++) {
		json_open_object(out, NULL);
		json_text(out, "type", TYPE);
		TRY(octets(call, out, "id", offer->known[i].credential_id));
		if (offer->known[i].transports.n > 0)
			view_words_json(out, "transports", offer->known[i].transports);
		json_close_object(out);
	}
	json_close_array(out);
	return OK;
}

enum err passkey_json_request(struct call *call, struct json_out *out, const char *name,
			      const struct passkey_json_of *of)
{
	json_open_object(out, name);
	TRY(add_challenge(call, out, &of->offer->challenge));
	json_number(out, "timeout", TIMEOUT);
	json_text(out, "rpId", call->app->config->passkey.rp_id);
	TRY(add_known(call, out, "allowCredentials", of->offer));
	json_text(out, "userVerification", of->verified ? STR("required") : STR("preferred"));
	json_close_object(out);
	return OK;
}

/* The handle is what names the account when nobody has said who they are (WA-11). */
static enum err add_user(struct call *call, struct json_out *out)
{
	const struct session_found *found = &call->session.found;
	struct str name = found->username.n > 0 ? found->username : found->email;
	json_open_object(out, "user");
	TRY(octets(call, out, "id",
		   (struct str){(const char *)found->session.user_id.b, ID_BYTES}));
	json_text(out, "name", name);
	json_text(out, "displayName", found->display_name.n > 0 ? found->display_name : name);
	json_close_object(out);
	return OK;
}

static void add_party(const struct call *call, struct json_out *out)
{
	const struct config *config = call->app->config;
	json_open_object(out, "rp");
	json_text(out, "id", config->passkey.rp_id);
	json_text(out, "name", config->server.name);
	json_close_object(out);
}

static void add_algorithms(struct json_out *out)
{
	static const int ALGORITHMS[] = {WEBAUTHN_ES256, WEBAUTHN_EDDSA, WEBAUTHN_RS256};
	json_open_array(out, "pubKeyCredParams");
	for (size_t i = 0; i < sizeof(ALGORITHMS) / sizeof(ALGORITHMS[0]); i++) {
		json_open_object(out, NULL);
		json_text(out, "type", TYPE);
		json_number(out, "alg", ALGORITHMS[i]);
		json_close_object(out);
	}
	json_close_array(out);
}

enum err passkey_json_creation(struct call *call, struct json_out *out, const char *name,
			       const struct passkey_offer *offer)
{
	json_open_object(out, name);
	add_party(call, out);
	TRY(add_user(call, out));
	TRY(add_challenge(call, out, &offer->challenge));
	add_algorithms(out);
	json_number(out, "timeout", TIMEOUT);
	TRY(add_known(call, out, "excludeCredentials", offer));
	json_open_object(out, "authenticatorSelection");
	json_text(out, "residentKey", STR("required"));
	json_bool(out, "requireResidentKey", true);
	json_text(out, "userVerification", STR("required"));
	json_close_object(out);
	json_text(out, "attestation", STR("none"));
	json_close_object(out);
	return OK;
}

void passkey_json_row(struct json_out *out, const char *name, const struct passkey_row *row)
{
	json_open_object(out, name);
	json_id(out, "id", row->id);
	json_text(out, "name", row->name.n > 0 ? row->name : STR_NONE);
	json_time(out, "created_at", row->created_at);
	json_time(out, "last_used_at", row->used_at);
	view_words_json(out, "transports", row->transports);
	json_bool(out, "backed_up", row->backed_up);
	json_close_object(out);
}
