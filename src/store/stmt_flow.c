/* The statements about flows and their counters. */
#include "flow_store.h"
#include "stmt_part.h"

static const struct col line_cols[] = {
	{"is_count", COL_BOOL, offsetof(struct flow_line, is_count), 0},
	{"id", COL_ID, offsetof(struct flow_line, flow.id), 0},
	{"owner_id", COL_ID, offsetof(struct flow_line, flow.owner_id), 0},
	{"owner_kind", COL_U32, offsetof(struct flow_line, flow.owner_kind), 0},
	{"scope", COL_U32, offsetof(struct flow_line, flow.scope), 0},
	{"kind", COL_STR, offsetof(struct flow_line, flow.kind), 64},
	{"step", COL_STR, offsetof(struct flow_line, flow.step), 64},
	{"return_to", COL_STR, offsetof(struct flow_line, flow.return_to), 2048},
	{"data", COL_STR, offsetof(struct flow_line, flow.data), 16384},
	{"facts", COL_STR, offsetof(struct flow_line, flow.facts), 16384},
	{"from_guest", COL_BOOL, offsetof(struct flow_line, flow.from_guest), 0},
	{"version", COL_I64, offsetof(struct flow_line, flow.version), 0},
	{"created_at", COL_I64, offsetof(struct flow_line, flow.created_at), 0},
	{"updated_at", COL_I64, offsetof(struct flow_line, flow.updated_at), 0},
	{"expires_at", COL_I64, offsetof(struct flow_line, flow.expires_at), 0},
};
static const struct col reach_cols[] = {
	{"is_count", COL_BOOL, offsetof(struct flow_line, is_count), 0},
	{"id", COL_ID, offsetof(struct flow_line, flow.id), 0},
	{"owner_id", COL_ID, offsetof(struct flow_line, flow.owner_id), 0},
	{"owner_kind", COL_U32, offsetof(struct flow_line, flow.owner_kind), 0},
	{"scope", COL_U32, offsetof(struct flow_line, flow.scope), 0},
	{"kind", COL_STR, offsetof(struct flow_line, flow.kind), 64},
	{"step", COL_STR, offsetof(struct flow_line, flow.step), 64},
	{"return_to", COL_STR, offsetof(struct flow_line, flow.return_to), 2048},
	{"data", COL_STR, offsetof(struct flow_line, flow.data), 16384},
	{"facts", COL_STR, offsetof(struct flow_line, flow.facts), 16384},
	{"from_guest", COL_BOOL, offsetof(struct flow_line, flow.from_guest), 0},
	{"version", COL_I64, offsetof(struct flow_line, flow.version), 0},
	{"created_at", COL_I64, offsetof(struct flow_line, flow.created_at), 0},
	{"updated_at", COL_I64, offsetof(struct flow_line, flow.updated_at), 0},
	{"expires_at", COL_I64, offsetof(struct flow_line, flow.expires_at), 0},
	{"name", COL_STR, offsetof(struct flow_line, count.name), 64},
	{"taken", COL_I64, offsetof(struct flow_line, count.taken), 0},
	{"started_at", COL_I64, offsetof(struct flow_line, count.started_at), 0},
	{"last_at", COL_I64, offsetof(struct flow_line, count.last_at), 0},
	{"purge_at", COL_I64, offsetof(struct flow_line, count.purge_at), 0},
};
static const struct col usage_cols[] = {
	{"flows", COL_I64, offsetof(struct flow_usage, flows), 0},
	{"bytes", COL_I64, offsetof(struct flow_usage, bytes), 0},
};

#define FLOW_SELECT                                                                                \
	"SELECT 0 AS is_count, id, owner_id, owner_kind, scope, kind, step, return_to, data, "     \
	"facts, from_guest, version, created_at, updated_at, expires_at FROM flow "
/* In the places of a flow's columns: flow_store.c puts them where they belong. */
#define COUNT_SELECT                                                                               \
	"SELECT 1, NULL, owner_id, 0, 0, kind, name, '', '', '', 0, taken, started_at, last_at, "  \
	"purge_at FROM flow_counter "
/* A user (or a guest's session, and no user) and the sessions of the user. */
#define OWNERS "(SELECT ? AS id UNION ALL SELECT id FROM session WHERE user_id = ?) o "

const struct stmt_def stmt_part_flow[STMT_COUNT] = {
	/* A row for each counter of a flow, or one. A UNION of both took the server half as long
	 * again, and an order would make it write all rows to a temporary table on disk. */
	DEF(STMT_FLOW_REACHED, .params = "bibbi", COLS(reach_cols), .kind = STMT_READ, .roles = WEB,
	    .sql = "SELECT c.name IS NOT NULL AS is_count, f.id, f.owner_id, f.owner_kind, "
		   "f.scope, "
		   "f.kind, f.step, f.return_to, f.data, f.facts, f.from_guest, f.version, "
		   "f.created_at, f.updated_at, f.expires_at, c.name, c.taken, c.started_at, "
		   "c.last_at, c.purge_at FROM flow f LEFT JOIN flow_counter c "
		   "ON c.owner_id = ? AND c.kind = f.kind AND c.purge_at > ? "
		   "WHERE f.owner_id IN (?,?) AND f.expires_at > ?"),
	DEF(STMT_FLOW_FIND, .params = "bbbbbi", COLS(line_cols), .kind = STMT_READ, .roles = WEB,
	    .sql = FLOW_SELECT "WHERE owner_id IN (?,?) AND kind = ? UNION ALL " COUNT_SELECT
			       "WHERE owner_id = ? AND kind = ? AND purge_at > ?"),
	DEF(STMT_FLOW_HOLD_GUEST, .params = "b", .roles = WEB,
	    .sql = "UPDATE session SET turns = turns + 1 WHERE id = ? AND user_id IS NULL"),
	DEF(STMT_FLOW_USAGE, .params = "bbbi", COLS(usage_cols), .kind = STMT_READ, .roles = WEB,
	    .sql = "SELECT COUNT(*) AS flows, CAST(COALESCE(SUM(LENGTH(f.data)), 0) AS SIGNED) "
		   "AS bytes FROM " OWNERS "JOIN flow f ON f.owner_id = o.id "
		   "WHERE f.id <> ? AND f.expires_at > ?"),
	DEF(STMT_FLOW_INSERT, .params = "bbiibbbttiiiii", .roles = WEB,
	    .sql = "INSERT INTO flow (id, owner_id, owner_kind, scope, kind, step, return_to, "
		   "data, "
		   "facts, from_guest, version, created_at, updated_at, expires_at) "
		   "VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)"),
	DEF(STMT_FLOW_UPDATE, .params = "bbttiibi", .roles = WEB,
	    .sql = "UPDATE flow SET step = ?, return_to = ?, data = ?, facts = ?, version = ?, "
		   "updated_at = ? WHERE id = ? AND version = ?"),
	DEF(STMT_FLOW_DELETE, .params = "b", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "DELETE FROM flow WHERE id = ?"),
	DEF(STMT_FLOW_DELETE_OF_USER, .params = "bb", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "DELETE f FROM " OWNERS "JOIN flow f ON f.owner_id = o.id"),
	DEF(STMT_FLOW_PURGE, .params = "ii", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "DELETE FROM flow WHERE expires_at < ? ORDER BY expires_at LIMIT ?"),

	/* Its window is over at any time, and its lock is the writer's from the start. */
	DEF(STMT_FLOW_COUNTER_ENSURE, .params = "bbb", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "INSERT INTO flow_counter "
		   "(owner_id, kind, name, started_at, taken, last_at, purge_at) "
		   "VALUES (?,?,?,0,0,0,0) ON DUPLICATE KEY UPDATE taken = taken"),
	/* Assignments run from left to right: purge_at tells whether the window runs, so it is
	 * last.
	 */
	DEF(STMT_FLOW_COUNTER_TAKE, .params = "iiiiiibbbiii", .roles = WEB,
	    .sql = "UPDATE flow_counter SET taken = IF(purge_at > ?, taken + 1, 1), "
		   "started_at = IF(purge_at > ?, started_at, ?), last_at = GREATEST(last_at, ?), "
		   "purge_at = IF(purge_at > ?, purge_at, ?) "
		   "WHERE owner_id = ? AND kind = ? AND name = ? "
		   "AND last_at <= ? AND (purge_at <= ? OR taken < ?)"),
	DEF(STMT_FLOW_COUNTER_DELETE_OF_USER, .params = "bb", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "DELETE c FROM " OWNERS "JOIN flow_counter c ON c.owner_id = o.id"),
	DEF(STMT_FLOW_COUNTER_PURGE, .params = "ii", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "DELETE FROM flow_counter WHERE purge_at < ? ORDER BY purge_at LIMIT ?"),

	/* owner_kind 1 user, 2 session; scope 1 user. */
	DEF(STMT_FLOW_GIVE_WAY, .params = "bibi", .kind = STMT_IDEMPOTENT, .roles = WEB,
	    .sql = "DELETE u FROM flow g JOIN flow u "
		   "ON u.owner_id = ? AND u.kind = g.kind AND u.expires_at <= ? "
		   "WHERE g.owner_id = ? AND g.owner_kind = 2 AND g.scope = 1 "
		   "AND g.expires_at > ?"),
	/* A kind that the user has stays; one that has expired is met as a duplicate. */
	DEF(STMT_FLOW_PROMOTE, .params = "bibiibi", .roles = WEB,
	    .sql = "UPDATE flow g LEFT JOIN flow u "
		   "ON u.owner_id = ? AND u.kind = g.kind AND g.scope = 1 "
		   "AND u.expires_at > ? SET "
		   "g.owner_id = IF(g.scope = 1 AND u.id IS NULL, ?, g.owner_id), "
		   "g.owner_kind = IF(g.scope = 1 AND u.id IS NULL, 1, 2), "
		   "g.from_guest = 1, g.facts = '{}', g.version = g.version + 1, "
		   "g.updated_at = ?, "
		   "g.expires_at = IF(u.id IS NULL, g.expires_at, LEAST(g.expires_at, ?)) "
		   "WHERE g.owner_id = ? AND g.owner_kind = 2 AND g.expires_at > ?"),
	/* From left to right, as above. Of two windows that run the worse in every respect. */
	DEF(STMT_FLOW_COUNTER_PROMOTE, .params = "bbiiiii", .roles = WEB,
	    .sql = "INSERT INTO flow_counter "
		   "(owner_id, kind, name, started_at, taken, last_at, purge_at) "
		   "SELECT ?, g.kind, g.name, g.started_at, g.taken, g.last_at, g.purge_at "
		   "FROM flow_counter g WHERE g.owner_id = ? AND g.purge_at > ? "
		   "ON DUPLICATE KEY UPDATE "
		   "started_at = IF(VALUES(purge_at) <= ?, flow_counter.started_at, "
		   "IF(flow_counter.purge_at <= ?, VALUES(started_at), "
		   "GREATEST(flow_counter.started_at, VALUES(started_at)))), "
		   "taken = IF(VALUES(purge_at) <= ?, flow_counter.taken, "
		   "IF(flow_counter.purge_at <= ?, VALUES(taken), "
		   "GREATEST(flow_counter.taken, VALUES(taken)))), "
		   "last_at = GREATEST(flow_counter.last_at, VALUES(last_at)), "
		   "purge_at = GREATEST(flow_counter.purge_at, VALUES(purge_at))"),
};
