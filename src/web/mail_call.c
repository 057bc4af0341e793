/* Mail over HTTP. */
#include "mail_call.h"

#include "arena.h"
#include "buf.h"
#include "call.h"
#include "catalogue.h"
#include "codec.h"
#include "guard.h"
#include "language_call.h"
#include "seal.h"

#define PLACE_MAX 256
#define ROOT_BYTES 4
#define BOX_MAX 1024

struct str mail_language_of(const struct call *call)
{
	return language_tag(language_of_call(call));
}

enum err mail_asker_of(struct call *call, struct mail_asker *out)
{
	if (call->match.surface != SURFACE_PAGE) {
		*out = (struct mail_asker){.kind = MAIL_ASKER_API};
		return OK;
	}
	TRY(guard_pre(call));
	*out = (struct mail_asker){.kind = MAIL_ASKER_BROWSER, .value = call->pre_cookie};
	return OK;
}

static enum err place_of(struct call *call, struct str *out)
{
	struct buf text;
	TRY(guard_pre(call));
	buf_init(&text, call->arena, PLACE_MAX);
	buf_add(&text, STR("mail note "));
	buf_add(&text, call->pre_cookie);
	return buf_str(&text, out);
}

static enum err encode(struct call *call, const unsigned char *bytes, size_t n, struct str *out)
{
	size_t length = CODEC_BASE64URL_LEN(n);
	if (length > MAIL_NOTE_MAX)
		return ERR_TOO_LARGE;
	char *text = arena_alloc(call->arena, length + 1);
	if (text == NULL)
		return ERR_MEMORY;
	codec_base64url(bytes, n, text);
	*out = (struct str){text, length};
	return OK;
}

enum err mail_note_text(struct call *call, const struct mail_note *note, struct str *out)
{
	struct str place, plain;
	struct buf text;
	uint32_t root;
	TRY(place_of(call, &place));
	buf_init(&text, call->arena, BOX_MAX);
	buf_add(&text, note->email);
	buf_add_char(&text, '\n');
	buf_add(&text, note->username);
	buf_add_char(&text, '\n');
	buf_add(&text, note->display_name);
	TRY(buf_str(&text, &plain));
	unsigned char *box = arena_alloc(call->arena, ROOT_BYTES + plain.n + SEAL_OVERHEAD);
	if (box == NULL)
		return ERR_MEMORY;
	seal_close(call->app->keys, place, keyring_part(plain.p, plain.n), box + ROOT_BYTES, &root);
	for (size_t i = 0; i < ROOT_BYTES; i++)
		box[i] = (unsigned char)(root >> 8 * i);
	return encode(call, box, ROOT_BYTES + plain.n + SEAL_OVERHEAD, out);
}

/* ERR_INPUT, ERR_CONFIG: not one of ours. */
static enum err open_box(struct call *call, const unsigned char *box, size_t n, struct str *out)
{
	uint32_t root = 0;
	struct str place;
	TRY(place_of(call, &place));
	unsigned char *plain = arena_alloc(call->arena, n);
	if (plain == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < ROOT_BYTES; i++)
		root |= (uint32_t)box[i] << 8 * i;
	TRY(seal_open(call->app->keys, root, place, keyring_part(box + ROOT_BYTES, n - ROOT_BYTES),
		      plain));
	*out = (struct str){(const char *)plain, n - ROOT_BYTES - SEAL_OVERHEAD};
	return OK;
}

enum err mail_note_read(struct call *call, struct str text, struct mail_note *note, bool *found)
{
	size_t n = text.n / 4 * 3 + (text.n % 4 > 0 ? text.n % 4 - 1 : 0);
	struct str plain, rest;
	*found = false;
	if (text.n > MAIL_NOTE_MAX || n <= ROOT_BYTES + SEAL_OVERHEAD)
		return OK;
	unsigned char *box = arena_alloc(call->arena, n);
	if (box == NULL)
		return ERR_MEMORY;
	if (codec_base64url_decode(text, box, n) != OK)
		return OK;
	enum err e = open_box(call, box, n, &plain);
	if (e == ERR_INPUT || e == ERR_CONFIG)
		return OK;
	TRY(e);
	str_cut(plain, '\n', &note->email, &rest);
	str_cut(rest, '\n', &note->username, &note->display_name);
	*found = true;
	return OK;
}
