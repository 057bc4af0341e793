/* Rows of signing_key, and the turn that decides between changes of them. */
#ifndef GATEPOST_STORE_KEY_STORE_H
#define GATEPOST_STORE_KEY_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "ident.h"
#include "secret.h"

struct arena;
struct db;

enum key_state {
	KEY_STATE_NONE = 0,
	KEY_NEXT,
	KEY_ACTIVE,
	KEY_RETIRING,
	KEY_GONE,
	KEY_STATE_COUNT
};

struct key_row {
	struct digest kid;
	uint32_t state; /* enum key_state */
	uint32_t alg;   /* enum signing_alg */
	struct digest public_key;
	uint32_t root;                                    /* number of the root that seals */
	struct secret seed;                               /* sealed; missing: gone */
	int64_t made_at, active_at, retiring_at, gone_at; /* 0: not yet */
};

/* The turn as it stands. Makes the row when it is missing. */
MUST_CHECK enum err key_store_turn(struct db *db, int64_t *turn);
/* One conditional UPDATE decides; *taken false: somebody else has changed something since. */
MUST_CHECK enum err key_store_take_turn(struct db *db, int64_t turn, bool *taken);

/* Keys whose state is at most latest, the newest first, at most room. Seeds in the arena. */
struct key_page {
	struct key_row *rows; /* of the caller's */
	size_t room, n;
};
MUST_CHECK enum err key_store_list(struct db *db, struct arena *arena, enum key_state latest,
				   struct key_page *page);
/* ERR_CONFLICT: the kid exists (never in practice). */
MUST_CHECK enum err key_store_insert(struct db *db, const struct key_row *row);
/* Writes state, root, seed and times over the row of that kid. Idempotent. */
MUST_CHECK enum err key_store_set(struct db *db, const struct key_row *row);
/* Those gone since before. */
MUST_CHECK enum err key_store_purge(struct db *db, int64_t before, unsigned limit,
				    uint64_t *deleted);

#endif
