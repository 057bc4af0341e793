/* A catalogue as others see it: its languages, and texts by key, their slots filled. */
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "catalogue_text.h"

static int compare_keys(const void *left, const void *right)
{
	const struct str *a = left;
	const struct str *b = right;
	size_t n = a->n < b->n ? a->n : b->n;
	int order = memcmp(a->p, b->p, n);

	return order != 0 ? order : (a->n > b->n) - (a->n < b->n);
}

bool catalogue_place(const struct catalogue *catalogue, struct str key, size_t *place)
{
	const struct str *found = NULL;

	if (key.n > 0 && catalogue->n > 0)
		found = bsearch(&key, catalogue->keys, catalogue->n, sizeof key, compare_keys);
	if (found != NULL)
		*place = (size_t)(found - catalogue->keys);
	return found != NULL;
}

bool catalogue_has(const struct catalogue *catalogue, struct str key)
{
	size_t place = 0;

	return catalogue_place(catalogue, key, &place);
}

size_t catalogue_languages(const struct catalogue *catalogue)
{
	return catalogue->languages;
}

const struct language *catalogue_language(const struct catalogue *catalogue, size_t i)
{
	const struct language *language = catalogue->first;

	while (i-- > 0)
		language = language->next;
	return language;
}

struct str language_tag(const struct language *language)
{
	return language->tag;
}

struct str language_name(const struct language *language)
{
	return language->name;
}

struct str language_direction(const struct language *language)
{
	return language->direction;
}

struct str language_text(const struct language *language, struct str key)
{
	size_t place = 0;

	if (language->texts == NULL || !catalogue_place(language->catalogue, key, &place))
		return STR_NONE;
	const struct text *text = &language->texts[place];
	bool is_whole = !text->is_plural && text->forms[0].n == 1 && !text->forms[0].has_marks;
	return is_whole ? text->forms[0].pieces[0].plain : STR_NONE;
}

static enum err fill(struct buf *buf, const struct say_text *text, struct str slot)
{
	if (text->is_plural && str_equal(slot, STR("count"))) {
		buf_add_u64(buf, text->count);
		return OK;
	}
	for (size_t i = 0; i < text->n; i++) {
		if (!str_equal(slot, str_of(text->values[i].name)))
			continue;
		buf_add(buf, text->values[i].text);
		return OK;
	}
	return ERR_INTERNAL;
}

enum err language_say(struct buf *buf, const struct language *language, const struct say_text *text)
{
	size_t place = 0;

	if (language->texts == NULL || !catalogue_place(language->catalogue, text->key, &place) ||
	    language->texts[place].is_plural != text->is_plural)
		return ERR_INTERNAL;
	unsigned form = text->is_plural ? plural_form(language->plural, text->count) : 0;
	const struct phrase *phrase = &language->texts[place].forms[form];
	for (size_t i = 0; i < phrase->n; i++) {
		buf_add(buf, phrase->pieces[i].plain);
		if (str_is_present(phrase->pieces[i].slot))
			TRY(fill(buf, text, phrase->pieces[i].slot));
	}
	return buf->failed;
}
