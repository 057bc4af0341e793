/* THE statement table: SQL, parameter types, columns, what a lost connection means, and who may. */
#include "stmt.h"

#include "row.h"
#include "stmt_cols.h"
#include "stmt_part.h"

/* The look-up of every request: by primary key or the id that a token names, joined by primary
 * keys. */
#define FIND(id, key, holders, types)                                                              \
	DEF(id, .params = (types), COLS(found_cols), .kind = STMT_READ, .roles = WEB | GUARD,      \
	    .sql = FOUND_SELECT "FROM session s " FOUND_JOINS "WHERE s." key " IN (" holders ")")
#define FIND_1(id, key) FIND(id, key, "?", "b")
#define FIND_2(id, key) FIND(id, key, "?,?", "bb")
#define FIND_4(id, key) FIND(id, key, HOLDERS_4, TYPES_4)
#define FIND_8(id, key) FIND(id, key, HOLDERS_8, TYPES_8)
#define FIND_16(id, key) FIND(id, key, HOLDERS_16, TYPES_16)
#define FIND_32(id, key) FIND(id, key, HOLDERS_16 "," HOLDERS_16, TYPES_16 TYPES_16)
#define HOLDERS_4 "?,?,?,?"
#define HOLDERS_8 HOLDERS_4 "," HOLDERS_4
#define HOLDERS_16 HOLDERS_8 "," HOLDERS_8
#define TYPES_4 "bbbb"
#define TYPES_8 TYPES_4 TYPES_4
#define TYPES_16 TYPES_8 TYPES_8

/* What an account was given itself; not what it would see of others. */
#define OWN                                                                                        \
	"WHERE GRANTEE = CONCAT('''', REPLACE(CURRENT_USER(), '@', '''@'''), '''') "               \
	"AND PRIVILEGE_TYPE <> 'USAGE' "
#define OVERDUE(table, column)                                                                     \
	"(SELECT COUNT(*) FROM (SELECT 1 FROM " table " WHERE " column " < ? LIMIT 10000) AS x)"
#define IN_RANGE "g.user_id > ? AND g.user_id <= ?"

/* The server's clock: runners on several hosts share the lock. Whole seconds: no time zone is in
 * it. */
#define SERVER_NOW "UNIX_TIMESTAMP() * 1000000"

static const struct stmt_def table[STMT_COUNT] = {
	/* Also sent as text when a connection is opened. */
	DEF(STMT_SCHEMA_VERSION, .params = "", COLS(number_cols), .kind = STMT_READ,
	    .roles = WEB | HASH | GUARD | MAIL,
	    .sql = "SELECT MAX(version) AS value FROM schema_migration"),

	FIND_1(STMT_SESSION_BY_HASH_1, "hash"),
	FIND_2(STMT_SESSION_BY_HASH_2, "hash"),
	FIND_4(STMT_SESSION_BY_HASH_4, "hash"),
	FIND_8(STMT_SESSION_BY_HASH_8, "hash"),
	FIND_16(STMT_SESSION_BY_HASH_16, "hash"),
	FIND_32(STMT_SESSION_BY_HASH_32, "hash"),
	FIND_1(STMT_SESSION_FOUND_BY_ID_1, "id"),
	FIND_2(STMT_SESSION_FOUND_BY_ID_2, "id"),
	FIND_4(STMT_SESSION_FOUND_BY_ID_4, "id"),
	FIND_8(STMT_SESSION_FOUND_BY_ID_8, "id"),
	FIND_16(STMT_SESSION_FOUND_BY_ID_16, "id"),
	FIND_32(STMT_SESSION_FOUND_BY_ID_32, "id"),
	DEF(STMT_SESSION_INSERT, .params = "bbiiiiiibbbbibiiiiiitbbbii", .roles = WEB,
	    .sql = "INSERT INTO session (hash, id, epoch, carrier, class, state, value_used, held, "
		   "user_id, tenant_id, device_id, client, aal, amr, auth_time, aal2_end, "
		   "created_at, last_seen, idle_end, expires_at, device_name, ip, user_agent, "
		   "pair_id, wish, tries) VALUES "
		   "(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"),
	DEF(STMT_SESSION_TOUCH, .params = "iibibbi", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "UPDATE session SET last_seen = ?, idle_end = ?, "
		   "value_used = IF(pair_id <=> ?, GREATEST(value_used, ?), value_used), ip = ? "
		   "WHERE id = ? AND epoch = ?"),
	DEF(STMT_SESSION_TOUCH_GUARD, .params = "iibi", .kind = STMT_IDEMPOTENT,
	    .roles = WEB | GUARD,
	    .sql = "UPDATE session SET last_seen = ?, idle_end = ? WHERE id = ? AND epoch = ?"),
	DEF(STMT_SESSION_ROTATE, .params = "biiiiiibbbbibiiiiiitbbbiibi", .roles = WEB,
	    .sql = "UPDATE session SET hash = ?, epoch = ?, carrier = ?, class = ?, state = ?, "
		   "value_used = ?, held = ?, user_id = ?, tenant_id = ?, device_id = ?, "
		   "client = ?, aal = ?, amr = ?, auth_time = ?, aal2_end = ?, created_at = ?, "
		   "last_seen = ?, idle_end = ?, expires_at = ?, device_name = ?, ip = ?, "
		   "user_agent = ?, pair_id = ?, wish = ?, tries = ? WHERE hash = ? AND epoch = ?"),
	DEF(STMT_SESSION_STEP_DOWN, .params = "bi", .roles = WEB,
	    .sql = "UPDATE session SET aal = 1, aal2_end = NULL, epoch = epoch + 1 "
		   "WHERE id = ? AND epoch = ?"),
	DEF(STMT_SESSION_TRY, .params = "bii", .roles = WEB,
	    .sql = "UPDATE session SET tries = tries + 1 WHERE id = ? AND epoch = ? AND tries < ?"),
	DEF(STMT_SESSION_GIVE_BACK, .params = "bi", .roles = WEB,
	    .sql = "UPDATE session SET tries = tries - 1 WHERE id = ? AND epoch = ? AND tries > 0"),
	DEF(STMT_SESSION_DELETE_TRIED, .params = "bi", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "DELETE FROM session WHERE id = ? AND tries >= ?"),
	DEF(STMT_SESSION_DELETE_BY_HASH, .params = "b", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "DELETE FROM session WHERE hash = ?"),
	DEF(STMT_SESSION_DELETE_BY_ID, .params = "b", .roles = WEB,
	    .sql = "DELETE FROM session WHERE id = ?"),
	DEF(STMT_SESSION_DELETE_BY_ID_OF_USER, .params = "bb", .roles = WEB,
	    .sql = "DELETE FROM session WHERE id = ? AND user_id = ?"),
	DEF(STMT_SESSION_DELETE_OF_USER, .params = "bb", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "DELETE FROM session WHERE user_id = ? AND id <> ?"),
	DEF(STMT_SESSION_DELETE_OF_DEVICE, .params = "bb", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "DELETE FROM session WHERE device_id = ? AND user_id = ?"),
	DEF(STMT_SESSION_DELETE_ANY, .params = "i", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "DELETE FROM session ORDER BY hash LIMIT ?"),
	DEF(STMT_SESSION_DELETE_IDLEST, .params = "bii", .roles = WEB,
	    .sql = "DELETE FROM session WHERE user_id = ? "
		   "ORDER BY idle_end > ?, last_seen, hash LIMIT ?"),
	DEF(STMT_SESSION_COUNT, .params = "b", COLS(number_cols), .kind = STMT_READ, .roles = WEB,
	    .sql = "SELECT COUNT(*) AS value FROM session WHERE user_id = ?"),
	DEF(STMT_SESSION_LIST, .params = "biiibi", COLS(session_cols), .kind = STMT_READ,
	    .roles = WEB,
	    .sql = SESSION_SELECT " FROM session s WHERE s.user_id = ? AND s.idle_end > ? "
				  "AND (s.created_at < ? OR (s.created_at = ? AND s.id < ?)) "
				  "ORDER BY s.created_at DESC, s.id DESC LIMIT ?"),
	DEF(STMT_SESSION_PURGE, .params = "ii", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "DELETE FROM session WHERE idle_end < ? ORDER BY idle_end LIMIT ?"),
	DEF(STMT_SESSION_OWNER, .params = "b", COLS(id_cols), .kind = STMT_READ, .roles = WEB,
	    .sql = "SELECT user_id AS id FROM session WHERE id = ?"),

	DEF(STMT_SESSION_BY_ID, .params = "b", COLS(session_cols), .kind = STMT_READ, .roles = WEB,
	    .sql = SESSION_SELECT " FROM session s WHERE s.id = ?"),
	DEF(STMT_SESSION_HOLD_BY_ID, .params = "b", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "UPDATE session SET held = 1, epoch = epoch + 1 WHERE id = ? AND held = 0"),
	DEF(STMT_SESSION_HOLD_OF_USER, .params = "b", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "UPDATE session SET held = 1, epoch = epoch + 1 "
		   "WHERE user_id = ? AND held = 0"),
	DEF(STMT_SESSION_LOWER_OF_USER, .params = "ib", .roles = WEB,
	    .sql = "UPDATE session SET auth_time = LEAST(auth_time, ?), aal = 1, "
		   "aal2_end = NULL, epoch = epoch + 1 WHERE user_id = ?"),

	DEF(STMT_ROTATION_INSERT, .params = "bbibbii", .roles = WEB,
	    .sql = "INSERT INTO rotation (old_hash, session_id, epoch, proof_hash, nonce, "
		   "repeat_until, purge_at) VALUES (?,?,?,?,?,?,?)"),
	DEF(STMT_ROTATION_FIND, .params = "bb", COLS(rotation_cols), .kind = STMT_READ,
	    .roles = WEB,
	    .sql = "SELECT old_hash, session_id, epoch, proof_hash, nonce, repeat_until, purge_at "
		   "FROM rotation WHERE old_hash IN (?,?)"),
	DEF(STMT_ROTATION_PURGE, .params = "ii", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "DELETE FROM rotation WHERE purge_at < ? ORDER BY purge_at LIMIT ?"),

	DEF(STMT_USER_BY_USERNAME, .params = "b", COLS(user_cols), .kind = STMT_READ, .roles = WEB,
	    .sql = USER_SELECT "WHERE u.username = ?"),
	DEF(STMT_USER_BY_EMAIL, .params = "b", COLS(user_cols), .kind = STMT_READ, .roles = WEB,
	    .sql = USER_SELECT "WHERE u.email = ?"),
	DEF(STMT_USER_BY_ID, .params = "b", COLS(user_cols), .kind = STMT_READ, .roles = WEB,
	    .sql = USER_SELECT "WHERE u.id = ?"),
	DEF(STMT_USER_LOCK, .params = "b", COLS(user_locked_cols), .kind = STMT_READ, .roles = WEB,
	    .sql = "SELECT state, factors, factors_end FROM user WHERE id = ? FOR UPDATE"),
	DEF(STMT_USER_TAKE_TURN, .params = "b", .roles = WEB,
	    .sql = "UPDATE user SET turns = turns + 1 WHERE id = ?"),
	DEF(STMT_USER_INSERT, .params = "bbbtiibbbii", .roles = WEB,
	    .sql = "INSERT INTO user (id, username, email, display_name, state, email_proven_at, "
		   "default_tenant, grants, language, created_at, updated_at) "
		   "VALUES (?,?,?,?,?,?,?,?,?,?,?)"),
	DEF(STMT_USER_LIST, .params = "iibi", COLS(user_cols), .kind = STMT_READ, .roles = WEB,
	    .sql = USER_SELECT "WHERE u.created_at > ? OR (u.created_at = ? AND u.id > ?) "
			       "ORDER BY u.created_at, u.id LIMIT ?"),
	DEF(STMT_USER_SET_GRANTS, .params = "bb", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "UPDATE user SET grants = ? WHERE id = ?"),
	DEF(STMT_USER_SET_STATE, .params = "iib", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "UPDATE user SET state = ?, updated_at = ? WHERE id = ?"),
	DEF(STMT_USER_SET_PROVEN, .params = "iib", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "UPDATE user SET email_proven_at = ?, updated_at = ? WHERE id = ?"),

	/* ON DUPLICATE KEY UPDATE would ask for the right to read the hash. */
	DEF(STMT_PASSWORD_UPDATE, .params = "bib", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "UPDATE password SET hash = ?, changed_at = ?, must_change = 0, refused = 0 "
		   "WHERE user_id = ?"),
	DEF(STMT_PASSWORD_INSERT, .params = "bbi", .roles = WEB,
	    .sql = "INSERT INTO password (user_id, hash, changed_at, must_change) "
		   "VALUES (?,?,?,0)"),
	/* The user's own, else the next by key, else the first. */
	DEF(STMT_PASSWORD_GET, .params = "b", COLS(hash_cols), .kind = STMT_READ, .roles = HASH,
	    .sql = "SELECT user_id, hash FROM ("
		   "(SELECT user_id, hash, 0 AS turn FROM password WHERE user_id >= ? "
		   "ORDER BY user_id LIMIT 1) UNION ALL "
		   "(SELECT user_id, hash, 1 AS turn FROM password ORDER BY user_id LIMIT 1)) c "
		   "ORDER BY turn LIMIT 1"),
	DEF(STMT_PASSWORD_MUST_CHANGE, .params = "b", COLS(number_cols), .kind = STMT_READ,
	    .roles = WEB, .sql = "SELECT must_change AS value FROM password WHERE user_id = ?"),
	DEF(STMT_PASSWORD_REQUIRE_CHANGE, .params = "b", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "UPDATE password SET must_change = 1 WHERE user_id = ?"),
	DEF(STMT_PASSWORD_STRENGTHEN, .params = "bb", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "UPDATE password SET hash = ? WHERE user_id = ?"),
	DEF(STMT_PASSWORD_CHANGED_AT, .params = "b", COLS(number_cols), .kind = STMT_READ,
	    .roles = WEB,
	    .sql = "SELECT changed_at AS value FROM password WHERE user_id = ? AND refused = 0"),
	/* Over all passwords, by key. */
	DEF(STMT_PASSWORD_WALK, .params = "bi", COLS(hash_cols), .kind = STMT_READ, .roles = HASH,
	    .sql = "SELECT user_id, hash FROM password WHERE user_id > ? "
		   "ORDER BY user_id LIMIT ?"),
	DEF(STMT_PASSWORD_REFUSE, .params = "b", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "UPDATE password SET refused = 1 WHERE user_id = ?"),

	DEF(STMT_ROLE_BY_NAME, .params = "b", COLS(id_cols), .kind = STMT_READ, .roles = WEB,
	    .sql = "SELECT id FROM role WHERE name = ?"),
	DEF(STMT_USER_ROLE_GIVE, .params = "bbbi", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "INSERT IGNORE INTO user_role (user_id, tenant_id, role_id, created_at) "
		   "VALUES (?,?,?,?)"),
	DEF(STMT_USER_ROLE_WORDS, .params = "bbbbbb", COLS(word_cols), .kind = STMT_READ,
	    .roles = WEB,
	    .sql = "SELECT 'elevated' AS word FROM user_role g JOIN role r ON r.id = g.role_id "
		   "WHERE g.user_id = ? AND g.tenant_id = ? AND r.elevated = 1 "
		   "UNION SELECT CONCAT('perm:', p.name) FROM user_role g "
		   "JOIN permission p ON p.role_id = g.role_id "
		   "WHERE g.user_id = ? AND g.tenant_id = ? "
		   "UNION SELECT CONCAT('role:', r.name) FROM user_role g "
		   "JOIN role r ON r.id = g.role_id WHERE g.user_id = ? AND g.tenant_id = ? "
		   "ORDER BY word"),
	DEF(STMT_USER_ROLE_TAKE, .params = "bbb", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "DELETE FROM user_role WHERE user_id = ? AND tenant_id = ? AND role_id = ?"),
	DEF(STMT_ROLE_IS_ELEVATED, .params = "b", COLS(number_cols), .kind = STMT_READ,
	    .roles = WEB, .sql = "SELECT elevated AS value FROM role WHERE name = ?"),
	DEF(STMT_ROLE_TAKE_TURN, .params = "b", .roles = WEB,
	    .sql = "UPDATE role SET turns = turns + 1 WHERE name = ?"),

	DEF(STMT_SETUP_PUT, .params = "bi", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "INSERT INTO setup_code (only, hash, expires_at) VALUES (1,?,?) "
		   "ON DUPLICATE KEY UPDATE hash = VALUES(hash), expires_at = VALUES(expires_at)"),
	DEF(STMT_SETUP_CONSUME, .params = "bi", .roles = WEB,
	    .sql = "DELETE FROM setup_code WHERE only = 1 AND hash = ? AND expires_at > ?"),
	DEF(STMT_SETUP_CLEAR, .params = "", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "DELETE FROM setup_code"),

	DEF(STMT_DEVICE_ENSURE, .params = "bbbitii", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "INSERT INTO device (id, user_id, ref_hash, kind, name, created_at, last_seen) "
		   "VALUES (?,?,?,?,?,?,?) "
		   "ON DUPLICATE KEY UPDATE name = VALUES(name), last_seen = VALUES(last_seen)"),
	DEF(STMT_DEVICE_BY_REF, .params = "bb", COLS(device_known_cols), .kind = STMT_READ,
	    .roles = WEB,
	    .sql = "SELECT id, trusted_until FROM device WHERE user_id = ? AND ref_hash = ?"),
	DEF(STMT_DEVICE_BY_ID, .params = "bb", COLS(device_cols), .kind = STMT_READ, .roles = WEB,
	    .sql = DEVICE_SELECT "WHERE id = ? AND user_id = ?"),
	DEF(STMT_DEVICE_LIST, .params = "biibi", COLS(device_cols), .kind = STMT_READ, .roles = WEB,
	    .sql = DEVICE_SELECT "WHERE user_id = ? AND (created_at < ? OR (created_at = ? "
				 "AND id < ?)) ORDER BY created_at DESC, id DESC LIMIT ?"),
	DEF(STMT_DEVICE_SET_KEY, .params = "ibibb", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "UPDATE device SET key_kind = ?, public_key = ?, key_set_at = ? "
		   "WHERE id = ? AND user_id = ?"),
	DEF(STMT_DEVICE_TRUST, .params = "ibb", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "UPDATE device SET trusted_until = ? WHERE id = ? AND user_id = ?"),
	DEF(STMT_DEVICE_DELETE, .params = "bb", .roles = WEB,
	    .sql = "DELETE FROM device WHERE id = ? AND user_id = ?"),
	/* A user who was created since then, and has neither another device nor another session. */
	DEF(STMT_DEVICE_IS_FIRST, .params = "bibb", COLS(number_cols), .kind = STMT_READ,
	    .roles = WEB,
	    .sql = "SELECT COUNT(*) AS value FROM user u WHERE u.id = ? AND u.created_at > ? "
		   "AND NOT EXISTS (SELECT 1 FROM device d WHERE d.user_id = u.id AND d.id <> ?) "
		   "AND NOT EXISTS "
		   "(SELECT 1 FROM session s WHERE s.user_id = u.id AND s.id <> ?)"),
	DEF(STMT_DEVICE_DISARM, .params = "b", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "UPDATE device SET trusted_until = NULL, key_kind = NULL, public_key = NULL, "
		   "key_set_at = NULL WHERE user_id = ?"),
	DEF(STMT_DEVICE_PURGE, .params = "ii", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "DELETE FROM device WHERE last_seen < ? AND NOT EXISTS "
		   "(SELECT 1 FROM session s WHERE s.device_id = device.id) "
		   "ORDER BY last_seen LIMIT ?"),

	DEF(STMT_AUDIT_INSERT, .params = "ibbbbbbbbb", .roles = WEB,
	    .sql = "INSERT INTO audit_event (at, id, event, outcome, user_id, actor_id, "
		   "session_id, request_id, source, detail) VALUES (?,?,?,?,?,?,?,?,?,?)"),
	DEF(STMT_AUDIT_PURGE, .params = "ii", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "DELETE FROM audit_event WHERE at < ? ORDER BY at LIMIT ?"),
	DEF(STMT_AUDIT_LIST, .params = "iiibbbi", COLS(audit_cols), .kind = STMT_READ, .roles = WEB,
	    .sql = AUDIT_SELECT "WHERE e.at >= ? AND e.at <= ? AND (e.at < ? OR e.id < ?) "
				"AND (? = '' OR e.event = ?) "
				"ORDER BY e.at DESC, e.id DESC LIMIT ?"),
	DEF(STMT_AUDIT_LIST_OF_USER, .params = "biiibbbi", COLS(audit_cols), .kind = STMT_READ,
	    .roles = WEB,
	    .sql = AUDIT_SELECT "WHERE e.user_id = ? AND e.at >= ? AND e.at <= ? "
				"AND (e.at < ? OR e.id < ?) AND (? = '' OR e.event = ?) "
				"ORDER BY e.at DESC, e.id DESC LIMIT ?"),
	DEF(STMT_AUDIT_FOLLOW, .params = "iibi", COLS(audit_cols), .kind = STMT_READ, .roles = WEB,
	    .sql = AUDIT_SELECT "WHERE e.at >= ? AND (e.at > ? OR e.id > ?) "
				"ORDER BY e.at, e.id LIMIT ?"),

	/*
	 * Assignments run from left to right: a count looks at its window's start, failures at
	 * last_at, before they move. A distance, so that a clock that stepped back ends a window
	 * too.
	 */
	DEF(STMT_THROTTLE_TAKE, .params = "biiiiiiiiii", .roles = WEB,
	    .sql = "INSERT INTO throttle (key_hash, bucket, short_start, short_count, long_start, "
		   "long_count, failures, before_at, last_at, purge_at) "
		   "VALUES (?,?,?,1,?,1,1,0,?,?) ON DUPLICATE KEY UPDATE "
		   "short_count = IF(ABS(VALUES(last_at) - short_start) < ?, short_count + 1, 1), "
		   "short_start = IF(ABS(VALUES(last_at) - short_start) < ?, short_start, "
		   "VALUES(short_start)), "
		   "long_count = IF(ABS(VALUES(last_at) - long_start) < ?, long_count + 1, 1), "
		   "long_start = IF(ABS(VALUES(last_at) - long_start) < ?, long_start, "
		   "VALUES(long_start)), "
		   "failures = IF(ABS(VALUES(last_at) - last_at) < ?, failures + 1, 1), "
		   "before_at = last_at, last_at = VALUES(last_at), purge_at = VALUES(purge_at)"),
	DEF(STMT_THROTTLE_FIND, .params = "bb", COLS(throttle_cols), .kind = STMT_READ,
	    .roles = WEB, .sql = THROTTLE_SELECT "WHERE key_hash IN (?,?)"),
	DEF(STMT_THROTTLE_GIVE_BACK, .params = "iib", .roles = WEB,
	    .sql = "UPDATE throttle SET failures = failures - IF(failures > 0, 1, 0), "
		   "short_count = short_count - IF(short_start = ? AND short_count > 0, 1, 0), "
		   "long_count = long_count - IF(long_start = ? AND long_count > 0, 1, 0) "
		   "WHERE key_hash = ?"),
	DEF(STMT_THROTTLE_CLEAR, .params = "bbb", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "DELETE FROM throttle WHERE key_hash IN (?,?,?)"),
	DEF(STMT_THROTTLE_DELETE_ANY, .params = "i", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "DELETE FROM throttle ORDER BY key_hash LIMIT ?"),
	DEF(STMT_THROTTLE_LIST, .params = "bi", COLS(throttle_cols), .kind = STMT_READ,
	    .roles = WEB, .sql = THROTTLE_SELECT "WHERE key_hash > ? ORDER BY key_hash LIMIT ?"),
	DEF(STMT_THROTTLE_PURGE, .params = "ii", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "DELETE FROM throttle WHERE purge_at < ? ORDER BY purge_at LIMIT ?"),

	DEF(STMT_MIGRATION_ACCOUNT, .params = "", COLS(account_cols), .kind = STMT_READ,
	    .roles = MIGRATE, .sql = "SELECT CURRENT_USER() AS account"),
	DEF(STMT_MIGRATION_LOCK, .params = "bib", .roles = MIGRATE,
	    .sql = "UPDATE schema_migration SET lock_owner = ?, lock_until = " SERVER_NOW " + ? "
		   "WHERE version = 0 AND (lock_owner IS NULL OR lock_owner = ? "
		   "OR lock_until < " SERVER_NOW ")"),
	DEF(STMT_MIGRATION_UNLOCK, .params = "b", .kind = STMT_IDEMPOTENT, .roles = MIGRATE,
	    .sql = "UPDATE schema_migration SET lock_owner = NULL, lock_until = NULL "
		   "WHERE version = 0 AND lock_owner = ?"),
	DEF(STMT_MIGRATION_LIST, .params = "", COLS(migration_cols), .kind = STMT_READ,
	    .roles = MIGRATE,
	    .sql = "SELECT version, name, sha256 FROM schema_migration WHERE version > 0 "
		   "ORDER BY version"),
	DEF(STMT_MIGRATION_DIGEST, .params = "b", COLS(digest_cols), .kind = STMT_READ,
	    .roles = MIGRATE, .sql = "SELECT UNHEX(SHA2(?, 256)) AS sha256"),
	DEF(STMT_MIGRATION_INSERT, .params = "ibbi", .roles = MIGRATE,
	    .sql = "INSERT INTO schema_migration (version, name, sha256, applied_at) "
		   "VALUES (?,?,?,?)"),

	DEF(STMT_USER_DELETE, .params = "b", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "DELETE FROM user WHERE id = ?"),
	DEF(STMT_PASSWORD_DELETE, .params = "b", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "DELETE FROM password WHERE user_id = ?"),
	DEF(STMT_USER_ROLE_DELETE_OF_USER, .params = "b", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "DELETE FROM user_role WHERE user_id = ?"),
	DEF(STMT_MEMBERSHIP_DELETE_OF_USER, .params = "b", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "DELETE FROM membership WHERE user_id = ?"),
	DEF(STMT_DEVICE_DELETE_OF_USER, .params = "b", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "DELETE FROM device WHERE user_id = ?"),
	DEF(STMT_OUTBOX_DELETE_OF_USER, .params = "b", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "DELETE FROM outbox WHERE user_id = ?"),
	DEF(STMT_ROTATION_DELETE_OF_USER, .params = "b", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "DELETE r FROM rotation r JOIN session s ON s.id = r.session_id "
		   "WHERE s.user_id = ?"),

	/* No time zone is in it. */
	DEF(STMT_DOCTOR_CLOCK, .params = "", COLS(number_cols), .kind = STMT_READ,
	    .roles = WEB | HASH | GUARD | MAIL,
	    .sql = "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', UTC_TIMESTAMP(6)) "
		   "AS value"),
	DEF(STMT_DOCTOR_OVERDUE, .params = "iii", COLS(overdue_cols), .kind = STMT_READ,
	    .roles = WEB,
	    .sql = "SELECT " OVERDUE("session", "idle_end") " AS sessions, " OVERDUE(
		    "rotation", "purge_at") " AS rotations, " OVERDUE("throttle",
								      "purge_at") " AS throttles"),
	/* A dump that is read makes all four anew, a copied file has a new date. No row there: 0.
	 */
	DEF(STMT_DOCTOR_RESTORE, .params = "bb", COLS(restore_cols), .kind = STMT_READ,
	    .roles = WEB,
	    .sql = "SELECT made, (SELECT MAX(at) FROM audit_event WHERE at < made) AS `before`, "
		   "(SELECT MAX(at) FROM audit_event WHERE event <> ?) AS newest, "
		   "(SELECT MAX(at) FROM audit_event WHERE at >= made AND event = ?) AS checked "
		   "FROM (SELECT UNIX_TIMESTAMP(MIN(CREATE_TIME)) * 1000000 AS made "
		   "FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME "
		   "IN ('user', 'password', 'session', 'audit_event')) AS tables_made"),
	DEF(STMT_DOCTOR_RIGHTS, .params = "", COLS(right_cols), .kind = STMT_READ,
	    .roles = WEB | HASH | GUARD | MAIL,
	    .sql = "SELECT '*' AS place, '' AS table_name, '' AS column_name, "
		   "PRIVILEGE_TYPE AS privilege, IS_GRANTABLE = 'YES' AS grantable "
		   "FROM information_schema.USER_PRIVILEGES " OWN
		   "UNION ALL SELECT '*', '', '', CONCAT('ROLE ', ROLE_NAME), 0 "
		   "FROM information_schema.APPLICABLE_ROLES "
		   "UNION ALL SELECT IF(DATABASE() LIKE TABLE_SCHEMA, '', TABLE_SCHEMA), '', '', "
		   "PRIVILEGE_TYPE, IS_GRANTABLE = 'YES' "
		   "FROM information_schema.SCHEMA_PRIVILEGES " OWN
		   "UNION ALL SELECT IF(DATABASE() = TABLE_SCHEMA, '', TABLE_SCHEMA), TABLE_NAME, "
		   "'', PRIVILEGE_TYPE, IS_GRANTABLE = 'YES' "
		   "FROM information_schema.TABLE_PRIVILEGES " OWN
		   "UNION ALL SELECT IF(DATABASE() = TABLE_SCHEMA, '', TABLE_SCHEMA), TABLE_NAME, "
		   "COLUMN_NAME, PRIVILEGE_TYPE, IS_GRANTABLE = 'YES' "
		   "FROM information_schema.COLUMN_PRIVILEGES " OWN
		   "ORDER BY place, table_name, column_name, privilege"),

	/* Users in ranges of their ids. The zero tenant is "everywhere", as in user_role. */
	DEF(STMT_GRANTS_END, .params = "bi", COLS(id_cols), .kind = STMT_READ, .roles = WEB,
	    .sql = "SELECT MAX(id) AS id FROM "
		   "(SELECT id FROM user WHERE id > ? ORDER BY id LIMIT ?) AS x"),
	DEF(STMT_GRANTS_STORED, .params = "bbbb", COLS(stored_cols), .kind = STMT_READ,
	    .roles = WEB,
	    .sql = "SELECT g.id AS user_id, UNHEX(REPEAT('00', 16)) AS tenant_id, g.grants "
		   "FROM user g WHERE g.id > ? AND g.id <= ? "
		   "UNION ALL SELECT g.user_id, g.tenant_id, g.grants FROM membership g "
		   "WHERE " IN_RANGE " ORDER BY user_id, tenant_id"),
	DEF(STMT_GRANTS_WORDS, .params = "bbbbbb", COLS(grants_word_cols), .kind = STMT_READ,
	    .roles = WEB,
	    .sql = "SELECT g.user_id, g.tenant_id, 'elevated' AS word FROM user_role g "
		   "JOIN role r ON r.id = g.role_id WHERE r.elevated = 1 AND " IN_RANGE
		   " UNION SELECT g.user_id, g.tenant_id, CONCAT('perm:', p.name) "
		   "FROM user_role g JOIN permission p ON p.role_id = g.role_id WHERE " IN_RANGE
		   " UNION SELECT g.user_id, g.tenant_id, CONCAT('role:', r.name) "
		   "FROM user_role g JOIN role r ON r.id = g.role_id WHERE " IN_RANGE
		   " ORDER BY user_id, tenant_id, word"),
};

const struct stmt_def *stmt_def(enum stmt stmt)
{
	static const struct stmt_def *const parts[] = {
		stmt_part_tenants,  stmt_part_handover, stmt_part_mail_code, stmt_part_flow,
		stmt_part_key,      stmt_part_token,    stmt_part_service,   stmt_part_roles,
		stmt_part_overview, stmt_part_account,  stmt_part_mail,      stmt_part_factor,
	};

	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		if (parts[i][stmt].name != NULL)
			return &parts[i][stmt];
	return &table[stmt];
}
