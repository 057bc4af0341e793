/* Values on their way into struct config: given once, defaulted, or missing. */
#include "config_draft.h"

#include <stdio.h>

#include "config_value.h"

static const size_t first_parts[CONFIG_GROUP_COUNT + 1] = {
	[CONFIG_PLAIN] = 0,
	[CONFIG_LISTEN] = 1,
	[CONFIG_FLOW] = 1 + CONFIG_LISTENERS,
	[CONFIG_CLIENT] = 1 + CONFIG_LISTENERS + CONFIG_FLOWS,
	[CONFIG_PROTECT] = 1 + CONFIG_LISTENERS + CONFIG_FLOWS + CONFIG_CLIENTS,
	[CONFIG_GROUP_COUNT] = CONFIG_PARTS,
};

size_t config_draft_part(enum config_group group, size_t i)
{
	return first_parts[group] + i;
}

enum config_group config_draft_group(size_t part)
{
	unsigned group = CONFIG_PLAIN;

	while (part >= first_parts[group + 1])
		group++;
	return (enum config_group)group;
}

static void *part_base(const struct config_draft *draft, size_t part)
{
	struct config *config = draft->config;
	enum config_group group = config_draft_group(part);
	size_t i = part - config_draft_part(group, 0);

	switch (group) {
	case CONFIG_LISTEN:
		return &config->listeners[i];
	case CONFIG_FLOW:
		return &config->flows[i];
	case CONFIG_CLIENT:
		return &config->clients[i];
	case CONFIG_PROTECT:
		return &config->protects[i];
	default:
		return config;
	}
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

	if (config_table_group(str_of(setting->section)) != config_draft_group(part))
		return OK;
	if (config_draft_is_given(draft, part, row) || setting->need == CONFIG_OPTIONAL)
		return OK;
	if (setting->need == CONFIG_DEFAULTED)
		return store(draft, part, row, str_of(setting->fallback));
	if (part == 0)
		return fault_set(draft->fault, "%s: [%s] %s is missing", draft->file,
				 setting->section, setting->key);
	return fault_set(draft->fault, "%s:%u: this section lacks %s", draft->file,
			 draft->part_lines[part], setting->key);
}

enum err config_draft_complete(struct config_draft *draft)
{
	for (size_t part = 0; part < CONFIG_PARTS; part++) {
		for (size_t row = 0;
		     (part == 0 || draft->part_lines[part] > 0) && row < config_table_count();
		     row++)
			TRY(complete_row(draft, part, row));
	}
	return OK;
}
