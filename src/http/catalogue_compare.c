/* The texts of one language in order, and whether they fit those of the one before. */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "catalogue_text.h"

static int compare_entries(const void *left, const void *right)
{
	const struct catalogue_entry *a = left;
	const struct catalogue_entry *b = right;

	return strcmp(a->key.p, b->key.p);
}

/* The list as a sorted array. */
static enum err sort_entries(struct catalogue_loader *loader, struct catalogue_entry **out)
{
	struct catalogue_entry *sorted = arena_array(loader->arena, loader->n + 1, sizeof *sorted);
	size_t n = 0;

	if (sorted == NULL)
		return ERR_MEMORY;
	for (const struct catalogue_entry *entry = loader->entries; entry != NULL;
	     entry = entry->next)
		sorted[n++] = *entry;
	qsort(sorted, n, sizeof *sorted, compare_entries);
	for (size_t i = 1; i < n; i++)
		if (str_equal(sorted[i - 1].key, sorted[i].key))
			return fault_set(loader->fault, "%s: %s stands in %s, too", sorted[i].file,
					 sorted[i].key.p, sorted[i - 1].file);
	*out = sorted;
	return OK;
}

/* {count} of a plural is the number, which some forms say in words. */
static bool is_number(const struct text *text, struct str slot)
{
	return text->is_plural && str_equal(slot, STR("count"));
}

static bool has_slots_of(const struct text *text, const struct phrase *phrase,
			 const struct phrase *other)
{
	for (size_t i = 0; i < other->n; i++) {
		struct str slot = other->pieces[i].slot;
		if (str_is_present(slot) && !is_number(text, slot) &&
		    !phrase_has_slot(phrase, slot))
			return false;
	}
	return true;
}

/* All forms have the slots of the model's first. */
static enum err compare_texts(struct catalogue_loader *loader, const struct catalogue_entry *entry,
			      size_t place)
{
	const struct text *model = &loader->catalogue->model->texts[place];
	const char *file = loader->catalogue->files[place];
	size_t n = entry->text.is_plural ? loader->last->forms : 1;

	if (entry->text.is_plural != model->is_plural)
		return fault_set(loader->fault, "%s: %s has plural forms only here or in %s",
				 entry->file, entry->key.p, file);
	for (size_t i = 0; i < n; i++) {
		const struct phrase *form = &entry->text.forms[i];
		if (!has_slots_of(&entry->text, form, &model->forms[0]) ||
		    !has_slots_of(&entry->text, &model->forms[0], form))
			return fault_set(loader->fault, "%s: %s has other slots than in %s",
					 entry->file, entry->key.p, file);
	}
	return OK;
}

/* Which key is only in one of them. */
static enum err compare_keys(struct catalogue_loader *loader, const struct catalogue_entry *sorted)
{
	const struct catalogue *catalogue = loader->catalogue;

	for (size_t i = 0; i < catalogue->n || i < loader->n; i++) {
		int order = 0;
		if (i == catalogue->n || i == loader->n)
			order = i == catalogue->n ? 1 : -1;
		else
			order = strcmp(catalogue->keys[i].p, sorted[i].key.p);
		if (order < 0)
			return fault_set(loader->fault, "%s/%s: %s is missing; %s has it",
					 catalogue->dir.p, loader->last->tag.p,
					 catalogue->keys[i].p, catalogue->files[i]);
		if (order > 0)
			return fault_set(loader->fault, "%s: %s is not in %s/%s", sorted[i].file,
					 sorted[i].key.p, catalogue->dir.p,
					 catalogue->model->tag.p);
	}
	return OK;
}

static enum err become_model(struct catalogue_loader *loader, const struct catalogue_entry *sorted)
{
	struct str *keys = arena_array(loader->arena, loader->n + 1, sizeof *keys);
	const char **files = arena_array(loader->arena, loader->n + 1, sizeof *files);

	if (keys == NULL || files == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < loader->n; i++) {
		keys[i] = sorted[i].key;
		files[i] = sorted[i].file;
	}
	loader->catalogue->keys = keys;
	loader->catalogue->files = files;
	loader->catalogue->n = loader->n;
	loader->catalogue->model = loader->last;
	return OK;
}

enum err catalogue_take(struct catalogue_loader *loader)
{
	struct text *texts = arena_array(loader->arena, loader->n + 1, sizeof *texts);
	struct catalogue_entry *sorted = NULL;
	bool is_first = loader->catalogue->model == NULL;

	if (texts == NULL)
		return ERR_MEMORY;
	TRY(sort_entries(loader, &sorted));
	for (size_t i = 0; i < loader->n; i++)
		texts[i] = sorted[i].text;
	if (is_first) {
		loader->last->texts = texts;
		TRY(become_model(loader, sorted));
	}
	TRY(compare_keys(loader, sorted));
	for (size_t i = 0; i < loader->n; i++)
		TRY(compare_texts(loader, &sorted[i], i));
	loader->last->texts = texts;
	return OK;
}
