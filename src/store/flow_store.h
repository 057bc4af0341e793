/* Rows of flow and flow_counter: where somebody is in a journey, and what they have used up. */
#ifndef GATEPOST_STORE_FLOW_STORE_H
#define GATEPOST_STORE_FLOW_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "ident.h"
#include "str.h"

struct arena;
struct db;

enum flow_owner_kind { FLOW_OWNER_NONE = 0, FLOW_OWNER_USER = 1, FLOW_OWNER_SESSION = 2 };

struct flow_row {
	struct id id, owner_id;
	uint32_t owner_kind; /* enum flow_owner_kind */
	uint32_t scope;      /* enum flow_scope */
	struct str kind, step;
	struct str return_to;   /* "": none */
	struct str data, facts; /* JSON objects */
	bool from_guest;
	int64_t version; /* counts every change, from 1 */
	int64_t created_at, updated_at, expires_at;
};

/* What was taken of a counter in a window that ends at purge_at. */
struct flow_count_row {
	struct id owner_id;
	struct str kind, name;
	int64_t taken;
	int64_t started_at, last_at, purge_at;
};

/* A row of either table: one statement reads both. */
struct flow_line {
	bool is_count;
	struct flow_row flow;        /* unless is_count */
	struct flow_count_row count; /* if is_count */
	struct flow_line *next;
};

/* Counters before flows; lines and strings in the arena. */
struct flow_lines {
	struct flow_line *first;
	size_t n;
};

/* Whose rows a session reaches: a user's and its own; user_id none: a guest's. */
struct flow_reach {
	struct id user_id;
	struct id session_id;
};

/*
 * One statement: the flows that run at now, the one that changed last first, and those of their
 * counters whose window runs or ended less than a day ago; of more than FLOW_LINES_MAX lines the
 * oldest flows stay away.
 */
#define FLOW_LINES_MAX 256
MUST_CHECK enum err flow_store_list(struct db *db, struct arena *arena,
				    const struct flow_reach *reach, int64_t now,
				    struct flow_lines *out);
/* One statement: the flows of the kind, over or not, and its counters as above. */
struct flow_search {
	const struct flow_reach *reach;
	struct str kind;
	int64_t now;
};
MUST_CHECK enum err flow_store_find(struct db *db, struct arena *arena,
				    const struct flow_search *search, struct flow_lines *out);

/*
 * The first lock of a transaction that changes what a guest has. It writes the session's row, which
 * holds on every node of a cluster. *found false: the session is gone, or not a guest's any more.
 */
MUST_CHECK enum err flow_store_hold_guest(struct db *db, const struct id *session_id, bool *found);

struct flow_usage {
	int64_t flows;
	int64_t bytes; /* of data */
};
/* What runs of the user's, their sessions' too; or of a guest's. Without the flow of that id. */
MUST_CHECK enum err flow_store_usage(struct db *db, const struct flow_reach *reach,
				     const struct id *but, int64_t now, struct flow_usage *out);

/* ERR_CONFLICT: the owner has one of this kind. */
MUST_CHECK enum err flow_store_insert(struct db *db, const struct flow_row *row);
/*
 * Writes step, return_to, data, facts, version and updated_at over the row whose version is one
 * less; *won false when there is none.
 */
MUST_CHECK enum err flow_store_update(struct db *db, const struct flow_row *row, bool *won);
MUST_CHECK enum err flow_store_delete(struct db *db, const struct id *id, bool *deleted);

/* Makes sure that the counter has a row, taken 0 and its window over, and locks it. */
MUST_CHECK enum err flow_count_store_ensure(struct db *db, const struct flow_count_row *row);

struct flow_take {
	const struct flow_count_row *row; /* owner_id, kind, name */
	int64_t now;
	int64_t attempts, cooldown, reset; /* as configured */
};
/*
 * THE attempt, one conditional statement: *taken true when the last one was at least cooldown ago,
 * and the window is over (then a new one begins) or less than all were taken in it.
 */
MUST_CHECK enum err flow_count_store_take(struct db *db, const struct flow_take *take, bool *taken);

/* Flows and counters of a user who is removed, and of the sessions that still are. */
MUST_CHECK enum err flow_store_delete_of_user(struct db *db, const struct id *user_id);

/* Deletes at most limit rows that were over at before (counters: a day before). *deleted counts. */
MUST_CHECK enum err flow_store_purge(struct db *db, int64_t before, unsigned limit,
				     uint64_t *deleted);
MUST_CHECK enum err flow_count_store_purge(struct db *db, int64_t before, unsigned limit,
					   uint64_t *deleted);

#endif
