/* A hint about a password for people; nothing decides by it. The only door to libzxcvbn. */
#ifndef GATEPOST_AUTH_STRENGTH_H
#define GATEPOST_AUTH_STRENGTH_H

#include "err.h"
#include "password.h"
#include "password_rules.h"
#include "secret.h"

struct arena;

/*
 * The estimate is in bits of bytes, so other scripts
 * seem stronger than they are: a long text is not measured further, and a hint never praises.
 */
MUST_CHECK enum err strength_hint(struct arena *arena, const struct password_about *about,
				  struct secret normal, enum password_hint *hint);

#endif
