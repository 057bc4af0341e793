/* Rows of audit_event. */
#ifndef GATEPOST_STORE_AUDIT_STORE_H
#define GATEPOST_STORE_AUDIT_STORE_H

#include <stdint.h>

#include "err.h"
#include "ident.h"
#include "session_store.h"
#include "str.h"

struct arena;
struct db;

struct audit_row {
	int64_t at;
	struct id id;
	struct str event;
	struct str outcome;
	struct id user_id, actor_id, session_id, request_id;
	struct str source;
	struct str detail;
	struct str username; /* of user_id, when read; absent: none, or without one */
};

MUST_CHECK enum err audit_store_insert(struct db *db, const struct audit_row *row);
MUST_CHECK enum err audit_store_purge(struct db *db, int64_t before, unsigned limit,
				      uint64_t *deleted);

/* Which events, and where the page begins. */
struct audit_query {
	struct id user_id; /* whom they are about; none: anybody or nobody */
	struct str event;  /* its name; empty: every one */
	int64_t since;     /* none older */
	struct page_cursor from;
};
struct audit_page {
	struct audit_row *rows; /* array of from.limit, the caller's */
	size_t n;
};
/* Newest first, those behind the cursor. Strings in the arena. */
MUST_CHECK enum err audit_store_list(struct db *db, struct arena *arena,
				     const struct audit_query *query, struct audit_page *page);
/* Oldest first, those behind the cursor (at, id); id none: from at on. */
MUST_CHECK enum err audit_store_follow(struct db *db, struct arena *arena,
				       const struct page_cursor *from, struct audit_page *page);

#endif
