/* Reading and writing whole: calls that are cut short or interrupted go on. */
#ifndef GATEPOST_BASE_FILE_H
#define GATEPOST_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"
#include "str.h"

struct arena;

/* Reads exactly n bytes; false on an error or an earlier end. */
bool file_read(int fd, void *bytes, size_t n);
/* Writes all n bytes; false on an error (errno tells). */
bool file_write(int fd, const void *bytes, size_t n);
/*
 * A file of our own installation, whole: a regular one (no link) of at most max bytes that not
 * everybody may write. ERR_CONFIG with the reason, ERR_MEMORY.
 */
MUST_CHECK enum err file_load(const char *path, size_t max, struct arena *arena, struct str *out,
			      struct fault *fault);

#endif
