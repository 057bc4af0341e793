/* Rows of throttle: counters of attempts, by keyed hash of whom or what they count. */
#ifndef GATEPOST_STORE_THROTTLE_STORE_H
#define GATEPOST_STORE_THROTTLE_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "ident.h"

struct db;

struct throttle_row {
	struct digest key;
	uint32_t bucket;                  /* enum throttle_bucket */
	uint32_t short_count, long_count; /* in the windows that began at the two starts */
	uint32_t failures;                /* in a row */
	int64_t short_start, long_start;
	int64_t before_at, last_at; /* the two newest attempts; 0: there was none */
	int64_t purge_at;
};

/* How long a counter's memory is. */
struct throttle_spans {
	int64_t brief;   /* the short window */
	int64_t lasting; /* the long window; so long without an attempt ends a row of failures */
};

/* What counts one attempt. */
struct throttle_count {
	struct digest key;
	uint32_t bucket;
	int64_t now;
	struct throttle_spans spans;
};

#define THROTTLE_KEYS 3 /* a clearing takes so many */

/*
 * Counts one attempt, in one statement that locks the row: any number of them at once count exactly
 * that many. Belongs in a transaction, whose rollback takes it back.
 */
MUST_CHECK enum err throttle_store_take(struct db *db, const struct throttle_count *count);
/* The rows of two keys (which may be the same); *rows has room for two, *n are there. */
MUST_CHECK enum err throttle_store_find(struct db *db, const struct digest keys[2],
					struct throttle_row *rows, size_t *n);
/* Takes back one attempt, but not from a window that began after it. row: as read when taken. */
MUST_CHECK enum err throttle_store_give_back(struct db *db, const struct throttle_row *row);
/* Deletes the rows of three keys (which may be the same); *cleared may be NULL. */
MUST_CHECK enum err throttle_store_clear(struct db *db, const struct digest keys[THROTTLE_KEYS],
					 uint64_t *cleared);
/* Deletes any rows, at most limit. */
MUST_CHECK enum err throttle_store_clear_any(struct db *db, unsigned limit, uint64_t *cleared);
/* Rows in the order of their keys, after a key (all zero: from the first); at most limit. */
MUST_CHECK enum err throttle_store_list(struct db *db, const struct digest *after, unsigned limit,
					struct throttle_row *rows, size_t *n);
/* Rows whose purge_at is before. */
MUST_CHECK enum err throttle_store_purge(struct db *db, int64_t before, unsigned limit,
					 uint64_t *deleted);

#endif
