/* A configuration while it is read: the values so far, and where each of them came from. */
#ifndef GATEPOST_BASE_CONFIG_DRAFT_H
#define GATEPOST_BASE_CONFIG_DRAFT_H

#include "config.h"
#include "config_table.h"

#define CONFIG_FROM_ENVIRONMENT (~0U)
#define CONFIG_ENV_NAME 64

/* Part 0 is the plain sections; then as many of each group as there may be. */
#define CONFIG_PARTS (1 + CONFIG_LISTENERS + CONFIG_FLOWS + CONFIG_CLIENTS + CONFIG_PROTECTS)

struct config_draft {
	const char *file;
	struct arena *arena;
	struct config *config;
	struct fault *fault;
	unsigned part_lines[CONFIG_PARTS]; /* of their section lines; 0: not there */
	/* The line a value stands in, CONFIG_FROM_ENVIRONMENT, or 0: not given. */
	unsigned places[CONFIG_PARTS][CONFIG_SETTINGS];
};

/* The part of a group's section i; of CONFIG_PLAIN: 0. */
size_t config_draft_part(enum config_group group, size_t i);
enum config_group config_draft_group(size_t part);
/* Checks and stores one given value. ERR_CONFIG with the fault, also when a line repeats a setting.
 */
MUST_CHECK enum err config_draft_give(struct config_draft *draft, size_t part, size_t row,
				      unsigned place, struct str text);
/* Fills in what was not given; ERR_CONFIG for what must be. */
MUST_CHECK enum err config_draft_complete(struct config_draft *draft);
bool config_draft_is_given(const struct config_draft *draft, size_t part, size_t row);
/* Writes "PLACE: KEY reason", with the place of the value, and returns ERR_CONFIG. */
enum err config_draft_refuse(const struct config_draft *draft, size_t part, size_t row,
			     const char *reason);
/* Writes GATEPOST_SECTION_KEY, which has CONFIG_ENV_NAME bytes at most. */
void config_draft_env_name(const struct setting *setting, char *name);

#endif
