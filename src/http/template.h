/* Logic-less templates: {{name}}, {{#x}}…{{/x}}, {{^x}}…{{/x}}, {{>partial}}, {{$text}}, {{!
 * note}}; no raw slot. */
#ifndef GATEPOST_HTTP_TEMPLATE_H
#define GATEPOST_HTTP_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "str.h"
#include "url.h"

struct arena;
struct buf;
struct catalogue;
struct language;

/* All templates of a directory, parsed; immutable, shared by threads. */
struct template_set;

/*
 * Reads every *.html and *.txt below dir; "mail/x.txt" is a name, too. Refused, "FILE:LINE:
 * reason": an unclosed or stray section, an unknown partial or a cycle, nesting over 16, a raw tag
 * ({{{ or {{&), a slot in <script>, <style>, a comment, an on… attribute, a style attribute, an
 * unquoted attribute, a tag or attribute name; a slot in href, src, action or formaction that is
 * not the whole value; inline script or style; a URL of another host outside of links; what
 * markup_rule.c lists; markup on which browsers would have to guess; a section that ends elsewhere
 * in the markup than it began (between attributes is fine, with a blank behind it); a partial but
 * between elements; a file not readable, or writable by others, or over 256 KiB. A partial is named
 * without its ending. {{$key}} is a text of the catalogue, {{$key:n}} one with plural forms, by the
 * number n; they may stand where slots may, but in no URL attribute, and are refused when the
 * catalogue has none of the kind, or one with marks for an attribute or a title. The set lives in
 * arena. texts: of the same lifetime; NULL for templates without.
 */
MUST_CHECK enum err template_load(const char *dir, const struct catalogue *texts,
				  struct arena *arena, const struct template_set **out,
				  struct fault *fault);
/*
 * The same in two steps, for a program that needs one page and ends: a set with nothing in it, and
 * (as often as is wanted) one template with its partials. Not while another thread uses the set.
 */
MUST_CHECK enum err template_open(const char *dir, const struct catalogue *texts,
				  struct arena *arena, struct template_set **out);
MUST_CHECK enum err template_need(struct template_set *set, struct str name, struct fault *fault);
bool template_exists(const struct template_set *set, struct str name); /* "login.html" */

/* What a page is filled with: a frame of names, and frames in lists. Lives in the arena. */
struct template_data;

MUST_CHECK enum err template_data_new(struct arena *arena, struct template_data **out);
/* Each setter is sticky on ERR_MEMORY; template_render reports it. A name set twice: the later
 * wins. */
void template_text(struct template_data *data, const char *name,
		   struct str value); /* absent: "" and false */
void template_url(struct template_data *data, const char *name, struct url value);
void template_flag(struct template_data *data, const char *name, bool value);
/* As a text its digits; true unless 0. Picks the form of {{$key:name}}, whose {count} it is. */
void template_count(struct template_data *data, const char *name, uint64_t value);
/* In what language the whole page is; sets the texts lang and dir. */
void template_language(struct template_data *data, const struct language *language);
/*
 * Appends an item to the list and returns its frame (looks outward to data for unknown names).
 * Never NULL. For a list that may stay empty, set template_flag(data, list, false) before.
 */
struct template_data *template_item(struct template_data *data, const char *list);

/*
 * Appends the page to out; after a failure out holds a part and is to be thrown away. ERR_INTERNAL:
 * a name that was never set (a typo must not pass as empty), a flag or list in a slot, a slot in a
 * URL attribute that holds no struct url, a plural text by something else than a number, a text
 * while no language is set. .txt refuses controls but newline: ERR_INPUT.
 * ERR_TOO_LARGE beyond the buffer's maximum, or when partials multiply without end.
 */
MUST_CHECK enum err template_render(const struct template_set *set, struct str name,
				    const struct template_data *data, struct buf *out);

#endif
