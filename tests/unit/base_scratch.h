/* A directory of a test's own, with files in it, gone at the end. */
#ifndef GATEPOST_TESTS_BASE_SCRATCH_H
#define GATEPOST_TESTS_BASE_SCRATCH_H

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "str.h"

#define SCRATCH_PATH 256

struct scratch {
	char dir[SCRATCH_PATH / 2];
	char path[SCRATCH_PATH];
	struct arena *arena;
};

/* For cmocka's setup: *state is a struct scratch. */
static inline int scratch_setup(void **state)
{
	struct scratch *scratch = calloc(1, sizeof *scratch);

	if (scratch == NULL || arena_open(4096, 8 << 20, &scratch->arena) != OK)
		return -1;
	(void)snprintf(scratch->dir, sizeof scratch->dir, "/tmp/gatepost-test.XXXXXX");
	if (mkdtemp(scratch->dir) == NULL)
		return -1;
	*state = scratch;
	return 0;
}

static inline int scratch_remove(const char *path, const struct stat *status, int type,
				 struct FTW *place)
{
	(void)status, (void)type, (void)place;
	return remove(path);
}

static inline int scratch_teardown(void **state)
{
	struct scratch *scratch = *state;
	int failed = nftw(scratch->dir, scratch_remove, 8, FTW_DEPTH | FTW_PHYS);

	arena_close(&scratch->arena);
	free(scratch);
	return failed;
}

/* The path of a file in the directory; valid until the next call. */
static inline const char *scratch_path(struct scratch *scratch, const char *name)
{
	(void)snprintf(scratch->path, sizeof scratch->path, "%s/%s", scratch->dir, name);
	return scratch->path;
}

/* Writes a file anew, with exactly that mode, and gives its path. */
static inline const char *scratch_bytes(struct scratch *scratch, const char *name,
					struct str content, mode_t mode)
{
	const char *path = scratch_path(scratch, name);
	(void)unlink(path);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 || fchmod(fd, mode) != 0 ||
	    write(fd, content.n > 0 ? content.p : "", content.n) != (ssize_t)content.n)
		abort();
	close(fd);
	return path;
}

static inline const char *scratch_file(struct scratch *scratch, const char *name,
				       const char *content, mode_t mode)
{
	return scratch_bytes(scratch, name, str_of(content), mode);
}

/* A folder in it; fine when it is there already. */
static inline void scratch_folder(struct scratch *scratch, const char *name)
{
	const char *path = scratch_path(scratch, name);

	if (mkdir(path, 0700) != 0 && access(path, X_OK) != 0)
		abort();
}

#endif
