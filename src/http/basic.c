/* HTTP Basic (RFC 7617), its parts encoded as OAuth clients do it (RFC 6749 §2.3.1). */
#include "basic.h"

#include "arena.h"
#include "codec.h"
#include "url.h"

#define SCHEME STR("Basic ")

bool basic_is(struct str authorization)
{
	return str_equal_nocase(str_sub(authorization, 0, SCHEME.n), SCHEME);
}

static enum err decode(struct arena *arena, struct str text, struct str *out)
{
	unsigned char *bytes = arena_alloc(arena, BASIC_MAX);
	size_t n = 0;

	if (bytes == NULL)
		return ERR_MEMORY;
	enum err e = codec_base64_decode(text, bytes, BASIC_MAX, &n);
	if (e == ERR_TOO_LARGE)
		return ERR_INPUT;
	TRY(e);
	*out = (struct str){(const char *)bytes, n};
	return OK;
}

enum err basic_read(struct arena *arena, struct str authorization, struct basic *out)
{
	struct basic basic;
	struct str text = STR_NONE;
	struct str user = STR_NONE;
	struct str password = STR_NONE;

	if (!basic_is(authorization))
		return ERR_INPUT;
	TRY(decode(arena, str_trim(str_sub(authorization, SCHEME.n, authorization.n)), &text));
	if (!str_cut(text, ':', &user, &password))
		return ERR_INPUT;
	TRY(url_decode(arena, user, true, &basic.user));
	TRY(url_decode(arena, password, true, &basic.password));
	*out = basic;
	return OK;
}
