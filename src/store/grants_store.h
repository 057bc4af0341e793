/* The denormalised grants columns, compared with the role tables they were made from. */
#ifndef GATEPOST_STORE_GRANTS_STORE_H
#define GATEPOST_STORE_GRANTS_STORE_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"
#include "ident.h"
#include "str.h"

struct arena;
struct db;

#define GRANTS_BATCH_MAX 200

/* What user (tenant none) or membership has, or one word of what it should have. */
struct grants_row {
	struct id user_id, tenant_id;
	struct str text;
};

/* Users in the order of their ids, those after the last batch. */
struct grants_batch {
	struct id last; /* in: after this one; out: the last that was looked at */
	bool end;       /* there was none */
	struct id wrong[GRANTS_BATCH_MAX]; /* users whose stored grants differ, of any tenant */
	size_t wrong_count;
};

/*
 * Looks at the next GRANTS_BATCH_MAX users; changes nothing. A role that is given or taken at this
 * very moment can make a user look wrong: look at the same batch again before saying so.
 */
MUST_CHECK enum err grants_store_compare(struct db *db, struct arena *arena,
					 struct grants_batch *batch);

#endif
