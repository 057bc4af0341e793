/* The statements about what a person changes of their account. */
#include "stmt_part.h"

static const struct col id_cols[] = {{"id", COL_ID, 0, 0}};
static const struct col number_cols[] = {{"value", COL_I64, 0, 0}};

const struct stmt_def stmt_part_account[STMT_COUNT] = {
	DEF(STMT_ACCOUNT_SET_EMAIL, .params = "biib", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "UPDATE user SET email = ?, email_proven_at = ?, updated_at = ? WHERE id = ?"),
	DEF(STMT_ACCOUNT_SET_USERNAME, .params = "bib", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "UPDATE user SET username = ?, updated_at = ? WHERE id = ?"),
	DEF(STMT_ACCOUNT_SET_DISPLAY_NAME, .params = "tib", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "UPDATE user SET display_name = ?, updated_at = ? WHERE id = ?"),
	DEF(STMT_ACCOUNT_SET_LANGUAGE, .params = "bib", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "UPDATE user SET language = ?, updated_at = ? WHERE id = ?"),
	DEF(STMT_ACCOUNT_CLOSE, .params = "iiib", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "UPDATE user SET state = ?, closed_at = ?, updated_at = ? WHERE id = ?"),
	DEF(STMT_ACCOUNT_REOPEN, .params = "iibi", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "UPDATE user SET state = ?, closed_at = NULL, updated_at = ? "
		   "WHERE id = ? AND state = ?"),
	DEF(STMT_ACCOUNT_CLOSED, .params = "ii", COLS(id_cols), .kind = STMT_READ, .roles = WEB,
	    .sql = "SELECT id FROM user WHERE closed_at < ? ORDER BY closed_at LIMIT ?"),
	DEF(STMT_ACCOUNT_CLOSED_AT, .params = "b", COLS(number_cols), .kind = STMT_READ,
	    .roles = WEB, .sql = "SELECT closed_at AS value FROM user WHERE id = ?"),
	/* What was sent to the address that is the account's again stays. */
	DEF(STMT_MAIL_CODE_VOID_ELSEWHERE, .params = "bb", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "DELETE FROM mail_code WHERE user_id = ? AND used_at IS NULL "
		   "AND (purpose IN (2,3) OR address <> ?)"),
	/* A change of address can be taken back by whom the account was closed to. */
	DEF(STMT_MAIL_CODE_VOID_CLOSED, .params = "b", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "DELETE FROM mail_code WHERE user_id = ? AND purpose <> 4"),
	DEF(STMT_MAIL_CODE_ASKED, .params = "bb", COLS(number_cols), .kind = STMT_READ,
	    .roles = WEB,
	    .sql = "SELECT COUNT(*) AS value FROM mail_code "
		   "WHERE user_id = ? AND purpose = 3 AND address = ?"),
};
