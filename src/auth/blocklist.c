/* The list of common passwords and words that a new password must not be made of. */
#include "blocklist.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "file.h"

#define FILE_MAX (INT64_C(8) * 1024 * 1024)

struct blocklist {
	struct str *words;
	size_t n;
};

static int compare(const void *a, const void *b)
{
	const struct str *one = a;
	const struct str *other = b;
	size_t shorter = one->n < other->n ? one->n : other->n;
	int order = memcmp(one->p, other->p, shorter);

	if (order != 0)
		return order;
	return one->n < other->n ? -1 : one->n > other->n;
}

static enum err read_open(int fd, const char *path, struct arena *arena, struct str *out,
			  struct fault *fault)
{
	struct stat status;
	char *text = NULL;
	size_t n = 0;

	if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
		return fault_set(fault, "%s: is not a file (password.blocklist)", path);
	if (status.st_size > FILE_MAX)
		return fault_set(fault, "%s: is larger than 8 MiB (password.blocklist)", path);
	n = (size_t)status.st_size;
	text = arena_alloc(arena, n + 1);
	if (text == NULL)
		return ERR_MEMORY;
	if (!file_read(fd, text, n))
		return fault_set(fault, "%s: cannot be read (password.blocklist)", path);
	*out = (struct str){.p = text, .n = n};
	return OK;
}

static enum err read_whole(const char *path, struct arena *arena, struct str *out,
			   struct fault *fault)
{
	enum err e = OK;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return fault_set(fault, "%s: cannot be opened (password.blocklist)", path);
	e = read_open(fd, path, arena, out, fault);
	(void)close(fd);
	return e;
}

static bool is_word(struct str line)
{
	return line.n >= BLOCKLIST_WORD_MIN && line.n <= BLOCKLIST_WORD_MAX && line.p[0] != '#';
}

static enum err take_words(struct str text, struct arena *arena, struct blocklist *list)
{
	struct str line = STR_NONE;
	size_t lines = 1;

	for (size_t i = 0; i < text.n; i++)
		lines += text.p[i] == '\n';
	list->words = arena_array(arena, lines, sizeof *list->words);
	if (list->words == NULL)
		return ERR_MEMORY;
	for (bool more = true; more;) {
		more = str_cut(text, '\n', &line, &text);
		line = str_trim(line);
		if (is_word(line))
			TRY(str_copy_lower(arena, line, &list->words[list->n++]));
	}
	qsort(list->words, list->n, sizeof *list->words, compare);
	return OK;
}

enum err blocklist_load(const char *path, struct arena *arena, const struct blocklist **out,
			struct fault *fault)
{
	struct blocklist *list = arena_alloc(arena, sizeof *list);
	struct str text = STR_NONE;

	if (list == NULL)
		return ERR_MEMORY;
	TRY(read_whole(path, arena, &text, fault));
	if (!str_is_utf8(text))
		return fault_set(fault, "%s: is not UTF-8 (password.blocklist)", path);
	TRY(take_words(text, arena, list));
	if (list->n == 0)
		return fault_set(fault, "%s: has no word in it (password.blocklist)", path);
	*out = list;
	return OK;
}

size_t blocklist_count(const struct blocklist *list)
{
	return list->n;
}

struct str blocklist_word(const struct blocklist *list, size_t i)
{
	return list->words[i];
}

bool blocklist_has(const struct blocklist *list, struct str word)
{
	return bsearch(&word, list->words, list->n, sizeof word, compare) != NULL;
}
