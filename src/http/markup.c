/* A small HTML tokenizer (after the HTML Standard §13.2.5) that refuses where the standard would
 * guess. */
#include "markup.h"

#include <stddef.h>

#include "markup_rule.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool is_letter(char c)
{
	return lower(c) >= 'a' && lower(c) <= 'z';
}

static bool is_name_character(char c)
{
	return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == ':';
}

static enum err name_add(struct markup_name *name, char c, const char **reason)
{
	if (name->n == sizeof name->text)
		return markup_refuse(reason, "a name in a tag is too long");
	name->text[name->n++] = lower(c);
	return OK;
}

static enum err tag_ends(struct markup *markup, const char **reason)
{
	bool is_script = markup_name_is(&markup->tag, "script");
	bool is_rcdata =
		markup_name_is(&markup->tag, "title") || markup_name_is(&markup->tag, "textarea");

	if (markup->is_end || (!is_script && !is_rcdata)) {
		*markup = (struct markup){.state = MARKUP_DATA};
		return OK;
	}
	if (is_script && !markup->has_src)
		return markup_refuse(reason, "an inline script; scripts belong in a file");
	*markup = (struct markup){.state = is_script ? MARKUP_SCRIPT : MARKUP_RCDATA,
				  .tag = markup->tag};
	return OK;
}

static enum err in_data(struct markup *markup, char c, const char **reason)
{
	(void)reason;
	if (c == '<')
		markup->state = MARKUP_TAG_OPEN;
	return OK;
}

static enum err begin_tag(struct markup *markup, char c, bool is_end, const char **reason)
{
	*markup = (struct markup){.state = MARKUP_TAG_NAME, .is_end = is_end};
	return name_add(&markup->tag, c, reason);
}

static enum err in_tag_open(struct markup *markup, char c, const char **reason)
{
	if (is_letter(c))
		return begin_tag(markup, c, false, reason);
	if (c != '/' && c != '!')
		return markup_refuse(reason, "a < that begins no tag (write &lt;)");
	markup->state = c == '/' ? MARKUP_END_OPEN : MARKUP_DECLARATION;
	return OK;
}

static enum err in_end_open(struct markup *markup, char c, const char **reason)
{
	if (is_letter(c))
		return begin_tag(markup, c, true, reason);
	return markup_refuse(reason, "a </ that ends no element");
}

/* What may come where one thing in a tag is over and the next has not begun. */
static enum err between(struct markup *markup, char c, const char **reason)
{
	if (is_blank(c)) {
		markup->state = MARKUP_BEFORE_ATTR;
		return OK;
	}
	if (c == '/' && !markup->is_end) {
		markup->state = MARKUP_SLASH;
		return OK;
	}
	if (c == '>')
		return tag_ends(markup, reason);
	return markup_refuse(reason, "a character that may not stand there in a tag");
}

static enum err in_tag_name(struct markup *markup, char c, const char **reason)
{
	if (is_name_character(c))
		return name_add(&markup->tag, c, reason);
	TRY(markup_tag_named(markup, reason));
	return between(markup, c, reason);
}

static enum err begin_attribute(struct markup *markup, char c, const char **reason)
{
	if (markup->is_end)
		return markup_refuse(reason, "an attribute in an end tag");
	markup->attr = (struct markup_name){.n = 0};
	markup->value = (struct markup_name){.n = 0};
	markup->is_filled = false;
	markup->run = 0;
	markup->state = MARKUP_ATTR_NAME;
	return name_add(&markup->attr, c, reason);
}

static enum err in_before_attribute(struct markup *markup, char c, const char **reason)
{
	return is_letter(c) ? begin_attribute(markup, c, reason) : between(markup, c, reason);
}

static enum err in_attribute_name(struct markup *markup, char c, const char **reason)
{
	if (is_name_character(c))
		return name_add(&markup->attr, c, reason);
	TRY(markup_attribute_named(markup, reason));
	if (c == '=') {
		markup->state = MARKUP_BEFORE_VALUE;
		return OK;
	}
	TRY(between(markup, c, reason));
	if (is_blank(c))
		markup->state = MARKUP_AFTER_ATTR;
	return OK;
}

static enum err in_after_attribute(struct markup *markup, char c, const char **reason)
{
	if (is_blank(c))
		return OK;
	if (c != '=')
		return in_before_attribute(markup, c, reason);
	markup->state = MARKUP_BEFORE_VALUE;
	return OK;
}

static enum err take_value_character(struct markup *markup, char c, const char **reason)
{
	return markup_is_url_attribute(markup) ? markup_url_character(markup, c, reason) : OK;
}

static enum err in_before_value(struct markup *markup, char c, const char **reason)
{
	if (is_blank(c))
		return OK;
	if (c == '"' || c == '\'') {
		markup->quote = c;
		markup->state = MARKUP_VALUE;
		return OK;
	}
	if (!is_name_character(c) && !str_contains(STR("/.#%"), c))
		return markup_refuse(reason, "a value that must be in quotes");
	markup->state = MARKUP_BARE_VALUE;
	return take_value_character(markup, c, reason);
}

static enum err in_value(struct markup *markup, char c, const char **reason)
{
	if (c != markup->quote)
		return take_value_character(markup, c, reason);
	markup->quote = 0;
	markup->state = MARKUP_AFTER_VALUE;
	return OK;
}

static enum err in_bare_value(struct markup *markup, char c, const char **reason)
{
	if (is_blank(c) || c == '>')
		return between(markup, c, reason);
	if (!is_name_character(c) && !str_contains(STR("/.#%"), c))
		return markup_refuse(reason, "a value that must be in quotes");
	return take_value_character(markup, c, reason);
}

static enum err in_slash(struct markup *markup, char c, const char **reason)
{
	return c == '>' ? tag_ends(markup, reason) : markup_refuse(reason, "a / within a tag");
}

static enum err in_declaration(struct markup *markup, char c, const char **reason)
{
	if (c != '-' && lower(c) != 'd')
		return markup_refuse(reason, "a <! that is neither a comment nor a doctype");
	markup->state = c == '-' ? MARKUP_COMMENT_OPEN : MARKUP_DOCTYPE;
	return OK;
}

static enum err in_doctype(struct markup *markup, char c, const char **reason)
{
	if (c == '>')
		markup->state = MARKUP_DATA;
	else if (!is_letter(c) && !is_blank(c))
		return markup_refuse(reason, "a doctype other than <!doctype html>");
	return OK;
}

static enum err in_comment_open(struct markup *markup, char c, const char **reason)
{
	if (c != '-')
		return markup_refuse(reason, "a <! that is neither a comment nor a doctype");
	*markup = (struct markup){.state = MARKUP_COMMENT};
	return OK;
}

static enum err in_comment(struct markup *markup, char c, const char **reason)
{
	if (c == '-') {
		markup->run++;
		return OK;
	}
	if ((markup->run >= 2) != (c == '>'))
		return markup_refuse(reason, "a -- or > in a comment");
	markup->run = 0;
	if (c == '>')
		markup->state = MARKUP_DATA;
	return OK;
}

static enum err begin_raw_end(struct markup *markup)
{
	markup->raw = markup->state;
	markup->state = MARKUP_RAW_END;
	markup->run = 0;
	return OK;
}

static enum err in_rcdata(struct markup *markup, char c, const char **reason)
{
	(void)reason;
	return c == '<' ? begin_raw_end(markup) : OK;
}

static enum err in_script(struct markup *markup, char c, const char **reason)
{
	if (c == '<')
		return begin_raw_end(markup);
	return markup_refuse(reason, "an inline script; scripts belong in a file");
}

/* Exactly "/name>" must follow the <. */
static enum err in_raw_end(struct markup *markup, char c, const char **reason)
{
	size_t at = markup->run++;
	char expected = '>';

	if (at == 0)
		expected = '/';
	else if (at <= markup->tag.n)
		expected = markup->tag.text[at - 1];
	if (lower(c) != expected && markup->raw == MARKUP_SCRIPT)
		return markup_refuse(reason, "an inline script; scripts belong in a file");
	if (lower(c) != expected)
		return markup_refuse(reason, "a tag in a title or textarea");
	if (expected == '>')
		*markup = (struct markup){.state = MARKUP_DATA};
	return OK;
}

enum err markup_take(struct markup *markup, char c, const char **reason)
{
	static enum err (*const steps[MARKUP_STATE_COUNT])(struct markup *, char, const char **) = {
		[MARKUP_DATA] = in_data,
		[MARKUP_TAG_OPEN] = in_tag_open,
		[MARKUP_END_OPEN] = in_end_open,
		[MARKUP_TAG_NAME] = in_tag_name,
		[MARKUP_BEFORE_ATTR] = in_before_attribute,
		[MARKUP_ATTR_NAME] = in_attribute_name,
		[MARKUP_AFTER_ATTR] = in_after_attribute,
		[MARKUP_BEFORE_VALUE] = in_before_value,
		[MARKUP_VALUE] = in_value,
		[MARKUP_BARE_VALUE] = in_bare_value,
		[MARKUP_AFTER_VALUE] = between,
		[MARKUP_SLASH] = in_slash,
		[MARKUP_DECLARATION] = in_declaration,
		[MARKUP_DOCTYPE] = in_doctype,
		[MARKUP_COMMENT_OPEN] = in_comment_open,
		[MARKUP_COMMENT] = in_comment,
		[MARKUP_RCDATA] = in_rcdata,
		[MARKUP_SCRIPT] = in_script,
		[MARKUP_RAW_END] = in_raw_end,
	};

	return steps[markup->state](markup, c, reason);
}

enum err markup_slot(struct markup *markup, enum markup_place *place, const char **reason)
{
	if (markup->state == MARKUP_DATA || markup->state == MARKUP_RCDATA) {
		*place = MARKUP_TEXT;
		return OK;
	}
	if (markup->state == MARKUP_BARE_VALUE || markup->state == MARKUP_BEFORE_VALUE)
		return markup_refuse(reason, "a slot in an attribute without quotes");
	if (markup->state == MARKUP_COMMENT)
		return markup_refuse(reason, "a slot in a comment");
	if (markup->state == MARKUP_SCRIPT)
		return markup_refuse(reason, "a slot in a script");
	if (markup->state != MARKUP_VALUE)
		return markup_refuse(reason, "a slot in a tag, outside of a value");
	if (!markup_is_url_attribute(markup)) {
		*place = MARKUP_ATTRIBUTE;
		return OK;
	}
	if (markup->value.n > 0 || markup->is_filled)
		return markup_refuse(reason, "a slot in a URL that is not the whole value");
	markup->is_filled = true;
	*place = MARKUP_URL;
	return OK;
}

/* Ends the name that is being read, so that what the section holds cannot go on with it. */
static enum err settle(struct markup *markup, const char **reason)
{
	if (markup->state == MARKUP_TAG_NAME)
		TRY(markup_tag_named(markup, reason));
	if (markup->state == MARKUP_ATTR_NAME)
		TRY(markup_attribute_named(markup, reason));
	if (markup->state == MARKUP_TAG_NAME || markup->state == MARKUP_ATTR_NAME)
		markup->state = MARKUP_AFTER_VALUE;
	if (markup->state == MARKUP_AFTER_ATTR)
		markup->state = MARKUP_BEFORE_ATTR;
	return OK;
}

static bool is_between(const struct markup *markup)
{
	return markup->state == MARKUP_BEFORE_ATTR || markup->state == MARKUP_AFTER_VALUE;
}

enum err markup_branch(struct markup *markup, const char **reason)
{
	TRY(settle(markup, reason));
	if (markup->state == MARKUP_DATA || markup->state == MARKUP_RCDATA || is_between(markup))
		return OK;
	if (markup->state == MARKUP_VALUE && !markup_is_url_attribute(markup))
		return OK;
	return markup_refuse(
		reason, "a section that stands neither in text, nor between attributes, nor in a "
			"value that is no URL");
}

enum err markup_join(struct markup *markup, const struct markup *start, const char **reason)
{
	TRY(settle(markup, reason));
	bool same_tag = str_equal(markup_name_str(&markup->tag), markup_name_str(&start->tag)) &&
			markup->is_end == start->is_end;
	if (same_tag && is_between(markup) && is_between(start)) {
		/* Without the section a blank may have come, with it none: ask for one. */
		markup->state = MARKUP_AFTER_VALUE;
		markup->has_src = markup->has_src && start->has_src;
		return OK;
	}
	if (same_tag && markup->state == start->state && markup->quote == start->quote &&
	    str_equal(markup_name_str(&markup->attr), markup_name_str(&start->attr)) &&
	    markup->has_src == start->has_src)
		return OK;
	return markup_refuse(reason,
			     "a section that ends in another place of the markup than it began");
}

bool markup_is_data(const struct markup *markup)
{
	return markup->state == MARKUP_DATA;
}
