/* A keyring for tests: its file lives as long as the load takes. */
#ifndef GATEPOST_TESTS_UNIT_AUTH_KEYS_H
#define GATEPOST_TESTS_UNIT_AUTH_KEYS_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keyring.h"

#define AUTH_KEY_1 "1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n"
#define AUTH_KEY_2 "2 ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8\n"

/* NULL on any failure; keyring_free gives it back. */
static inline struct keyring *auth_keys(const char *lines)
{
	char path[] = "/tmp/gatepost-keys-XXXXXX";
	struct keyring *keys = NULL;
	struct fault fault;
	int fd = mkstemp(path);

	if (fd < 0)
		return NULL;
	if (write(fd, lines, strlen(lines)) != (ssize_t)strlen(lines) ||
	    keyring_load(path, &keys, &fault) != OK)
		keys = NULL;
	close(fd);
	unlink(path);
	return keys;
}

#endif
