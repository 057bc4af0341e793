/* bcrypt and sha-crypt by crypt(3). The only door to libcrypt. */
#ifndef GATEPOST_AUTH_FOREIGN_CRYPT_H
#define GATEPOST_AUTH_FOREIGN_CRYPT_H

#include <stdbool.h>

#include "err.h"
#include "secret.h"

/*
 * Whether crypt(3) makes the same text of the password; text has no NUL. A password that libcrypt
 * does not take (over 511 octets) makes none. ERR_MEMORY.
 */
MUST_CHECK enum err foreign_crypt(struct secret text, struct secret normal, bool *same);

#endif
