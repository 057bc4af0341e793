/* HTML escaping: runs of harmless characters are copied whole. */
#include "html.h"

#include <stdint.h>

#include "buf.h"

#define REPLACEMENT STR("\xef\xbf\xbd") /* U+FFFD */

/* What stands for the ASCII character c; absent: c itself. */
static struct str replacement(char c)
{
	switch (c) {
	case '&':
		return STR("&amp;");
	case '<':
		return STR("&lt;");
	case '>':
		return STR("&gt;");
	case '"':
		return STR("&quot;");
	case '\'':
		return STR("&#39;");
	case '\t':
	case '\n':
		return STR_NONE;
	default:
		return (unsigned char)c < 0x20 || c == 0x7f ? REPLACEMENT : STR_NONE;
	}
}

/* How many octets at the start of s are one character, and what stands for it (absent: itself). */
static size_t next(struct str s, struct str *instead)
{
	uint32_t point = 0;

	if ((unsigned char)s.p[0] < 0x80) {
		*instead = replacement(s.p[0]);
		return 1;
	}
	size_t n = str_code_point(s, &point);
	*instead = n == 0 || point < 0xa0 ? REPLACEMENT : STR_NONE;
	return n == 0 ? 1 : n;
}

void html_add(struct buf *buf, struct str s)
{
	size_t from = 0;
	size_t at = 0;

	while (at < s.n) {
		struct str instead = STR_NONE;
		size_t n = next(str_sub(s, at, s.n), &instead);
		if (str_is_present(instead)) {
			buf_add(buf, str_sub(s, from, at));
			buf_add(buf, instead);
			from = at + n;
		}
		at += n;
	}
	buf_add(buf, str_sub(s, from, s.n));
}
