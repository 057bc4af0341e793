/* The statements about roles, permissions, those who hold them, and looking for people. */
#include "role_store.h"
#include "stmt_part.h"
#include "user_store.h"

static const struct col number_cols[] = {{"value", COL_I64, 0, 0}};
static const struct col id_cols[] = {{"id", COL_ID, 0, 0}};
static const struct col name_cols[] = {{"name", COL_STR, 0, 64}};
static const struct col role_cols[] = {
	{"id", COL_ID, offsetof(struct role_row, id), 0},
	{"name", COL_STR, offsetof(struct role_row, name), 64},
	{"elevated", COL_BOOL, offsetof(struct role_row, elevated), 0},
	{"created_at", COL_I64, offsetof(struct role_row, created_at), 0},
	{"work", COL_U32, offsetof(struct role_row, work), 0},
	{"work_user", COL_ID, offsetof(struct role_row, done.user_id), 0},
	{"work_tenant", COL_ID, offsetof(struct role_row, done.tenant_id), 0},
};
static const struct col holder_cols[] = {
	{"user_id", COL_ID, offsetof(struct member_key, user_id), 0},
	{"tenant_id", COL_ID, offsetof(struct member_key, tenant_id), 0},
};
static const struct col held_cols[] = {
	{"role_id", COL_ID, offsetof(struct held_role, role_id), 0},
	{"name", COL_STR, offsetof(struct held_role, name), 64},
	{"elevated", COL_BOOL, offsetof(struct held_role, elevated), 0},
	{"tenant_id", COL_ID, offsetof(struct held_role, tenant_id), 0},
	{"tenant_name", COL_STR, offsetof(struct held_role, tenant_name), 64},
	{"tenant_title", COL_STR, offsetof(struct held_role, tenant_title), 400},
};
static const struct col match_cols[] = {
	{"id", COL_ID, offsetof(struct user_match, id), 0},
	{"name", COL_STR, offsetof(struct user_match, name), 254},
};
#define ROLE_SELECT "SELECT id, name, elevated, created_at, work, work_user, work_tenant FROM role "

const struct stmt_def stmt_part_roles[STMT_COUNT] = {
	/* Held while it is given, so that it does not change under whoever has read it. */
	DEF(STMT_ROLE_SHARE, .params = "b", COLS(id_cols), .kind = STMT_READ, .roles = WEB,
	    .sql = "SELECT id FROM role WHERE name = ? AND work <> 2 LOCK IN SHARE MODE"),
	DEF(STMT_ROLE_FIND, .params = "b", COLS(role_cols), .kind = STMT_READ, .roles = WEB,
	    .sql = ROLE_SELECT "WHERE name = ? AND work <> 2"),
	DEF(STMT_ROLE_LOCK, .params = "b", COLS(role_cols), .kind = STMT_READ, .roles = WEB,
	    .sql = ROLE_SELECT "WHERE name = ? FOR UPDATE"),
	DEF(STMT_ROLE_INSERT, .params = "bbii", .roles = WEB,
	    .sql = "INSERT INTO role (id, name, elevated, created_at) VALUES (?,?,?,?)"),
	DEF(STMT_ROLE_LIST, .params = "bi", COLS(role_cols), .kind = STMT_READ, .roles = WEB,
	    .sql = ROLE_SELECT "WHERE name > ? ORDER BY name LIMIT ?"),
	DEF(STMT_ROLE_DELETE, .params = "b", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "DELETE FROM role WHERE id = ?"),
	DEF(STMT_ROLE_SET_WORK, .params = "ibbb", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "UPDATE role SET work = ?, work_user = ?, work_tenant = ? WHERE id = ?"),
	DEF(STMT_ROLE_FIND_WORK, .params = "", COLS(role_cols), .kind = STMT_READ, .roles = WEB,
	    .sql = ROLE_SELECT "WHERE work <> 0 ORDER BY id LIMIT 1"),
	DEF(STMT_ROLE_HOLDERS, .params = "bbbbi", COLS(holder_cols), .kind = STMT_READ,
	    .roles = WEB,
	    .sql = "SELECT user_id, tenant_id FROM user_role WHERE role_id = ? AND user_id >= ? "
		   "AND (user_id > ? OR tenant_id > ?) ORDER BY user_id, tenant_id LIMIT ?"),
	DEF(STMT_ROLE_COUNT_HOLDERS, .params = "b", COLS(number_cols), .kind = STMT_READ,
	    .roles = WEB, .sql = "SELECT COUNT(*) AS value FROM user_role WHERE role_id = ?"),
	DEF(STMT_ROLE_LONGEST_GRANTS, .params = "b", COLS(number_cols), .kind = STMT_READ,
	    .roles = WEB,
	    .sql = "SELECT MAX(GREATEST(IF(m.user_id IS NULL, LENGTH(u.grants), 0), "
		   "IFNULL(LENGTH(m.grants), 0))) AS value FROM user_role g "
		   "JOIN user u ON u.id = g.user_id LEFT JOIN membership m "
		   "ON m.user_id = g.user_id AND m.tenant_id = g.tenant_id WHERE g.role_id = ?"),
	DEF(STMT_ROLE_COUNT_MANAGERS, .params = "bbbi", COLS(number_cols), .kind = STMT_READ,
	    .roles = WEB,
	    .sql = "SELECT COUNT(DISTINCT u.id) AS value FROM permission p "
		   "JOIN role r ON r.id = p.role_id AND r.work <> 2 "
		   "JOIN user_role g ON g.role_id = r.id AND g.tenant_id = ? "
		   "JOIN user u ON u.id = g.user_id "
		   "WHERE p.name = ? AND p.role_id <> ? AND u.state = ?"),
	DEF(STMT_PERMISSION_ADD, .params = "bb", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "INSERT IGNORE INTO permission (role_id, name) VALUES (?,?)"),
	DEF(STMT_PERMISSION_REMOVE, .params = "bb", .roles = WEB,
	    .sql = "DELETE FROM permission WHERE role_id = ? AND name = ?"),
	DEF(STMT_PERMISSION_LIST, .params = "bbi", COLS(name_cols), .kind = STMT_READ, .roles = WEB,
	    .sql = "SELECT name FROM permission WHERE role_id = ? AND name > ? "
		   "ORDER BY name LIMIT ?"),
	DEF(STMT_PERMISSION_DELETE_OF_ROLE, .params = "b", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "DELETE FROM permission WHERE role_id = ?"),
	DEF(STMT_USER_ROLE_LIST, .params = "bbbbi", COLS(held_cols), .kind = STMT_READ,
	    .roles = WEB,
	    .sql = "SELECT g.role_id, r.name, r.elevated, g.tenant_id, "
		   "t.name AS tenant_name, t.title AS tenant_title FROM user_role g "
		   "JOIN role r ON r.id = g.role_id LEFT JOIN tenant t ON t.id = g.tenant_id "
		   "WHERE g.user_id = ? AND g.tenant_id >= ? "
		   "AND (g.tenant_id > ? OR g.role_id > ?) "
		   "ORDER BY g.tenant_id, g.role_id LIMIT ?"),

	/* A range of each index; who is found by both is found by the user name. */
	DEF(STMT_USER_SEARCH, .params = "bbibbbbii", COLS(match_cols), .kind = STMT_READ,
	    .roles = WEB,
	    .sql = "SELECT id, name FROM ("
		   "(SELECT id, username AS name FROM user WHERE username >= ? AND username < ? "
		   "ORDER BY username LIMIT ?) UNION ALL "
		   "(SELECT id, email FROM user WHERE email >= ? AND email < ? "
		   "AND (username IS NULL OR username < ? OR username >= ?) "
		   "ORDER BY email LIMIT ?)) AS x ORDER BY name, id LIMIT ?"),
};
