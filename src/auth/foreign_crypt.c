/* bcrypt and sha-crypt by crypt(3). The only door to libcrypt. */
#include "foreign_crypt.h"

#include <crypt.h>
#include <string.h>

#include "arena.h"
#include "str.h"

#define ROOM ((size_t)64 * 1024)

static struct str view(struct secret s)
{
	return (struct str){.p = (const char *)s.bytes, .n = s.len};
}

static enum err run(struct arena *arena, struct secret text, struct secret normal, bool *same)
{
	struct crypt_data *data = arena_alloc(arena, sizeof *data);
	struct secret setting = SECRET_NONE;
	struct secret phrase = SECRET_NONE;

	if (data == NULL)
		return ERR_MEMORY;
	/* Copies end with a NUL. */
	TRY(secret_from_str(arena, view(text), &setting));
	TRY(secret_from_str(arena, view(normal), &phrase));
	char *made = crypt_r((const char *)phrase.bytes, (const char *)setting.bytes, data);
	if (made == NULL || made[0] == '*') {
		*same = false;
		return OK;
	}
	*same = secret_equal((struct secret){(unsigned char *)made, strlen(made)}, text);
	return OK;
}

enum err foreign_crypt(struct secret text, struct secret normal, bool *same)
{
	struct arena *arena = NULL;

	/* Of its own: 32 KiB that are wiped at once. */
	TRY(arena_open(ROOM, ROOM, &arena));
	enum err e = run(arena, text, normal, same);
	arena_close(&arena);
	return e;
}
