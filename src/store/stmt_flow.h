/* The longer SQL of flows, for THE statement table. */
#ifndef GATEPOST_STORE_STMT_FLOW_H
#define GATEPOST_STORE_STMT_FLOW_H

/* owner_kind 1 user, 2 session; scope 1 user. A kind that the user has stays. */
#define SQL_FLOW_PROMOTE                                                                           \
	"UPDATE flow g LEFT JOIN flow u "                                                          \
	"ON u.owner_id = ? AND u.kind = g.kind AND g.scope = 1 SET "                               \
	"g.owner_id = IF(g.scope = 1 AND u.id IS NULL, ?, g.owner_id), "                           \
	"g.owner_kind = IF(g.scope = 1 AND u.id IS NULL, 1, 2), "                                  \
	"g.from_guest = 1, g.facts = '{}', g.version = g.version + 1, "                            \
	"g.updated_at = ?, "                                                                       \
	"g.expires_at = IF(u.id IS NULL, g.expires_at, LEAST(g.expires_at, ?)) "                   \
	"WHERE g.owner_id = ? AND g.owner_kind = 2 AND g.expires_at > ?"

/* Assignments run from left to right: purge_at tells whether the window runs, so it is last. */
#define SQL_FLOW_COUNTER_PROMOTE                                                                   \
	"INSERT INTO flow_counter "                                                                \
	"(owner_id, kind, name, started_at, taken, last_at, purge_at) "                            \
	"SELECT ?, g.kind, g.name, g.started_at, g.taken, g.last_at, g.purge_at "                  \
	"FROM flow_counter g WHERE g.owner_id = ? AND g.purge_at > ? "                             \
	"ON DUPLICATE KEY UPDATE "                                                                 \
	"started_at = IF(flow_counter.purge_at > ?, "                                              \
	"GREATEST(flow_counter.started_at, VALUES(started_at)), VALUES(started_at)), "             \
	"taken = IF(flow_counter.purge_at > ?, "                                                   \
	"GREATEST(flow_counter.taken, VALUES(taken)), VALUES(taken)), "                            \
	"last_at = IF(flow_counter.purge_at > ?, "                                                 \
	"GREATEST(flow_counter.last_at, VALUES(last_at)), VALUES(last_at)), "                      \
	"purge_at = GREATEST(flow_counter.purge_at, VALUES(purge_at))"

#endif
