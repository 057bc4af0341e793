/* The pepper: password hashes sealed in their rows, under keys that the database does not have. */
#ifndef GATEPOST_AUTH_PEPPER_H
#define GATEPOST_AUTH_PEPPER_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "ident.h"
#include "keyring.h"
#include "secret.h"

struct arena;

/*
 * What stands in password.hash: a hash as it is, or "$gp1$NUMBER$BOX", where BOX is the base64url
 * of the sealed hash (seal.h, place "password" and the user's id) and NUMBER that of the pepper.
 */
#define PEPPER_HASH_MAX 127   /* characters of a hash: the longest that any form has */
#define PEPPER_STORED_MAX 255 /* as the column */

/* The number of the pepper that a stored value names; 0: it is not sealed, or broken. */
uint32_t pepper_number(struct secret stored);
/* What is made today is of this number; 0: nothing is sealed. peppers may be NULL. */
uint32_t pepper_newest(const struct keyring *peppers);

/*
 * What to store for a hash of this user: sealed under the newest pepper; without peppers the hash
 * itself. ERR_TOO_LARGE: over PEPPER_HASH_MAX.
 */
MUST_CHECK enum err pepper_close(const struct keyring *peppers, struct arena *arena,
				 const struct id *user_id, struct secret hash,
				 struct secret *stored);
/*
 * The hash in a stored value of this user, into the arena. ERR_CONFIG: there is no pepper of its
 * number. ERR_INPUT: it does not open: another's row, another key of this number, changed.
 */
MUST_CHECK enum err pepper_open(const struct keyring *peppers, struct arena *arena,
				const struct id *user_id, struct secret stored,
				struct secret *hash);

#endif
