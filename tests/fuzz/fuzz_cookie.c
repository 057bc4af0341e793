/* Cookie headers: what is found is made of cookie-octets, lies in the header and is written back
 * whole. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "arena.h"
#include "buf.h"
#include "cookie.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* Anything found can be set again: the reader is no laxer than the writer. */
static void check(struct arena *arena, struct str header, struct str value)
{
	struct buf buf;
	struct str line = STR_NONE;
	struct cookie cookie = {.name = STR(COOKIE_SESSION), .value = value, .max_age = -1};

	require(value.p >= header.p && value.p + value.n <= header.p + header.n);
	require(!str_has_control(value) && !str_contains(value, ';') && !str_contains(value, ' '));
	buf_init(&buf, arena, 1048576);
	cookie_add(&buf, &cookie);
	enum err failed = buf_str(&buf, &line);
	require(failed == OK || failed == ERR_TOO_LARGE);
	if (failed == OK)
		require(!str_has_control(line) && str_starts(line, STR(COOKIE_SESSION "=")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str header = {.p = (const char *)data, .n = size};
	struct str value = STR_NONE;
	struct arena *arena = NULL;

	if (arena_open(4096, 4194304, &arena) != OK)
		return 0;
	if (cookie_find(header, STR(COOKIE_SESSION), &value) == OK && str_is_present(value))
		check(arena, header, value);
	arena_close(&arena);
	return 0;
}
