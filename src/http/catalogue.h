/* The texts that people read, in several languages: read from files, checked against each other. */
#ifndef GATEPOST_HTTP_CATALOGUE_H
#define GATEPOST_HTTP_CATALOGUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "str.h"

struct arena;
struct buf;

/* All languages of a directory; immutable, shared by threads. */
struct catalogue;
/* One of them. */
struct language;

#define LANGUAGE_TAG_MAX 35

/*
 * Reads DIR/lang/TAG/NOUN.json for every TAG there: one object of "key": "text", or "key": ["form",
 * …] with as many as the language has plural forms; keys of [a-z0-9_.]; texts as in phrase.h. And
 * DIR/lang/TAG/language.json: name, direction (ltr or rtl), forms and plural (see plural.h), months
 * (12), time (a text with the slots day, month, year, hour, minute). ERR_CONFIG, with the file:
 * one that is not readable, or writable by others; a text that phrase.h refuses; a key twice, or
 * not in every language; a text that is plural or has a slot in one language or form and not in
 * another, but {count} of a plural; no language at all. All of it lives in arena.
 */
MUST_CHECK enum err catalogue_load(const char *dir, struct arena *arena,
				   const struct catalogue **out, struct fault *fault);
/*
 * The same in two steps, for a program that needs one language and ends: which ones there are, and
 * (as often as is wanted) one with its texts, compared to those that were read before. Until then
 * it has a tag and nothing else. Not while another thread uses the catalogue.
 */
MUST_CHECK enum err catalogue_open(const char *dir, struct arena *arena, struct catalogue **out,
				   struct fault *fault);
MUST_CHECK enum err catalogue_read(struct catalogue *catalogue, const struct language *language,
				   struct fault *fault);
size_t catalogue_languages(const struct catalogue *catalogue);
/* In the order of their tags; i below catalogue_languages. */
const struct language *catalogue_language(const struct catalogue *catalogue, size_t i);
bool catalogue_has(const struct catalogue *catalogue, struct str key);

/* The language that a range names (RFC 4647 §3.4: pl-PL finds pl). NULL: none. */
const struct language *catalogue_lookup(const struct catalogue *catalogue, struct str range);
/* The configured language. ERR_CONFIG: there is no such folder. */
MUST_CHECK enum err catalogue_default(const struct catalogue *catalogue, struct str tag,
				      const struct language **out, struct fault *fault);
/* Of ranges with blanks between (ui_locales), the first that finds one. NULL: none. */
const struct language *catalogue_first(const struct catalogue *catalogue, struct str ranges);
/* Of an Accept-Language (RFC 9110 §12.5.4), the weightiest that finds one. NULL: none. */
const struct language *catalogue_accepted(const struct catalogue *catalogue, struct str header);

/* NUL-terminated, as the catalogue's. */
struct str language_tag(const struct language *language);
struct str language_name(const struct language *language);
struct str language_direction(const struct language *language); /* "ltr" or "rtl" */

/* What a slot of a text is filled with. */
struct say_value {
	const char *name;
	struct str text;
};

/* Which text, and what fills it. */
struct say_text {
	struct str key;
	bool is_plural;
	uint64_t count; /* of a plural: picks the form, and fills {count} */
	const struct say_value *values;
	size_t n;
};

/* A text without slots, marks and forms, as it is. Absent: there is none of that key. */
struct str language_text(const struct language *language, struct str key);
/* Appends a text, its slots filled, its marks left out. ERR_INTERNAL: no such text, it is plural
 * and the other not, or a slot has no value. */
MUST_CHECK enum err language_say(struct buf *buf, const struct language *language,
				 const struct say_text *text);
/* Appends a time as people read it, UTC. */
MUST_CHECK enum err catalogue_add_time(struct buf *buf, const struct language *language,
				       int64_t micros);

#endif
