/* A look at the database for the metrics: a few numbers, kept in cells until the next one. */
#ifndef GATEPOST_AUTH_SURVEY_H
#define GATEPOST_AUTH_SURVEY_H

#include <stddef.h>
#include <stdint.h>

#include "context.h"
#include "err.h"

#define SURVEY_TABLES 28

/* Where each value stands. */
enum survey_value {
	SURVEY_MAILS_WAITING = 0,
	SURVEY_MAILS_DEAD,
	SURVEY_KEY_SINCE, /* when the active signing key became so; 0: there is none */
	SURVEY_ROWS,      /* an estimate for each table, in the order of their names */
	SURVEY_VALUES = SURVEY_ROWS + SURVEY_TABLES
};

/* All tables of the schema but those of migrations; static. */
const char *survey_table_name(size_t table);

/* Two statements, none of which reads a table as a whole. */
MUST_CHECK enum err survey_take(const struct auth_context *context, int64_t values[SURVEY_VALUES]);

#endif
