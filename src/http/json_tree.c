/* Values of any shape as text: what a client may keep on the server (jansson behind it). */
#include "json_tree.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "json.h"
#include "json_merge.h"

#define REAL_MAX 40 /* bytes of a number with a fraction or an exponent */

static void add_value(struct json_out *out, const char *name, json_t *value);

/* The fewest digits that mean the same number. */
static void add_real(struct json_out *out, const char *name, double real)
{
	char text[REAL_MAX];

	for (int digits = 15; digits <= 17; digits++) {
		(void)snprintf(text, sizeof text - 2, "%.*g", digits, real);
		if (strtod(text, NULL) == real)
			break;
	}
	/* It was no integer when it came. */
	if (strpbrk(text, ".e") == NULL)
		memcpy(text + strlen(text), ".0", 3);
	json_raw(out, name, str_of(text));
}

static void add_object(struct json_out *out, const char *name, json_t *object)
{
	const char *key = NULL;
	json_t *value = NULL;

	json_open_object(out, name);
	json_object_foreach(object, key, value) add_value(out, key, value);
	json_close_object(out);
}

static void add_array(struct json_out *out, const char *name, json_t *array)
{
	json_open_array(out, name);
	for (size_t i = 0; i < json_array_size(array); i++)
		add_value(out, NULL, json_array_get(array, i));
	json_close_array(out);
}

/* As deep as it was let in. */
static void add_value(struct json_out *out, const char *name, json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		add_object(out, name, value);
		return;
	case JSON_ARRAY:
		add_array(out, name, value);
		return;
	case JSON_STRING:
		json_text(out, name,
			  (struct str){json_string_value(value), json_string_length(value)});
		return;
	case JSON_INTEGER:
		json_number(out, name, json_integer_value(value));
		return;
	case JSON_REAL:
		add_real(out, name, json_real_value(value));
		return;
	case JSON_TRUE:
	case JSON_FALSE:
		json_bool(out, name, json_is_true(value));
		return;
	case JSON_NULL:
		json_none(out, name);
	}
}

enum err json_tree_text(struct arena *arena, json_t *value, size_t max, struct str *out)
{
	struct json_out writer;
	struct buf buf;

	buf_init(&buf, arena, max);
	json_begin(&writer, &buf);
	writer.bare = true;
	add_value(&writer, NULL, value);
	return buf_str(&buf, out);
}

json_t *json_tree_load(struct str text, json_error_t *error)
{
	return json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, error);
}

static enum err apply(json_t *target, json_t *patch);

/* What a patch puts where no object is: one without its nulls. */
static enum err graft(json_t *target, const char *key, json_t *patch)
{
	json_t *there = json_object_get(target, key);

	if (!json_is_object(there)) {
		if (json_object_set_new(target, key, json_object()) != 0)
			return ERR_MEMORY;
		there = json_object_get(target, key);
	}
	return apply(there, patch);
}

/* RFC 7396 §2. Recursion is as deep as the patch. */
static enum err apply(json_t *target, json_t *patch)
{
	const char *key = NULL;
	json_t *value = NULL;

	json_object_foreach(patch, key, value)
	{
		if (json_is_null(value))
			(void)json_object_del(target, key);
		else if (json_is_object(value))
			TRY(graft(target, key, value));
		else if (json_object_set(target, key, value) != 0)
			return ERR_MEMORY;
	}
	return OK;
}

/* Its caller drops *value, which may be NULL. */
static enum err load_object(struct str text, json_t **value)
{
	json_error_t error = {.line = 0};

	*value = NULL;
	if (text.n == 0 || json_is_too_deep(text))
		return ERR_INPUT;
	*value = json_tree_load(text, &error);
	if (*value == NULL && json_error_code(&error) == json_error_out_of_memory)
		return ERR_MEMORY;
	return json_is_object(*value) ? OK : ERR_INPUT;
}

enum err json_merge(struct arena *arena, struct str target, struct str patch, size_t max,
		    struct str *out)
{
	json_t *into = NULL;
	json_t *from = NULL;
	enum err e = load_object(target, &into);

	if (e == OK)
		e = load_object(patch, &from);
	if (e == OK)
		e = apply(into, from);
	if (e == OK)
		e = json_tree_text(arena, into, max, out);
	json_decref(from);
	json_decref(into);
	return e;
}

enum err json_compact(struct arena *arena, struct str text, size_t max, struct str *out)
{
	json_t *value = NULL;
	enum err e = load_object(text, &value);

	if (e == OK)
		e = json_tree_text(arena, value, max, out);
	json_decref(value);
	return e;
}
