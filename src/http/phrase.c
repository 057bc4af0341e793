/* A text of a catalogue, in pieces: literal text, and slots between. */
#include "phrase.h"

#include "arena.h"
#include "buf.h"
#include "html.h"

#define HTML_MAX ((size_t)8 * PHRASE_MAX) /* no character grows so much by escaping */

/* What stands in a text for an element. */
struct mark {
	struct str begin, end;           /* in the text */
	struct str html_begin, html_end; /* in the page */
};

#define TEXT(literal)                                                                              \
	{                                                                                          \
		(literal), sizeof(literal) - 1                                                     \
	}

static const struct mark marks[] = {
	{TEXT("<b>"), TEXT("</b>"), TEXT("<strong>"), TEXT("</strong>")},
	{TEXT("<code>"), TEXT("</code>"), TEXT("<code>"), TEXT("</code>")},
};

struct parser {
	struct str text;
	size_t at;
	size_t from; /* where the literal that is being read goes on */
	const struct mark *open;
	struct phrase *phrase;
	struct buf plain, html;
	struct arena *arena;
	const char *reason;
};

static enum err refuse(struct parser *parser, const char *reason)
{
	parser->reason = reason;
	return ERR_INPUT;
}

static struct str rest(const struct parser *parser)
{
	return str_sub(parser->text, parser->at, parser->text.n);
}

/* What was read since from, up to here, is literal. */
static void take_literal(struct parser *parser)
{
	struct str literal = str_sub(parser->text, parser->from, parser->at);

	buf_add(&parser->plain, literal);
	html_add(&parser->html, literal);
}

static enum err end_piece(struct parser *parser, struct str slot)
{
	struct phrase_piece *piece = &parser->phrase->pieces[parser->phrase->n++];

	TRY(buf_str(&parser->plain, &piece->plain));
	TRY(buf_str(&parser->html, &piece->html));
	piece->slot = slot;
	buf_init(&parser->plain, parser->arena, PHRASE_MAX);
	buf_init(&parser->html, parser->arena, HTML_MAX);
	return OK;
}

static bool is_slot_name(struct str name)
{
	if (name.n == 0 || name.n > PHRASE_SLOT_MAX || name.p[0] < 'a' || name.p[0] > 'z')
		return false;
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_')
			return false;
	}
	return true;
}

static enum err take_slot(struct parser *parser)
{
	struct str name;
	struct str tail;

	take_literal(parser);
	if (!str_cut(str_sub(parser->text, parser->at + 1, parser->text.n), '}', &name, &tail) ||
	    !is_slot_name(name))
		return refuse(parser, "a { that begins no slot");
	parser->at += name.n + 2;
	parser->from = parser->at;
	return end_piece(parser, name);
}

static enum err take_mark(struct parser *parser, const struct mark *mark, bool begins)
{
	if (begins ? parser->open != NULL : parser->open != mark)
		return refuse(parser, "a mark within another, or the end of one that is not open");
	take_literal(parser);
	buf_add(&parser->html, begins ? mark->html_begin : mark->html_end);
	parser->open = begins ? mark : NULL;
	parser->phrase->has_marks = true;
	parser->at += begins ? mark->begin.n : mark->end.n;
	parser->from = parser->at;
	return OK;
}

/* A < that is of no mark is a character like others. */
static enum err take_angle(struct parser *parser)
{
	for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
		if (str_starts(rest(parser), marks[i].begin))
			return take_mark(parser, &marks[i], true);
		if (str_starts(rest(parser), marks[i].end))
			return take_mark(parser, &marks[i], false);
	}
	parser->at++;
	return OK;
}

static enum err take_next(struct parser *parser)
{
	switch (parser->text.p[parser->at]) {
	case '{':
		return take_slot(parser);
	case '}':
		return refuse(parser, "a } that ends no slot");
	case '<':
		return take_angle(parser);
	default:
		parser->at++;
		return OK;
	}
}

static size_t most_pieces(struct str text)
{
	size_t n = 1;

	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == '{';
	return n;
}

/* Without slots and marks: nothing is copied that stays as it is. */
static bool is_simple(struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		if (str_contains(STR("{}<>&\"'"), text.p[i]))
			return false;
	return true;
}

static enum err parse(struct parser *parser)
{
	if (parser->text.n > PHRASE_MAX)
		return refuse(parser, "a text of over 4096 octets");
	if (!str_is_utf8(parser->text) || str_has_any_control(parser->text))
		return refuse(parser, "a text with a control character, or not UTF-8");
	parser->phrase->pieces = arena_array(parser->arena, most_pieces(parser->text),
					     sizeof *parser->phrase->pieces);
	if (parser->phrase->pieces == NULL)
		return ERR_MEMORY;
	if (is_simple(parser->text)) {
		parser->phrase->pieces[parser->phrase->n++] =
			(struct phrase_piece){.plain = parser->text, .html = parser->text};
		return OK;
	}
	while (parser->at < parser->text.n)
		TRY(take_next(parser));
	if (parser->open != NULL)
		return refuse(parser, "a mark that is not closed");
	take_literal(parser);
	return end_piece(parser, STR_NONE);
}

enum err phrase_parse(struct arena *arena, struct str text, struct phrase *out, const char **reason)
{
	struct phrase phrase = {.n = 0};
	struct parser parser = {.text = text, .phrase = &phrase, .arena = arena};

	buf_init(&parser.plain, arena, PHRASE_MAX);
	buf_init(&parser.html, arena, HTML_MAX);
	enum err e = parse(&parser);
	if (e == ERR_INPUT)
		*reason = parser.reason;
	TRY(e);
	*out = phrase;
	return OK;
}

bool phrase_has_slot(const struct phrase *phrase, struct str name)
{
	for (size_t i = 0; i < phrase->n; i++)
		if (str_equal(phrase->pieces[i].slot, name))
			return true;
	return false;
}
