/* Text as mail carries it: quoted-printable bodies and encoded words. */
#include "quoted.h"

#include "buf.h"

#define LINE_MAX_CHARS 76
#define ESCAPE_CHARS 3
#define WORD_BEGIN STR("=?UTF-8?Q?")
#define WORD_END STR("?=")
#define WORD_MAX 75 /* RFC 2047 §2 */

static void add_escape(struct buf *out, char octet)
{
	static const char digits[] = "0123456789ABCDEF";
	unsigned value = (unsigned char)octet;

	buf_add_char(out, '=');
	buf_add_char(out, digits[value >> 4]);
	buf_add_char(out, digits[value & 0xf]);
}

/* A line without its end. */
struct line {
	struct str text;
	size_t column;
};

static bool begins_oddly(struct str text)
{
	return str_starts(text, STR(".")) || str_starts(text, STR("-")) ||
	       str_starts(text, STR("From "));
}

static bool is_literal(const struct line *line, size_t i)
{
	char c = line->text.p[i];

	if (c == ' ' || c == '\t')
		return i + 1 < line->text.n;
	if (i == 0 && begins_oddly(line->text))
		return false;
	return c > ' ' && c <= '~' && c != '=';
}

static void add_line(struct buf *out, struct line *line)
{
	for (size_t i = 0; i < line->text.n; i++) {
		bool literal = is_literal(line, i);
		size_t width = literal ? 1 : ESCAPE_CHARS;

		/* One column is kept for the sign that the line goes on. */
		if (line->column + width >= LINE_MAX_CHARS) {
			buf_add(out, STR("=\r\n"));
			line->column = 0;
		}
		/* What goes on at a line's beginning is one there, too. */
		if (line->column == 0 && i > 0 && literal &&
		    begins_oddly(str_sub(line->text, i, line->text.n))) {
			literal = false;
			width = ESCAPE_CHARS;
		}
		if (literal)
			buf_add_char(out, line->text.p[i]);
		else
			add_escape(out, line->text.p[i]);
		line->column += width;
	}
	buf_add(out, STR("\r\n"));
}

static bool is_fit(struct str text, bool lines)
{
	if (!str_is_utf8(text))
		return false;
	for (size_t i = 0; i < text.n; i++) {
		bool allowed = lines && (text.p[i] == '\n' || text.p[i] == '\t');

		if (!allowed && str_has_control(str_sub(text, i, i + 1)))
			return false;
	}
	return true;
}

enum err quoted_add_body(struct buf *out, struct str text)
{
	struct line line = {.column = 0};

	if (!is_fit(text, true))
		return ERR_INPUT;
	while (text.n > 0) {
		(void)str_cut(text, '\n', &line.text, &text);
		line.column = 0;
		add_line(out, &line);
	}
	return OK;
}

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_plain_char(char c, bool phrase)
{
	if (phrase)
		return is_alnum(c) || c == ' ' || str_contains(STR("!#$%&'*+-/^_{|}~"), c);
	return c >= ' ' && c <= '~';
}

/* What a reader would take for an encoded word must be one, and blanks at the ends would go. */
static bool is_plain(struct str text, size_t columns, bool phrase)
{
	if (text.n == 0 || columns + text.n > LINE_MAX_CHARS || str_trim(text).n != text.n)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (!is_plain_char(text.p[i], phrase))
			return false;
		if (str_starts(str_sub(text, i, text.n), STR("=?")))
			return false;
	}
	return true;
}

static bool is_word_literal(char c)
{
	return is_alnum(c) || str_contains(STR("!*+-/"), c);
}

static size_t width_of(struct str point)
{
	return point.n == 1 && (is_word_literal(point.p[0]) || point.p[0] == ' ')
		       ? 1
		       : ESCAPE_CHARS * point.n;
}

static void add_point(struct buf *out, struct str point)
{
	for (size_t i = 0; i < point.n; i++) {
		if (point.p[i] == ' ')
			buf_add_char(out, '_');
		else if (is_word_literal(point.p[i]))
			buf_add_char(out, point.p[i]);
		else
			add_escape(out, point.p[i]);
	}
}

/* No code point is divided between two words (RFC 2047 §5). */
static void add_words(struct buf *out, struct str text, size_t columns)
{
	size_t begin = WORD_BEGIN.n + WORD_END.n;
	size_t column = columns + begin;
	uint32_t code = 0;

	buf_add(out, WORD_BEGIN);
	while (text.n > 0) {
		struct str point = str_sub(text, 0, str_code_point(text, &code));

		if (column + width_of(point) > WORD_MAX) {
			buf_add(out, WORD_END);
			buf_add(out, STR("\r\n "));
			buf_add(out, WORD_BEGIN);
			column = 1 + begin;
		}
		add_point(out, point);
		column += width_of(point);
		text = str_sub(text, point.n, text.n);
	}
	buf_add(out, WORD_END);
}

enum err quoted_add_header(struct buf *out, struct str text, size_t columns, bool phrase)
{
	if (!is_fit(text, false))
		return ERR_INPUT;
	if (is_plain(text, columns, phrase))
		buf_add(out, text);
	else if (text.n > 0)
		add_words(out, text, columns);
	return OK;
}
