/* Rows of audit_event. */
#ifndef GATEPOST_STORE_AUDIT_STORE_H
#define GATEPOST_STORE_AUDIT_STORE_H

#include <stdint.h>

#include "err.h"
#include "ident.h"
#include "str.h"

struct db;

struct audit_row {
	int64_t at;
	struct id id;
	struct str event;
	struct str outcome;
	struct id user_id, actor_id, session_id, request_id;
	struct str source;
	struct str detail;
};

MUST_CHECK enum err audit_store_insert(struct db *db, const struct audit_row *row);
MUST_CHECK enum err audit_store_purge(struct db *db, int64_t before, unsigned limit,
				      uint64_t *deleted);

#endif
