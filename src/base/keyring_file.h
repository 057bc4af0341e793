/* The key file written: made, given another root, relieved of one. */
#ifndef GATEPOST_BASE_KEYRING_FILE_H
#define GATEPOST_BASE_KEYRING_FILE_H

#include <stdint.h>

#include "err.h"

/* Creates the file (0600, O_EXCL) with one new root, number 1. ERR_CONFLICT when it exists. */
MUST_CHECK enum err keyring_file_create(const char *path, int64_t now, struct fault *fault);
/*
 * Adds a new root with the next number. The file is replaced at once and whole: mode, owner and all
 * other lines stay. ERR_CONFLICT: PATH.new exists, so somebody else is changing it (or was broken
 * off). ERR_CONFIG, ERR_IO with the reason: nothing was changed.
 */
MUST_CHECK enum err keyring_file_add(const char *path, int64_t now, uint32_t *number,
				     struct fault *fault);
/* Takes the root of that number out, in the same way. The only one cannot go: ERR_CONFIG. */
MUST_CHECK enum err keyring_file_remove(const char *path, uint32_t number, struct fault *fault);

#endif
