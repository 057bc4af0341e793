/* Forms: each name once, everything decoded once and checked. */
#include "form.h"

#include "url.h"

static enum err parse_field(struct arena *arena, struct str piece, struct form_field *out,
			    struct str *bad_name)
{
	struct form_field field = {.name = STR_NONE};
	struct str name = STR_NONE;
	struct str value = STR_NONE;

	str_cut(piece, '=', &name, &value);
	TRY(url_decode(arena, name, true, &field.name));
	enum err failed = url_decode(arena, value, true, &field.value);
	if (failed != OK) {
		*bad_name = field.name;
		return failed;
	}
	*out = field;
	return OK;
}

static enum err add_field(struct form *form, struct form_field field, struct str *bad_name)
{
	if (str_is_present(form_get(form, field.name))) {
		*bad_name = field.name;
		return ERR_INPUT;
	}
	if (form->n == FORM_FIELDS_MAX)
		return ERR_INPUT;
	form->fields[form->n++] = field;
	return OK;
}

enum err form_parse(struct arena *arena, struct str text, struct form *out, struct str *bad_name)
{
	struct form form = {.n = 0};
	struct str rest = text;
	struct str piece = STR_NONE;

	*bad_name = STR_NONE;
	for (bool more = true; more;) {
		struct form_field field = {.name = STR_NONE};
		more = str_cut(rest, '&', &piece, &rest);
		/* "a=1&&b=2": the URL standard passes over what is empty. */
		if (piece.n == 0)
			continue;
		TRY(parse_field(arena, piece, &field, bad_name));
		TRY(add_field(&form, field, bad_name));
	}
	*out = form;
	return OK;
}

struct str form_get(const struct form *form, struct str name)
{
	for (size_t i = 0; i < form->n; i++) {
		if (str_equal(form->fields[i].name, name))
			return form->fields[i].value;
	}
	return STR_NONE;
}
