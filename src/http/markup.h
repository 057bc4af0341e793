/* Where in HTML a template stands, character by character; a strict subset, so that no browser
 * reads it otherwise. */
#ifndef GATEPOST_HTTP_MARKUP_H
#define GATEPOST_HTTP_MARKUP_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"
#include "str.h"

#define MARKUP_NAME_MAX 32

enum markup_state {
	MARKUP_DATA,
	MARKUP_TAG_OPEN, /* behind < */
	MARKUP_END_OPEN, /* behind </ */
	MARKUP_TAG_NAME,
	MARKUP_BEFORE_ATTR, /* a blank was there */
	MARKUP_ATTR_NAME,
	MARKUP_AFTER_ATTR, /* blanks behind a name: = may follow */
	MARKUP_BEFORE_VALUE,
	MARKUP_VALUE, /* quoted */
	MARKUP_BARE_VALUE,
	MARKUP_AFTER_VALUE, /* a blank, / or > must follow */
	MARKUP_SLASH,       /* the one before > */
	MARKUP_DECLARATION, /* behind <! */
	MARKUP_DOCTYPE,
	MARKUP_COMMENT_OPEN, /* behind <!- */
	MARKUP_COMMENT,
	MARKUP_RCDATA,  /* in title and textarea */
	MARKUP_SCRIPT,  /* between <script …> and </script>: nothing may stand there */
	MARKUP_RAW_END, /* behind the < of what must end title, textarea, script */
	MARKUP_STATE_COUNT
};

enum markup_place { MARKUP_NO_PLACE = 0, MARKUP_TEXT, MARKUP_ATTRIBUTE, MARKUP_URL };

struct markup_name {
	char text[MARKUP_NAME_MAX];
	size_t n;
};

/* Zeroed: at the start of a document or a piece of one. */
struct markup {
	enum markup_state state;
	enum markup_state raw; /* of RAW_END: what it is the end of */
	char quote;
	bool is_end; /* the tag is an end tag */
	bool has_src;
	bool is_filled;         /* a slot is the value of this URL attribute */
	struct markup_name tag; /* lower case */
	struct markup_name attr;
	struct markup_name value; /* the beginning of a URL attribute's value */
	size_t run;               /* of RAW_END: characters matched; of COMMENT: dashes in a row */
};

/* Takes one character of the text. ERR_INPUT: *reason says why it is refused; static storage. */
MUST_CHECK enum err markup_take(struct markup *markup, char c, const char **reason);
/* Where a slot would stand now; notes that it does. MARKUP_NO_PLACE: *reason. */
MUST_CHECK enum err markup_slot(struct markup *markup, enum markup_place *place,
				const char **reason);
/*
 * A section begins here: what comes may be there or not. In a tag it must stand between attributes,
 * in quotes it may not be in a URL.
 */
MUST_CHECK enum err markup_branch(struct markup *markup, const char **reason);
/* The section that began at start (after markup_branch) ends: both ways must lead to the same
 * state. */
MUST_CHECK enum err markup_join(struct markup *markup, const struct markup *start,
				const char **reason);
/* Between elements: where a partial may stand, and where a template must end. */
bool markup_is_data(const struct markup *markup);

#endif
