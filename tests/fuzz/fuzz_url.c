/* Paths and return addresses: what is taken is canonical and never leads to another origin. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "arena.h"
#include "buf.h"
#include "url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static bool has_dot_segment(struct str path)
{
	struct str rest = path;
	struct str segment = STR_NONE;

	for (bool more = true; more;) {
		more = str_cut(rest, '/', &segment, &rest);
		if (str_equal(segment, STR(".")) || str_equal(segment, STR("..")))
			return true;
	}
	return false;
}

static void check_path(struct arena *arena, struct str raw)
{
	struct str path = STR_NONE;

	if (url_decode_path(arena, raw, &path) != OK)
		return;
	require(path.n > 0 && path.n <= raw.n && path.p[0] == '/');
	require(str_is_utf8(path) && !str_has_control(path) && !str_contains(path, '\\'));
	require(!has_dot_segment(path));
	require(url_check_path(path) == OK);
}

/* Decoding undoes encoding, and nothing decoded is malformed. */
static void check_text(struct arena *arena, struct str raw)
{
	struct buf buf;
	struct str text = STR_NONE;
	struct str encoded = STR_NONE;
	struct str again = STR_NONE;

	if (url_decode(arena, raw, true, &text) != OK)
		return;
	require(str_is_utf8(text) && !str_contains(text, '\0') && text.n <= raw.n);
	buf_init(&buf, arena, 1048576);
	url_add_encoded(&buf, text);
	if (buf_str(&buf, &encoded) != OK)
		return;
	require(url_decode(arena, encoded, false, &again) == OK && str_equal(again, text));
}

static void check_local(struct arena *arena, struct str raw)
{
	struct url local;
	struct url absolute;
	struct str head = STR_NONE;
	struct str query = STR_NONE;
	struct str path = STR_NONE;

	if (url_check_local(raw, &local) != OK)
		return;
	require(local.text.p == raw.p && local.text.n == raw.n);
	require(raw.p[0] == '/' && (raw.n == 1 || (raw.p[1] != '/' && raw.p[1] != '\\')));
	for (size_t i = 0; i < raw.n; i++)
		require(raw.p[i] > 0x20 && raw.p[i] < 0x7f &&
			!str_contains(STR("\\\"'<>#"), raw.p[i]));
	str_cut(raw, '?', &head, &query);
	require(url_decode_path(arena, head, &path) == OK);
	require(url_absolute(arena, STR("https://www.example.org"), raw, &absolute) == OK);
	require(str_starts(absolute.text, STR("https://www.example.org/")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str raw = {.p = (const char *)data, .n = size};
	struct arena *arena = NULL;

	if (arena_open(4096, 4194304, &arena) != OK)
		return 0;
	check_path(arena, raw);
	check_text(arena, raw);
	check_local(arena, raw);
	arena_close(&arena);
	return 0;
}
