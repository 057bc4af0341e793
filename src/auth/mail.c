/* Mail: what is written into the outbox, in the transaction of the act that it tells of. */
#include "mail.h"

#include <string.h>

#include "arena.h"
#include "buf.h"
#include "clock.h"
#include "outbox_store.h"
#include "seal.h"

#define PAYLOAD_MAX 8000
#define PAYLOAD_STEP 1024 /* payloads are padded, so that a decoy's size says nothing */
#define PLACE_NAME "outbox"
#define LINK_MAX 700
#define CONTROL_MAX 0x20

struct place {
	char text[sizeof PLACE_NAME - 1 + ID_BYTES];
};

static struct str place_of(struct place *place, const struct id *id)
{
	memcpy(place->text, PLACE_NAME, sizeof PLACE_NAME - 1);
	memcpy(place->text + sizeof PLACE_NAME - 1, id->b, ID_BYTES);
	return (struct str){place->text, sizeof place->text};
}

/* RFC 8259 §7. */
static void add_string(struct buf *out, struct str s)
{
	buf_add_char(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < CONTROL_MAX) {
			buf_addf(out, "\\u%04x", c);
			continue;
		}
		if (c == '"' || c == '\\')
			buf_add_char(out, '\\');
		buf_add_char(out, (char)c);
	}
	buf_add_char(out, '"');
}

static void add_member(struct buf *out, const char *name, struct str value)
{
	if (out->n > 1)
		buf_add_char(out, ',');
	add_string(out, str_of(name));
	buf_add_char(out, ':');
	add_string(out, value);
}

static void add_time(struct buf *out, const char *name, int64_t at)
{
	buf_add_char(out, ',');
	add_string(out, str_of(name));
	buf_add(out, STR(":\""));
	clock_add_rfc3339(out, at);
	buf_add_char(out, '"');
}

static enum err write_payload(const struct auth_context *context, const struct mail *mail,
			      struct str *json)
{
	struct buf out;

	buf_init(&out, context->arena, PAYLOAD_MAX);
	buf_add_char(&out, '{');
	for (size_t i = 0; i < mail->n; i++) {
		if (!str_is_utf8(mail->values[i].value))
			return ERR_INPUT;
		add_member(&out, mail->values[i].name, mail->values[i].value);
	}
	add_member(&out, "ip", context->ip);
	add_member(&out, "user_agent", context->user_agent);
	add_time(&out, "at", context->now);
	if (mail->too_late > 0)
		add_time(&out, "expires_at", mail->too_late);
	buf_add_char(&out, '}');
	while (out.failed == OK && out.n % PAYLOAD_STEP != 0)
		buf_add_char(&out, ' ');
	return buf_str(&out, json);
}

enum err mail_queue(const struct auth_context *context, struct db *db, const struct mail *mail)
{
	struct outbox_row row = {
		.id = id_random(),
		.kind = mail->kind,
		.user_id = mail->user_id,
		.recipient = mail->recipient,
		.language = str_is_present(mail->language) ? mail->language : STR(""),
		.due_at = context->now,
		.created_at = context->now,
	};
	struct str json = STR_NONE;
	struct place place;
	unsigned char *box = NULL;

	TRY(write_payload(context, mail, &json));
	box = arena_alloc(context->arena, json.n + SEAL_OVERHEAD);
	if (box == NULL)
		return ERR_MEMORY;
	seal_close(context->keys, place_of(&place, &row.id), keyring_part(json.p, json.n), box,
		   &row.root);
	row.payload = (struct str){(const char *)box, json.n + SEAL_OVERHEAD};
	return outbox_store_insert(db, &row);
}

enum err mail_open(const struct keyring *keys, struct arena *arena, const struct mail_box *box,
		   struct str *json)
{
	struct str sealed = box->sealed;
	struct place place;
	unsigned char *plain = NULL;

	if (sealed.n <= SEAL_OVERHEAD)
		return ERR_INPUT;
	plain = arena_alloc(arena, sealed.n);
	if (plain == NULL)
		return ERR_MEMORY;
	TRY(seal_open(keys, box->root, place_of(&place, &box->id), keyring_part(sealed.p, sealed.n),
		      plain));
	*json = (struct str){(const char *)plain, sealed.n - SEAL_OVERHEAD};
	return OK;
}

enum err mail_link(const struct auth_context *context, struct str page, struct secret code,
		   struct str *out)
{
	struct buf link;

	buf_init(&link, context->arena, LINK_MAX);
	buf_add(&link, context->config->server.origin);
	buf_add(&link, context->config->server.base_path);
	buf_add(&link, page);
	buf_add(&link, STR("?code="));
	buf_add(&link, (struct str){(const char *)code.bytes, code.len});
	return buf_str(&link, out);
}
