/* The statements that watch: hours of the overview, and how much there is of what. */
#include "overview_store.h"
#include "stmt_part.h"
#include "survey_store.h"

static const struct col hour_cols[] = {
	{"hour_start", COL_I64, offsetof(struct overview_row, hour_start), 0},
	{"sign_ins", COL_U32, offsetof(struct overview_row, sign_ins), 0},
	{"failures", COL_U32, offsetof(struct overview_row, failures), 0},
	{"sessions", COL_U32, offsetof(struct overview_row, sessions), 0},
	{"updated_at", COL_I64, offsetof(struct overview_row, updated_at), 0},
};
static const struct col count_cols[] = {{"value", COL_I64, 0, 0}};
static const struct col table_cols[] = {
	{"name", COL_STR, offsetof(struct survey_table, name), 256},
	{"value", COL_I64, offsetof(struct survey_table, rows), 0},
};
static const struct col survey_cols[] = {
	{"waiting", COL_I64, offsetof(struct survey_counts, waiting), 0},
	{"dead", COL_I64, offsetof(struct survey_counts, dead), 0},
	{"key_since", COL_I64, offsetof(struct survey_counts, key_since), 0},
};
#define HOUR_SELECT                                                                                \
	"SELECT hour_start, sign_ins, failures, sessions, updated_at FROM overview_hour "
#define MAILS(states)                                                                              \
	"(SELECT COUNT(*) FROM (SELECT 1 FROM outbox "                                             \
	"WHERE state IN (" states ") LIMIT 10000) AS m)"

const struct stmt_def stmt_part_overview[STMT_COUNT] = {
	DEF(STMT_OVERVIEW_NEWEST, .params = "i", COLS(hour_cols), .kind = STMT_READ, .roles = WEB,
	    .sql = HOUR_SELECT "WHERE hour_start <= ? ORDER BY hour_start DESC LIMIT 1"),
	DEF(STMT_OVERVIEW_SESSIONS, .params = "i", COLS(count_cols), .kind = STMT_READ,
	    .roles = WEB, .sql = "SELECT COUNT(*) AS value FROM session WHERE idle_end > ?"),
	/* Assignments run from left to right: sessions looks at updated_at before that moves. */
	DEF(STMT_OVERVIEW_KEEP, .params = "ibbiiiii", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "INSERT INTO overview_hour "
		   "(hour_start, sign_ins, failures, sessions, updated_at) "
		   "SELECT ?, COALESCE(SUM(event = ?), 0), COALESCE(SUM(event = ?), 0), ?, ? "
		   "FROM audit_event WHERE at >= ? AND at < ? "
		   "ON DUPLICATE KEY UPDATE sign_ins = GREATEST(sign_ins, VALUES(sign_ins)), "
		   "failures = GREATEST(failures, VALUES(failures)), "
		   "sessions = IF(VALUES(updated_at) >= updated_at AND VALUES(updated_at) < ?, "
		   "VALUES(sessions), sessions), "
		   "updated_at = GREATEST(updated_at, VALUES(updated_at))"),
	DEF(STMT_OVERVIEW_LIST, .params = "ii", COLS(hour_cols), .kind = STMT_READ, .roles = WEB,
	    .sql = HOUR_SELECT "WHERE hour_start >= ? ORDER BY hour_start LIMIT ?"),
	DEF(STMT_OVERVIEW_PURGE, .params = "ii", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "DELETE FROM overview_hour WHERE hour_start < ? ORDER BY hour_start LIMIT ?"),

	/* What an account may see; nothing is counted for it. */
	DEF(STMT_SURVEY_TABLES, .params = "", COLS(table_cols), .kind = STMT_READ, .roles = WEB,
	    .sql = "SELECT TABLE_NAME AS name, CAST(TABLE_ROWS AS SIGNED) AS value "
		   "FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()"),
	DEF(STMT_SURVEY_COUNTS, .params = "", COLS(survey_cols), .kind = STMT_READ, .roles = WEB,
	    .sql = "SELECT " MAILS("1, 2") " AS waiting, " MAILS(
		    "4") " AS dead, "
			 "(SELECT MAX(active_at) FROM signing_key WHERE state = 2) AS key_since"),
};
