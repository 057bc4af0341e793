/* The root keys of the key file and the sub-keys of every purpose, and hashing under them. */
#ifndef GATEPOST_BASE_KEYRING_H
#define GATEPOST_BASE_KEYRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
	KEY_ACCESS_TOKEN,
	KEY_SERVICE,
	KEY_CHALLENGE,
	KEY_PURPOSE_COUNT
};

#define KEYRING_ROOTS 2 /* look-ups go under at most the newest two */
#define KEYRING_KEY 32  /* octets of a root, and of a sub-key */

/* Keys live in sodium_malloc memory, read-only after loading. Shared by all threads. */
struct keyring;

/*
 * Reads "NUMBER BASE64URL(32 bytes) [SECONDS]" lines ('#' comments, blank lines); the seconds since
 * 1970 say when the root was made. Checked on the open descriptor: a regular file, owned by the
 * caller or root, no permission for others and none but read for the group. ERR_CONFIG with the
 * reason and the line.
 */
MUST_CHECK enum err keyring_load(const char *path, struct keyring **out, struct fault *fault);
/* Wipes and frees; sets NULL. */
void keyring_free(struct keyring **keyring);

/* How many roots look-ups must try: 1, or 2 while an older one exists. */
size_t keyring_roots(const struct keyring *keyring);

/* A root of the file. */
struct keyring_root {
	uint32_t number;
	int64_t made_at; /* 0: the file does not say */
};
/* Those of the file, the newest first: at < *n. */
struct keyring_root keyring_root_at(const struct keyring *keyring, size_t at, size_t *n);
/* What seals under a root of that number; NULL: the file has none. For seal.c. */
const unsigned char *keyring_seal_key(const struct keyring *keyring, uint32_t number);

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
