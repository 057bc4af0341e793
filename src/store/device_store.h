/* Rows of device. */
#ifndef GATEPOST_STORE_DEVICE_STORE_H
#define GATEPOST_STORE_DEVICE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "ident.h"
#include "str.h"

struct arena;
struct db;

enum device_kind { DEVICE_NONE = 0, DEVICE_BROWSER, DEVICE_APP, DEVICE_KIND_COUNT };

struct device_row {
	struct id id;
	struct id user_id;
	struct digest ref_hash;
	uint32_t kind; /* enum device_kind */
	struct str name;
	int64_t created_at, last_seen;
};

/*
 * Finds the user's device by ref_hash, or inserts *row as given; *id is the id of what is there
 * now. name and last_seen are updated. Safe when two do it at once.
 */
MUST_CHECK enum err device_store_ensure(struct db *db, struct arena *arena,
					const struct device_row *row, struct id *id);
/* The user's device of that ref_hash. A user that is nobody has none, with the same statement. */
MUST_CHECK enum err device_store_find(struct db *db, const struct id *user_id,
				      const struct digest *ref_hash, struct id *id, bool *found);
/* Devices unused since before and without a session. */
MUST_CHECK enum err device_store_purge(struct db *db, int64_t before, unsigned limit,
				       uint64_t *deleted);

#endif
