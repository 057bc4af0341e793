/* Which form of a text goes with a number: a parser by precedence, and a walk over its nodes. */
#include "plural.h"

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"

#define NUMBER_MAX UINT32_MAX
#define TRIED 1000 /* numbers that are tried when it is parsed */

enum op {
	OP_NUMBER,
	OP_N,
	OP_NOT,
	OP_IF,
	OP_OR,
	OP_AND,
	OP_EQUAL,
	OP_UNEQUAL,
	OP_LESS_EQUAL,
	OP_GREATER_EQUAL,
	OP_LESS,
	OP_GREATER,
	OP_ADD,
	OP_SUBTRACT,
	OP_MULTIPLY,
	OP_DIVIDE,
	OP_REMAINDER,
};

struct node {
	enum op op;
	uint64_t number;      /* of NUMBER */
	const struct node *a; /* of IF the condition */
	const struct node *b;
	const struct node *c;
};

struct plural {
	struct node nodes[PLURAL_NODES_MAX];
	size_t n;
	const struct node *root;
	unsigned forms;
};

struct parser {
	struct plural *plural;
	struct str text;
	size_t at;
	unsigned depth;
	const char *reason;
};

/* What stands between two operands, with how strongly it binds. Those that begin like a shorter one
 * stand before it. */
struct binary {
	struct str text;
	enum op op;
	unsigned strength;
};

#define BINARY(sign, of, binds)                                                                    \
	{                                                                                          \
		.text = {(sign), sizeof(sign) - 1}, .op = (of), .strength = (binds)                \
	}

static const struct binary binaries[] = {
	BINARY("||", OP_OR, 1),         BINARY("&&", OP_AND, 2),
	BINARY("==", OP_EQUAL, 3),      BINARY("!=", OP_UNEQUAL, 3),
	BINARY("<=", OP_LESS_EQUAL, 4), BINARY(">=", OP_GREATER_EQUAL, 4),
	BINARY("<", OP_LESS, 4),        BINARY(">", OP_GREATER, 4),
	BINARY("+", OP_ADD, 5),         BINARY("-", OP_SUBTRACT, 5),
	BINARY("*", OP_MULTIPLY, 6),    BINARY("/", OP_DIVIDE, 6),
	BINARY("%", OP_REMAINDER, 6),
};

static enum err refuse(struct parser *parser, const char *reason)
{
	parser->reason = reason;
	return ERR_INPUT;
}

static enum err add_node(struct parser *parser, struct node node, const struct node **out)
{
	if (parser->plural->n == PLURAL_NODES_MAX)
		return refuse(parser, "the plural rule is too long");
	struct node *added = &parser->plural->nodes[parser->plural->n++];
	*added = node;
	*out = added;
	return OK;
}

static void skip_blanks(struct parser *parser)
{
	while (parser->at < parser->text.n &&
	       (parser->text.p[parser->at] == ' ' || parser->text.p[parser->at] == '\t'))
		parser->at++;
}

/* The character that comes next, behind blanks; NUL at the end. */
static char peek(struct parser *parser)
{
	skip_blanks(parser);
	return parser->at < parser->text.n ? parser->text.p[parser->at] : '\0';
}

static bool take(struct parser *parser, char c)
{
	if (peek(parser) != c)
		return false;
	parser->at++;
	return true;
}

static enum err parse_choice(struct parser *parser, const struct node **out);

static enum err parse_number(struct parser *parser, const struct node **out)
{
	uint64_t number = 0;

	while (parser->at < parser->text.n) {
		char c = parser->text.p[parser->at];
		if (c < '0' || c > '9')
			break;
		number = number * 10 + (uint64_t)(c - '0');
		if (number > NUMBER_MAX)
			return refuse(parser, "a number in the plural rule is too large");
		parser->at++;
	}
	return add_node(parser, (struct node){.op = OP_NUMBER, .number = number}, out);
}

static enum err parse_unary(struct parser *parser, const struct node **out)
{
	const struct node *inner = NULL;
	char c = peek(parser);

	if (c >= '0' && c <= '9')
		return parse_number(parser, out);
	parser->at++;
	if (c == 'n')
		return add_node(parser, (struct node){.op = OP_N}, out);
	if (c != '!' && c != '(')
		return refuse(parser,
			      "the plural rule has something else than n, a number, ! or (");
	if (++parser->depth > PLURAL_NESTING_MAX)
		return refuse(parser, "the plural rule is nested too deep");
	TRY(c == '!' ? parse_unary(parser, &inner) : parse_choice(parser, &inner));
	parser->depth--;
	if (c == '!')
		return add_node(parser, (struct node){.op = OP_NOT, .a = inner}, out);
	*out = inner;
	return take(parser, ')') ? OK : refuse(parser, "the plural rule has a ( without )");
}

/* NULL: none is next. */
static const struct binary *next_binary(struct parser *parser)
{
	(void)peek(parser);
	struct str rest = str_sub(parser->text, parser->at, parser->text.n);
	for (size_t i = 0; i < sizeof binaries / sizeof binaries[0]; i++)
		if (str_starts(rest, binaries[i].text))
			return &binaries[i];
	return NULL;
}

/* Operators that bind at least so strongly; the same strength goes from left to right. */
static enum err parse_binary(struct parser *parser, unsigned strength, const struct node **out)
{
	const struct node *left = NULL;
	const struct node *right = NULL;
	const struct binary *binary = NULL;

	TRY(parse_unary(parser, &left));
	while ((binary = next_binary(parser)) != NULL && binary->strength >= strength) {
		parser->at += binary->text.n;
		TRY(parse_binary(parser, binary->strength + 1, &right));
		TRY(add_node(parser, (struct node){.op = binary->op, .a = left, .b = right},
			     &left));
	}
	*out = left;
	return OK;
}

static enum err parse_choice(struct parser *parser, const struct node **out)
{
	struct node node = {.op = OP_IF};

	TRY(parse_binary(parser, 1, &node.a));
	if (!take(parser, '?')) {
		*out = node.a;
		return OK;
	}
	if (++parser->depth > PLURAL_NESTING_MAX)
		return refuse(parser, "the plural rule is nested too deep");
	TRY(parse_choice(parser, &node.b));
	if (!take(parser, ':'))
		return refuse(parser, "the plural rule has a ? without :");
	TRY(parse_choice(parser, &node.c));
	parser->depth--;
	return add_node(parser, node, out);
}

static uint64_t evaluate(const struct node *node, uint64_t n);

static uint64_t evaluate_binary(const struct node *node, uint64_t n)
{
	uint64_t a = evaluate(node->a, n);
	uint64_t b = evaluate(node->b, n);

	switch (node->op) {
	case OP_EQUAL:
		return a == b;
	case OP_UNEQUAL:
		return a != b;
	case OP_LESS_EQUAL:
		return a <= b;
	case OP_GREATER_EQUAL:
		return a >= b;
	case OP_LESS:
		return a < b;
	case OP_GREATER:
		return a > b;
	case OP_ADD:
		return a + b;
	case OP_SUBTRACT:
		return a - b;
	case OP_MULTIPLY:
		return a * b;
	case OP_DIVIDE:
		return b == 0 ? 0 : a / b;
	case OP_REMAINDER:
	default:
		return b == 0 ? 0 : a % b;
	}
}

/* The recursion is as deep as the expression has nodes, at most. */
static uint64_t evaluate(const struct node *node, uint64_t n)
{
	switch (node->op) {
	case OP_NUMBER:
		return node->number;
	case OP_N:
		return n;
	case OP_NOT:
		return evaluate(node->a, n) == 0;
	case OP_IF:
		return evaluate(evaluate(node->a, n) != 0 ? node->b : node->c, n);
	case OP_OR:
		return evaluate(node->a, n) != 0 || evaluate(node->b, n) != 0;
	case OP_AND:
		return evaluate(node->a, n) != 0 && evaluate(node->b, n) != 0;
	default:
		return evaluate_binary(node, n);
	}
}

/* Every form that texts have is some number's, and no number has another. */
static enum err try_numbers(struct parser *parser)
{
	const struct plural *plural = parser->plural;
	bool seen[PLURAL_FORMS_MAX] = {false};

	for (uint64_t n = 0; n < TRIED; n++) {
		uint64_t form = evaluate(plural->root, n);
		if (form >= plural->forms)
			return refuse(parser, "the plural rule gives more forms than there are");
		seen[form] = true;
	}
	for (unsigned form = 0; form < plural->forms; form++)
		if (!seen[form])
			return refuse(parser, "the plural rule gives fewer forms than there are");
	return OK;
}

static enum err parse(struct parser *parser)
{
	TRY(parse_choice(parser, &parser->plural->root));
	if (peek(parser) != '\0' || parser->at < parser->text.n)
		return refuse(parser, "the plural rule has something behind its end");
	return try_numbers(parser);
}

enum err plural_parse(struct arena *arena, struct str text, unsigned forms,
		      const struct plural **out, const char **reason)
{
	struct plural *plural = arena_alloc(arena, sizeof *plural);
	struct parser parser = {.plural = plural, .text = text};

	if (plural == NULL)
		return ERR_MEMORY;
	plural->forms = forms;
	enum err e = forms == 0 || forms > PLURAL_FORMS_MAX
			     ? refuse(&parser, "there are 1 to 8 plural forms")
			     : parse(&parser);
	if (e == ERR_INPUT)
		*reason = parser.reason;
	TRY(e);
	*out = plural;
	return OK;
}

unsigned plural_form(const struct plural *plural, uint64_t n)
{
	uint64_t form = evaluate(plural->root, n);

	return form < plural->forms ? (unsigned)form : plural->forms - 1;
}
