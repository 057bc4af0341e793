/* Text under construction: doubles inside its arena up to a hard maximum. */
#include "buf.h"

#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "arena.h"

#define FIRST_CAP 128
#define PIECE_BYTES 1024
#define NUMBER_BYTES 24

void buf_init(struct buf *buf, struct arena *arena, size_t max)
{
	*buf = (struct buf){.arena = arena, .max = max};
}

/* Room for n more and a NUL; false when the buffer has failed. */
static bool reserve(struct buf *buf, size_t n)
{
	if (buf->failed != OK)
		return false;
	if (n > buf->max - buf->n) {
		buf->failed = ERR_TOO_LARGE;
		return false;
	}
	if (buf->n + n < buf->cap)
		return true;

	size_t cap = buf->cap == 0 ? FIRST_CAP : buf->cap;
	while (cap <= buf->n + n)
		cap = cap > SIZE_MAX / 2 ? SIZE_MAX : cap * 2;
	if (cap - 1 > buf->max)
		cap = buf->max + 1;
	char *p = arena_alloc(buf->arena, cap);
	if (p == NULL) {
		buf->failed = ERR_MEMORY;
		return false;
	}
	if (buf->n > 0) {
		memcpy(p, buf->p, buf->n);
		sodium_memzero(buf->p, buf->n);
	}
	buf->p = p;
	buf->cap = cap;
	return true;
}

void buf_expect(struct buf *buf, size_t n)
{
	(void)reserve(buf, n);
}

void buf_add(struct buf *buf, struct str s)
{
	if (s.n == 0 || !reserve(buf, s.n))
		return;
	memcpy(buf->p + buf->n, s.p, s.n);
	buf->n += s.n;
	buf->p[buf->n] = '\0';
}

void buf_add_char(struct buf *buf, char c)
{
	buf_add(buf, (struct str){.p = &c, .n = 1});
}

static void add_number(struct buf *buf, bool negative, uint64_t value)
{
	char text[NUMBER_BYTES];
	size_t at = sizeof text;

	do {
		text[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	if (negative)
		text[--at] = '-';
	buf_add(buf, (struct str){.p = text + at, .n = sizeof text - at});
}

void buf_add_u64(struct buf *buf, uint64_t value)
{
	add_number(buf, false, value);
}

void buf_add_i64(struct buf *buf, int64_t value)
{
	add_number(buf, value < 0, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void buf_addf(struct buf *buf, const char *format, ...)
{
	char piece[PIECE_BYTES];
	va_list args;

	if (buf->failed != OK)
		return;
	va_start(args, format);
	int n = vsnprintf(piece, sizeof piece, format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= sizeof piece) {
		buf->failed = ERR_TOO_LARGE;
		return;
	}
	buf_add(buf, (struct str){.p = piece, .n = (size_t)n});
}

enum err buf_str(struct buf *buf, struct str *out)
{
	if (buf->failed != OK)
		return buf->failed;
	*out = buf->p == NULL ? STR("") : (struct str){.p = buf->p, .n = buf->n};
	return OK;
}
