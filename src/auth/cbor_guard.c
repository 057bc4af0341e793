/* CBOR that strangers send, read head by head with libcbor's streaming decoder: no allocation. */
#include "cbor_guard.h"

#include <cbor.h>

/* What is left to read. */
struct reading {
	const char *p;
	size_t left;
};

static void set_unsigned(struct cbor_guard_value *value, uint64_t number)
{
	if (number > INT64_MAX)
		return;
	value->kind = CBOR_GUARD_INTEGER;
	value->number = (int64_t)number;
}

/* On the wire is -1 - number (RFC 8949 §3.1); one too large stays refused. */
static void set_negative(struct cbor_guard_value *value, uint64_t wire)
{
	set_unsigned(value, wire);
	value->number = -1 - value->number;
}

static void on_uint8(void *value, uint8_t number)
{
	set_unsigned(value, number);
}

static void on_uint16(void *value, uint16_t number)
{
	set_unsigned(value, number);
}

static void on_uint32(void *value, uint32_t number)
{
	set_unsigned(value, number);
}

static void on_uint64(void *value, uint64_t number)
{
	set_unsigned(value, number);
}

static void on_negint8(void *value, uint8_t wire)
{
	set_negative(value, wire);
}

static void on_negint16(void *value, uint16_t wire)
{
	set_negative(value, wire);
}

static void on_negint32(void *value, uint32_t wire)
{
	set_negative(value, wire);
}

static void on_negint64(void *value, uint64_t wire)
{
	set_negative(value, wire);
}

static void on_bytes(void *context, cbor_data p, size_t n)
{
	struct cbor_guard_value *value = context;

	value->kind = CBOR_GUARD_BYTES;
	value->text = (struct str){(const char *)p, n};
}

static void on_text(void *context, cbor_data p, size_t n)
{
	struct cbor_guard_value *value = context;

	value->text = (struct str){(const char *)p, n};
	if (str_is_utf8(value->text))
		value->kind = CBOR_GUARD_TEXT;
}

static void set_count(struct cbor_guard_value *value, enum cbor_guard_kind kind, size_t count)
{
	if (count > INT32_MAX)
		return;
	value->kind = kind;
	value->number = (int64_t)count;
}

static void on_array(void *value, size_t count)
{
	set_count(value, CBOR_GUARD_ARRAY, count);
}

static void on_map(void *value, size_t count)
{
	set_count(value, CBOR_GUARD_MAP, count);
}

static void on_null(void *context)
{
	struct cbor_guard_value *value = context;

	value->kind = CBOR_GUARD_SIMPLE;
}

static void on_boolean(void *context, bool is_true)
{
	(void)is_true;
	on_null(context);
}

/* What libcbor's own callbacks take leaves the value refused. */
static const struct cbor_callbacks callbacks = {
	.uint8 = on_uint8,
	.uint16 = on_uint16,
	.uint32 = on_uint32,
	.uint64 = on_uint64,
	.negint8 = on_negint8,
	.negint16 = on_negint16,
	.negint32 = on_negint32,
	.negint64 = on_negint64,
	.byte_string_start = cbor_null_byte_string_start_callback,
	.byte_string = on_bytes,
	.string = on_text,
	.string_start = cbor_null_string_start_callback,
	.indef_array_start = cbor_null_indef_array_start_callback,
	.array_start = on_array,
	.indef_map_start = cbor_null_indef_map_start_callback,
	.map_start = on_map,
	.tag = cbor_null_tag_callback,
	.float2 = cbor_null_float2_callback,
	.float4 = cbor_null_float4_callback,
	.float8 = cbor_null_float8_callback,
	.undefined = cbor_null_undefined_callback,
	.null = on_null,
	.boolean = on_boolean,
	.indef_break = cbor_null_indef_break_callback,
};

/* A whole number or string, or the head of an array or map. */
static bool take_head(struct reading *r, struct cbor_guard_value *value)
{
	*value = (struct cbor_guard_value){.kind = CBOR_GUARD_REFUSED};
	/* It reads the first octet even of nothing. */
	if (r->left == 0)
		return false;
	struct cbor_decoder_result result =
		cbor_stream_decode((cbor_data)r->p, r->left, &callbacks, value);
	if (result.status != CBOR_DECODER_FINISHED || result.read > r->left ||
	    value->kind == CBOR_GUARD_REFUSED)
		return false;
	value->raw = (struct str){r->p, result.read};
	r->p += result.read;
	r->left -= result.read;
	return true;
}

static bool is_same_key(const struct cbor_guard_value *a, const struct cbor_guard_value *b)
{
	if (a->kind != b->kind)
		return false;
	return a->kind == CBOR_GUARD_INTEGER ? a->number == b->number : str_equal(a->text, b->text);
}

static bool take_key(struct reading *r, const struct cbor_guard_value *earlier, size_t n,
		     struct cbor_guard_value *key)
{
	if (!take_head(r, key) || (key->kind != CBOR_GUARD_INTEGER && key->kind != CBOR_GUARD_TEXT))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (is_same_key(&earlier[i], key))
			return false;
	}
	return true;
}

static bool take_item(struct reading *r, unsigned depth, struct cbor_guard_value *out);

static bool take_pairs(struct reading *r, size_t count, unsigned depth)
{
	struct cbor_guard_value keys[CBOR_GUARD_PAIRS];
	struct cbor_guard_value value;

	if (count > CBOR_GUARD_PAIRS || count > r->left / 2)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!take_key(r, keys, i, &keys[i]) || !take_item(r, depth, &value))
			return false;
	}
	return true;
}

static bool take_members(struct reading *r, size_t count, unsigned depth)
{
	struct cbor_guard_value value;

	if (count > r->left)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!take_item(r, depth, &value))
			return false;
	}
	return true;
}

/* depth: of what it is in. The recursion is as deep as CBOR_GUARD_DEPTH. */
static bool take_item(struct reading *r, unsigned depth, struct cbor_guard_value *out)
{
	const char *start = r->p;
	bool good = take_head(r, out);

	if (!good || (out->kind != CBOR_GUARD_ARRAY && out->kind != CBOR_GUARD_MAP))
		return good;
	if (depth == CBOR_GUARD_DEPTH)
		return false;
	size_t count = (size_t)out->number;
	good = out->kind == CBOR_GUARD_MAP ? take_pairs(r, count, depth + 1)
					   : take_members(r, count, depth + 1);
	out->raw = (struct str){start, (size_t)(r->p - start)};
	return good;
}

bool cbor_guard_reach(struct str bytes, size_t *n)
{
	struct reading r = {bytes.p, bytes.n};
	struct cbor_guard_value value;

	if (!take_item(&r, 0, &value))
		return false;
	*n = value.raw.n;
	return true;
}

bool cbor_guard_is_whole(struct str bytes)
{
	size_t n = 0;

	return cbor_guard_reach(bytes, &n) && n == bytes.n;
}

bool cbor_guard_read_map(struct str bytes, struct cbor_guard_map *out)
{
	struct reading r = {bytes.p, bytes.n};
	struct cbor_guard_value map;

	out->n = 0;
	if (!cbor_guard_is_whole(bytes) || !take_head(&r, &map) || map.kind != CBOR_GUARD_MAP)
		return false;
	for (size_t i = 0; i < (size_t)map.number; i++) {
		if (!take_head(&r, &out->pairs[i].key) || !take_item(&r, 1, &out->pairs[i].value))
			return false;
	}
	out->n = (size_t)map.number;
	return true;
}

static const struct cbor_guard_value *find(const struct cbor_guard_map *map,
					   const struct cbor_guard_value *key)
{
	for (size_t i = 0; i < map->n; i++) {
		if (is_same_key(&map->pairs[i].key, key))
			return &map->pairs[i].value;
	}
	return NULL;
}

const struct cbor_guard_value *cbor_guard_named(const struct cbor_guard_map *map, struct str name)
{
	struct cbor_guard_value key = {.kind = CBOR_GUARD_TEXT, .text = name};

	return find(map, &key);
}

const struct cbor_guard_value *cbor_guard_numbered(const struct cbor_guard_map *map, int64_t number)
{
	struct cbor_guard_value key = {.kind = CBOR_GUARD_INTEGER, .number = number};

	return find(map, &key);
}
