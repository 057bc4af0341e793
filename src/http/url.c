/* Paths and URLs: one decoding, one canonical form, and no way to another origin. */
#include "url.h"

#include <string.h>

#include "arena.h"
#include "buf.h"
#include "request.h"

#define URL_MAX 8192

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The octet that the escape at s.p[at] stands for; -1: a broken one. */
static int escaped_octet(struct str s, size_t at)
{
	if (s.n - at < 3)
		return -1;
	int high = hex_value(s.p[at + 1]);
	int low = hex_value(s.p[at + 2]);
	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static bool is_escape(struct str s, size_t at)
{
	return s.p[at] == '%' && escaped_octet(s, at) >= 0;
}

/* Writes at most raw.n octets. An escaped NUL is refused everywhere, separators if told so. */
static enum err decode(struct str raw, bool form, bool separators, struct buf *out)
{
	for (size_t i = 0; i < raw.n; i++) {
		char c = raw.p[i];
		if (c == '%') {
			int octet = escaped_octet(raw, i);
			if (octet <= 0 || (!separators && (octet == '/' || octet == '\\')))
				return ERR_INPUT;
			c = (char)octet;
			i += 2;
		} else if (c == '+' && form) {
			c = ' ';
		} else if (c == '\0') {
			return ERR_INPUT;
		}
		out->p[out->n++] = c;
	}
	return OK;
}

/* A buffer that holds cap octets without growing. */
static enum err buffer(struct arena *arena, size_t cap, struct buf *out)
{
	char *p = arena_alloc(arena, cap + 1);
	if (p == NULL)
		return ERR_MEMORY;
	*out = (struct buf){.arena = arena, .p = p, .cap = cap + 1, .max = cap};
	return OK;
}

static bool is_dot_segment(struct str segment)
{
	return str_equal(segment, STR(".")) || str_equal(segment, STR(".."));
}

enum err url_check_path(struct str path)
{
	struct str rest = path;
	struct str segment = STR_NONE;

	if (path.n == 0 || path.n > REQUEST_PATH_MAX || path.p[0] != '/')
		return ERR_INPUT;
	if (str_has_control(path) || str_contains(path, '\\') || !str_is_utf8(path))
		return ERR_INPUT;
	for (size_t i = 0; i < path.n; i++) {
		/* A second decoding, by whoever comes after us, would see another path. */
		if (is_escape(path, i))
			return ERR_INPUT;
	}
	rest = str_sub(path, 1, path.n);
	while (str_cut(rest, '/', &segment, &rest)) {
		if (segment.n == 0 || is_dot_segment(segment))
			return ERR_INPUT;
	}
	return is_dot_segment(segment) ? ERR_INPUT : OK;
}

enum err url_decode_path(struct arena *arena, struct str raw, struct str *out)
{
	struct buf decoded;

	if (raw.n > REQUEST_PATH_MAX || str_contains(raw, '#'))
		return ERR_INPUT;
	TRY(buffer(arena, raw.n, &decoded));
	TRY(decode(raw, false, false, &decoded));
	struct str path = {.p = decoded.p, .n = decoded.n};
	TRY(url_check_path(path));
	*out = path;
	return OK;
}

enum err url_decode(struct arena *arena, struct str raw, bool form, struct str *out)
{
	struct buf decoded;

	TRY(buffer(arena, raw.n, &decoded));
	TRY(decode(raw, form, true, &decoded));
	struct str text = {.p = decoded.p, .n = decoded.n};
	if (!str_is_utf8(text))
		return ERR_INPUT;
	*out = text;
	return OK;
}

static bool is_alphanumeric(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

void url_add_encoded(struct buf *buf, struct str s)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (is_alphanumeric(s.p[i]) || str_contains(STR("-._~"), s.p[i])) {
			buf_add_char(buf, s.p[i]);
			continue;
		}
		char escape[3] = {'%', digits[c >> 4], digits[c & 0x0f]};
		buf_add(buf, (struct str){.p = escape, .n = sizeof escape});
	}
}

/* Characters of a path, query or origin (RFC 3986 §2.2, §2.3) but the quote and '#'. */
static bool is_url_text(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '%') {
			if (escaped_octet(s, i) <= 0)
				return false;
			continue;
		}
		if (!is_alphanumeric(s.p[i]) && !str_contains(STR("-._~!$&()*+,;=:@/?[]"), s.p[i]))
			return false;
	}
	return true;
}

enum err url_check_local(struct str path, struct url *out)
{
	char text[REQUEST_PATH_MAX + 1];
	struct buf decoded = {.p = text, .cap = sizeof text, .max = REQUEST_PATH_MAX};
	struct str head = STR_NONE;
	struct str query = STR_NONE;

	if (path.n == 0 || path.n > REQUEST_PATH_MAX || !is_url_text(path))
		return ERR_INPUT;
	str_cut(path, '?', &head, &query);
	TRY(decode(head, false, false, &decoded));
	TRY(url_check_path((struct str){.p = text, .n = decoded.n}));
	*out = (struct url){.text = path};
	return OK;
}

/* Beginning with one slash: two, or none, would continue or replace the host. */
static bool is_rooted(struct str path)
{
	return path.n > 0 && path.p[0] == '/' && (path.n == 1 || path.p[1] != '/');
}

static enum err join(struct arena *arena, struct str head, struct str tail, struct url *out)
{
	struct buf text;
	struct str joined = STR_NONE;

	buf_init(&text, arena, URL_MAX);
	buf_add(&text, head);
	buf_add(&text, tail);
	TRY(buf_str(&text, &joined));
	if (!is_url_text(joined))
		return ERR_INTERNAL;
	*out = (struct url){.text = joined};
	return OK;
}

enum err url_absolute(struct arena *arena, struct str origin, struct str path, struct url *out)
{
	return is_rooted(path) ? join(arena, origin, path, out) : ERR_INTERNAL;
}

enum err url_own(struct arena *arena, struct str base_path, struct str path, struct url *out)
{
	struct url url;

	TRY(join(arena, base_path, path, &url));
	if (!is_rooted(url.text))
		return ERR_INTERNAL;
	*out = url;
	return OK;
}
