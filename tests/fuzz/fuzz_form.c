/* Forms: whatever is taken holds each name once, as UTF-8 without NUL. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "arena.h"
#include "form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static bool is_clean(struct str text)
{
	return str_is_present(text) && str_is_utf8(text) && !str_contains(text, '\0');
}

static void check(const struct form *form)
{
	require(form->n <= FORM_FIELDS_MAX);
	for (size_t i = 0; i < form->n; i++) {
		require(is_clean(form->fields[i].name) && is_clean(form->fields[i].value));
		/* The first field of that name is this one: there is no other. */
		require(form_get(form, form->fields[i].name).p == form->fields[i].value.p);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = NULL;
	struct form form;
	const struct str unset = STR("unset");
	struct str bad = unset;

	if (arena_open(4096, 4194304, &arena) != OK)
		return 0;
	if (form_parse(arena, (struct str){.p = (const char *)data, .n = size}, &form, &bad) == OK)
		check(&form);
	require(bad.p != unset.p);
	arena_close(&arena);
	return 0;
}
