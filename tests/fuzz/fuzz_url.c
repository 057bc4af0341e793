/* Paths and return addresses: what is taken is canonical and never leads to another origin. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "arena.h"
#include "buf.h"
#include "config.h"
#include "return_to.h"
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

/* Where a browser would go by it: what stands before the first of these is scheme and host. */
static struct str head_of(struct str raw, size_t from)
{
	while (from < raw.n && !str_contains(STR("/?#\\"), raw.p[from]))
		from++;
	return str_sub(raw, 0, from);
}

static void check_return(struct str raw)
{
	struct client_config client = {.title = STR("The Shop"), .return_count = 2};
	struct config config = {.clients = &client, .client_count = 1};

	require(uri_split(STR("https://shop.example/done"), &client.returns[0]) == OK);
	require(uri_split(STR("com.example.shop:"), &client.returns[1]) == OK);
	struct return_to found = return_to_find(&config, raw);
	if (found.kind == RETURN_NOWHERE)
		return;
	require(found.url.text.p == raw.p && found.url.text.n == raw.n);
	for (size_t i = 0; i < raw.n; i++)
		require(raw.p[i] > 0x20 && raw.p[i] < 0x7f &&
			!str_contains(STR("\\\"'<>#"), raw.p[i]));
	if (found.kind == RETURN_HERE)
		require(raw.p[0] == '/');
	if (found.kind == RETURN_APP)
		require(str_equal_nocase(str_sub(raw, 0, 17), STR("com.example.shop:")));
	if (found.kind != RETURN_SITE)
		return;
	struct str head = head_of(raw, 8);
	require(str_equal_nocase(head, STR("https://shop.example")) ||
		str_equal_nocase(head, STR("https://shop.example:443")));
	struct str path = str_sub(raw, head.n, raw.n);
	require(str_starts(path, STR("/done")) &&
		(path.n == 5 || path.p[5] == '/' || path.p[5] == '?'));
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
	check_return(raw);
	arena_close(&arena);
	return 0;
}
