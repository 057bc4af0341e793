/* The texts that people read, in several languages: read from files, checked against each other. */
#include "catalogue.h"

#include <fts.h>
#include <string.h>
#include <sys/stat.h>

#include "arena.h"
#include "buf.h"
#include "catalogue_text.h"
#include "json_entries.h"

#define PATH_BYTES 4096

static enum err refuse(const struct catalogue_loader *loader, const char *file, const char *reason)
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

static enum err add_language(struct catalogue_loader *loader, struct str name)
{
	struct language *language = arena_alloc(loader->arena, sizeof *language);

	if (language == NULL)
		return ERR_MEMORY;
	language->catalogue = loader->catalogue;
	TRY(str_copy(loader->arena, name, &language->tag));
	if (loader->last == NULL)
		loader->catalogue->first = language;
	else
		loader->last->next = language;
	loader->last = language;
	loader->catalogue->languages++;
	return OK;
}

static enum err read_forms(struct catalogue_loader *loader, const struct json_entry *from,
			   struct catalogue_entry *entry)
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

static enum err read_entry(struct catalogue_loader *loader, const char *file,
			   const struct json_entry *from)
{
	struct catalogue_entry *entry = arena_alloc(loader->arena, sizeof *entry);

	if (entry == NULL)
		return ERR_MEMORY;
	*entry = (struct catalogue_entry){.next = loader->entries, .key = from->name, .file = file};
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

static enum err read_texts(struct catalogue_loader *loader, const char *path)
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

/* A folder or file below it that is no language's is refused. */
static enum err list_entry(struct catalogue_loader *loader, const FTSENT *entry)
{
	if (entry->fts_level == FTS_ROOTLEVEL || entry->fts_info != FTS_D)
		return OK;
	if (!is_tag(str_of(entry->fts_name)))
		return refuse(loader, entry->fts_path, "is no language's folder");
	return add_language(loader, str_of(entry->fts_name));
}

static enum err take_entry(struct catalogue_loader *loader, const FTSENT *entry)
{
	struct str name = str_of(entry->fts_name);
	struct str ending = STR(".json");

	if (entry->fts_level == FTS_ROOTLEVEL)
		return OK;
	if (entry->fts_info == FTS_D)
		return refuse(loader, entry->fts_path, "is no language's folder");
	if (name.n <= ending.n || str_starts(name, STR(".")) ||
	    str_equal(name, STR("language.json")) ||
	    !str_equal(str_sub(name, name.n - ending.n, name.n), ending))
		return OK;
	return read_texts(loader, entry->fts_path);
}

static enum err check_entry(const struct catalogue_loader *loader, const FTSENT *entry)
{
	switch (entry->fts_info) {
	case FTS_D:
		if ((entry->fts_statp->st_mode & S_IWOTH) != 0)
			return refuse(loader, entry->fts_path,
				      "others may write to it (chmod o-w)");
		return OK;
	case FTS_DC:
		return refuse(loader, entry->fts_path, "a directory within itself");
	case FTS_DNR:
	case FTS_ERR:
	case FTS_NS:
		return refuse(loader, entry->fts_path, "cannot be read");
	default:
		return OK;
	}
}

static int compare_names(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* What is in the folder, by name; not what is below that. */
static enum err walk(struct catalogue_loader *loader, struct buf *dir,
		     enum err (*take)(struct catalogue_loader *, const FTSENT *))
{
	char *const roots[] = {dir->p, NULL};
	enum err e = OK;

	FTS *fts = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, compare_names);
	if (fts == NULL)
		return refuse(loader, dir->p, "cannot be read");
	while (e == OK) {
		FTSENT *entry = fts_read(fts);
		if (entry == NULL)
			break;
		if (entry->fts_info == FTS_DP)
			continue;
		e = check_entry(loader, entry);
		if (e == OK)
			e = take(loader, entry);
		if (entry->fts_level > FTS_ROOTLEVEL)
			(void)fts_set(fts, entry, FTS_SKIP);
	}
	fts_close(fts);
	return e;
}

/* In a buf, since what fts_open takes is not const. */
static enum err path_of(struct arena *arena, struct str dir, struct str name, struct buf *out)
{
	struct str path;

	buf_init(out, arena, PATH_BYTES);
	buf_add(out, dir);
	buf_add_char(out, '/');
	buf_add(out, name);
	return buf_str(out, &path);
}

enum err catalogue_open(const char *dir, struct arena *arena, struct catalogue **out,
			struct fault *fault)
{
	struct catalogue *catalogue = arena_alloc(arena, sizeof *catalogue);
	struct catalogue_loader loader = {.arena = arena, .fault = fault, .catalogue = catalogue};
	struct buf path;

	if (catalogue == NULL)
		return ERR_MEMORY;
	catalogue->arena = arena;
	TRY(path_of(arena, str_of(dir), STR("lang"), &path));
	TRY(buf_str(&path, &catalogue->dir));
	TRY(walk(&loader, &path, list_entry));
	if (catalogue->languages == 0)
		return refuse(&loader, path.p, "has no language");
	*out = catalogue;
	return OK;
}

static struct language *own(struct catalogue *catalogue, const struct language *language)
{
	struct language *found = catalogue->first;

	while (found != NULL && found != language)
		found = found->next;
	return found;
}

enum err catalogue_read(struct catalogue *catalogue, const struct language *language,
			struct fault *fault)
{
	struct catalogue_loader loader = {.arena = catalogue->arena,
					  .fault = fault,
					  .catalogue = catalogue,
					  .last = own(catalogue, language)};
	struct buf folder;
	struct buf file;

	if (loader.last == NULL)
		return ERR_INTERNAL;
	if (language->texts != NULL)
		return OK;
	TRY(path_of(catalogue->arena, catalogue->dir, language->tag, &folder));
	TRY(path_of(catalogue->arena, (struct str){folder.p, folder.n}, STR("language.json"),
		    &file));
	TRY(catalogue_read_language(catalogue->arena, file.p, loader.last, fault));
	TRY(walk(&loader, &folder, take_entry));
	return catalogue_take(&loader);
}

enum err catalogue_load(const char *dir, struct arena *arena, const struct catalogue **out,
			struct fault *fault)
{
	struct catalogue *catalogue = NULL;

	TRY(catalogue_open(dir, arena, &catalogue, fault));
	for (const struct language *l = catalogue->first; l != NULL; l = l->next)
		TRY(catalogue_read(catalogue, l, fault));
	*out = catalogue;
	return OK;
}
