/* A parsed template and the frames it is filled from. Private to the template files and their
 * tests. */
#ifndef GATEPOST_HTTP_TEMPLATE_NODE_H
#define GATEPOST_HTTP_TEMPLATE_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "str.h"
#include "template.h"
#include "url.h"

struct arena;

#define TEMPLATE_NESTING_MAX 16
#define TEMPLATE_NAME_MAX 64
#define TEMPLATE_FILE_MAX ((size_t)256 * 1024)

enum template_node_type {
	TEMPLATE_LITERAL,
	TEMPLATE_SLOT,     /* in HTML text or a quoted attribute; in .txt anywhere */
	TEMPLATE_URL_SLOT, /* the whole value of a URL attribute */
	TEMPLATE_SECTION,
	TEMPLATE_INVERTED,
	TEMPLATE_PARTIAL,
	TEMPLATE_SAY, /* a text of the catalogue, where a slot may stand */
};

struct template_node {
	enum template_node_type type;
	unsigned line;
	unsigned depth;                 /* open sections, a section itself included */
	struct str text;                /* of a literal; else the name, or the key */
	size_t end;                     /* of a section: the node behind its last */
	const struct template *partial; /* set once all files are parsed */
	size_t place;                   /* of a text: in the catalogue */
	struct str count;               /* of a plural text: the name of the number */
};

struct template
{
	struct template *next;
	const char *file;              /* as messages name it */
	struct str name;               /* "login.html" */
	bool is_html;                  /* else text */
	const struct catalogue *texts; /* NULL: it may name none */
	struct template_node *nodes;
	size_t n;
	bool is_measuring; /* for cycles, at load */
	unsigned height;   /* deepest nesting of sections and partials; 0: not measured */
};

struct template_set {
	struct template *first;
	/* Of template_open: where what is not there yet is read from; NULL: everything is there. */
	const char *dir;
	const struct catalogue *texts;
	struct arena *arena;
};

/* Parses text, which must outlive the template; file and is_html are set. ERR_CONFIG, ERR_MEMORY.
 */
MUST_CHECK enum err template_parse(struct arena *arena, struct template *template, struct str text,
				   struct fault *fault);

enum template_value_type {
	TEMPLATE_VALUE_TEXT,
	TEMPLATE_VALUE_URL,
	TEMPLATE_VALUE_FLAG,
	TEMPLATE_VALUE_LIST,
	TEMPLATE_VALUE_NUMBER,
};

struct template_value {
	struct template_value *next;
	const char *name;
	enum template_value_type type;
	struct str text; /* TEXT, URL; of a NUMBER its digits */
	uint64_t number;
	bool flag;
	struct template_data *first; /* LIST */
	struct template_data *last;
};

struct template_data {
	struct arena *arena;
	struct template_data *outer; /* of an item: the frame its list is in */
	struct template_data *root;
	struct template_data *next; /* the next item of the same list */
	struct template_value *values;
	enum err failed;                 /* of the root: the first that happened */
	const struct language *language; /* of the root */
};

/* The value that a name has here or further out; NULL: it was never set. */
const struct template_value *template_find(const struct template_data *data, struct str name);

#endif
