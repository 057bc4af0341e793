/* A file of our own installation as JSON: one object of texts, lists of texts, and numbers (jansson
 * behind it). */
#include "json_entries.h"

#include "arena.h"
#include "file.h"
#include "json.h"
#include "json_tree.h"

#define FILE_MAX ((size_t)256 * 1024)

static struct str text_of(const json_t *value)
{
	return (struct str){json_string_value(value), json_string_length(value)};
}

static enum err copy_list(struct arena *arena, const json_t *list, struct json_entry *entry)
{
	entry->is_list = true;
	entry->n = json_array_size(list);
	entry->texts = arena_array(arena, entry->n, sizeof *entry->texts);
	if (entry->texts == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < entry->n; i++) {
		const json_t *item = json_array_get(list, i);
		if (!json_is_string(item))
			return ERR_INPUT;
		TRY(str_copy(arena, text_of(item), &entry->texts[i]));
	}
	return entry->n == 0 ? ERR_INPUT : OK;
}

static enum err copy_value(struct arena *arena, const json_t *value, struct json_entry *entry)
{
	if (json_is_array(value))
		return copy_list(arena, value, entry);
	if (json_is_integer(value)) {
		entry->number = json_integer_value(value);
		return OK;
	}
	if (!json_is_string(value))
		return ERR_INPUT;
	entry->n = 1;
	entry->texts = arena_alloc(arena, sizeof *entry->texts);
	return entry->texts == NULL ? ERR_MEMORY
				    : str_copy(arena, text_of(value), &entry->texts[0]);
}

struct result {
	struct json_entry *entries;
	size_t n;
};

static enum err copy_members(struct arena *arena, const char *file, json_t *root,
			     struct result *result, struct fault *fault)
{
	const char *key = NULL;
	json_t *value = NULL;

	result->entries = arena_array(arena, json_object_size(root) + 1, sizeof *result->entries);
	if (result->entries == NULL)
		return ERR_MEMORY;
	json_object_foreach(root, key, value)
	{
		struct json_entry *entry = &result->entries[result->n++];
		TRY(str_copy(arena, str_of(key), &entry->name));
		enum err e = copy_value(arena, value, entry);
		if (e == ERR_INPUT)
			return fault_set(fault, "%s: %s is neither a text nor a list of texts",
					 file, entry->name.p);
		TRY(e);
	}
	return OK;
}

enum err json_entries(struct arena *arena, const char *file, struct json_entry **out, size_t *n,
		      struct fault *fault)
{
	struct result result = {.n = 0};
	json_error_t error = {.line = 0};
	struct str text;

	TRY(file_load(file, FILE_MAX, arena, &text, fault));
	if (json_is_too_deep(text))
		return fault_set(fault, "%s: nested too deep", file);
	json_t *root = json_tree_load(text, &error);
	if (root == NULL)
		return fault_set(fault, "%s:%d: %s", file, error.line, error.text);
	enum err e = json_is_object(root) ? copy_members(arena, file, root, &result, fault)
					  : fault_set(fault, "%s: is no JSON object", file);
	json_decref(root);
	TRY(e);
	*out = result.entries;
	*n = result.n;
	return OK;
}
