/* Slices of text: a pointer and a length, not owned, not necessarily NUL-terminated. */
#ifndef GATEPOST_BASE_STR_H
#define GATEPOST_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

struct arena;

/* p may be NULL when n is 0 ("absent"). A present empty slice has p != NULL. Lifetime: the
 * source's. */
struct str {
	const char *p;
	size_t n;
};

/* A slice of a string literal. */
#define STR(literal) ((struct str){(literal), sizeof(literal) - 1})
#define STR_NONE ((struct str){NULL, 0})

/* A slice of a C string; NULL gives STR_NONE. */
struct str str_of(const char *c_string);
bool str_is_present(struct str s);
bool str_equal(struct str a, struct str b);        /* not for secrets: see secret.h */
bool str_equal_nocase(struct str a, struct str b); /* ASCII only */
bool str_starts(struct str s, struct str prefix);
bool str_contains(struct str s, char c);
struct str str_sub(struct str s, size_t from, size_t to); /* [from, to), clamped to s */
struct str str_trim(struct str s);                        /* spaces and tabs at both ends */
/* Cuts s at the first c: *head gets what is before, *tail what is after. False: no c, outputs set
 * to s and STR_NONE. */
bool str_cut(struct str s, char c, struct str *head, struct str *tail);

/* Well-formed UTF-8 (RFC 3629: no overlong form, no surrogate, at most U+10FFFF). */
bool str_is_utf8(struct str s);
/* The first code point and how many octets it takes; 0 (out untouched): none, or malformed. */
size_t str_code_point(struct str s, uint32_t *out);
/* Number of code points of well-formed UTF-8. */
size_t str_code_points(struct str s);
/* Has an octet below 0x20, or 0x7f. NUL counts. */
bool str_has_control(struct str s);
/* The same, or a C1 control in UTF-8 (U+0080 … U+009F), on which terminals act. */
bool str_has_any_control(struct str s);

/* Decimal digits only, no sign, no space, no leading '+'; ERR_INPUT otherwise or when over max. */
MUST_CHECK enum err str_to_u64(struct str s, uint64_t max, uint64_t *out);

/* Copies in the arena, NUL-terminated behind the slice. Absent stays absent. ERR_MEMORY. */
MUST_CHECK enum err str_copy(struct arena *arena, struct str s, struct str *out);
/* The same with A-Z lowered; nothing else is changed. */
MUST_CHECK enum err str_copy_lower(struct arena *arena, struct str s, struct str *out);

#endif
