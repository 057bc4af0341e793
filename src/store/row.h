/* Running a statement of the table, and how its columns land in a struct. Private to store. */
#ifndef GATEPOST_STORE_ROW_H
#define GATEPOST_STORE_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arg.h"
#include "err.h"
#include "stmt.h"

struct arena;
struct db;

/* Where a column goes: offsetof into the row struct, with the C type that lies there. */
enum col_type {
	COL_I64,    /* int64_t; NULL: 0 */
	COL_U32,    /* uint32_t or an enum of that size; NULL: 0 */
	COL_BOOL,   /* bool */
	COL_ID,     /* struct id; NULL: none */
	COL_DIGEST, /* struct digest */
	COL_STR,    /* struct str, copied into the arena; NULL: absent */
	COL_SECRET  /* struct secret, copied into the arena; NULL: missing */
};

struct col {
	const char *name; /* as in the SELECT list: checked when the statement is prepared */
	enum col_type type;
	size_t offset;
	size_t max; /* of COL_STR and COL_SECRET: the column's greatest length in bytes */
};

/* Runs a statement that returns no rows. *affected may be NULL. ERR_CONFLICT on a duplicate key. */
MUST_CHECK enum err row_run(struct db *db, enum stmt stmt, struct args args, uint64_t *affected);

/* Where a found row goes: a struct as the statement's columns say, strings into the arena. */
struct row_into {
	struct arena *arena; /* NULL: the statement has no COL_STR or COL_SECRET */
	void *row;
};
/* At most one row (untouched when not found). More than one: ERR_INTERNAL. */
MUST_CHECK enum err row_find(struct db *db, enum stmt stmt, struct args args, struct row_into into,
			     bool *found);

/* An array of the caller's that is filled from its start: room rows of size octets each. What the
 * statement answers beyond them is ERR_INTERNAL, as no room is. */
struct row_page {
	struct arena *arena; /* as in row_into */
	void *rows;
	size_t size;
	size_t room;
	size_t n; /* set: how many there are */
};
MUST_CHECK enum err row_fill(struct db *db, enum stmt stmt, struct args args,
			     struct row_page *page);

/*
 * take is called for every row, in order, with every column's member set anew; take must not use
 * the db. It may point row at another place for the next one. An error of take stops and is
 * returned.
 */
struct row_sink {
	struct row_into into;
	enum err (*take)(struct row_sink *sink);
	void *context;
};
MUST_CHECK enum err row_each(struct db *db, enum stmt stmt, struct args args,
			     struct row_sink *sink);

#endif
