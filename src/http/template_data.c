/* Frames of names that a page is filled with. */
#include <stddef.h>

#include "arena.h"
#include "buf.h"
#include "catalogue.h"
#include "template_node.h"

#define DIGITS_MAX 24

enum err template_data_new(struct arena *arena, struct template_data **out)
{
	struct template_data *data = arena_alloc(arena, sizeof *data);
	if (data == NULL)
		return ERR_MEMORY;
	*data = (struct template_data){.arena = arena, .root = data};
	*out = data;
	return OK;
}

/* In front, so that the later of two is found. */
static struct template_value *add_value(struct template_data *data, const char *name)
{
	struct template_value *value = arena_alloc(data->arena, sizeof *value);
	if (value == NULL) {
		data->root->failed = ERR_MEMORY;
		return NULL;
	}
	*value = (struct template_value){.name = name, .next = data->values};
	data->values = value;
	return value;
}

void template_text(struct template_data *data, const char *name, struct str value)
{
	struct template_value *added = add_value(data, name);
	if (added == NULL)
		return;
	added->type = TEMPLATE_VALUE_TEXT;
	added->text = value;
}

void template_url(struct template_data *data, const char *name, struct url value)
{
	struct template_value *added = add_value(data, name);
	if (added == NULL)
		return;
	added->type = TEMPLATE_VALUE_URL;
	added->text = value.text;
}

void template_flag(struct template_data *data, const char *name, bool value)
{
	struct template_value *added = add_value(data, name);
	if (added == NULL)
		return;
	added->type = TEMPLATE_VALUE_FLAG;
	added->flag = value;
}

void template_count(struct template_data *data, const char *name, uint64_t value)
{
	struct template_value *added = add_value(data, name);
	struct buf digits;
	if (added == NULL)
		return;
	buf_init(&digits, data->arena, DIGITS_MAX);
	buf_add_u64(&digits, value);
	added->type = TEMPLATE_VALUE_NUMBER;
	added->number = value;
	if (buf_str(&digits, &added->text) != OK)
		data->root->failed = ERR_MEMORY;
}

void template_language(struct template_data *data, const struct language *language)
{
	data->root->language = language;
	template_text(data->root, "lang", language_tag(language));
	template_text(data->root, "dir", language_direction(language));
}

static struct template_value *find_here(const struct template_data *data, struct str name)
{
	struct template_value *value = data->values;

	while (value != NULL && !str_equal(str_of(value->name), name))
		value = value->next;
	return value;
}

struct template_data *template_item(struct template_data *data, const char *list)
{
	struct template_value *value = find_here(data, str_of(list));
	if (value == NULL || value->type != TEMPLATE_VALUE_LIST)
		value = add_value(data, list);
	struct template_data *item = arena_alloc(data->arena, sizeof *item);
	if (value == NULL || item == NULL) {
		/* What is set in the wrong frame is never shown: the root has failed. */
		data->root->failed = ERR_MEMORY;
		return data;
	}
	*item = (struct template_data){.arena = data->arena, .outer = data, .root = data->root};
	value->type = TEMPLATE_VALUE_LIST;
	if (value->last == NULL)
		value->first = item;
	else
		value->last->next = item;
	value->last = item;
	return item;
}

const struct template_value *template_find(const struct template_data *data, struct str name)
{
	const struct template_value *value = NULL;

	while (data != NULL && value == NULL) {
		value = find_here(data, name);
		data = data->outer;
	}
	return value;
}
