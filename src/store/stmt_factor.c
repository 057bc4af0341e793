/* The statements about factors: authenticator apps, recovery codes, passkeys, challenges. */
#include "factor_store.h"
#include "passkey_store.h"
#include "stmt_part.h"

static const struct col totp_cols[] = {
	{"user_id", COL_ID, offsetof(struct totp_row, user_id), 0},
	{"root", COL_U32, offsetof(struct totp_row, current.root), 0},
	{"secret", COL_SECRET, offsetof(struct totp_row, current.box), TOTP_BOX_MAX},
	{"last_step", COL_I64, offsetof(struct totp_row, last_step), 0},
	{"confirmed_at", COL_I64, offsetof(struct totp_row, confirmed_at), 0},
	{"used_at", COL_I64, offsetof(struct totp_row, used_at), 0},
	{"next_root", COL_U32, offsetof(struct totp_row, next.root), 0},
	{"next_secret", COL_SECRET, offsetof(struct totp_row, next.box), TOTP_BOX_MAX},
	{"next_at", COL_I64, offsetof(struct totp_row, next_at), 0},
};
#define TOTP_SELECT                                                                                \
	"SELECT user_id, root, secret, last_step, confirmed_at, used_at, next_root, next_secret, " \
	"next_at FROM totp "
static const struct col recovery_cols[] = {
	{"user_id", COL_ID, offsetof(struct recovery_row, user_id), 0},
	{"id", COL_ID, offsetof(struct recovery_row, id), 0},
	{"root", COL_U32, offsetof(struct recovery_row, digests.root), 0},
	{"digests", COL_SECRET, offsetof(struct recovery_row, digests.box), RECOVERY_BOX_MAX},
	{"used", COL_U32, offsetof(struct recovery_row, used), 0},
	{"made_at", COL_I64, offsetof(struct recovery_row, made_at), 0},
	{"used_at", COL_I64, offsetof(struct recovery_row, used_at), 0},
};
#define RECOVERY_SELECT                                                                            \
	"SELECT user_id, id, root, digests, used, made_at, used_at FROM recovery_set "
static const struct col passkey_cols[] = {
	{"id", COL_ID, offsetof(struct passkey_row, id), 0},
	{"user_id", COL_ID, offsetof(struct passkey_row, user_id), 0},
	{"credential_id", COL_STR, offsetof(struct passkey_row, credential_id), 1023},
	{"algorithm", COL_I64, offsetof(struct passkey_row, algorithm), 0},
	{"public_key", COL_STR, offsetof(struct passkey_row, public_key), 512},
	{"sign_count", COL_U32, offsetof(struct passkey_row, sign_count), 0},
	{"eligible", COL_BOOL, offsetof(struct passkey_row, eligible), 0},
	{"backed_up", COL_BOOL, offsetof(struct passkey_row, backed_up), 0},
	{"verified", COL_BOOL, offsetof(struct passkey_row, verified), 0},
	{"aaguid", COL_ID, offsetof(struct passkey_row, aaguid), 0},
	{"transports", COL_STR, offsetof(struct passkey_row, transports), 64},
	{"name", COL_STR, offsetof(struct passkey_row, name), 400},
	{"created_at", COL_I64, offsetof(struct passkey_row, created_at), 0},
	{"used_at", COL_I64, offsetof(struct passkey_row, used_at), 0},
};
#define PASSKEY_SELECT                                                                             \
	"SELECT id, user_id, credential_id, algorithm, public_key, sign_count, eligible, "         \
	"backed_up, verified, aaguid, transports, name, created_at, used_at FROM passkey "
static const struct col challenge_cols[] = {
	{"hash", COL_DIGEST, offsetof(struct challenge_row, hash), 0},
	{"user_id", COL_ID, offsetof(struct challenge_row, user_id), 0},
	{"purpose", COL_STR, offsetof(struct challenge_row, purpose), CHALLENGE_PURPOSE_MAX},
	{"expires_at", COL_I64, offsetof(struct challenge_row, expires_at), 0},
};
static const struct col number_cols[] = {{"value", COL_I64, 0, 0}};
static const struct col id_cols[] = {{"id", COL_ID, 0, 0}};

const struct stmt_def stmt_part_factor[STMT_COUNT] = {
	DEF(STMT_USER_SET_FACTORS, .params = "ib", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "UPDATE user SET factors = ? WHERE id = ?"),
	DEF(STMT_USER_COUNT_FACTORS, .params = "bbb", COLS(number_cols), .kind = STMT_READ,
	    .roles = WEB,
	    .sql = "SELECT "
		   "EXISTS (SELECT 1 FROM totp WHERE user_id = ? AND secret IS NOT NULL) + "
		   "2 * EXISTS (SELECT 1 FROM passkey WHERE user_id = ?) + "
		   "4 * EXISTS (SELECT 1 FROM recovery_set WHERE user_id = ?) AS value"),
	DEF(STMT_USER_SET_FACTORS_END, .params = "ib", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "UPDATE user SET factors_end = ? WHERE id = ?"),
	DEF(STMT_USER_FACTORS_END, .params = "b", COLS(number_cols), .kind = STMT_READ,
	    .roles = WEB, .sql = "SELECT factors_end AS value FROM user WHERE id = ?"),
	DEF(STMT_USER_FACTORS_DUE, .params = "ii", COLS(id_cols), .kind = STMT_READ, .roles = WEB,
	    .sql = "SELECT id FROM user WHERE factors_end <= ? ORDER BY factors_end LIMIT ?"),
	DEF(STMT_USER_FACTORS_WRONG, .params = "bb", COLS(id_cols), .kind = STMT_READ, .roles = WEB,
	    .sql = "SELECT u.id FROM user u WHERE u.id > ? AND u.id <= ? AND u.factors <> "
		   "EXISTS (SELECT 1 FROM totp t WHERE t.user_id = u.id AND t.secret IS NOT NULL) "
		   "+ 2 * EXISTS (SELECT 1 FROM passkey p WHERE p.user_id = u.id) "
		   "+ 4 * EXISTS (SELECT 1 FROM recovery_set s WHERE s.user_id = u.id) "
		   "ORDER BY u.id"),

	DEF(STMT_TOTP_FIND, .params = "b", COLS(totp_cols), .kind = STMT_READ, .roles = WEB,
	    .sql = TOTP_SELECT "WHERE user_id = ?"),
	DEF(STMT_TOTP_OFFER, .params = "bibi", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "INSERT INTO totp (user_id, next_root, next_secret, next_at) VALUES (?,?,?,?) "
		   "ON DUPLICATE KEY UPDATE next_root = VALUES(next_root), "
		   "next_secret = VALUES(next_secret), next_at = VALUES(next_at)"),
	/* Assignments go from left to right. */
	DEF(STMT_TOTP_CONFIRM, .params = "iiibb", .roles = WEB,
	    .sql = "UPDATE totp SET root = next_root, secret = next_secret, last_step = ?, "
		   "confirmed_at = ?, used_at = ?, next_root = 0, next_secret = NULL, "
		   "next_at = NULL WHERE user_id = ? AND next_secret = ?"),
	DEF(STMT_TOTP_USE, .params = "iibi", .roles = WEB,
	    .sql = "UPDATE totp SET last_step = ?, used_at = ? "
		   "WHERE user_id = ? AND secret IS NOT NULL AND last_step < ?"),
	DEF(STMT_TOTP_DELETE, .params = "b", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "DELETE FROM totp WHERE user_id = ?"),
	DEF(STMT_TOTP_ADVANCE, .params = "ii", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "UPDATE totp SET last_step = ? WHERE last_step < ?"),
	DEF(STMT_TOTP_PURGE, .params = "ii", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "UPDATE totp SET next_root = 0, next_secret = NULL, next_at = NULL "
		   "WHERE next_at < ? ORDER BY next_at LIMIT ?"),
	DEF(STMT_TOTP_WALK, .params = "bi", COLS(totp_cols), .kind = STMT_READ, .roles = WEB,
	    .sql = TOTP_SELECT "WHERE user_id > ? ORDER BY user_id LIMIT ?"),
	DEF(STMT_TOTP_RESEAL, .params = "ibbib", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "UPDATE totp SET root = ?, secret = ? "
		   "WHERE user_id = ? AND root = ? AND secret = ?"),

	DEF(STMT_RECOVERY_FIND, .params = "b", COLS(recovery_cols), .kind = STMT_READ, .roles = WEB,
	    .sql = RECOVERY_SELECT "WHERE user_id = ?"),
	DEF(STMT_RECOVERY_PUT, .params = "bbibi", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "INSERT INTO recovery_set (user_id, id, root, digests, made_at) "
		   "VALUES (?,?,?,?,?) ON DUPLICATE KEY UPDATE id = VALUES(id), "
		   "root = VALUES(root), digests = VALUES(digests), used = 0, "
		   "made_at = VALUES(made_at), used_at = NULL"),
	DEF(STMT_RECOVERY_USE, .params = "iibbi", .roles = WEB,
	    .sql = "UPDATE recovery_set SET used = used | ?, used_at = ? "
		   "WHERE user_id = ? AND id = ? AND (used & ?) = 0"),
	DEF(STMT_RECOVERY_DELETE, .params = "b", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "DELETE FROM recovery_set WHERE user_id = ?"),
	DEF(STMT_RECOVERY_WALK, .params = "bi", COLS(recovery_cols), .kind = STMT_READ,
	    .roles = WEB, .sql = RECOVERY_SELECT "WHERE user_id > ? ORDER BY user_id LIMIT ?"),
	DEF(STMT_RECOVERY_RESEAL, .params = "ibbib", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "UPDATE recovery_set SET root = ?, digests = ? "
		   "WHERE user_id = ? AND root = ? AND digests = ?"),
	DEF(STMT_FACTOR_COUNT_SEALED, .params = "ii", COLS(number_cols), .kind = STMT_READ,
	    .roles = WEB,
	    .sql = "SELECT (SELECT COUNT(*) FROM totp WHERE secret IS NOT NULL AND root < ?) + "
		   "(SELECT COUNT(*) FROM recovery_set WHERE root < ?) AS value"),

	DEF(STMT_PASSKEY_INSERT, .params = "bbbibiiiibbti", .roles = WEB,
	    .sql = "INSERT INTO passkey (id, user_id, credential_id, algorithm, public_key, "
		   "sign_count, eligible, backed_up, verified, aaguid, transports, name, "
		   "created_at) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)"),
	DEF(STMT_PASSKEY_FIND, .params = "b", COLS(passkey_cols), .kind = STMT_READ, .roles = WEB,
	    .sql = PASSKEY_SELECT "WHERE credential_id = ?"),
	DEF(STMT_PASSKEY_LIST, .params = "bi", COLS(passkey_cols), .kind = STMT_READ, .roles = WEB,
	    .sql = PASSKEY_SELECT "WHERE user_id = ? ORDER BY created_at, id LIMIT ?"),
	DEF(STMT_PASSKEY_USE, .params = "iiibi", .roles = WEB,
	    /* What is counted are changed rows. */
	    .sql = "UPDATE passkey SET sign_count = ?, backed_up = ?, "
		   "used_at = GREATEST(IFNULL(used_at, 0) + 1, ?) "
		   "WHERE id = ? AND sign_count = ?"),
	DEF(STMT_PASSKEY_DELETE, .params = "bb", .roles = WEB,
	    .sql = "DELETE FROM passkey WHERE id = ? AND user_id = ?"),
	DEF(STMT_PASSKEY_DELETE_OF_USER, .params = "b", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "DELETE FROM passkey WHERE user_id = ?"),

	DEF(STMT_CHALLENGE_INSERT, .params = "bbbi", .roles = WEB,
	    .sql = "INSERT INTO challenge (hash, user_id, purpose, expires_at) VALUES (?,?,?,?)"),
	DEF(STMT_CHALLENGE_FIND, .params = "bb", COLS(challenge_cols), .kind = STMT_READ,
	    .roles = WEB,
	    .sql = "SELECT hash, user_id, purpose, expires_at FROM challenge WHERE hash IN (?,?)"),
	DEF(STMT_CHALLENGE_TAKE, .params = "bi", .roles = WEB,
	    .sql = "DELETE FROM challenge WHERE hash = ? AND expires_at > ?"),
	DEF(STMT_CHALLENGE_DELETE_OF_USER, .params = "b", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "DELETE FROM challenge WHERE user_id = ?"),
	DEF(STMT_CHALLENGE_DELETE_ANY, .params = "i", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "DELETE FROM challenge ORDER BY hash LIMIT ?"),
	DEF(STMT_CHALLENGE_PURGE, .params = "ii", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "DELETE FROM challenge WHERE expires_at < ? ORDER BY expires_at LIMIT ?"),
};
