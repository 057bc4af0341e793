/* What a device signs: lines of text that name what the signature is good for. */
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "codec.h"
#include "prove.h"

#define HEAD STR("gatepost-device-key")

/* Head, issuer, session, purpose, seconds; the value is behind them. */
static enum err text_of(const struct auth_context *context, const struct id *session_id,
			const struct challenge *challenge, struct str *out)
{
	char value[CODEC_BASE64URL_LEN(CHALLENGE_BYTES) + 1];
	struct buf text;
	struct str id;

	TRY(id_text(context->arena, *session_id, &id));
	codec_base64url(challenge->value, CHALLENGE_BYTES, value);
	buf_init(&text, context->arena, PROVE_TEXT_MAX);
	buf_add(&text, HEAD);
	buf_add_char(&text, '\n');
	buf_add(&text, context->config->server.origin);
	buf_add_char(&text, '\n');
	buf_add(&text, id);
	buf_add_char(&text, '\n');
	buf_add(&text, challenge->row.purpose);
	buf_add_char(&text, '\n');
	buf_add_u64(&text, (uint64_t)(challenge->row.expires_at / CLOCK_SECOND));
	buf_add_char(&text, '\n');
	buf_add(&text, str_of(value));
	return buf_str(&text, out);
}

enum err prove_device_text(const struct auth_context *context, const struct id *session_id,
			   const struct challenge *challenge, struct str *out)
{
	return text_of(context, session_id, challenge, out);
}

/* Whether it is the whole text that was given out is known once the challenge is found. */
bool prove_device_text_read(const struct auth_context *context, struct str text,
			    const struct id *session_id, unsigned char *value)
{
	struct str lines[6];
	struct id id;
	size_t n = 0;

	if (text.n >= PROVE_TEXT_MAX)
		return false;
	while (n < 5 && str_cut(text, '\n', &lines[n], &text))
		n++;
	lines[n] = text;
	return n == 5 && str_equal(lines[0], HEAD) &&
	       str_equal(lines[1], context->config->server.origin) &&
	       id_parse(lines[2], &id) == OK && id_equal(id, *session_id) &&
	       codec_base64url_decode(lines[5], value, CHALLENGE_BYTES) == OK;
}
