/* What declared fields must look like beyond their length: cursors, limits, names of clients. */
#include "fields.h"

#include "arena.h"
#include "codec.h"

#define TIME_BYTES 8
#define CURSOR_BYTES (TIME_BYTES + ID_BYTES)
#define CURSOR_TEXT CODEC_BASE64URL_LEN(CURSOR_BYTES)
#define DEVICE_NAME_MAX 100
#define DEVICE_ID_MAX 128

enum err fields_cursor_text(struct arena *arena, const struct page_cursor *cursor, struct str *out)
{
	unsigned char bytes[CURSOR_BYTES];
	uint64_t at = (uint64_t)cursor->at;
	for (size_t i = TIME_BYTES; i > 0; i--, at >>= 8)
		bytes[i - 1] = (unsigned char)(at & 0xff);
	for (size_t i = 0; i < ID_BYTES; i++)
		bytes[TIME_BYTES + i] = cursor->id.b[i];
	char *text = arena_alloc(arena, CURSOR_TEXT + 1);
	if (text == NULL)
		return ERR_MEMORY;
	codec_base64url(bytes, CURSOR_BYTES, text);
	*out = (struct str){text, CURSOR_TEXT};
	return OK;
}

enum err fields_cursor_parse(struct str text, struct page_cursor *cursor)
{
	if (!str_is_present(text)) {
		cursor->at = 0;
		cursor->id = ID_NONE;
		return OK;
	}
	unsigned char bytes[CURSOR_BYTES];
	TRY(codec_base64url_decode(text, bytes, CURSOR_BYTES));
	uint64_t at = 0;
	for (size_t i = 0; i < TIME_BYTES; i++)
		at = at << 8 | bytes[i];
	if (at == 0 || at > INT64_MAX)
		return ERR_INPUT;
	cursor->at = (int64_t)at;
	for (size_t i = 0; i < ID_BYTES; i++)
		cursor->id.b[i] = bytes[TIME_BYTES + i];
	return OK;
}

enum err fields_limit_parse(struct str text, unsigned *limit)
{
	uint64_t number = FIELDS_LIMIT_DEFAULT;
	if (str_is_present(text))
		TRY(str_to_u64(text, FIELDS_LIMIT_MAX, &number));
	if (number == 0)
		return ERR_INPUT;
	*limit = (unsigned)number;
	return OK;
}

struct str fields_client(const struct config *config, const struct fields_client *asked,
			 struct str *reason)
{
	struct str name = str_is_present(asked->name) ? asked->name : CLIENT_DEFAULT;
	const struct client_config *client = config_client(config, name);
	*reason = STR("not a client of this server");
	if (client == NULL || str_equal(name, CLIENT_PAGES))
		return STR_NONE;
	*reason = STR("no client for such a session");
	return config_client_has(client, asked->class) ? client->name : STR_NONE;
}

bool fields_is_device_name(struct str name)
{
	return str_is_utf8(name) && !str_has_control(name) &&
	       str_code_points(name) <= DEVICE_NAME_MAX;
}

bool fields_is_device_id(struct str id)
{
	if (id.n == 0 || id.n > DEVICE_ID_MAX)
		return false;
	for (size_t i = 0; i < id.n; i++)
		if (id.p[i] < ' ' || id.p[i] > '~')
			return false;
	return true;
}

enum session_carrier fields_carrier(struct str transport)
{
	if (str_equal(transport, STR("handle")))
		return CARRIER_HANDLE;
	if (str_equal(transport, STR("token")))
		return CARRIER_TOKEN;
	return str_equal(transport, STR("cookie")) ? CARRIER_COOKIE : CARRIER_NONE;
}
