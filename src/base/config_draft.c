/* Values on their way into struct config: given once, defaulted, or missing. */
#include "config_draft.h"

#include <stdio.h>

#include "config_value.h"

static void *part_base(const struct config_draft *draft, size_t part)
{
	if (part == 0)
		return draft->config;
	return &draft->config->listeners[part - 1];
}

void config_draft_env_name(const struct setting *setting, char *name)
{
	(void)snprintf(name, CONFIG_ENV_NAME, "GATEPOST_%s_%s", setting->section, setting->key);
	for (char *c = name; *c != '\0'; c++) {
		if (*c >= 'a' && *c <= 'z')
			*c = (char)(*c - ('a' - 'A'));
	}
}

bool config_draft_is_given(const struct config_draft *draft, size_t part, size_t row)
{
	return draft->places[part][row] != 0;
}

enum err config_draft_refuse(const struct config_draft *draft, size_t part, size_t row,
			     const char *reason)
{
	const struct setting *setting = config_table_row(row);
	unsigned place = draft->places[part][row];

	if (place == CONFIG_FROM_ENVIRONMENT) {
		char name[CONFIG_ENV_NAME];
		config_draft_env_name(setting, name);
		return fault_set(draft->fault, "%s: %s", name, reason);
	}
	if (place == 0)
		return fault_set(draft->fault, "%s: %s %s", draft->file, setting->key, reason);
	return fault_set(draft->fault, "%s:%u: %s %s", draft->file, place, setting->key, reason);
}

static enum err store(struct config_draft *draft, size_t part, size_t row, struct str text)
{
	struct fault reason = {""};

	enum err e = config_value_set(config_table_row(row), text, draft->arena,
				      part_base(draft, part), &reason);
	if (e == ERR_CONFIG)
		return config_draft_refuse(draft, part, row, reason.text);
	return e;
}

enum err config_draft_give(struct config_draft *draft, size_t part, size_t row, unsigned place,
			   struct str text)
{
	unsigned *known = &draft->places[part][row];

	if (*known != 0 && place != CONFIG_FROM_ENVIRONMENT)
		return fault_set(draft->fault, "%s:%u: %s is there twice, first in line %u",
				 draft->file, place, config_table_row(row)->key, *known);
	*known = place;
	return store(draft, part, row, text);
}

static enum err complete_row(struct config_draft *draft, size_t part, size_t row)
{
	const struct setting *setting = config_table_row(row);

	if (config_table_is_listen(setting) != (part > 0))
		return OK;
	if (config_draft_is_given(draft, part, row) || setting->need == CONFIG_OPTIONAL)
		return OK;
	if (setting->need == CONFIG_DEFAULTED)
		return store(draft, part, row, str_of(setting->fallback));
	if (part == 0)
		return fault_set(draft->fault, "%s: [%s] %s is missing", draft->file,
				 setting->section, setting->key);
	return fault_set(draft->fault, "%s:%u: this section lacks %s", draft->file,
			 draft->listener_lines[part - 1], setting->key);
}

enum err config_draft_complete(struct config_draft *draft)
{
	for (size_t part = 0; part <= draft->config->listener_count; part++) {
		for (size_t row = 0; row < config_table_count(); row++)
			TRY(complete_row(draft, part, row));
	}
	return OK;
}
