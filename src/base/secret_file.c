/* Reading a secret from a file that only its owner and readers chosen by root can reach. */
#include "secret_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "file.h"

static enum err open_file(const char *path, int *fd, struct fault *fault)
{
	/* O_NONBLOCK: a pipe put in the file's place must not hold up the start. */
	*fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (*fd >= 0)
		return OK;

	int why = errno;
	if (why == ELOOP)
		return fault_set(fault, "%s: is a symbolic link", path);
	enum err e = fault_set(fault, "%s: %s", path, strerrordesc_np(why));
	return why == ENOENT || why == ENOTDIR || why == EACCES ? ERR_IO : e;
}

static enum err check(const char *path, int fd, size_t *size, struct fault *fault)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return fault_set(fault, "%s: %s", path, strerrordesc_np(errno));
	if (!S_ISREG(st.st_mode))
		return fault_set(fault, "%s: is not a regular file", path);
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return fault_set(fault, "%s: belongs to user %u, neither root nor this one", path,
				 (unsigned)st.st_uid);
	if ((st.st_mode & S_IRWXO) != 0)
		return fault_set(fault, "%s: others can reach it (mode %04o): chmod 0600", path,
				 (unsigned)st.st_mode & 07777U);
	if ((st.st_mode & (S_IWGRP | S_IXGRP)) != 0)
		return fault_set(fault, "%s: its group may only read it (mode %04o): chmod 0640",
				 path, (unsigned)st.st_mode & 07777U);
	if (st.st_size > SECRET_FILE_MAX)
		return fault_set(fault, "%s: is larger than %d bytes", path, SECRET_FILE_MAX);
	*size = (size_t)st.st_size;
	return OK;
}

static enum err read_open(const char *path, int fd, struct arena *arena, struct secret *out,
			  struct fault *fault)
{
	size_t n = 0;

	TRY(check(path, fd, &n, fault));
	unsigned char *bytes = arena_alloc(arena, n + 1);
	if (bytes == NULL) {
		(void)fault_set(fault, "%s: no memory for it", path);
		return ERR_MEMORY;
	}
	if (!file_read(fd, bytes, n))
		return fault_set(fault, "%s: could not be read whole", path);
	*out = (struct secret){.bytes = bytes, .len = n};
	return OK;
}

enum err secret_file_read(const char *path, struct arena *arena, struct secret *out,
			  struct fault *fault)
{
	int fd = -1;

	TRY(open_file(path, &fd, fault));
	enum err e = read_open(path, fd, arena, out, fault);
	close(fd);
	return e;
}
