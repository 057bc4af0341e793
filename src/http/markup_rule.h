/* What the tags of a template may hold. Private to the markup tokenizer. */
#ifndef GATEPOST_HTTP_MARKUP_RULE_H
#define GATEPOST_HTTP_MARKUP_RULE_H

#include <stdbool.h>

#include "err.h"
#include "markup.h"
#include "str.h"

/* Sets the reason and returns ERR_INPUT. */
enum err markup_refuse(const char **reason, const char *text);
struct str markup_name_str(const struct markup_name *name);
bool markup_name_is(const struct markup_name *name, const char *text);

/* The tag's name is complete; the attribute's is. */
MUST_CHECK enum err markup_tag_named(struct markup *markup, const char **reason);
MUST_CHECK enum err markup_attribute_named(struct markup *markup, const char **reason);
/* The attributes whose value is one URL and may be a slot. */
bool markup_is_url_attribute(const struct markup *markup);
/* The next character of such a value. */
MUST_CHECK enum err markup_url_character(struct markup *markup, char c, const char **reason);

#endif
