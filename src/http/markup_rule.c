/* What the tags of a template may hold: no script or style, no element or URL with a will of its
 * own. */
#include "markup_rule.h"

#include <stddef.h>

enum err markup_refuse(const char **reason, const char *text)
{
	*reason = text;
	return ERR_INPUT;
}

struct str markup_name_str(const struct markup_name *name)
{
	return (struct str){name->text, name->n};
}

bool markup_name_is(const struct markup_name *name, const char *text)
{
	return str_equal(markup_name_str(name), str_of(text));
}

static bool name_is_among(const struct markup_name *name, const char *const *list)
{
	for (; *list != NULL; list++) {
		if (markup_name_is(name, *list))
			return true;
	}
	return false;
}

enum err markup_tag_named(struct markup *markup, const char **reason)
{
	static const char *const refused[] = {
		"animate", "animatemotion", "animatetransform", "applet", "base",
		"embed",   "frame",         "frameset",         "iframe", "math",
		"noembed", "noframes",      "noscript",         "object", "plaintext",
		"portal",  "set",           "template",         "xmp",    NULL,
	};

	if (markup_name_is(&markup->tag, "style"))
		return markup_refuse(reason, "a style element; styles belong in a file");
	if (name_is_among(&markup->tag, refused))
		return markup_refuse(reason, "an element that templates may not have");
	return OK;
}

bool markup_is_url_attribute(const struct markup *markup)
{
	static const char *const names[] = {"href", "src", "action", "formaction", NULL};

	return name_is_among(&markup->attr, names);
}

/* What is refused here carries script or style, or a URL in a syntax of its own. */
enum err markup_attribute_named(struct markup *markup, const char **reason)
{
	static const char *const refused[] = {
		"attributename", "background", "cite",     "codebase", "data",   "http-equiv",
		"imagesrcset",   "longdesc",   "manifest", "ping",     "poster", "srcdoc",
		"srcset",        "xlink:href", "xml:base", NULL,
	};

	if (markup_name_is(&markup->attr, "style"))
		return markup_refuse(reason, "a style attribute; styles belong in a file");
	if (str_starts(markup_name_str(&markup->attr), STR("on")))
		return markup_refuse(reason, "an event attribute; scripts belong in a file");
	if (name_is_among(&markup->attr, refused))
		return markup_refuse(reason, "an attribute that templates may not have");
	if (markup_name_is(&markup->attr, "src"))
		markup->has_src = true;
	return OK;
}

static bool has_free_scheme(const struct markup *markup)
{
	static const char *const schemes[] = {"https", "http", "mailto", NULL};

	return markup_name_is(&markup->tag, "a") && name_is_among(&markup->value, schemes);
}

/* run is 1 once it is known whether there is a scheme. */
enum err markup_url_character(struct markup *markup, char c, const char **reason)
{
	if (markup->is_filled)
		return markup_refuse(reason, "a slot in a URL that is not the whole value");
	if (c <= ' ' || c > '~' || str_contains(STR("&\\\"'<>`{}|^"), c))
		return markup_refuse(reason, "a character that a URL may not have here");
	if (c == '/' && markup_name_is(&markup->value, "/"))
		return markup_refuse(reason, "a URL of another host");
	if (c == ':' && markup->run == 0 && !has_free_scheme(markup))
		return markup_refuse(
			reason, "a URL with a scheme; only links may have https, http, mailto");
	if (str_contains(STR(":/?#"), c))
		markup->run = 1;
	if (markup->value.n < sizeof markup->value.text)
		markup->value.text[markup->value.n++] = c;
	return OK;
}
