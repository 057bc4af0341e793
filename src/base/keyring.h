/* The root keys of the key file and the sub-keys of every purpose, and hashing under them. */
#ifndef GATEPOST_BASE_KEYRING_H
#define GATEPOST_BASE_KEYRING_H

#include <stddef.h>

#include "err.h"
#include "ident.h"
#include "secret.h"
#include "str.h"

/* Append only: the number is the sub-key's number in crypto_kdf, so a reordering changes every key.
 */
enum key_purpose {
	KEY_COOKIE = 1,
	KEY_HANDLE,
	KEY_REFRESH,
	KEY_CHILD,
	KEY_MAIL_CODE,
	KEY_RECOVERY_CODE,
	KEY_THROTTLE,
	KEY_CSRF,
	KEY_PRE,
	KEY_DEVICE,
	KEY_TICKET,
	KEY_SEAL,
	KEY_SETUP_CODE,
	KEY_PROOF,
	KEY_AUDIT,
	KEY_HANDOVER,
	KEY_PURPOSE_COUNT
};

#define KEYRING_ROOTS 2 /* look-ups go under at most the newest two */

/* Keys live in sodium_malloc memory, read-only after loading. Shared by all threads. */
struct keyring;

/*
 * Reads "NUMBER BASE64URL(32 bytes)" lines ('#' comments, blank lines). Checked on the open
 * descriptor: a regular file, owned by the caller or root, no permission for others and none but
 * read for the group. ERR_CONFIG with the reason and the line.
 */
MUST_CHECK enum err keyring_load(const char *path, struct keyring **out, struct fault *fault);
/* Creates the file (0600, O_EXCL) with one new root, number 1. ERR_CONFLICT when it exists. */
MUST_CHECK enum err keyring_create_file(const char *path, struct fault *fault);
/* Wipes and frees; sets NULL. */
void keyring_free(struct keyring **keyring);

/* How many roots look-ups must try: 1, or 2 while an older one exists. */
size_t keyring_roots(const struct keyring *keyring);

/*
 * Keyed BLAKE2b-256 over the parts, each preceded by its length (so that ("ab","c") differs from
 * ("a","bc")), under the sub-key of the purpose. root 0 is the newest (all writes), 1 the one
 * before.
 */
void keyring_digest(const struct keyring *keyring, size_t root, enum key_purpose purpose,
		    const struct secret *parts, size_t n, struct digest *out);

/* A part that is not secret. The bytes are only read. */
struct secret keyring_part(const void *bytes, size_t n);

#endif
