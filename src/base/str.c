/* Slices of text: comparing, cutting, checking, copying. */
#include "str.h"

#include <string.h>

#include "arena.h"

struct str str_of(const char *c_string)
{
	if (c_string == NULL)
		return STR_NONE;
	return (struct str){.p = c_string, .n = strlen(c_string)};
}

bool str_is_present(struct str s)
{
	return s.p != NULL;
}

bool str_equal(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool str_equal_nocase(struct str a, struct str b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++) {
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	}
	return true;
}

bool str_starts(struct str s, struct str prefix)
{
	return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

bool str_contains(struct str s, char c)
{
	return s.n > 0 && memchr(s.p, c, s.n) != NULL;
}

struct str str_sub(struct str s, size_t from, size_t to)
{
	if (to > s.n)
		to = s.n;
	if (from > to)
		from = to;
	if (s.p == NULL)
		return STR_NONE;
	return (struct str){.p = s.p + from, .n = to - from};
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

struct str str_trim(struct str s)
{
	size_t from = 0;
	size_t to = s.n;

	while (from < to && is_blank(s.p[from]))
		from++;
	while (to > from && is_blank(s.p[to - 1]))
		to--;
	return str_sub(s, from, to);
}

bool str_cut(struct str s, char c, struct str *head, struct str *tail)
{
	const char *at = s.n > 0 ? memchr(s.p, c, s.n) : NULL;
	if (at == NULL) {
		*head = s;
		*tail = STR_NONE;
		return false;
	}
	size_t n = (size_t)(at - s.p);
	*head = str_sub(s, 0, n);
	*tail = str_sub(s, n + 1, s.n);
	return true;
}

/* What RFC 3629 §4 allows after a leading octet: how many octets in all, and the second's range. */
struct utf8_lead {
	size_t n;
	unsigned char least;
	unsigned char most;
};

static struct utf8_lead utf8_lead(unsigned char c)
{
	if (c < 0x80)
		return (struct utf8_lead){1, 0, 0};
	if (c < 0xc2 || c > 0xf4)
		return (struct utf8_lead){0, 0, 0};
	if (c < 0xe0)
		return (struct utf8_lead){2, 0x80, 0xbf};
	if (c < 0xf0) {
		return (struct utf8_lead){3, c == 0xe0 ? 0xa0 : 0x80, c == 0xed ? 0x9f : 0xbf};
	}
	return (struct utf8_lead){4, c == 0xf0 ? 0x90 : 0x80, c == 0xf4 ? 0x8f : 0xbf};
}

size_t str_code_point(struct str s, uint32_t *out)
{
	static const unsigned char lead_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};

	if (s.n == 0)
		return 0;
	unsigned char first = (unsigned char)s.p[0];
	struct utf8_lead lead = utf8_lead(first);
	if (lead.n == 0 || lead.n > s.n)
		return 0;

	uint32_t value = first & lead_bits[lead.n];
	for (size_t i = 1; i < lead.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		unsigned char least = i == 1 ? lead.least : 0x80;
		unsigned char most = i == 1 ? lead.most : 0xbf;
		if (c < least || c > most)
			return 0;
		value = value << 6 | (c & 0x3fU);
	}
	*out = value;
	return lead.n;
}

bool str_is_utf8(struct str s)
{
	size_t i = 0;

	while (i < s.n) {
		uint32_t ignored = 0;
		size_t n = str_code_point(str_sub(s, i, s.n), &ignored);
		if (n == 0)
			return false;
		i += n;
	}
	return true;
}

size_t str_code_points(struct str s)
{
	size_t count = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (((unsigned char)s.p[i] & 0xc0) != 0x80)
			count++;
	}
	return count;
}

bool str_has_control(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
			return true;
	}
	return false;
}

bool str_has_any_control(struct str s)
{
	for (size_t i = 0; i + 1 < s.n; i++)
		if ((unsigned char)s.p[i] == 0xc2 && (unsigned char)s.p[i + 1] < 0xa0)
			return true;
	return str_has_control(s);
}

enum err str_to_u64(struct str s, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;

	if (s.n == 0)
		return ERR_INPUT;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return ERR_INPUT;
		uint64_t digit = (uint64_t)(s.p[i] - '0');
		if (digit > max || value > (max - digit) / 10)
			return ERR_INPUT;
		value = value * 10 + digit;
	}
	*out = value;
	return OK;
}

static enum err copy(struct arena *arena, struct str s, char **out)
{
	if (s.n == SIZE_MAX)
		return ERR_MEMORY;
	char *p = arena_alloc(arena, s.n + 1);
	if (p == NULL)
		return ERR_MEMORY;
	if (s.n > 0)
		memcpy(p, s.p, s.n);
	*out = p;
	return OK;
}

enum err str_copy(struct arena *arena, struct str s, struct str *out)
{
	char *p = NULL;

	if (s.p == NULL) {
		*out = STR_NONE;
		return OK;
	}
	TRY(copy(arena, s, &p));
	*out = (struct str){.p = p, .n = s.n};
	return OK;
}

enum err str_copy_lower(struct arena *arena, struct str s, struct str *out)
{
	char *p = NULL;

	if (s.p == NULL) {
		*out = STR_NONE;
		return OK;
	}
	TRY(copy(arena, s, &p));
	for (size_t i = 0; i < s.n; i++)
		p[i] = lower(p[i]);
	*out = (struct str){.p = p, .n = s.n};
	return OK;
}
