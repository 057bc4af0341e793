/* json_merge over any two texts, the target up to the first NUL or newline, the patch behind it:
 * what is accepted is a document, fits, and does not change when it is patched alike again. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "json.h"
#include "json_merge.h"

#define MAX 4096 /* less than inputs have, so that it is met */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static bool is_answer(enum err e)
{
	return e == OK || e == ERR_INPUT || e == ERR_TOO_LARGE || e == ERR_MEMORY;
}

/* Written for a client, it is inert in HTML, and what the client sends back is the same. */
static void check_round(struct arena *arena, struct str document)
{
	struct json_object object;
	struct str bad_name;
	struct str text;
	struct json_out out;
	struct buf buf;

	buf_init(&buf, arena, (size_t)1024 * 1024);
	json_begin(&out, &buf);
	json_open_object(&out, NULL);
	json_raw(&out, "data", document);
	json_close_object(&out);
	require(buf_str(&buf, &text) == OK);
	require(!str_contains(text, '<') && !str_contains(text, '&') && !str_has_control(text));
	/* One deeper than the document; so that of the deepest is refused. */
	if (json_is_too_deep(text))
		return;
	require(json_parse(arena, text, &object, &bad_name) == OK && object.n == 1);
	require(str_equal(object.members[0].text, document));
}

static void check_document(struct arena *arena, struct str document, struct str patch)
{
	struct str again = STR_NONE;

	require(document.n <= MAX && str_is_utf8(document));
	require(json_compact(arena, document, document.n, &again) == OK);
	require(str_equal(again, document));
	require(json_compact(arena, document, document.n - 1, &again) == ERR_TOO_LARGE);
	require(json_merge(arena, document, STR("{}"), MAX, &again) == OK);
	require(str_equal(again, document));
	require(json_merge(arena, document, patch, MAX, &again) == OK);
	require(str_equal(again, document));
	check_round(arena, document);
}

static void run(struct arena *arena, struct str target, struct str patch)
{
	struct str whole = STR_NONE;
	struct str short_patch = STR_NONE;
	struct str out = STR_NONE;
	enum err whole_e = json_compact(arena, target, MAX, &whole);
	enum err patch_e = json_compact(arena, patch, MAX, &short_patch);
	enum err e = json_merge(arena, target, patch, MAX, &out);

	require(is_answer(whole_e) && is_answer(patch_e) && is_answer(e));
	/* Both are documents, or nothing comes of it. */
	require(e != OK || (whole_e != ERR_INPUT && patch_e != ERR_INPUT));
	require(e != ERR_INPUT || whole_e != OK || patch_e != OK);
	if (whole_e == OK)
		check_document(arena, whole, STR("{}"));
	if (e != OK)
		return;
	check_document(arena, out, patch);
	if (whole_e != OK || patch_e != OK)
		return;
	/* What white space and escapes they came with makes no difference. */
	require(json_merge(arena, whole, short_patch, MAX, &short_patch) == OK);
	require(str_equal(short_patch, out));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool is_ready;
	struct arena *arena = NULL;
	size_t n = 0;

	if (!is_ready)
		json_init();
	is_ready = true;
	while (n < size && data[n] != 0 && data[n] != '\n')
		n++;
	struct str target = {(const char *)data, n};
	struct str patch = {(const char *)data + n, size - n};
	if (patch.n > 0)
		patch = str_sub(patch, 1, patch.n);
	require(arena_open(4096, (size_t)8 * 1024 * 1024, &arena) == OK);
	run(arena, target, patch);
	arena_close(&arena);
	return 0;
}
