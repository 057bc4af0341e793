/* A text of a catalogue, in pieces: literal text, and slots between. Private to the catalogue and
 * what renders it. */
#ifndef GATEPOST_HTTP_PHRASE_H
#define GATEPOST_HTTP_PHRASE_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"
#include "str.h"

struct arena;

#define PHRASE_MAX 4096 /* octets of a text */
#define PHRASE_SLOT_MAX 64

/* A literal, then a slot; either may be empty. */
struct phrase_piece {
	struct str plain; /* the literal as it is */
	struct str html;  /* the same escaped, with the elements that its marks stand for */
	struct str slot;  /* a name; absent at the end */
};

struct phrase {
	struct phrase_piece *pieces;
	size_t n;
	bool has_marks; /* so it may not stand in an attribute or a title */
};

/*
 * {name} is a slot ([a-z][a-z0-9_]*), <b>…</b> is strong, <code>…</code> is code; everything else
 * is literal. ERR_INPUT, *reason in static storage: a { or } that is of no slot, a mark that is not
 * closed or within another, a control character, no UTF-8, over PHRASE_MAX. ERR_MEMORY. The phrase
 * may point into text.
 */
MUST_CHECK enum err phrase_parse(struct arena *arena, struct str text, struct phrase *out,
				 const char **reason);
bool phrase_has_slot(const struct phrase *phrase, struct str name);

#endif
