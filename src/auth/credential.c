/* Which credential a request carries: decided on syntax alone, before any query. */
#include "credential.h"

#include <string.h>

#include "arena.h"
#include "codec.h"

#define VALUE_BYTES 32
#define VALUE_TEXT CODEC_BASE64URL_LEN(VALUE_BYTES)
#define HANDLE_PREFIX STR("gps_")
#define REFRESH_PREFIX STR("gpr_")

static enum key_purpose purpose_of(enum session_carrier carrier)
{
	if (carrier == CARRIER_TOKEN)
		return KEY_REFRESH;
	return carrier == CARRIER_COOKIE ? KEY_COOKIE : KEY_HANDLE;
}

static struct str prefix_of(enum session_carrier carrier)
{
	if (carrier == CARRIER_TOKEN)
		return REFRESH_PREFIX;
	return carrier == CARRIER_HANDLE ? HANDLE_PREFIX : STR("");
}

/* "Bearer", any case, and one space or more (RFC 6750 §2.1). */
static bool is_bearer(struct str header, struct str *token)
{
	struct str scheme = STR_NONE;
	struct str rest = STR_NONE;

	if (!str_cut(header, ' ', &scheme, &rest) || !str_equal_nocase(scheme, STR("Bearer")))
		return false;
	while (rest.n > 0 && rest.p[0] == ' ')
		rest = str_sub(rest, 1, rest.n);
	*token = rest;
	return true;
}

/* Web servers join a repeated header with a comma. */
static bool is_repeated(struct str header, struct str start)
{
	struct str head = STR_NONE;
	struct str tail = STR_NONE;

	if (!str_cut(header, ',', &head, &tail))
		return false;
	tail = str_trim(tail);
	return str_starts(head, start) &&
	       str_equal_nocase(str_sub(tail, 0, start.n), str_sub(head, 0, start.n));
}

static bool is_ambiguous(const struct credential_input *input, bool bearer)
{
	unsigned carriers = (str_is_present(input->cookie) ? 1U : 0U) +
			    (str_is_present(input->session_id_header) ? 1U : 0U) +
			    (bearer ? 1U : 0U);

	if (carriers > 1 || input->cookie_twice)
		return true;
	if (is_repeated(input->session_id_header, HANDLE_PREFIX))
		return true;
	return bearer && is_repeated(input->authorization, str_sub(input->authorization, 0, 7));
}

/* Three parts with something in each; what they are worth is for whoever knows the keys. */
static bool is_access_token(struct str text)
{
	struct str part = STR_NONE;
	unsigned parts = 0;

	for (bool more = true; more; parts++) {
		more = str_cut(text, '.', &part, &text);
		if (part.n == 0)
			return false;
	}
	return parts == 3;
}

/* The text of the one credential, without prefix; false: it has not even the right beginning. */
static bool pick(const struct credential_input *input, struct str bearer,
		 enum session_carrier *carrier, struct str *text)
{
	struct str handle = str_is_present(bearer) ? bearer : input->session_id_header;

	if (str_is_present(input->cookie)) {
		*carrier = CARRIER_COOKIE;
		*text = input->cookie;
		return true;
	}
	if (str_is_present(bearer) && is_access_token(bearer)) {
		*carrier = CARRIER_TOKEN;
		*text = bearer;
		return true;
	}
	*carrier = CARRIER_HANDLE;
	*text = str_sub(handle, HANDLE_PREFIX.n, handle.n);
	return str_starts(handle, HANDLE_PREFIX);
}

static enum err decode(struct arena *arena, const struct keyring *keys, struct str text,
		       struct credential *found)
{
	unsigned char *value = arena_alloc(arena, VALUE_BYTES);

	if (value == NULL)
		return ERR_MEMORY;
	if (text.n != VALUE_TEXT || codec_base64url_decode(text, value, VALUE_BYTES) != OK)
		return OK;
	found->syntax = CREDENTIAL_WELL_FORMED;
	found->value = (struct secret){.bytes = value, .len = VALUE_BYTES};
	found->roots = keyring_roots(keys);
	for (size_t i = 0; i < KEYRING_ROOTS; i++)
		credential_digest(keys, i < found->roots ? i : 0, found->carrier, found->value,
				  &found->hashes[i]);
	return OK;
}

static enum err keep_token(struct arena *arena, struct str text, struct credential *found)
{
	TRY(secret_from_str(arena, text, &found->value));
	found->syntax = CREDENTIAL_WELL_FORMED;
	return OK;
}

/* No header of another scheme than Bearer beside or instead of a credential. */
static bool is_foreign(const struct credential_input *input, bool bearer)
{
	return str_is_present(input->authorization) && !bearer;
}

static bool is_absent(const struct credential_input *input)
{
	return !str_is_present(input->cookie) && !str_is_present(input->session_id_header) &&
	       !str_is_present(input->authorization);
}

enum err credential_read(struct arena *arena, const struct keyring *keys,
			 const struct credential_input *input, struct credential *out)
{
	struct credential found = {.syntax = CREDENTIAL_MALFORMED};
	struct str token = STR_NONE;
	struct str text = STR_NONE;
	bool bearer = is_bearer(input->authorization, &token);

	if (is_ambiguous(input, bearer))
		found.syntax = CREDENTIAL_AMBIGUOUS;
	else if (is_absent(input))
		found.syntax = CREDENTIAL_ABSENT;
	else if (!is_foreign(input, bearer) && pick(input, token, &found.carrier, &text))
		TRY(found.carrier == CARRIER_TOKEN ? keep_token(arena, text, &found)
						   : decode(arena, keys, text, &found));
	if (found.syntax != CREDENTIAL_WELL_FORMED)
		found.carrier = CARRIER_NONE;
	*out = found;
	return OK;
}

enum err credential_read_refresh(struct arena *arena, const struct keyring *keys, struct str text,
				 struct credential *out)
{
	struct credential found = {.syntax = CREDENTIAL_MALFORMED, .carrier = CARRIER_TOKEN};

	if (str_starts(text, REFRESH_PREFIX))
		TRY(decode(arena, keys, str_sub(text, REFRESH_PREFIX.n, text.n), &found));
	*out = found;
	return OK;
}

void credential_prove(const struct keyring *keys, const struct credential_claim *claim,
		      struct credential *credential)
{
	unsigned char version[sizeof claim->version];
	struct secret parts[] = {
		keyring_part("version", 7),
		keyring_part(claim->session_id.b, ID_BYTES),
		keyring_part(version, sizeof version),
	};

	memcpy(version, &claim->version, sizeof version);
	credential->claim = *claim;
	credential->roots = keyring_roots(keys);
	for (size_t i = 0; i < KEYRING_ROOTS; i++)
		keyring_digest(keys, i < credential->roots ? i : 0, KEY_ACCESS_TOKEN, parts, 3,
			       &credential->hashes[i]);
}

enum err credential_text(struct arena *arena, enum session_carrier carrier, struct secret value,
			 struct secret *out)
{
	struct str prefix = prefix_of(carrier);
	unsigned char *text = NULL;

	if (value.len != VALUE_BYTES || carrier == CARRIER_NONE || carrier >= CARRIER_COUNT)
		return ERR_INTERNAL;
	text = arena_alloc(arena, prefix.n + VALUE_TEXT + 1);
	if (text == NULL)
		return ERR_MEMORY;
	memcpy(text, prefix.p, prefix.n);
	codec_base64url(value.bytes, VALUE_BYTES, (char *)text + prefix.n);
	*out = (struct secret){.bytes = text, .len = prefix.n + VALUE_TEXT};
	return OK;
}

void credential_digest(const struct keyring *keys, size_t root, enum session_carrier carrier,
		       struct secret value, struct digest *out)
{
	keyring_digest(keys, root, purpose_of(carrier), &value, 1, out);
}
