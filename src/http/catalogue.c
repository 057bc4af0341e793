/* The texts that people read, in several languages: read from files, checked against each other. */
#include "catalogue.h"

#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "arena.h"
#include "buf.h"
#include "catalogue_text.h"
#include "json_entries.h"

#define PATH_BYTES 4096

/* A text as it was read, of one language. */
struct entry {
	struct entry *next;
	struct str key;
	struct text text;
	const char *file;
};

struct loader {
	struct arena *arena;
	struct fault *fault;
	struct catalogue *catalogue;
	struct language *last;     /* the one that is being read, or was */
	struct language *previous; /* the one before it */
	struct entry *entries;     /* of the one that is being read */
	size_t n;
	struct entry *reference; /* sorted: of the first language */
};

static enum err refuse(const struct loader *loader, const char *file, const char *reason)
{
	return fault_set(loader->fault, "%s: %s", file, reason);
}

static bool is_tag(struct str tag)
{
	size_t subtag = 0;

	if (tag.n < 2 || tag.n > LANGUAGE_TAG_MAX)
		return false;
	for (size_t i = 0; i < tag.n; i++) {
		char c = tag.p[i];
		bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		bool is_digit = c >= '0' && c <= '9';
		subtag = c == '-' ? 0 : subtag + 1;
		if ((!is_letter && !is_digit && c != '-') || subtag > 8 ||
		    (c == '-' && (i == 0 || tag.p[i - 1] == '-')))
			return false;
	}
	return subtag > 0;
}

static bool is_key(struct str key)
{
	if (key.n == 0 || key.n > LANGUAGE_KEY_MAX)
		return false;
	for (size_t i = 0; i < key.n; i++) {
		char c = key.p[i];
		if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' && c != '.')
			return false;
	}
	return true;
}

static enum err begin_language(struct loader *loader, struct str name)
{
	struct language *language = arena_alloc(loader->arena, sizeof *language);

	if (language == NULL)
		return ERR_MEMORY;
	language->catalogue = loader->catalogue;
	TRY(str_copy(loader->arena, name, &language->tag));
	loader->previous = loader->last;
	loader->last = language;
	loader->entries = NULL;
	loader->n = 0;
	return OK;
}

static enum err read_forms(struct loader *loader, const struct json_entry *from,
			   struct entry *entry)
{
	struct phrase *forms = arena_array(loader->arena, from->n, sizeof *forms);
	const char *reason = NULL;

	if (forms == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < from->n; i++) {
		enum err e = phrase_parse(loader->arena, from->texts[i], &forms[i], &reason);
		if (e == ERR_INPUT)
			return fault_set(loader->fault, "%s: %s: %s", entry->file, entry->key.p,
					 reason);
		TRY(e);
	}
	entry->text = (struct text){.forms = forms, .is_plural = from->is_list};
	return OK;
}

static enum err read_entry(struct loader *loader, const char *file, const struct json_entry *from)
{
	struct entry *entry = arena_alloc(loader->arena, sizeof *entry);

	if (entry == NULL)
		return ERR_MEMORY;
	*entry = (struct entry){.next = loader->entries, .key = from->name, .file = file};
	if (!is_key(from->name) || from->n == 0)
		return fault_set(loader->fault, "%s: %s is no key, or has no text", file,
				 from->name.p);
	if (from->is_list && from->n != loader->last->forms)
		return fault_set(loader->fault, "%s: %s has %zu forms, not %u", file, from->name.p,
				 from->n, loader->last->forms);
	TRY(read_forms(loader, from, entry));
	loader->entries = entry;
	loader->n++;
	return OK;
}

static enum err read_texts(struct loader *loader, const char *path)
{
	struct json_entry *entries = NULL;
	struct str file;
	size_t n = 0;

	TRY(str_copy(loader->arena, str_of(path), &file));
	TRY(json_entries(loader->arena, file.p, &entries, &n, loader->fault));
	for (size_t i = 0; i < n; i++)
		TRY(read_entry(loader, file.p, &entries[i]));
	return OK;
}

static int compare_entries(const void *left, const void *right)
{
	const struct entry *a = left;
	const struct entry *b = right;

	return strcmp(a->key.p, b->key.p);
}

/* The list as a sorted array. */
static enum err sort_entries(struct loader *loader, struct entry **out)
{
	struct entry *sorted = arena_array(loader->arena, loader->n + 1, sizeof *sorted);
	size_t n = 0;

	if (sorted == NULL)
		return ERR_MEMORY;
	for (const struct entry *entry = loader->entries; entry != NULL; entry = entry->next)
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

/* All forms have the slots of the reference's first. */
static enum err compare_texts(struct loader *loader, const struct entry *entry,
			      const struct entry *reference)
{
	const struct phrase *model = &reference->text.forms[0];
	size_t n = entry->text.is_plural ? loader->last->forms : 1;

	if (entry->text.is_plural != reference->text.is_plural)
		return fault_set(loader->fault, "%s: %s has plural forms only here or in %s",
				 entry->file, entry->key.p, reference->file);
	for (size_t i = 0; i < n; i++) {
		const struct phrase *form = &entry->text.forms[i];
		if (!has_slots_of(&entry->text, form, model) ||
		    !has_slots_of(&entry->text, model, form))
			return fault_set(loader->fault, "%s: %s has other slots than in %s",
					 entry->file, entry->key.p, reference->file);
	}
	return OK;
}

/* Which key is only in one of them. */
static enum err compare_keys(struct loader *loader, const struct entry *sorted)
{
	const struct catalogue *catalogue = loader->catalogue;

	for (size_t i = 0; i < catalogue->n || i < loader->n; i++) {
		int order = i == catalogue->n ? 1
			    : i == loader->n  ? -1
					      : strcmp(loader->reference[i].key.p, sorted[i].key.p);
		if (order < 0)
			return fault_set(loader->fault, "lang/%s: %s is missing; %s has it",
					 loader->last->tag.p, loader->reference[i].key.p,
					 loader->reference[i].file);
		if (order > 0)
			return fault_set(loader->fault, "%s: %s is not in lang/%s", sorted[i].file,
					 sorted[i].key.p, catalogue->first->tag.p);
	}
	return OK;
}

static enum err take_keys(struct loader *loader, struct entry *sorted)
{
	struct str *keys = arena_array(loader->arena, loader->n + 1, sizeof *keys);

	if (keys == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < loader->n; i++)
		keys[i] = sorted[i].key;
	loader->catalogue->keys = keys;
	loader->catalogue->n = loader->n;
	loader->catalogue->first = loader->last;
	loader->reference = sorted;
	return OK;
}

static enum err end_language(struct loader *loader)
{
	struct text *texts = arena_array(loader->arena, loader->n + 1, sizeof *texts);
	struct entry *sorted = NULL;

	if (texts == NULL)
		return ERR_MEMORY;
	TRY(sort_entries(loader, &sorted));
	if (loader->previous == NULL)
		TRY(take_keys(loader, sorted));
	else
		loader->previous->next = loader->last;
	TRY(compare_keys(loader, sorted));
	for (size_t i = 0; i < loader->n; i++) {
		TRY(compare_texts(loader, &sorted[i], &loader->reference[i]));
		texts[i] = sorted[i].text;
	}
	loader->last->texts = texts;
	loader->catalogue->languages++;
	return OK;
}

/* First of all: it says how many forms a text has. */
static enum err read_language(struct loader *loader, const char *dir)
{
	struct buf path;
	struct str file;

	buf_init(&path, loader->arena, PATH_BYTES);
	buf_add(&path, str_of(dir));
	buf_add(&path, STR("/language.json"));
	TRY(buf_str(&path, &file));
	return catalogue_read_language(loader->arena, file.p, loader->last, loader->fault);
}

static enum err enter(struct loader *loader, const FTSENT *entry)
{
	struct str name = str_of(entry->fts_name);

	if ((entry->fts_statp->st_mode & S_IWOTH) != 0)
		return refuse(loader, entry->fts_path, "others may write to it (chmod o-w)");
	if (entry->fts_level == FTS_ROOTLEVEL)
		return OK;
	if (entry->fts_level > 1 || !is_tag(name))
		return refuse(loader, entry->fts_path, "is no language's folder");
	TRY(begin_language(loader, name));
	return read_language(loader, entry->fts_path);
}

static enum err take_file(struct loader *loader, const FTSENT *entry)
{
	struct str name = str_of(entry->fts_name);
	struct str ending = STR(".json");

	if (entry->fts_level < 2 || name.n <= ending.n || str_starts(name, STR(".")) ||
	    str_equal(name, STR("language.json")) ||
	    !str_equal(str_sub(name, name.n - ending.n, name.n), ending))
		return OK;
	return read_texts(loader, entry->fts_path);
}

static enum err take_entry(struct loader *loader, const FTSENT *entry)
{
	switch (entry->fts_info) {
	case FTS_D:
		return enter(loader, entry);
	case FTS_DP:
		return entry->fts_level == 1 ? end_language(loader) : OK;
	case FTS_DC:
		return refuse(loader, entry->fts_path, "a directory within itself");
	case FTS_DNR:
	case FTS_ERR:
	case FTS_NS:
		return refuse(loader, entry->fts_path, "cannot be read");
	default:
		return take_file(loader, entry);
	}
}

static int compare_names(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static enum err load_directory(struct loader *loader, char *dir)
{
	char *const roots[] = {dir, NULL};
	enum err e = OK;

	FTS *walk = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, compare_names);
	if (walk == NULL)
		return refuse(loader, dir, "cannot be read");
	while (e == OK) {
		const FTSENT *entry = fts_read(walk);
		if (entry == NULL)
			break;
		e = take_entry(loader, entry);
	}
	fts_close(walk);
	if (e == OK && loader->catalogue->languages == 0)
		return refuse(loader, dir, "has no language");
	return e;
}

enum err catalogue_load(const char *dir, struct arena *arena, const struct catalogue **out,
			struct fault *fault)
{
	struct catalogue *catalogue = arena_alloc(arena, sizeof *catalogue);
	struct loader loader = {.arena = arena, .fault = fault, .catalogue = catalogue};
	struct str path;
	struct buf text;

	if (catalogue == NULL)
		return ERR_MEMORY;
	buf_init(&text, arena, PATH_BYTES);
	buf_add(&text, str_of(dir));
	buf_add(&text, STR("/lang"));
	TRY(buf_str(&text, &path));
	TRY(load_directory(&loader, text.p));
	*out = catalogue;
	return OK;
}
