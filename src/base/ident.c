/* Random identifiers and digests: made, compared, written, read. */
#include "ident.h"

#include <stdint.h>
#include <string.h>

#include <sodium.h>

#include "buf.h"
#include "codec.h"
#include "secret.h"

_Static_assert(CODEC_BASE64URL_LEN(ID_BYTES) == ID_TEXT, "text of an id");
_Static_assert(CODEC_BASE64URL_LEN(DIGEST_BYTES) == DIGEST_TEXT, "text of a digest");

struct id id_random(void)
{
	struct id id = ID_NONE;

	secret_random_bytes(id.b, sizeof id.b);
	return id;
}

struct id id_take(struct id_stock *stock)
{
	if (stock->left == 0) {
		secret_random_bytes(stock->ids, sizeof stock->ids);
		stock->left = sizeof stock->ids / sizeof stock->ids[0];
	}
	return stock->ids[--stock->left];
}

bool id_is_none(struct id id)
{
	return id_equal(id, ID_NONE);
}

bool id_equal(struct id a, struct id b)
{
	return memcmp(a.b, b.b, sizeof a.b) == 0;
}

/* As codec_base64url does it, but by a table: an id is no secret, and each answer has several. */
static void write_text(struct id id, char text[ID_TEXT + 1])
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	uint32_t bits = 0;
	unsigned held = 0;
	size_t n = 0;

	for (size_t i = 0; i < sizeof id.b; i++) {
		bits = bits << 8 | id.b[i];
		for (held += 8; held >= 6; held -= 6)
			text[n++] = alphabet[bits >> (held - 6) & 63];
	}
	text[n++] = alphabet[bits << (6 - held) & 63];
	text[n] = '\0';
}

void id_add(struct buf *buf, struct id id)
{
	char text[ID_TEXT + 1];

	write_text(id, text);
	buf_add(buf, (struct str){.p = text, .n = ID_TEXT});
}

enum err id_text(struct arena *arena, struct id id, struct str *out)
{
	char text[ID_TEXT + 1];

	write_text(id, text);
	return str_copy(arena, (struct str){.p = text, .n = ID_TEXT}, out);
}

enum err id_parse(struct str text, struct id *out)
{
	struct id id = ID_NONE;

	TRY(codec_base64url_decode(text, id.b, sizeof id.b));
	*out = id;
	return OK;
}

bool digest_equal(const struct digest *a, const struct digest *b)
{
	return sodium_memcmp(a->b, b->b, sizeof a->b) == 0;
}
