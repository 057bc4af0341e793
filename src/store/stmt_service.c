/* The statements about services. */
#include "service_store.h"
#include "stmt_part.h"
#include "stmt_session.h"

/* name is called so that no two columns are called alike. */
#define SERVICE_COLS(type, at)                                                                     \
	{"service_name", COL_STR, offsetof(type, at name), 64},                                    \
		{"secret_hash", COL_DIGEST, offsetof(type, at secret_hash), 0},                    \
		{"root", COL_U32, offsetof(type, at root), 0},                                     \
		{"former_hash", COL_DIGEST, offsetof(type, at former_hash), 0},                    \
		{"former_until", COL_I64, offsetof(type, at former_until), 0},                     \
		{"scopes", COL_U32, offsetof(type, at scopes), 0},                                 \
		{"service_state", COL_U32, offsetof(type, at state), 0},                           \
		{"service_created_at", COL_I64, offsetof(type, at created_at), 0},                 \
	{                                                                                          \
		"secret_at", COL_I64, offsetof(type, at secret_at), 0                              \
	}
#define SERVICE_LIST                                                                               \
	"v.name AS service_name, v.secret_hash, v.root, v.former_hash, v.former_until, v.scopes, " \
	"v.state AS service_state, v.created_at AS service_created_at, v.secret_at"
#define SERVICE_SELECT "SELECT " SERVICE_LIST " FROM service v "
#define SERVICE_WITH FOUND_SELECT ", " SERVICE_LIST " FROM service v LEFT JOIN session s ON "

static const struct col service_cols[] = {SERVICE_COLS(struct service_row, )};
static const struct col with_cols[] = {
	FOUND_COLS(struct service_found, session.),
	SERVICE_COLS(struct service_found, service.),
};

const struct stmt_def stmt_part_service[STMT_COUNT] = {
	DEF(STMT_SERVICE_FIND, .params = "b", COLS(service_cols), .kind = STMT_READ, .roles = WEB,
	    .sql = SERVICE_SELECT "WHERE v.name = ?"),
	/* Every call of a service: it and the session by primary key, the second one by its id. */
	DEF(STMT_SERVICE_WITH_VALUE, .params = "bbb", COLS(with_cols), .kind = STMT_READ,
	    .roles = WEB, .sql = SERVICE_WITH "s.hash IN (?,?) " FOUND_JOINS "WHERE v.name = ?"),
	DEF(STMT_SERVICE_WITH_SESSION, .params = "bb", COLS(with_cols), .kind = STMT_READ,
	    .roles = WEB, .sql = SERVICE_WITH "s.id = ? " FOUND_JOINS "WHERE v.name = ?"),
	DEF(STMT_SERVICE_LOCK, .params = "b", COLS(service_cols), .kind = STMT_READ, .roles = WEB,
	    .sql = SERVICE_SELECT "WHERE v.name = ? FOR UPDATE"),
	DEF(STMT_SERVICE_LIST, .params = "bi", COLS(service_cols), .kind = STMT_READ, .roles = WEB,
	    .sql = SERVICE_SELECT "WHERE v.name > ? ORDER BY v.name LIMIT ?"),
	DEF(STMT_SERVICE_INSERT, .params = "bbibiiiii", .roles = WEB,
	    .sql = "INSERT INTO service (name, secret_hash, root, former_hash, former_until, "
		   "scopes, state, created_at, secret_at) VALUES (?,?,?,?,?,?,?,?,?)"),
	DEF(STMT_SERVICE_SET, .params = "bibiiiib", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "UPDATE service SET secret_hash = ?, root = ?, former_hash = ?, former_until = "
		   "?, "
		   "scopes = ?, state = ?, secret_at = ? WHERE name = ?"),
	DEF(STMT_SERVICE_RENEW_HASH, .params = "bibb", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "UPDATE service SET secret_hash = ?, root = ? WHERE name = ? AND secret_hash = "
		   "?"),
	DEF(STMT_SERVICE_DELETE, .params = "b", .roles = WEB,
	    .sql = "DELETE FROM service WHERE name = ?"),
};
