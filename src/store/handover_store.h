/* Rows of handover. */
#ifndef GATEPOST_STORE_HANDOVER_STORE_H
#define GATEPOST_STORE_HANDOVER_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "ident.h"

struct arena;
struct db;

/* What kind of device takes. */
enum handover_receiver {
	HANDOVER_NOBODY = 0,
	HANDOVER_BROWSER,
	HANDOVER_NATIVE,
	HANDOVER_RECEIVER_COUNT
};

struct handover_row {
	struct digest code_hash;
	struct digest challenge; /* SHA-256 of the receiver's verifier */
	uint32_t receiver;       /* enum handover_receiver */
	struct id user_id;
	struct id session_id; /* the giver's, which must still be of this epoch */
	uint32_t epoch;
	int64_t created_at, expires_at;
	int64_t used_at; /* 0: not yet */
};

MUST_CHECK enum err handover_store_insert(struct db *db, const struct handover_row *row);
/* By the code under up to two roots. */
MUST_CHECK enum err handover_store_find(struct db *db, const struct digest hashes[2],
					struct handover_row *row, bool *found);
/* One conditional UPDATE decides; *used false: it was used before, is over, or is not there. */
MUST_CHECK enum err handover_store_use(struct db *db, const struct digest *code_hash, int64_t now,
				       bool *used);
/* Those that a session has given. */
MUST_CHECK enum err handover_store_delete_of_session(struct db *db, const struct id *session_id);
/* Those that any session of a user has given. */
MUST_CHECK enum err handover_store_delete_of_user(struct db *db, const struct id *user_id);
MUST_CHECK enum err handover_store_purge(struct db *db, int64_t before, unsigned limit,
					 uint64_t *deleted);

#endif
