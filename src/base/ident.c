/* Random identifiers and digests: made, compared, written, read. */
#include "ident.h"

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

bool id_is_none(struct id id)
{
	return id_equal(id, ID_NONE);
}

bool id_equal(struct id a, struct id b)
{
	return memcmp(a.b, b.b, sizeof a.b) == 0;
}

void id_add(struct buf *buf, struct id id)
{
	char text[ID_TEXT + 1];

	codec_base64url(id.b, sizeof id.b, text);
	buf_add(buf, (struct str){.p = text, .n = ID_TEXT});
}

enum err id_text(struct arena *arena, struct id id, struct str *out)
{
	char text[ID_TEXT + 1];

	codec_base64url(id.b, sizeof id.b, text);
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
