/* A small file with a secret in it, read only when nobody else could have read or written it. */
#ifndef GATEPOST_BASE_SECRET_FILE_H
#define GATEPOST_BASE_SECRET_FILE_H

#include "err.h"
#include "secret.h"

struct arena;

#define SECRET_FILE_MAX 65536

/*
 * Reads the whole file into the arena, a NUL behind it. Checked on the open descriptor: a regular
 * file, no symbolic link, owned by the caller or root, no permission for others and none but read
 * for the group, at most SECRET_FILE_MAX bytes. Failures write "PATH: reason" to fault: ERR_IO when
 * the file does not exist or this process may not read it, ERR_CONFIG for everything else wrong
 * with it, ERR_MEMORY.
 */
MUST_CHECK enum err secret_file_read(const char *path, struct arena *arena, struct secret *out,
				     struct fault *fault);

#endif
