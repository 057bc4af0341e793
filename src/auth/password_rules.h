/* What a new password must not be: short, common, repeated, or its owner's own name. */
#ifndef GATEPOST_AUTH_PASSWORD_RULES_H
#define GATEPOST_AUTH_PASSWORD_RULES_H

#include "blocklist.h"
#include "err.h"
#include "password.h"
#include "secret.h"
#include "str.h"

struct arena;
struct config;

/* Words that belong to the person; absent: none. */
struct password_about {
	struct str username;
	struct str email;
};

/* Under this a new password is refused as common. */
#define PASSWORD_COST_MIN 40

/*
 * What guessing by rule costs at most, in bits: listed words (in any case, with the usual digits
 * and signs for letters), runs and keyboard runs, years, repetition of the whole, and what is
 * between. own: words that cost next to nothing. Not a measure of strength: it finds what is made
 * of very little, and all that costs PASSWORD_COST_MIN or more is alike.
 */
MUST_CHECK enum err password_cost(struct arena *arena, const struct blocklist *list,
				  const struct str *own, size_t own_count, struct secret normal,
				  unsigned *bits)
	/* six parameters: two lists and a text, none of them a struct's worth */;

/*
 * The rules for a new one, in normal form (docs/decisions.md). The service's name and host are
 * those of the configuration. No rule of composition. list NULL is a defect: ERR_INTERNAL.
 */
MUST_CHECK enum err password_rules_check(struct arena *arena, const struct config *config,
					 const struct blocklist *list,
					 const struct password_about *about, struct secret normal,
					 enum password_flaw *flaw);

#endif
