/* Text under construction in an arena, with a hard maximum and a sticky failure. */
#ifndef GATEPOST_BASE_BUF_H
#define GATEPOST_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "str.h"

struct arena;

/* Owned by its arena. After a failure every further buf_add does nothing; buf_str tells. */
struct buf {
	struct arena *arena;
	char *p;
	size_t n;
	size_t cap;
	size_t max;
	enum err failed; /* OK, ERR_MEMORY or ERR_TOO_LARGE: the first that happened */
};

/* max: the most bytes it may ever hold. Allocates nothing yet. */
void buf_init(struct buf *buf, struct arena *arena, size_t max);
/* s must not lie in the buffer itself. */
/* Makes room for n octets at once, where that many are to be expected. */
void buf_expect(struct buf *buf, size_t n);
void buf_add(struct buf *buf, struct str s);
void buf_add_char(struct buf *buf, char c);
void buf_add_u64(struct buf *buf, uint64_t value);
void buf_add_i64(struct buf *buf, int64_t value);
/* printf; the formatted piece is at most 1023 bytes (longer: ERR_TOO_LARGE). Never for secrets. */
void buf_addf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* What was built, NUL-terminated behind the slice, valid until the next buf_add; or its failure. */
MUST_CHECK enum err buf_str(struct buf *buf, struct str *out);

#endif
