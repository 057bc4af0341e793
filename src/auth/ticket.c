/* Tickets: what a back end shows instead of a credential; each names a session to one service. */
#include "ticket.h"

#include <string.h>

#include "arena.h"
#include "codec.h"
#include "config.h"
#include "keyring.h"

#define PREFIX STR("gpt_")
#define TIME_BYTES 8
#define HEAD (ID_BYTES + TIME_BYTES)
#define FIXED (HEAD + DIGEST_BYTES)
#define BYTES_MAX (FIXED + FLOW_NAME_MAX)
/* Clocks of several machines may differ so much. */
#define SKEW CLOCK_MINUTE

/* What lies in the text: id and end, MAC, name. */
struct body {
	unsigned char bytes[BYTES_MAX];
	size_t n;
};

static struct digest mac_of(const struct auth_context *context, size_t root,
			    const unsigned char *head, struct str service)
{
	struct secret parts[] = {keyring_part(head, HEAD), keyring_part(service.p, service.n)};
	struct digest mac;

	keyring_digest(context->keys, root, KEY_TICKET, parts, 2, &mac);
	return mac;
}

bool ticket_is(struct str text)
{
	return str_starts(text, PREFIX);
}

static void fill(const struct auth_context *context, const struct id *session_id,
		 struct str service, struct body *body)
{
	uint64_t end = (uint64_t)(context->now + TICKET_LIFE);

	memcpy(body->bytes, session_id->b, ID_BYTES);
	for (size_t i = 0; i < TIME_BYTES; i++)
		body->bytes[ID_BYTES + i] = (unsigned char)(end >> (8 * (TIME_BYTES - 1 - i)));
	struct digest mac = mac_of(context, 0, body->bytes, service);
	memcpy(body->bytes + HEAD, mac.b, DIGEST_BYTES);
	memcpy(body->bytes + FIXED, service.p, service.n);
	body->n = FIXED + service.n;
}

enum err ticket_make(const struct auth_context *context, const struct id *session_id,
		     struct str service, struct str *out)
{
	struct body body;
	char *text = NULL;

	if (!config_is_flow_name(service) || id_is_none(*session_id))
		return ERR_INPUT;
	text = arena_alloc(context->arena, PREFIX.n + CODEC_BASE64URL_LEN(BYTES_MAX) + 1);
	if (text == NULL)
		return ERR_MEMORY;
	fill(context, session_id, service, &body);
	memcpy(text, PREFIX.p, PREFIX.n);
	codec_base64url(body.bytes, body.n, text + PREFIX.n);
	*out = (struct str){text, PREFIX.n + CODEC_BASE64URL_LEN(body.n)};
	return OK;
}

static bool take_apart(struct str text, struct body *body)
{
	if (!ticket_is(text))
		return false;
	text = str_sub(text, PREFIX.n, text.n);
	body->n = text.n / 4 * 3 + text.n % 4 * 3 / 4;
	return body->n > FIXED && body->n <= BYTES_MAX &&
	       codec_base64url_decode(text, body->bytes, body->n) == OK;
}

static bool is_ours(const struct auth_context *context, const struct body *body, struct str service)
{
	struct digest mac;
	bool right = false;

	memcpy(mac.b, body->bytes + HEAD, DIGEST_BYTES);
	for (size_t root = 0; root < keyring_roots(context->keys); root++) {
		struct digest made = mac_of(context, root, body->bytes, service);
		right = digest_equal(&made, &mac) || right;
	}
	return right;
}

static int64_t end_of(const struct body *body)
{
	uint64_t end = 0;

	for (size_t i = 0; i < TIME_BYTES; i++)
		end = end << 8 | body->bytes[ID_BYTES + i];
	return (int64_t)end;
}

/* In ours the end is a time; elsewhere it may be anything. */
static bool is_now(int64_t end, int64_t now)
{
	return end > now && end - TICKET_LIFE - SKEW <= now;
}

void ticket_read(const struct auth_context *context, struct str text, struct str service,
		 struct ticket *out)
{
	struct body body;

	*out = (struct ticket){.valid = false};
	if (!take_apart(text, &body))
		return;
	struct str name = {(const char *)body.bytes + FIXED, body.n - FIXED};
	if (!str_equal(name, service) || !is_ours(context, &body, service) ||
	    !is_now(end_of(&body), context->now))
		return;
	out->valid = true;
	out->expires_at = end_of(&body);
	memcpy(out->session_id.b, body.bytes, ID_BYTES);
}
