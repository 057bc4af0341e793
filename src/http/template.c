/* The set of templates: reading a directory, and joining files that name each other. */
#include "template.h"

#include <fcntl.h>
#include <fts.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "buf.h"
#include "file.h"
#include "template_node.h"

#define PATH_BYTES 4096

struct loader {
	struct arena *arena;
	struct fault *fault;
	struct template_set *set;
	const struct catalogue *texts;
	size_t dir_length; /* of the directory's name, with a / */
};

static bool has_ending(struct str name, struct str ending)
{
	return name.n > ending.n && str_equal(str_sub(name, name.n - ending.n, name.n), ending);
}

static enum err refuse(const struct loader *loader, const char *file, const char *reason)
{
	return fault_set(loader->fault, "%s: %s", file, reason);
}

static enum err read_open(const struct loader *loader, int fd, const char *file, struct str *text)
{
	struct stat status;

	if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
		return refuse(loader, file, "not a regular file");
	if ((status.st_mode & S_IWOTH) != 0)
		return refuse(loader, file, "others may write to it (chmod o-w)");
	if (status.st_size > (off_t)TEMPLATE_FILE_MAX)
		return refuse(loader, file, "over 256 KiB");
	size_t n = (size_t)status.st_size;
	char *bytes = arena_alloc(loader->arena, n);
	if (bytes == NULL)
		return ERR_MEMORY;
	if (!file_read(fd, bytes, n))
		return refuse(loader, file, "cannot be read");
	*text = (struct str){.p = bytes, .n = n};
	return OK;
}

static enum err read_file(const struct loader *loader, const char *file, struct str *text)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return refuse(loader, file, "cannot be read");
	enum err e = read_open(loader, fd, file, text);
	close(fd);
	return e;
}

static enum err load_file(struct loader *loader, struct str path, bool is_html)
{
	struct template *template = arena_alloc(loader->arena, sizeof *template);
	struct str file = STR_NONE;
	struct str text = STR_NONE;

	if (template == NULL)
		return ERR_MEMORY;
	TRY(str_copy(loader->arena, path, &file));
	TRY(read_file(loader, file.p, &text));
	*template = (struct template){.next = loader->set->first,
				      .file = file.p,
				      .name = str_sub(file, loader->dir_length, file.n),
				      .is_html = is_html,
				      .texts = loader->texts};
	TRY(template_parse(loader->arena, template, text, loader->fault));
	loader->set->first = template;
	return OK;
}

static enum err load_entry(struct loader *loader, const FTSENT *entry)
{
	struct str path = {entry->fts_path, entry->fts_pathlen};
	bool is_html = has_ending(path, STR(".html"));

	switch (entry->fts_info) {
	case FTS_D:
		if ((entry->fts_statp->st_mode & S_IWOTH) != 0)
			return refuse(loader, entry->fts_path,
				      "others may write to it (chmod o-w)");
		return OK;
	case FTS_DP:
		return OK;
	case FTS_DC:
		return refuse(loader, entry->fts_path, "a directory within itself");
	case FTS_DNR:
	case FTS_ERR:
	case FTS_NS:
		return refuse(loader, entry->fts_path, "cannot be read");
	default:
		break;
	}
	return is_html || has_ending(path, STR(".txt")) ? load_file(loader, path, is_html) : OK;
}

static enum err load_directory(struct loader *loader, char *dir)
{
	char *const roots[] = {dir, NULL};
	enum err e = OK;

	FTS *walk = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, NULL);
	if (walk == NULL)
		return refuse(loader, dir, "cannot be read");
	while (e == OK) {
		const FTSENT *entry = fts_read(walk);
		if (entry == NULL)
			break;
		e = load_entry(loader, entry);
	}
	fts_close(walk);
	return e;
}

static struct template *find(const struct template_set *set, struct str name)
{
	struct template *template = set->first;

	while (template != NULL && !str_equal(template->name, name))
		template = template->next;
	return template;
}

/* By its name below the directory, in front of the others. */
static enum err load_named(struct loader *loader, struct str name)
{
	struct str path;
	struct buf text;

	buf_init(&text, loader->arena, PATH_BYTES);
	buf_add(&text, str_of(loader->set->dir));
	buf_add_char(&text, '/');
	buf_add(&text, name);
	TRY(buf_str(&text, &path));
	return load_file(loader, path, has_ending(name, STR(".html")));
}

static enum err measure(struct loader *loader, struct template *template);

/* Finds the template behind a partial and tells how deep that one is. */
static enum err join_partial(struct loader *loader, const struct template *template,
			     struct template_node *node, unsigned *height)
{
	struct str name;
	struct buf text;

	buf_init(&text, loader->arena, TEMPLATE_NAME_MAX + sizeof ".html");
	buf_add(&text, node->text);
	buf_add(&text, template->is_html ? STR(".html") : STR(".txt"));
	TRY(buf_str(&text, &name));
	struct template *partial = find(loader->set, name);
	if (partial == NULL && loader->set->dir != NULL) {
		TRY(load_named(loader, name));
		partial = loader->set->first;
	}
	if (partial == NULL)
		return fault_set(loader->fault, "%s:%u: there is no partial %s", template->file,
				 node->line, name.p);
	if (partial->is_measuring)
		return fault_set(loader->fault, "%s:%u: partial %s leads back to itself",
				 template->file, node->line, name.p);
	TRY(measure(loader, partial));
	node->partial = partial;
	*height = partial->height;
	return OK;
}

static enum err measure(struct loader *loader, struct template *template)
{
	unsigned height = 1;

	if (template->height > 0)
		return OK;
	template->is_measuring = true;
	for (size_t i = 0; i < template->n; i++) {
		unsigned below = 0;
		if (template->nodes[i].type == TEMPLATE_PARTIAL)
			TRY(join_partial(loader, template, &template->nodes[i], &below));
		unsigned here = 1 + template->nodes[i].depth + below;
		if (here > height)
			height = here;
		if (height > TEMPLATE_NESTING_MAX + 1)
			return fault_set(loader->fault,
					 "%s:%u: sections and partials are nested too deep",
					 template->file, template->nodes[i].line);
	}
	template->is_measuring = false;
	template->height = height;
	return OK;
}

/* Without slashes at its end. In a buf, since what fts_open takes is not const. */
static enum err copy_path(struct arena *arena, struct str dir, struct buf *out)
{
	struct str path;

	while (dir.n > 1 && dir.p[dir.n - 1] == '/')
		dir.n--;
	buf_init(out, arena, dir.n);
	buf_add(out, dir);
	return buf_str(out, &path);
}

enum err template_load(const char *dir, const struct catalogue *texts, struct arena *arena,
		       const struct template_set **out, struct fault *fault)
{
	struct buf path;
	struct template_set *set = arena_alloc(arena, sizeof *set);
	if (set == NULL)
		return ERR_MEMORY;
	TRY(copy_path(arena, str_of(dir), &path));
	struct loader loader = {.arena = arena,
				.fault = fault,
				.set = set,
				.texts = texts,
				.dir_length = path.n + 1};
	TRY(load_directory(&loader, path.p));
	for (struct template *t = set->first; t != NULL; t = t->next)
		TRY(measure(&loader, t));
	*out = set;
	return OK;
}

enum err template_open(const char *dir, const struct catalogue *texts, struct arena *arena,
		       struct template_set **out)
{
	struct template_set *set = arena_alloc(arena, sizeof *set);
	struct str path;
	struct buf text;

	if (set == NULL)
		return ERR_MEMORY;
	TRY(copy_path(arena, str_of(dir), &text));
	TRY(buf_str(&text, &path));
	*set = (struct template_set){.dir = path.p, .texts = texts, .arena = arena};
	*out = set;
	return OK;
}

enum err template_need(struct template_set *set, struct str name, struct fault *fault)
{
	struct loader loader = {.arena = set->arena,
				.fault = fault,
				.set = set,
				.texts = set->texts,
				.dir_length = strlen(set->dir) + 1};

	if (find(set, name) != NULL)
		return OK;
	TRY(load_named(&loader, name));
	return measure(&loader, set->first);
}

bool template_exists(const struct template_set *set, struct str name)
{
	return find(set, name) != NULL;
}
