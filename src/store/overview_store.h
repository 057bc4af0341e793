/* Rows of overview_hour, and what they are made of. */
#ifndef GATEPOST_STORE_OVERVIEW_STORE_H
#define GATEPOST_STORE_OVERVIEW_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "str.h"

struct db;

struct overview_row {
	int64_t hour_start;
	uint32_t sign_ins, failures;
	uint32_t sessions; /* live at updated_at, or before the hour ended */
	int64_t updated_at;
};

/* Which events of an hour are counted. */
struct overview_events {
	struct str sign_in, failure; /* their names */
	int64_t from, to;            /* to is not in it */
};

/* The newest hour that began by then, all 0 where there is none. */
MUST_CHECK enum err overview_store_newest(struct db *db, int64_t by, struct overview_row *out);
/* Sessions whose idle_end is later, by its index. */
MUST_CHECK enum err overview_store_sessions(struct db *db, int64_t now, uint32_t *sessions);
/*
 * Counts an hour's events by the primary key of audit_event and writes the row, from
 * row->hour_start on. Of two that write it at once nothing is lost: counts only grow, and what was
 * updated later stays. sessions is written while the hour lasts, and by whoever writes the row
 * first.
 */
MUST_CHECK enum err overview_store_keep(struct db *db, const struct overview_row *row,
					const struct overview_events *events);

/* Oldest first, from an hour on, at most room. */
struct overview_page {
	struct overview_row *rows; /* of the caller's */
	size_t room, n;
};
MUST_CHECK enum err overview_store_list(struct db *db, int64_t from, struct overview_page *page);
MUST_CHECK enum err overview_store_purge(struct db *db, int64_t before, unsigned limit,
					 uint64_t *deleted);

#endif
