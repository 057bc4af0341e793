/* A look at the database for the metrics: a few numbers, kept in cells until the next one. */
#include "survey.h"

#include <string.h>

#include "survey_store.h"

static const char *const TABLES[SURVEY_TABLES] = {
	"audit_event", "challenge",    "device",     "flow",         "flow_counter",
	"handover",    "mail_code",    "membership", "outbox",       "overview_hour",
	"passkey",     "password",     "permission", "recovery_set", "refresh_token",
	"role",        "rotation",     "service",    "session",      "setup_code",
	"signing_key", "signing_turn", "tenant",     "throttle",     "token_family",
	"totp",        "user",         "user_role",
};

const char *survey_table_name(size_t table)
{
	return TABLES[table];
}

static void take_table(void *context, const struct survey_table *table)
{
	int64_t *values = context;

	for (size_t i = 0; i < SURVEY_TABLES; i++)
		if (str_equal(table->name, str_of(TABLES[i])))
			values[SURVEY_ROWS + i] = table->rows;
}

enum err survey_take(const struct auth_context *context, int64_t values[SURVEY_VALUES])
{
	int64_t taken[SURVEY_VALUES] = {0};
	struct survey_counts counts;

	TRY(survey_store_counts(context->db, &counts));
	TRY(survey_store_tables(context->db, context->arena, take_table, taken));
	taken[SURVEY_MAILS_WAITING] = counts.waiting;
	taken[SURVEY_MAILS_DEAD] = counts.dead;
	taken[SURVEY_KEY_SINCE] = counts.key_since;
	memcpy(values, taken, sizeof taken);
	return OK;
}
