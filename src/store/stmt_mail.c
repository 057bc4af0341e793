/* The statements about mail on its way out. */
#include "outbox_work_store.h"
#include "stmt_part.h"

/* States as in enum outbox_state; a test holds them together. */
static const struct col due_cols[] = {
	{"id", COL_ID, offsetof(struct outbox_mail, id), 0},
	{"kind", COL_STR, offsetof(struct outbox_mail, kind), 64},
	{"recipient", COL_STR, offsetof(struct outbox_mail, recipient), 254},
	{"language", COL_STR, offsetof(struct outbox_mail, language), 35},
	{"payload", COL_SECRET, offsetof(struct outbox_mail, payload), 8192},
	{"root", COL_U32, offsetof(struct outbox_mail, root), 0},
	{"state", COL_U32, offsetof(struct outbox_mail, state), 0},
	{"attempts", COL_U32, offsetof(struct outbox_mail, attempts), 0},
	{"due_at", COL_I64, offsetof(struct outbox_mail, due_at), 0},
	{"created_at", COL_I64, offsetof(struct outbox_mail, created_at), 0},
	{"taken_at", COL_I64, offsetof(struct outbox_mail, taken_at), 0},
};

static const struct col item_cols[] = {
	{"id", COL_ID, offsetof(struct outbox_item, id), 0},
	{"kind", COL_STR, offsetof(struct outbox_item, kind), 64},
	{"recipient", COL_STR, offsetof(struct outbox_item, recipient), 254},
	{"language", COL_STR, offsetof(struct outbox_item, language), 35},
	{"state", COL_U32, offsetof(struct outbox_item, state), 0},
	{"attempts", COL_U32, offsetof(struct outbox_item, attempts), 0},
	{"due_at", COL_I64, offsetof(struct outbox_item, due_at), 0},
	{"created_at", COL_I64, offsetof(struct outbox_item, created_at), 0},
	{"done_at", COL_I64, offsetof(struct outbox_item, done_at), 0},
	{"last_error", COL_STR, offsetof(struct outbox_item, last_error), 1020},
};

static const struct col count_cols[] = {
	{"waiting", COL_I64, offsetof(struct outbox_count, waiting), 0},
	{"late", COL_I64, offsetof(struct outbox_count, late), 0},
	{"dead", COL_I64, offsetof(struct outbox_count, dead), 0},
};

static const struct col sealed_cols[] = {{"value", COL_I64, 0, 0}};

/* One clock for all who take: a mailer's own may be wrong. */
#define NOW_US "CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS SIGNED)"

const struct stmt_def stmt_part_mail[STMT_COUNT] = {
	/* What another one is just taking is left to them. */
	DEF(STMT_OUTBOX_DUE, .params = "ii", COLS(due_cols), .kind = STMT_READ, .roles = MAIL | WEB,
	    .sql = "SELECT id, kind, recipient, language, payload, root, state, attempts, due_at, "
		   "created_at, " NOW_US
		   " AS taken_at FROM outbox WHERE state = ? AND due_at <= " NOW_US
		   " ORDER BY due_at LIMIT ? FOR UPDATE SKIP LOCKED"),
	DEF(STMT_OUTBOX_CLAIM, .params = "bibiii", .roles = MAIL | WEB,
	    .sql = "UPDATE outbox SET state = 2, taken_by = ?, due_at = " NOW_US
		   " + ?, attempts = attempts + 1 "
		   "WHERE id = ? AND state = ? AND due_at = ? AND attempts = ?"),
	DEF(STMT_OUTBOX_SENT, .params = "b", .kind = STMT_IDEMPOTENT, .roles = MAIL | WEB,
	    .sql = "UPDATE outbox SET state = 3, payload = '', taken_by = NULL, last_error = '', "
		   "done_at = " NOW_US ", due_at = " NOW_US " WHERE id = ? AND state <> 3"),
	DEF(STMT_OUTBOX_FAILED, .params = "itbb", .kind = STMT_IDEMPOTENT, .roles = MAIL | WEB,
	    .sql = "UPDATE outbox SET state = 1, taken_by = NULL, due_at = " NOW_US
		   " + ?, last_error = ? WHERE id = ? AND state = 2 AND taken_by = ?"),
	DEF(STMT_OUTBOX_GIVE_BACK, .params = "itbb", .kind = STMT_IDEMPOTENT, .roles = MAIL | WEB,
	    .sql = "UPDATE outbox SET state = 1, taken_by = NULL, attempts = attempts - 1, "
		   "due_at = " NOW_US
		   " + ?, last_error = ? WHERE id = ? AND state = 2 AND taken_by = ?"),
	DEF(STMT_OUTBOX_DIE, .params = "itbb", .kind = STMT_IDEMPOTENT, .roles = MAIL | WEB,
	    .sql = "UPDATE outbox SET state = 4, taken_by = NULL, done_at = " NOW_US
		   ", due_at = " NOW_US ", payload = IF(?, payload, ''), last_error = ? "
		   "WHERE id = ? AND state = 2 AND taken_by = ?"),
	DEF(STMT_OUTBOX_LIST, .params = "ii", COLS(item_cols), .kind = STMT_READ, .roles = WEB,
	    .sql = "SELECT id, kind, recipient, language, state, attempts, due_at, created_at, "
		   "done_at, last_error FROM outbox WHERE state = ? ORDER BY due_at LIMIT ?"),
	DEF(STMT_OUTBOX_RETRY, .params = "b", .kind = STMT_IDEMPOTENT, .roles = MAIL | WEB,
	    .sql = "UPDATE outbox SET state = 1, attempts = 0, done_at = NULL, due_at = " NOW_US
		   " WHERE id = ? AND state IN (1, 4) AND payload <> ''"),
	DEF(STMT_OUTBOX_RETRY_DEAD, .params = "i", .kind = STMT_IDEMPOTENT, .roles = MAIL | WEB,
	    .sql = "UPDATE outbox SET state = 1, attempts = 0, done_at = NULL, due_at = " NOW_US
		   " WHERE state = 4 AND payload <> '' ORDER BY due_at LIMIT ?"),
	DEF(STMT_OUTBOX_COUNT, .params = "i", COLS(count_cols), .kind = STMT_READ,
	    .roles = MAIL | WEB,
	    .sql = "SELECT (SELECT COUNT(*) FROM outbox WHERE state IN (1, 2)) AS waiting, "
		   "(SELECT COUNT(*) FROM outbox WHERE state IN (1, 2) AND created_at < ?) "
		   "AS late, (SELECT COUNT(*) FROM outbox WHERE state = 4) AS dead"),
	DEF(STMT_OUTBOX_COUNT_SEALED, .params = "i", COLS(sealed_cols), .kind = STMT_READ,
	    .roles = MAIL | WEB,
	    .sql = "SELECT COUNT(*) AS value FROM outbox WHERE state IN (1, 2) AND root = ?"),
	DEF(STMT_OUTBOX_PURGE, .params = "iii", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "DELETE FROM outbox WHERE state = ? AND due_at < ? ORDER BY due_at LIMIT ?"),
};
