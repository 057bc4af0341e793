/* JSON out: places its own commas, and escapes so that the text is inert in HTML too. */
#include "json.h"

#include "buf.h"
#include "clock.h"

#define REPLACEMENT 0xfffdU

static bool is_inert(uint32_t c)
{
	return c != '<' && c != '>' && c != '&' && c != 0x7f && c != 0x2028 && c != 0x2029;
}

static bool is_plain(uint32_t c, bool bare)
{
	return c >= 0x20 && c != '"' && c != '\\' && (bare || is_inert(c));
}

static void add_escape(struct buf *buf, uint32_t c)
{
	switch (c) {
	case '"':
		buf_add(buf, STR("\\\""));
		return;
	case '\\':
		buf_add(buf, STR("\\\\"));
		return;
	case '\n':
		buf_add(buf, STR("\\n"));
		return;
	default:
		buf_addf(buf, "\\u%04x", (unsigned)c);
	}
}

/* How many octets of ASCII from there on stand for themselves. */
static size_t plain_run(struct str s, size_t at, bool bare)
{
	size_t n = 0;

	while (at + n < s.n && (unsigned char)s.p[at + n] < 0x7f &&
	       is_plain((unsigned char)s.p[at + n], bare))
		n++;
	return n;
}

/* Runs of plain text go in one piece. What is no UTF-8 becomes U+FFFD, one for each octet. */
static void add_string(struct buf *buf, struct str s, bool bare)
{
	size_t from = 0;
	size_t at = 0;

	buf_add_char(buf, '"');
	while ((at += plain_run(s, at, bare)) < s.n) {
		uint32_t c = REPLACEMENT;
		size_t n = str_code_point(str_sub(s, at, s.n), &c);
		if (n > 0 && is_plain(c, bare)) {
			at += n;
			continue;
		}
		buf_add(buf, str_sub(s, from, at));
		add_escape(buf, c);
		at += n > 0 ? n : 1;
		from = at;
	}
	buf_add(buf, str_sub(s, from, s.n));
	buf_add_char(buf, '"');
}

/* What stands before every value: the comma, the name. */
static void lead(struct json_out *out, const char *name)
{
	if (out->comma)
		buf_add_char(out->buf, ',');
	out->comma = true;
	if (name == NULL)
		return;
	add_string(out->buf, str_of(name), out->bare);
	buf_add_char(out->buf, ':');
}

static void open_with(struct json_out *out, const char *name, char bracket)
{
	lead(out, name);
	buf_add_char(out->buf, bracket);
	out->comma = false;
}

static void close_with(struct json_out *out, char bracket)
{
	buf_add_char(out->buf, bracket);
	out->comma = true;
}

void json_begin(struct json_out *out, struct buf *buf)
{
	*out = (struct json_out){.buf = buf};
}

void json_open_object(struct json_out *out, const char *name)
{
	open_with(out, name, '{');
}

void json_close_object(struct json_out *out)
{
	close_with(out, '}');
}

void json_open_array(struct json_out *out, const char *name)
{
	open_with(out, name, '[');
}

void json_close_array(struct json_out *out)
{
	close_with(out, ']');
}

void json_text(struct json_out *out, const char *name, struct str value)
{
	if (!str_is_present(value)) {
		json_none(out, name);
		return;
	}
	lead(out, name);
	add_string(out->buf, value, out->bare);
}

void json_number(struct json_out *out, const char *name, int64_t value)
{
	lead(out, name);
	buf_add_i64(out->buf, value);
}

void json_bool(struct json_out *out, const char *name, bool value)
{
	lead(out, name);
	buf_add(out->buf, value ? STR("true") : STR("false"));
}

void json_none(struct json_out *out, const char *name)
{
	lead(out, name);
	buf_add(out->buf, STR("null"));
}

/* Outside its strings such a character cannot be. */
static void add_inert(struct buf *buf, struct str json)
{
	size_t from = 0;
	size_t n = 0;

	for (size_t at = 0; at < json.n; at += n) {
		uint32_t c = REPLACEMENT;

		n = str_code_point(str_sub(json, at, json.n), &c);
		if (n == 0)
			n = 1;
		if (is_inert(c))
			continue;
		buf_add(buf, str_sub(json, from, at));
		add_escape(buf, c);
		from = at + n;
	}
	buf_add(buf, str_sub(json, from, json.n));
}

void json_raw(struct json_out *out, const char *name, struct str json)
{
	lead(out, name);
	if (out->bare)
		buf_add(out->buf, json);
	else
		add_inert(out->buf, json);
}

void json_id(struct json_out *out, const char *name, struct id id)
{
	if (id_is_none(id)) {
		json_none(out, name);
		return;
	}
	lead(out, name);
	buf_add_char(out->buf, '"');
	id_add(out->buf, id);
	buf_add_char(out->buf, '"');
}

void json_time(struct json_out *out, const char *name, int64_t at)
{
	if (at == 0) {
		json_none(out, name);
		return;
	}
	lead(out, name);
	buf_add_char(out->buf, '"');
	clock_add_rfc3339(out->buf, at);
	buf_add_char(out->buf, '"');
}
