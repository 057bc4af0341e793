/* JSON in: a strict, flat object behind jansson, which is let near a body only after counting. */
#include "json.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "json_tree.h"
#include "secret.h"

/* No text of a body grows so much by being written again. */
#define OBJECT_MAX ((size_t)1024 * 1024)

/* Stands before every block that jansson gets, so that its free knows how much to wipe. */
union block_head {
	size_t size;
	max_align_t align;
};

static void *take(size_t size)
{
	if (size > SIZE_MAX - sizeof(union block_head))
		return NULL;
	union block_head *head = malloc(sizeof *head + size);
	if (head == NULL)
		return NULL;
	head->size = size;
	return head + 1;
}

static void wipe_and_free(void *p)
{
	if (p == NULL)
		return;
	union block_head *head = (union block_head *)p - 1;
	secret_wipe_bytes(head, sizeof *head + head->size);
	free(head);
}

void json_init(void)
{
	size_t seed = 0;

	json_set_alloc_funcs(take, wipe_and_free);
	secret_random_bytes(&seed, sizeof seed);
	json_object_seed(seed);
}

/* jansson recurses, and its own limit of 2048 is too deep for a thread's stack. */
bool json_is_too_deep(struct str body)
{
	unsigned depth = 0;
	bool in_string = false;

	for (size_t i = 0; i < body.n; i++) {
		char c = body.p[i];
		if (in_string && c == '\\')
			i++;
		else if (c == '"')
			in_string = !in_string;
		else if (!in_string && (c == '{' || c == '['))
			depth++;
		else if (!in_string && (c == '}' || c == ']') && depth > 0)
			depth--;
		if (depth > JSON_DEPTH_MAX)
			return true;
	}
	return false;
}

/* jansson names a repeated key only in its sentence: duplicate object key near '"name"'. */
static enum err duplicate_name(struct arena *arena, const json_error_t *error, struct str *name)
{
	struct str head;
	struct str tail;
	struct str key;

	if (json_error_code(error) != json_error_duplicate_key)
		return OK;
	if (!str_cut(str_of(error->text), '"', &head, &tail) || !str_cut(tail, '"', &key, &head))
		return OK;
	return str_contains(key, '\\') ? OK : str_copy(arena, key, name);
}

/* The sentence may quote a piece of the body, so it is wiped. */
static enum err refused(struct arena *arena, json_error_t *error, struct str *bad_name)
{
	bool memory = json_error_code(error) == json_error_out_of_memory;
	enum err e = duplicate_name(arena, error, bad_name);

	secret_wipe_bytes(error, sizeof *error);
	if (e != OK)
		return e;
	return memory ? ERR_MEMORY : ERR_INPUT;
}

static enum err read_value(struct arena *arena, json_t *value, struct json_member *member)
{
	if (json_is_string(value)) {
		struct str text = {json_string_value(value), json_string_length(value)};
		member->type = JSON_TYPE_STRING;
		return str_copy(arena, text, &member->text);
	}
	if (json_is_boolean(value)) {
		member->type = JSON_TYPE_BOOL;
		member->flag = json_is_true(value);
		return OK;
	}
	if (json_is_integer(value)) {
		member->type = JSON_TYPE_INTEGER;
		member->number = json_integer_value(value);
		return OK;
	}
	if (json_is_object(value)) {
		member->type = JSON_TYPE_OBJECT;
		return json_tree_text(arena, value, OBJECT_MAX, &member->text);
	}
	return ERR_INPUT;
}

static enum err read_member(struct arena *arena, json_t *value, struct json_member *member,
			    struct json_object *object)
{
	bool is_null = json_is_null(value);

	if ((is_null ? object->null_count : object->n) == JSON_MEMBERS_MAX)
		return ERR_INPUT;
	if (is_null) {
		object->nulls[object->null_count++] = member->name;
		return OK;
	}
	TRY(read_value(arena, value, member));
	object->members[object->n++] = *member;
	return OK;
}

static enum err read_members(struct arena *arena, json_t *root, struct json_object *object,
			     struct str *bad_name)
{
	const char *key = NULL;
	json_t *value = NULL;

	json_object_foreach(root, key, value)
	{
		struct json_member member = {0};
		TRY(str_copy(arena, str_of(key), &member.name));
		enum err e = read_member(arena, value, &member, object);
		if (e == ERR_INPUT)
			*bad_name = member.name;
		TRY(e);
	}
	return OK;
}

enum err json_parse(struct arena *arena, struct str body, struct json_object *out,
		    struct str *bad_name)
{
	struct json_object object = {.n = 0};
	json_error_t error = {.line = 0};

	*bad_name = STR_NONE;
	if (body.n == 0 || json_is_too_deep(body))
		return ERR_INPUT;
	json_t *root = json_tree_load(body, &error);
	if (root == NULL)
		return refused(arena, &error, bad_name);
	enum err e =
		json_is_object(root) ? read_members(arena, root, &object, bad_name) : ERR_INPUT;
	json_decref(root);
	if (e == OK)
		*out = object;
	return e;
}
