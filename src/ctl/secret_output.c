/* A new secret on its way out: a file of its own that nobody else can read. */
#include "secret_output.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"

#define MODE 0600

enum err secret_place_open(const char *path, struct secret_place *out, struct fault *fault)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, MODE);

	if (fd < 0) {
		(void)fault_set(fault, "%s: %s", path, strerrordesc_np(errno));
		return ERR_INPUT;
	}
	*out = (struct secret_place){.path = path, .fd = fd};
	return OK;
}

enum err secret_place_fill(struct secret_place *place, struct secret secret)
{
	bool written = file_write(place->fd, secret.bytes, secret.len) &&
		       file_write(place->fd, "\n", 1) && fsync(place->fd) == 0;

	if (close(place->fd) != 0)
		written = false;
	place->fd = -1;
	return written ? OK : ERR_IO;
}

void secret_place_drop(struct secret_place *place)
{
	(void)close(place->fd);
	(void)unlink(place->path);
	place->fd = -1;
}
