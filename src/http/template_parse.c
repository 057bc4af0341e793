/* From the text of a template to its nodes, refusing every slot that escaping could not make safe.
 */
#include "template_node.h"

#include <string.h>

#include "arena.h"
#include "catalogue_text.h"
#include "markup.h"

struct open_section {
	size_t node;
	struct markup markup; /* where it began */
};

struct parser {
	struct template *template;
	struct fault *fault;
	struct str text;
	size_t at;
	unsigned line;
	struct markup markup;
	struct open_section open[TEMPLATE_NESTING_MAX];
	size_t depth;
};

static enum err refuse(const struct parser *parser, const char *reason)
{
	return fault_set(parser->fault, "%s:%u: %s", parser->template->file, parser->line, reason);
}

/* The result of a markup function. By address: the reason is written while arguments are. */
static enum err checked(const struct parser *parser, enum err e, const char *const *reason)
{
	return e == ERR_INPUT ? refuse(parser, *reason) : e;
}

/* Where needle begins, or the end of the text. */
static size_t find(struct str text, size_t from, const char *needle)
{
	if (from >= text.n)
		return text.n;
	const char *at = memmem(text.p + from, text.n - from, needle, strlen(needle));
	return at == NULL ? text.n : (size_t)(at - text.p);
}

/* Room was made for every node that the text can need. */
static struct template_node *add_node(struct parser *parser, enum template_node_type type,
				      struct str text)
{
	struct template_node *node = &parser->template->nodes[parser->template->n++];

	*node = (struct template_node){
		.type = type, .line = parser->line, .depth = (unsigned)parser->depth, .text = text};
	return node;
}

static bool is_refused_control(char c)
{
	return ((unsigned char)c < 0x20 && c != '\n' && c != '\t' && c != '\r') || c == 0x7f;
}

static enum err take_character(struct parser *parser, char c)
{
	const char *reason = NULL;

	if (is_refused_control(c))
		return refuse(parser, "a control character");
	if (parser->template->is_html)
		TRY(checked(parser, markup_take(&parser->markup, c, &reason), &reason));
	if (c == '\n')
		parser->line++;
	return OK;
}

static enum err parse_literal(struct parser *parser, size_t end)
{
	struct str literal = str_sub(parser->text, parser->at, end);

	if (literal.n > 0)
		add_node(parser, TEMPLATE_LITERAL, literal);
	for (size_t i = 0; i < literal.n; i++)
		TRY(take_character(parser, literal.p[i]));
	parser->at = end;
	return OK;
}

static bool is_lower_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* [a-z][a-z0-9_]*; the name of a file may have - and / too. */
static bool is_name(struct str name, struct str more)
{
	if (name.n == 0 || name.n > TEMPLATE_NAME_MAX || name.p[0] < 'a' || name.p[0] > 'z')
		return false;
	for (size_t i = 0; i < name.n; i++) {
		if (!is_lower_or_digit(name.p[i]) && !str_contains(more, name.p[i]))
			return false;
	}
	return true;
}

static enum err parse_slot(struct parser *parser, struct str name)
{
	enum markup_place place = MARKUP_TEXT;
	const char *reason = NULL;

	if (parser->template->is_html)
		TRY(checked(parser, markup_slot(&parser->markup, &place, &reason), &reason));
	add_node(parser, place == MARKUP_URL ? TEMPLATE_URL_SLOT : TEMPLATE_SLOT, name);
	return OK;
}

/* A text with marks is markup of its own, in whatever language that was read has them. */
static bool has_marks(const struct catalogue *texts, size_t place)
{
	for (const struct language *l = texts->first; l != NULL; l = l->next) {
		const struct text *text = l->texts == NULL ? NULL : &l->texts[place];
		for (size_t i = 0; text != NULL && i < (text->is_plural ? l->forms : 1); i++)
			if (text->forms[i].has_marks)
				return true;
	}
	return false;
}

static enum err check_say(const struct parser *parser, const struct template_node *node,
			  enum markup_place place)
{
	const struct catalogue *texts = parser->template->texts;
	bool in_title = parser->markup.state == MARKUP_RCDATA;

	if (place == MARKUP_URL)
		return refuse(parser, "a text in a URL");
	if (texts->model->texts[node->place].is_plural != str_is_present(node->count))
		return refuse(parser, "a plural text without a number, or a number without one");
	if ((place == MARKUP_ATTRIBUTE || in_title) && has_marks(texts, node->place))
		return refuse(parser, "a text with marks in an attribute, title or textarea");
	return OK;
}

/* body: "key" or "key:number". */
static enum err parse_say(struct parser *parser, struct str body)
{
	enum markup_place place = MARKUP_TEXT;
	const char *reason = NULL;
	struct str count;
	struct str key;
	size_t at = 0;

	if (str_cut(body, ':', &key, &count) && !is_name(count, STR("_")))
		return refuse(parser, "a text's number that is no name");
	if (parser->template->texts == NULL || !catalogue_place(parser->template->texts, key, &at))
		return fault_set(parser->fault, "%s:%u: no catalogue has the text %.*s",
				 parser->template->file, parser->line,
				 (int)(key.n < LANGUAGE_KEY_MAX ? key.n : LANGUAGE_KEY_MAX), key.p);
	if (parser->template->is_html)
		TRY(checked(parser, markup_slot(&parser->markup, &place, &reason), &reason));
	struct template_node *node = add_node(parser, TEMPLATE_SAY, key);
	node->place = at;
	node->count = count;
	return check_say(parser, node, place);
}

static enum err parse_open(struct parser *parser, enum template_node_type type, struct str name)
{
	const char *reason = NULL;

	if (parser->depth == TEMPLATE_NESTING_MAX)
		return refuse(parser, "sections are nested too deep");
	if (parser->template->is_html)
		TRY(checked(parser, markup_branch(&parser->markup, &reason), &reason));
	parser->open[parser->depth++] =
		(struct open_section){.node = parser->template->n, .markup = parser->markup};
	add_node(parser, type, name);
	return OK;
}

static enum err parse_close(struct parser *parser, struct str name)
{
	const char *reason = NULL;

	if (parser->depth == 0)
		return refuse(parser, "the end of a section that has not begun");
	const struct open_section *open = &parser->open[--parser->depth];
	struct template_node *node = &parser->template->nodes[open->node];
	if (!str_equal(node->text, name))
		return refuse(parser, "the end of another section than the one that is open");
	if (parser->template->is_html)
		TRY(checked(parser, markup_join(&parser->markup, &open->markup, &reason), &reason));
	node->end = parser->template->n;
	return OK;
}

static enum err parse_partial(struct parser *parser, struct str name)
{
	if (parser->template->is_html && !markup_is_data(&parser->markup))
		return refuse(parser, "a partial within a tag, title, textarea, script or comment");
	add_node(parser, TEMPLATE_PARTIAL, name);
	return OK;
}

/* body: what stands between {{ and }}. */
static enum err parse_body(struct parser *parser, struct str body)
{
	char sigil = body.n > 0 ? body.p[0] : '\0';

	if (sigil == '{' || sigil == '&')
		return refuse(parser, "a raw slot; every slot is escaped");
	if (sigil == '$')
		return parse_say(parser, str_trim(str_sub(body, 1, body.n)));
	struct str name = str_trim(str_sub(body, str_contains(STR("#^/>"), sigil) ? 1 : 0, body.n));
	if (!is_name(name, sigil == '>' ? STR("_-/") : STR("_")))
		return refuse(parser, "a {{ with something else than a name");
	switch (sigil) {
	case '#':
		return parse_open(parser, TEMPLATE_SECTION, name);
	case '^':
		return parse_open(parser, TEMPLATE_INVERTED, name);
	case '/':
		return parse_close(parser, name);
	case '>':
		return parse_partial(parser, name);
	default:
		return parse_slot(parser, name);
	}
}

static enum err parse_tag(struct parser *parser)
{
	size_t end = find(parser->text, parser->at + 2, "}}");

	if (end == parser->text.n)
		return refuse(parser, "a {{ without }}");
	struct str body = str_sub(parser->text, parser->at + 2, end);
	if (!str_starts(body, STR("!"))) {
		TRY(parse_body(parser, body));
	} else {
		for (size_t i = 0; i < body.n; i++)
			parser->line += body.p[i] == '\n';
	}
	parser->at = end + 2;
	return OK;
}

static enum err parse_end(struct parser *parser)
{
	if (parser->depth > 0) {
		parser->line = parser->template->nodes[parser->open[parser->depth - 1].node].line;
		return refuse(parser, "a section that is not closed");
	}
	if (parser->template->is_html && !markup_is_data(&parser->markup))
		return refuse(parser,
			      "the file ends within a tag, title, textarea, script or comment");
	return OK;
}

/* A literal and a tag for every {{, and the last literal. */
static size_t most_nodes(struct str text)
{
	size_t count = 1;

	for (size_t at = find(text, 0, "{{"); at < text.n; at = find(text, at + 2, "{{"))
		count += 2;
	return count;
}

enum err template_parse(struct arena *arena, struct template *template, struct str text,
			struct fault *fault)
{
	struct parser parser = {.template = template, .fault = fault, .text = text, .line = 1};

	if (text.n > TEMPLATE_FILE_MAX)
		return refuse(&parser, "the file is over 256 KiB");
	if (!str_is_utf8(text))
		return refuse(&parser, "the file is not UTF-8");
	template->n = 0;
	template->nodes = arena_array(arena, most_nodes(text), sizeof *template->nodes);
	if (template->nodes == NULL)
		return ERR_MEMORY;
	while (parser.at < text.n) {
		TRY(parse_literal(&parser, find(text, parser.at, "{{")));
		if (parser.at < text.n)
			TRY(parse_tag(&parser));
	}
	return parse_end(&parser);
}
