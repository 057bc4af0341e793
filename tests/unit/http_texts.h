/* Catalogues of a test's own: two languages in a scratch directory. */
#ifndef GATEPOST_TESTS_HTTP_TEXTS_H
#define GATEPOST_TESTS_HTTP_TEXTS_H

#include "base_scratch.h"
#include "catalogue.h"

#define LANGUAGE_EN                                                                                \
	"{\"name\": \"English\", \"direction\": \"ltr\", \"forms\": 2, \"plural\": \"n != 1\","    \
	"\"months\": [\"Jan\",\"Feb\",\"Mar\",\"Apr\",\"May\",\"Jun\",\"Jul\",\"Aug\",\"Sep\","    \
	"\"Oct\",\"Nov\",\"Dec\"], \"time\": \"{day} {month} {year}, {hour}:{minute} UTC\"}"
/* With letters from right to left, and three forms: none, one, more. */
#define LANGUAGE_XX                                                                                \
	"{\"name\": \"Xx\", \"direction\": \"rtl\", \"forms\": 3, \"plural\": \"n > 2 ? 2 : n\","  \
	"\"months\": "                                                                             \
	"[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\",\"10\",\"11\",\"12\"],"            \
	"\"time\": \"{year}/{month}/{day} {minute}.{hour}\"}"

/* Both languages without a text; en and xx: what a file of texts of theirs has. */
static inline void texts_write(struct scratch *scratch, const char *en, const char *xx)
{
	scratch_folder(scratch, "lang");
	scratch_folder(scratch, "lang/en");
	scratch_folder(scratch, "lang/xx");
	scratch_file(scratch, "lang/en/language.json", LANGUAGE_EN, 0644);
	scratch_file(scratch, "lang/xx/language.json", LANGUAGE_XX, 0644);
	scratch_file(scratch, "lang/en/texts.json", en, 0644);
	scratch_file(scratch, "lang/xx/texts.json", xx, 0644);
}

static inline const struct catalogue *texts_load(struct scratch *scratch)
{
	const struct catalogue *texts = NULL;
	struct fault fault = {.text = ""};
	enum err e = catalogue_load(scratch->dir, scratch->arena, &texts, &fault);

	if (e != OK)
		print_error("refused: %s\n", fault.text);
	assert_int_equal(e, OK);
	return texts;
}

#endif
