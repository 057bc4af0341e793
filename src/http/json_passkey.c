/* What a browser gives of a passkey, as JSON text (jansson behind it). */
#include "json_passkey.h"

#include "arena.h"
#include "buf.h"
#include "json.h"
#include "json_tree.h"

#define TRANSPORTS_MAX 64       /* octets of the list */
#define TRANSPORTS_GIVEN_MAX 16 /* members of the array */

static enum err load(struct str text, json_t **out)
{
	json_error_t error = {.line = 0};

	*out = NULL;
	if (text.n == 0 || json_is_too_deep(text))
		return ERR_INPUT;
	*out = json_tree_load(text, &error);
	if (*out == NULL && json_error_code(&error) == json_error_out_of_memory)
		return ERR_MEMORY;
	return json_is_object(*out) ? OK : ERR_INPUT;
}

static struct str text_of(const json_t *value)
{
	return (struct str){json_string_value(value), json_string_length(value)};
}

/* A member that is a text, not there, or null. */
static enum err read_text(struct arena *arena, const json_t *object, const char *name,
			  struct str *out)
{
	const json_t *value = json_object_get(object, name);

	*out = STR_NONE;
	if (value == NULL || json_is_null(value))
		return OK;
	return json_is_string(value) ? str_copy(arena, text_of(value), out) : ERR_INPUT;
}

static bool has_text(const json_t *array, struct str text)
{
	for (size_t i = 0; i < json_array_size(array); i++) {
		if (str_equal(text_of(json_array_get(array, i)), text))
			return true;
	}
	return false;
}

static bool is_list(const json_t *array)
{
	if (!json_is_array(array) || json_array_size(array) > TRANSPORTS_GIVEN_MAX)
		return false;
	for (size_t i = 0; i < json_array_size(array); i++) {
		if (!json_is_string(json_array_get(array, i)))
			return false;
	}
	return true;
}

/* AuthenticatorTransport (WebAuthn L3 §5.8.4). */
static enum err read_transports(struct arena *arena, const json_t *response, struct str *out)
{
	static const char *const known[] = {"usb",    "nfc",      "ble",  "smart-card",
					    "hybrid", "internal", "cable"};
	const json_t *array = json_object_get(response, "transports");
	struct buf list;

	*out = STR_NONE;
	if (array == NULL || json_is_null(array))
		return OK;
	if (!is_list(array))
		return ERR_INPUT;
	buf_init(&list, arena, TRANSPORTS_MAX);
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		if (!has_text(array, str_of(known[i])))
			continue;
		if (list.n > 0)
			buf_add_char(&list, ' ');
		buf_add(&list, str_of(known[i]));
	}
	return buf_str(&list, out);
}

static enum err read_response(struct arena *arena, const json_t *response, struct json_passkey *out)
{
	if (!json_is_object(response))
		return ERR_INPUT;
	TRY(read_text(arena, response, "clientDataJSON", &out->client_data));
	TRY(read_text(arena, response, "attestationObject", &out->attestation_object));
	TRY(read_text(arena, response, "authenticatorData", &out->authenticator_data));
	TRY(read_text(arena, response, "signature", &out->signature));
	TRY(read_text(arena, response, "userHandle", &out->user_handle));
	return read_transports(arena, response, &out->transports);
}

static enum err read_passkey(struct arena *arena, const json_t *object, struct json_passkey *out)
{
	TRY(read_text(arena, object, "id", &out->id));
	TRY(read_text(arena, object, "rawId", &out->raw_id));
	TRY(read_text(arena, object, "type", &out->type));
	return read_response(arena, json_object_get(object, "response"), out);
}

enum err json_passkey_read(struct arena *arena, struct str text, struct json_passkey *out)
{
	struct json_passkey passkey = {.id = STR_NONE};
	json_t *object = NULL;
	enum err e = load(text, &object);

	if (e == OK)
		e = read_passkey(arena, object, &passkey);
	json_decref(object);
	if (e == OK)
		*out = passkey;
	return e;
}

static enum err copy_text(struct arena *arena, const json_t *value, struct str *out)
{
	*out = STR_NONE;
	return json_is_string(value) ? str_copy(arena, text_of(value), out) : OK;
}

static enum err read_client_data(struct arena *arena, const json_t *object,
				 struct json_client_data *out)
{
	const json_t *cross = json_object_get(object, "crossOrigin");

	out->cross_origin = cross != NULL && !json_is_false(cross);
	out->has_top = json_object_get(object, "topOrigin") != NULL;
	TRY(copy_text(arena, json_object_get(object, "type"), &out->type));
	TRY(copy_text(arena, json_object_get(object, "challenge"), &out->challenge));
	return copy_text(arena, json_object_get(object, "origin"), &out->origin);
}

enum err json_client_data_read(struct arena *arena, struct str text, struct json_client_data *out)
{
	struct json_client_data data = {.type = STR_NONE};
	json_t *object = NULL;
	enum err e = load(text, &object);

	if (e == OK)
		e = read_client_data(arena, object, &data);
	json_decref(object);
	if (e == OK)
		*out = data;
	return e;
}
