/* What a catalogue is made of. Private to its files and the templates. */
#ifndef GATEPOST_HTTP_CATALOGUE_TEXT_H
#define GATEPOST_HTTP_CATALOGUE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "catalogue.h"
#include "err.h"
#include "phrase.h"
#include "plural.h"
#include "str.h"

struct arena;

#define LANGUAGE_KEY_MAX 96
#define MONTHS 12

/* A text in one language. */
struct text {
	const struct phrase *forms; /* as many as the language has; of one without numbers one */
	bool is_plural;
};

struct language {
	struct language *next;
	struct str tag, name, direction;
	const struct plural *plural; /* NULL: its language.json was not read yet */
	unsigned forms;
	struct str months[MONTHS];
	struct phrase time;
	const struct catalogue *catalogue;
	const struct text *texts; /* in the order of the catalogue's keys */
};

struct catalogue {
	struct language *first;
	size_t languages;
	const struct str *keys; /* sorted */
	size_t n;
};

/* *place: of the key among all keys. False: there is none. */
bool catalogue_place(const struct catalogue *catalogue, struct str key, size_t *place);
/* Fills in what stands in a language.json. ERR_CONFIG, ERR_MEMORY. */
MUST_CHECK enum err catalogue_read_language(struct arena *arena, const char *file,
					    struct language *language, struct fault *fault);

#endif
