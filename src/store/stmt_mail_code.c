/* The statements about what is proven by mail. */
#include "mail_code_store.h"
#include "stmt_part.h"

static const struct col mail_code_cols[] = {
	{"id", COL_ID, offsetof(struct mail_code_row, id), 0},
	{"purpose", COL_U32, offsetof(struct mail_code_row, purpose), 0},
	{"slot_hash", COL_DIGEST, offsetof(struct mail_code_row, slot_hash), 0},
	{"address", COL_STR, offsetof(struct mail_code_row, address), 254},
	{"user_id", COL_ID, offsetof(struct mail_code_row, user_id), 0},
	{"code_hash", COL_DIGEST, offsetof(struct mail_code_row, code_hash), 0},
	{"link_hash", COL_DIGEST, offsetof(struct mail_code_row, link_hash), 0},
	{"asker_hash", COL_DIGEST, offsetof(struct mail_code_row, asker_hash), 0},
	{"payload", COL_STR, offsetof(struct mail_code_row, payload), 2048},
	{"language", COL_STR, offsetof(struct mail_code_row, language), 35},
	{"tries", COL_U32, offsetof(struct mail_code_row, tries), 0},
	{"created_at", COL_I64, offsetof(struct mail_code_row, created_at), 0},
	{"code_end", COL_I64, offsetof(struct mail_code_row, code_end), 0},
	{"expires_at", COL_I64, offsetof(struct mail_code_row, expires_at), 0},
	{"used_at", COL_I64, offsetof(struct mail_code_row, used_at), 0},
};
#define MAIL_CODE_SELECT                                                                           \
	"SELECT id, purpose, slot_hash, address, user_id, code_hash, link_hash, asker_hash, "      \
	"payload, language, tries, created_at, code_end, expires_at, used_at FROM mail_code "
static const struct col number_cols[] = {{"value", COL_I64, 0, 0}};

const struct stmt_def stmt_part_mail_code[STMT_COUNT] = {
	DEF(STMT_MAIL_CODE_PUT, .params = "bibbbbbbbbiii", .roles = WEB,
	    .sql = "INSERT INTO mail_code (id, purpose, slot_hash, address, user_id, code_hash, "
		   "link_hash, asker_hash, payload, language, created_at, code_end, expires_at) "
		   "VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?) ON DUPLICATE KEY UPDATE id = VALUES(id), "
		   "address = VALUES(address), user_id = VALUES(user_id), "
		   "code_hash = VALUES(code_hash), link_hash = VALUES(link_hash), "
		   "asker_hash = VALUES(asker_hash), payload = VALUES(payload), "
		   "language = VALUES(language), tries = 0, created_at = VALUES(created_at), "
		   "code_end = VALUES(code_end), expires_at = VALUES(expires_at), used_at = NULL"),
	DEF(STMT_MAIL_CODE_DELETE_SLOT, .params = "b", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "DELETE FROM mail_code WHERE slot_hash = ?"),
	DEF(STMT_MAIL_CODE_TRY, .params = "bbii", .roles = WEB,
	    .sql = "UPDATE mail_code SET tries = tries + 1 WHERE slot_hash IN (?,?) "
		   "AND used_at IS NULL AND code_end > ? AND tries < ?"),
	DEF(STMT_MAIL_CODE_UNTRY, .params = "b", .roles = WEB,
	    .sql = "UPDATE mail_code SET tries = tries - 1 WHERE id = ? AND tries > 0"),
	DEF(STMT_MAIL_CODE_BY_SLOT, .params = "bb", COLS(mail_code_cols), .kind = STMT_READ,
	    .roles = WEB,
	    .sql = MAIL_CODE_SELECT "WHERE slot_hash IN (?,?) ORDER BY created_at DESC LIMIT 1"),
	DEF(STMT_MAIL_CODE_BY_LINK, .params = "bb", COLS(mail_code_cols), .kind = STMT_READ,
	    .roles = WEB, .sql = MAIL_CODE_SELECT "WHERE link_hash IN (?,?)"),
	DEF(STMT_MAIL_CODE_BY_ID, .params = "b", COLS(mail_code_cols), .kind = STMT_READ,
	    .roles = WEB, .sql = MAIL_CODE_SELECT "WHERE id = ?"),
	DEF(STMT_MAIL_CODE_USE, .params = "ibi", .roles = WEB,
	    .sql = "UPDATE mail_code SET used_at = ? "
		   "WHERE id = ? AND used_at IS NULL AND expires_at > ?"),
	DEF(STMT_MAIL_CODE_VOID_ADDRESS, .params = "b", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "DELETE FROM mail_code "
		   "WHERE address = ? AND used_at IS NULL AND purpose IN (1,2,3,6)"),
	DEF(STMT_MAIL_CODE_VOID_USER, .params = "b", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "DELETE FROM mail_code "
		   "WHERE user_id = ? AND used_at IS NULL AND purpose IN (2,3)"),
	DEF(STMT_MAIL_CODE_DELETE_OF_USER, .params = "b", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "DELETE FROM mail_code WHERE user_id = ?"),
	DEF(STMT_MAIL_CODE_RESTORABLE, .params = "bi", COLS(number_cols), .kind = STMT_READ,
	    .roles = WEB,
	    .sql = "SELECT COUNT(*) AS value FROM mail_code WHERE user_id = ? AND purpose = 4 "
		   "AND used_at IS NULL AND expires_at > ?"),
	DEF(STMT_MAIL_CODE_RESTORATION, .params = "bbi", COLS(mail_code_cols), .kind = STMT_READ,
	    .roles = WEB,
	    .sql = MAIL_CODE_SELECT "WHERE user_id = ? AND purpose = 4 AND address = ? "
				    "AND used_at IS NULL AND expires_at > ?"),
	DEF(STMT_MAIL_CODE_RESERVED, .params = "bi", COLS(number_cols), .kind = STMT_READ,
	    .roles = WEB,
	    .sql = "SELECT COUNT(*) AS value FROM mail_code WHERE address = ? AND purpose = 4 "
		   "AND used_at IS NULL AND expires_at > ?"),
	DEF(STMT_MAIL_CODE_PURGE, .params = "ii", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "DELETE FROM mail_code WHERE expires_at < ? ORDER BY expires_at LIMIT ?"),
};
