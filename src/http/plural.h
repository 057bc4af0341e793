/* Which form of a text goes with a number: the C expression of gettext's "Plural-Forms: plural=".
 */
#ifndef GATEPOST_HTTP_PLURAL_H
#define GATEPOST_HTTP_PLURAL_H

#include <stdint.h>

#include "err.h"
#include "str.h"

struct arena;

#define PLURAL_FORMS_MAX 8
#define PLURAL_NODES_MAX 128  /* numbers, operators and n of one expression */
#define PLURAL_NESTING_MAX 32 /* parentheses, !, ?: within each other */

/* A parsed expression; immutable, lives in its arena. */
struct plural;

/*
 * Of the operators ?: || && == != < > <= >= + - * / % ! and parentheses, over n and decimal numbers
 * below 2^32, with C's precedence. forms: how many a text has, 1 to PLURAL_FORMS_MAX. ERR_INPUT:
 * *reason (static storage) says what is wrong with it; that no number of 0 to 999 has some form, or
 * that one has a form that is not there, too. ERR_MEMORY.
 */
MUST_CHECK enum err plural_parse(struct arena *arena, struct str text, unsigned forms,
				 const struct plural **out, const char **reason);
/* The form for n, below forms. Arithmetic is of 64 bits and wraps; by zero, / and % are 0. */
unsigned plural_form(const struct plural *plural, uint64_t n);

#endif
