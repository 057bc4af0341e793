/* The statements about tenants, memberships, and the tenant of a session. */
#include "stmt_part.h"
#include "tenant_store.h"

static const struct col id_cols[] = {{"id", COL_ID, 0, 0}};
static const struct col tenant_cols[] = {
	{"id", COL_ID, offsetof(struct tenant_row, id), 0},
	{"name", COL_STR, offsetof(struct tenant_row, name), 64},
	{"title", COL_STR, offsetof(struct tenant_row, title), 400},
	{"created_at", COL_I64, offsetof(struct tenant_row, created_at), 0},
};
static const struct col member_cols[] = {
	{"tenant_id", COL_ID, offsetof(struct member_row, tenant.id), 0},
	{"name", COL_STR, offsetof(struct member_row, tenant.name), 64},
	{"title", COL_STR, offsetof(struct member_row, tenant.title), 400},
	{"tenant_created_at", COL_I64, offsetof(struct member_row, tenant.created_at), 0},
	{"user_id", COL_ID, offsetof(struct member_row, user_id), 0},
	{"username", COL_STR, offsetof(struct member_row, username), 64},
	{"email", COL_STR, offsetof(struct member_row, email), 254},
	{"grants", COL_STR, offsetof(struct member_row, grants), 4000},
	{"created_at", COL_I64, offsetof(struct member_row, created_at), 0},
	{"is_default", COL_BOOL, offsetof(struct member_row, is_default), 0},
};
#define TENANT_SELECT "SELECT id, name, title, created_at FROM tenant "
#define MEMBER_SELECT                                                                              \
	"SELECT m.tenant_id, t.name, t.title, t.created_at AS tenant_created_at, m.user_id, "      \
	"u.username, u.email, m.grants, m.created_at, "                                            \
	"u.default_tenant <=> m.tenant_id AS is_default FROM membership m "                        \
	"JOIN tenant t ON t.id = m.tenant_id JOIN user u ON u.id = m.user_id "

const struct stmt_def stmt_part_tenants[STMT_COUNT] = {
	DEF(STMT_TENANT_INSERT, .params = "bbti", .roles = WEB,
	    .sql = "INSERT INTO tenant (id, name, title, created_at) VALUES (?,?,?,?)"),
	DEF(STMT_TENANT_BY_ID, .params = "b", COLS(tenant_cols), .kind = STMT_READ, .roles = WEB,
	    .sql = TENANT_SELECT "WHERE id = ?"),
	DEF(STMT_TENANT_BY_NAME, .params = "b", COLS(tenant_cols), .kind = STMT_READ, .roles = WEB,
	    .sql = TENANT_SELECT "WHERE name = ?"),
	DEF(STMT_TENANT_LIST, .params = "bi", COLS(tenant_cols), .kind = STMT_READ, .roles = WEB,
	    .sql = TENANT_SELECT "WHERE name > ? ORDER BY name LIMIT ?"),
	DEF(STMT_TENANT_SET, .params = "btb", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "UPDATE tenant SET name = ?, title = ? WHERE id = ?"),
	/* Held while a member is added, so that the tenant is not removed under it. */
	DEF(STMT_TENANT_SHARE, .params = "b", COLS(id_cols), .kind = STMT_READ, .roles = WEB,
	    .sql = "SELECT id FROM tenant WHERE id = ? LOCK IN SHARE MODE"),
	DEF(STMT_TENANT_LOCK, .params = "b", COLS(id_cols), .kind = STMT_READ, .roles = WEB,
	    .sql = "SELECT id FROM tenant WHERE id = ? FOR UPDATE"),
	DEF(STMT_TENANT_DELETE, .params = "b", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "DELETE FROM tenant WHERE id = ?"),

	DEF(STMT_MEMBERSHIP_INSERT, .params = "bbi", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "INSERT IGNORE INTO membership (user_id, tenant_id, created_at) "
		   "VALUES (?,?,?)"),
	DEF(STMT_MEMBERSHIP_FIND, .params = "bb", COLS(member_cols), .kind = STMT_READ,
	    .roles = WEB, .sql = MEMBER_SELECT "WHERE m.user_id = ? AND m.tenant_id = ?"),
	DEF(STMT_MEMBERSHIP_LIST_OF_USER, .params = "biibi", COLS(member_cols), .kind = STMT_READ,
	    .roles = WEB,
	    .sql = MEMBER_SELECT "WHERE m.user_id = ? "
				 "AND (m.created_at > ? OR (m.created_at = ? AND m.tenant_id > ?)) "
				 "ORDER BY m.created_at, m.tenant_id LIMIT ?"),
	DEF(STMT_MEMBERSHIP_LIST_OF_TENANT, .params = "bbi", COLS(member_cols), .kind = STMT_READ,
	    .roles = WEB,
	    .sql = MEMBER_SELECT "WHERE m.tenant_id = ? AND m.user_id > ? "
				 "ORDER BY m.user_id LIMIT ?"),
	DEF(STMT_MEMBERSHIP_SET_GRANTS, .params = "bbb", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "UPDATE membership SET grants = ? WHERE user_id = ? AND tenant_id = ?"),
	DEF(STMT_MEMBERSHIP_DELETE, .params = "bb", .roles = WEB,
	    .sql = "DELETE FROM membership WHERE user_id = ? AND tenant_id = ?"),
	DEF(STMT_USER_ROLE_DELETE_OF_MEMBER, .params = "bb", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "DELETE FROM user_role WHERE user_id = ? AND tenant_id = ?"),
	DEF(STMT_USER_SET_DEFAULT_TENANT, .params = "bib", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "UPDATE user SET default_tenant = ?, updated_at = ? WHERE id = ?"),
	/* The epoch, so that whoever writes a row as it was before loses. */
	DEF(STMT_SESSION_SET_TENANT, .params = "bbb", .roles = WEB,
	    .sql = "UPDATE session SET tenant_id = ?, epoch = epoch + 1 "
		   "WHERE id = ? AND user_id = ?"),
	DEF(STMT_SESSION_LEAVE_TENANT, .params = "bb", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "UPDATE session SET tenant_id = NULL, epoch = epoch + 1 "
		   "WHERE user_id = ? AND tenant_id = ?"),
};
