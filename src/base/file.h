/* Reading and writing whole: calls that are cut short or interrupted go on. */
#ifndef GATEPOST_BASE_FILE_H
#define GATEPOST_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>

/* Reads exactly n bytes; false on an error or an earlier end. */
bool file_read(int fd, void *bytes, size_t n);
/* Writes all n bytes; false on an error (errno tells). */
bool file_write(int fd, const void *bytes, size_t n);

#endif
