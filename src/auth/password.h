/* Passwords: normal form, rules, Argon2id within the host's hash slots. */
#ifndef GATEPOST_AUTH_PASSWORD_H
#define GATEPOST_AUTH_PASSWORD_H

#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "err.h"
#include "secret.h"
#include "str.h"

struct arena;
struct slots;

#define PASSWORD_BYTES_MAX 1024
/* The floor of the cost settings: KiB and passes. */
#define PASSWORD_MEMORY_MIN 19456
#define PASSWORD_PASSES_MIN 2

/* Cost parameters, a hash that matches nothing, and the slots. Shared by threads. */
struct hasher;

/* slots may be NULL (no ceiling: the command). Hashes nothing. */
MUST_CHECK enum err hasher_open(const struct config *config, struct slots *slots,
				struct hasher **out);
void hasher_close(struct hasher **hasher);

enum password_flaw {
	PASSWORD_FINE = 0,
	PASSWORD_NOT_TEXT,  /* NUL or invalid UTF-8 */
	PASSWORD_TOO_LONG,  /* over PASSWORD_BYTES_MAX bytes as sent or in NFC */
	PASSWORD_TOO_SHORT, /* under the minimum of code points; only asked of new ones */
	PASSWORD_COMMON,    /* made of common words, runs, years, repetition (password_rules.h) */
	PASSWORD_PERSONAL,  /* made of the person's or the service's name */
	PASSWORD_SAME,      /* the one that it is to replace */
	PASSWORD_BREACHED,  /* in the list of those that became known (breached.h) */
	PASSWORD_FLAW_COUNT
};
/* A sentence for the command, in English; static. */
const char *password_flaw_text(enum password_flaw flaw);

/* What would make it better; nothing decides by it (strength.h). */
enum password_hint {
	PASSWORD_HINT_NONE = 0,
	PASSWORD_HINT_WEAK, /* would be guessed quickly */
	PASSWORD_HINT_FAIR, /* one more word would help much */
	PASSWORD_HINT_COUNT
};
/* The same of it; empty for none. */
const char *password_hint_text(enum password_hint hint);

/*
 * NFC (Unicode 15, utf8proc) and nothing else: no trim, no case fold. With a flaw *out is
 * untouched.
 */
MUST_CHECK enum err password_normalise(struct arena *arena, struct str typed, struct secret *out,
				       enum password_flaw *flaw);
/* The length of a new one, in normal form; password_rules_check asks more. */
enum password_flaw password_check_new(const struct config *config, struct secret normal);

/* PHC string. Waits for a slot until the deadline (clock_monotonic): ERR_UNAVAILABLE. */
MUST_CHECK enum err password_hash(struct hasher *hasher, struct arena *arena, struct secret normal,
				  int64_t deadline, struct secret *phc);

/*
 * The hash is of another form than today's, or costs less (memory times passes). What can be
 * verified against nothing: false.
 */
bool password_is_outdated(const struct hasher *hasher, struct secret phc);

/* What a hash of this cost takes on this machine: microseconds. ERR_MEMORY. */
MUST_CHECK enum err password_measure(unsigned memory, unsigned passes, int64_t *took);

enum password_verdict { PASSWORD_WRONG = 0, PASSWORD_RIGHT };
/*
 * phc is ours or of another form within its cost bound (foreign_hash.h), which is verified beside
 * the hash that matches nothing, so that none answers sooner than ours. phc missing, of no such
 * form or above the bound: the same work against that hash alone; PASSWORD_WRONG.
 */
MUST_CHECK enum err password_verify(struct hasher *hasher, struct secret phc, struct secret normal,
				    int64_t deadline, enum password_verdict *verdict);

#endif
