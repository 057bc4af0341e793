/* Cookies: one name looked for exactly, one form of Set-Cookie written. */
#include "cookie.h"

#include "buf.h"

#define COOKIE_MAX 4096 /* of name and value: what browsers must take (RFC 6265bis §5.6) */

/* cookie-octet, RFC 6265 §4.1.1. */
static bool is_cookie_octet(char c)
{
	return c > 0x20 && c < 0x7f && c != '"' && c != ',' && c != ';' && c != '\\';
}

static bool is_cookie_value(struct str value)
{
	for (size_t i = 0; i < value.n; i++) {
		if (!is_cookie_octet(value.p[i]))
			return false;
	}
	return true;
}

/* Only at the beginning: behind a value a space is no separator but a part of it. */
static struct str skip_blanks(struct str s)
{
	size_t from = 0;

	while (from < s.n && (s.p[from] == ' ' || s.p[from] == '\t'))
		from++;
	return str_sub(s, from, s.n);
}

/* As clients of RFC 2109 send it: the JDK's jar does for every cookie that has a Max-Age. */
static struct str without_quotes(struct str text)
{
	if (text.n < 2 || text.p[0] != '"' || text.p[text.n - 1] != '"')
		return text;
	return str_sub(text, 1, text.n - 1);
}

enum err cookie_find(struct str header, struct str name, struct str *value)
{
	struct str found = STR_NONE;
	struct str rest = header;
	struct str pair = STR_NONE;

	for (bool more = true; more;) {
		struct str key = STR_NONE;
		struct str text = STR_NONE;
		more = str_cut(rest, ';', &pair, &rest);
		if (!str_cut(skip_blanks(pair), '=', &key, &text) || !str_equal(key, name))
			continue;
		text = without_quotes(text);
		if (str_is_present(found) || !is_cookie_value(text))
			return ERR_INPUT;
		found = text;
	}
	*value = found;
	return OK;
}

void cookie_add(struct buf *buf, const struct cookie *cookie)
{
	if (buf->failed != OK)
		return;
	if (cookie->name.n == 0 || !is_cookie_value(cookie->name) ||
	    str_contains(cookie->name, '=') || !is_cookie_value(cookie->value)) {
		buf->failed = ERR_INTERNAL;
		return;
	}
	if (cookie->name.n + cookie->value.n >= COOKIE_MAX) {
		buf->failed = ERR_TOO_LARGE;
		return;
	}
	buf_add(buf, cookie->name);
	buf_add_char(buf, '=');
	buf_add(buf, cookie->value);
	buf_add(buf, STR("; Path=/; Secure; HttpOnly; SameSite="));
	buf_add(buf, cookie->strict ? STR("Strict") : STR("Lax"));
	if (cookie->max_age >= 0) {
		buf_add(buf, STR("; Max-Age="));
		buf_add_i64(buf, cookie->max_age);
	}
}
