/* The numbered files of sql_dir: which there are, and what they say. */
#include "migrate_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "buf.h"
#include "file.h"

#define TEXT_MAX ((off_t)1024 * 1024)
#define PATH_MOST 4096
#define DIGITS 3

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int is_candidate(const struct dirent *entry)
{
	return is_digit(entry->d_name[0]);
}

/* 0: not of the form NNN_name.sql. */
static uint64_t version_of(struct str name)
{
	struct str ending = STR(".sql");
	uint64_t version = 0;

	if (name.n <= DIGITS + 1 + ending.n || name.p[DIGITS] != '_' ||
	    !str_equal(str_sub(name, name.n - ending.n, name.n), ending))
		return 0;
	if (str_to_u64(str_sub(name, 0, DIGITS), MIGRATE_FILES_MAX, &version) != OK)
		return 0;
	return version;
}

static enum err read_open(int fd, struct arena *arena, struct str *text)
{
	struct stat about;
	char *bytes = NULL;

	if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode) || about.st_size > TEXT_MAX)
		return ERR_CONFIG;
	bytes = arena_alloc(arena, (size_t)about.st_size + 1);
	if (bytes == NULL)
		return ERR_MEMORY;
	if (!file_read(fd, bytes, (size_t)about.st_size))
		return ERR_CONFIG;
	*text = (struct str){.p = bytes, .n = (size_t)about.st_size};
	return OK;
}

enum err migrate_file_read(struct arena *arena, struct str dir, struct str name, struct str *text,
			   struct fault *fault)
{
	struct str path = STR_NONE;
	struct buf buf;
	enum err e = ERR_CONFIG;
	int fd = -1;

	buf_init(&buf, arena, PATH_MOST);
	buf_add(&buf, dir);
	buf_add_char(&buf, '/');
	buf_add(&buf, name);
	TRY(buf_str(&buf, &path));
	fd = open(path.p, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		e = read_open(fd, arena, text);
		close(fd);
	}
	return e == ERR_CONFIG ? fault_set(fault, "%s: cannot be read", path.p) : e;
}

/* The names that were found, in order. */
struct folder {
	struct arena *arena;
	struct str dir;
	struct dirent **entries;
	size_t n;
};

static enum err read_all(const struct folder *folder, struct migrate_file *files,
			 struct fault *fault)
{
	for (size_t i = 0; i < folder->n; i++) {
		struct str name = str_of(folder->entries[i]->d_name);
		uint64_t version = version_of(name);

		if (version != i + 1)
			return fault_set(fault, "%.*s/%s: expected %03zu_NAME.sql here",
					 (int)folder->dir.n, folder->dir.p, name.p, i + 1);
		TRY(str_copy(folder->arena, name, &files[i].name));
		TRY(migrate_file_read(folder->arena, folder->dir, files[i].name, &files[i].text,
				      fault));
	}
	return OK;
}

enum err migrate_files_read(struct arena *arena, struct str dir, struct migrate_file **files,
			    size_t *n, struct fault *fault)
{
	struct folder folder = {.arena = arena, .dir = dir};
	struct migrate_file *list = NULL;
	struct str path = STR_NONE;
	enum err e = ERR_MEMORY;
	int count = 0;

	TRY(str_copy(arena, dir, &path));
	count = scandir(path.p, &folder.entries, is_candidate, alphasort);
	if (count < 0)
		return fault_set(fault, "%s: cannot be read", path.p);
	folder.n = (size_t)count;
	list = arena_array(arena, folder.n, sizeof *list);
	if (list != NULL)
		e = read_all(&folder, list, fault);
	for (size_t i = 0; i < folder.n; i++)
		free(folder.entries[i]);
	free(folder.entries);
	if (e != OK)
		return e;
	*files = list;
	*n = folder.n;
	return OK;
}
