/* Hashes that are made of MD5 and SHA-1: $apr1$, phpass, {SHA}, lists. A door to libcrypto. */
#ifndef GATEPOST_AUTH_FOREIGN_DIGEST_H
#define GATEPOST_AUTH_FOREIGN_DIGEST_H

#include <stdbool.h>

#include "err.h"
#include "secret.h"

/*
 * Whether the password makes the same text, which has the form (foreign_hash.h). The algorithms are
 * those of Apache's apr_md5.c, of phpass 0.3's portable hashes, and base64(SHA-1). ERR_MEMORY;
 * ERR_INTERNAL: libcrypto has not this digest.
 */
MUST_CHECK enum err foreign_digest_apr1(struct secret text, struct secret normal, bool *same);
MUST_CHECK enum err foreign_digest_phpass(struct secret text, struct secret normal, bool *same);
MUST_CHECK enum err foreign_digest_sha1(struct secret text, struct secret normal, bool *same);

/* The password's SHA-1 as lists of breached passwords have it: upper-case hexadecimal, no NUL. */
#define FOREIGN_DIGEST_SHA1_TEXT 40
MUST_CHECK enum err foreign_digest_sha1_text(struct secret normal,
					     char text[FOREIGN_DIGEST_SHA1_TEXT]);

#endif
