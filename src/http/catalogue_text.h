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
	const struct plural *plural;
	unsigned forms;
	struct str months[MONTHS];
	struct phrase time;
	const struct catalogue *catalogue;
	const struct text *texts; /* in the order of the catalogue's keys; NULL: was not read */
};

struct catalogue {
	struct arena *arena;
	struct str dir; /* of the languages' folders */
	struct language *first;
	size_t languages;
	const struct language *model; /* the first that was read: all are compared to it */
	const char *const *files;     /* of the model's texts */
	const struct str *keys;       /* sorted */
	size_t n;
};

/* A text as it was read, of one language. */
struct catalogue_entry {
	struct catalogue_entry *next;
	struct str key;
	struct text text;
	const char *file;
};

struct catalogue_loader {
	struct arena *arena;
	struct fault *fault;
	struct catalogue *catalogue;
	struct language *last;           /* the one that is being read, or was listed last */
	struct catalogue_entry *entries; /* of the one that is being read */
	size_t n;
};

/* Makes what was read the last language's texts. ERR_CONFIG: they do not fit the model's. */
MUST_CHECK enum err catalogue_take(struct catalogue_loader *loader);
/* *place: of the key among all keys. False: there is none. */
bool catalogue_place(const struct catalogue *catalogue, struct str key, size_t *place);
/* Fills in what stands in a language.json. ERR_CONFIG, ERR_MEMORY. */
MUST_CHECK enum err catalogue_read_language(struct arena *arena, const char *file,
					    struct language *language, struct fault *fault);

#endif
