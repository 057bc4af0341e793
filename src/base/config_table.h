/* The table of settings: where each stands in the file, what it may be, where its value goes. */
#ifndef GATEPOST_BASE_CONFIG_TABLE_H
#define GATEPOST_BASE_CONFIG_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "str.h"

enum config_type {
	CONFIG_TEXT,
	CONFIG_BOOL,
	CONFIG_NUMBER,
	CONFIG_SPAN,
	CONFIG_PATH,
	CONFIG_ORIGIN,
	CONFIG_BASE_PATH,
	CONFIG_MODE,
	CONFIG_ORIGINS,
	CONFIG_NETWORKS,
	CONFIG_ADDRESS,
	CONFIG_ROLE,
	CONFIG_DIRECTIVES,
	CONFIG_SCOPE,
	CONFIG_ALG,
	CONFIG_CLASSES,
	CONFIG_REMOTE_USER,
	CONFIG_REGISTRATION,
	CONFIG_TYPE_COUNT
};

/* What happens to a setting that is not given. */
enum config_need {
	CONFIG_DEFAULTED, /* fallback is parsed like a given value; an empty value is refused */
	CONFIG_OPTIONAL,  /* it stays absent (zero), as when it is given empty */
	CONFIG_REQUIRED,
};

struct setting {
	const char *section; /* "listen", "flow", "client", "protect": of every such section */
	const char *key;
	enum config_type type;
	enum config_need need;
	size_t offset; /* in struct config, or that of the group */
	int64_t min;   /* of the number, the span in microseconds, or the length in octets */
	int64_t max;
	const char *fallback;
};

/* No more settings than this; arrays of them have this size. */
#define CONFIG_SETTINGS 144
/* Not a row. */
#define CONFIG_NO_ROW ((size_t)CONFIG_SETTINGS)

size_t config_table_count(void);
/* row is below config_table_count(). */
const struct setting *config_table_row(size_t row);
/* The row of a setting, or CONFIG_NO_ROW. */
size_t config_table_find(struct str section, struct str key);
bool config_table_has_section(struct str section);
/* The sections that there may be many of; all others are plain. */
enum config_group {
	CONFIG_PLAIN = 0,
	CONFIG_LISTEN,
	CONFIG_FLOW,
	CONFIG_CLIENT,
	CONFIG_PROTECT,
	CONFIG_GROUP_COUNT
};
enum config_group config_table_group(struct str section);

#endif
