/* Reading and writing whole, over read(2) and write(2). */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"

#define KIB 1024

bool file_read(int fd, void *bytes, size_t n)
{
	char *p = bytes;

	while (n > 0) {
		ssize_t got = read(fd, p, n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		p += got;
		n -= (size_t)got;
	}
	return true;
}

bool file_write(int fd, const void *bytes, size_t n)
{
	const char *p = bytes;

	while (n > 0) {
		ssize_t written = write(fd, p, n);
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return false;
		p += written;
		n -= (size_t)written;
	}
	return true;
}

static enum err check_open(int fd, const char *path, size_t max, size_t *size, struct fault *fault)
{
	struct stat status;

	if (fstat(fd, &status) != 0)
		return fault_set(fault, "%s: cannot be read", path);
	if (!S_ISREG(status.st_mode))
		return fault_set(fault, "%s: is not a regular file", path);
	if ((status.st_mode & S_IWOTH) != 0)
		return fault_set(fault, "%s: can be written by everybody", path);
	if (status.st_size > (off_t)max)
		return fault_set(fault, "%s: is larger than %zu KiB", path, max / KIB);
	*size = (size_t)status.st_size;
	return OK;
}

static enum err read_open(int fd, size_t size, struct arena *arena, struct str *out)
{
	char *bytes = arena_alloc(arena, size + 1);

	if (bytes == NULL)
		return ERR_MEMORY;
	if (!file_read(fd, bytes, size))
		return ERR_IO;
	*out = (struct str){.p = bytes, .n = size};
	return OK;
}

enum err file_load(const char *path, size_t max, struct arena *arena, struct str *out,
		   struct fault *fault)
{
	size_t size = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0)
		return fault_set(fault, "%s: cannot be opened", path);
	enum err e = check_open(fd, path, max, &size, fault);
	if (e == OK)
		e = read_open(fd, size, arena, out);
	(void)close(fd);
	return e == ERR_IO ? fault_set(fault, "%s: cannot be read", path) : e;
}
