/* json_parse over any bytes; what it accepts is written by json_out and must be read as the same
 * again. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "arena.h"
#include "buf.h"
#include "json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void write_member(struct json_out *out, const struct json_member *member)
{
	/* No NUL was let in, and copies have one behind them. */
	switch (member->type) {
	case JSON_TYPE_STRING:
		json_text(out, member->name.p, member->text);
		break;
	case JSON_TYPE_BOOL:
		json_bool(out, member->name.p, member->flag);
		break;
	case JSON_TYPE_OBJECT:
		json_raw(out, member->name.p, member->text);
		break;
	case JSON_TYPE_INTEGER:
	default:
		json_number(out, member->name.p, member->number);
	}
}

static struct str write_object(struct arena *arena, const struct json_object *object)
{
	struct str text = STR_NONE;
	struct json_out out;
	struct buf buf;

	buf_init(&buf, arena, (size_t)1024 * 1024);
	json_begin(&out, &buf);
	json_open_object(&out, NULL);
	for (size_t i = 0; i < object->n; i++)
		write_member(&out, &object->members[i]);
	for (size_t i = 0; i < object->null_count; i++)
		json_none(&out, object->nulls[i].p);
	json_close_object(&out);
	require(buf_str(&buf, &text) == OK);
	return text;
}

static void check(struct arena *arena, const struct json_object *object)
{
	struct str text = write_object(arena, object);
	struct json_object again;
	struct str bad_name;

	require(!str_contains(text, '<') && !str_contains(text, '&') && !str_has_control(text));
	require(json_parse(arena, text, &again, &bad_name) == OK);
	require(again.n == object->n && again.null_count == object->null_count);
	for (size_t i = 0; i < object->null_count; i++)
		require(str_equal(again.nulls[i], object->nulls[i]));
	for (size_t i = 0; i < object->n; i++) {
		const struct json_member *a = &object->members[i];
		const struct json_member *b = &again.members[i];
		require(str_equal(a->name, b->name) && a->type == b->type);
		require(str_equal(a->text, b->text) && a->flag == b->flag &&
			a->number == b->number);
		require(str_is_utf8(a->name) && str_is_utf8(a->text));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool is_ready;
	struct arena *arena = NULL;
	struct json_object object;
	struct str bad_name = STR_NONE;

	if (!is_ready)
		json_init();
	is_ready = true;
	require(arena_open(4096, (size_t)8 * 1024 * 1024, &arena) == OK);
	enum err e = json_parse(arena, (struct str){(const char *)data, size}, &object, &bad_name);
	require(e == OK || e == ERR_INPUT || e == ERR_MEMORY);
	if (e == OK)
		check(arena, &object);
	arena_close(&arena);
	return 0;
}
