/* Password hashes of other programs: which are taken, within what cost, and whether one fits. */
#ifndef GATEPOST_AUTH_FOREIGN_HASH_H
#define GATEPOST_AUTH_FOREIGN_HASH_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "secret.h"

enum foreign_form {
	FOREIGN_NONE = 0,
	FOREIGN_ARGON2ID,  /* $argon2id$v=19$: PHP password_hash, and our own */
	FOREIGN_ARGON2I,   /* $argon2i$v=19$ */
	FOREIGN_BCRYPT,    /* $2a$ $2b$ $2y$ */
	FOREIGN_SHA_CRYPT, /* $5$ $6$ */
	FOREIGN_APR1,      /* $apr1$: htpasswd -m */
	FOREIGN_SHA1,      /* {SHA}: htpasswd -s */
	FOREIGN_PHPASS,    /* $P$ $H$ */
	FOREIGN_FORM_COUNT
};
/* "bcrypt"; static. */
const char *foreign_form_name(enum foreign_form form);

/*
 * The most that one may cost, so that no verification takes over a second (docs/import.md has what
 * was measured).
 */
#define FOREIGN_BCRYPT_COST_MAX 13
#define FOREIGN_SHA_CRYPT_ROUNDS_MAX 700000
#define FOREIGN_PHPASS_LOG2_MAX 18
#define FOREIGN_ARGON2_MEMORY_MAX 262144 /* KiB */
#define FOREIGN_ARGON2_WORK_MAX 1048576  /* KiB times passes */
#define FOREIGN_ARGON2_LANES_MAX 16
/* bcrypt reads so many octets: what is longer fits none. */
#define FOREIGN_BCRYPT_OCTETS_MAX 72
/* sha-crypt's work grows with the password: above these rounds one of more octets fits none. */
#define FOREIGN_SHA_CRYPT_ROUNDS_LONG 100000
#define FOREIGN_SHA_CRYPT_OCTETS_LONG 64

/* What a hash says of itself; numbers that its form has not are 0. */
struct foreign_hash {
	enum foreign_form form;
	uint64_t rounds; /* sha-crypt: rounds; bcrypt, phpass: their binary logarithm */
	uint64_t memory; /* Argon2: KiB */
	uint64_t passes; /* Argon2 */
	uint64_t lanes;  /* Argon2 */
};

enum foreign_flaw {
	FOREIGN_FINE = 0,
	FOREIGN_UNKNOWN, /* no form that is taken */
	FOREIGN_BROKEN,  /* not as its form has it: cut off, another alphabet, no canonical text */
	FOREIGN_COSTLY,  /* above the bounds */
	FOREIGN_FLAW_COUNT
};
/* Half a sentence for people; static. */
const char *foreign_flaw_text(enum foreign_flaw flaw);

/* Reads the text, computes nothing. *out is set with FOREIGN_FINE and FOREIGN_COSTLY. */
enum foreign_flaw foreign_hash_read(struct secret text, struct foreign_hash *out);

/*
 * Whether this password made the text, which foreign_hash_read found fine and which is not Argon2
 * (password.c has that). As expensive as the text says: in a hash slot only.
 */
MUST_CHECK enum err foreign_hash_verify(const struct foreign_hash *hash, struct secret text,
					struct secret normal, bool *right);

#endif
