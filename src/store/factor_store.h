/* Rows of totp and recovery_set, and which factors a user has. */
#ifndef GATEPOST_STORE_FACTOR_STORE_H
#define GATEPOST_STORE_FACTOR_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "ident.h"
#include "secret.h"

struct arena;
struct db;

/* user.factors: what the user has besides a password. */
#define FACTOR_TOTP 1U
#define FACTOR_PASSKEY 2U
#define FACTOR_RECOVERY 4U
/* What can be asked for at every sign-in; recovery codes are only for who has lost these. */
#define FACTORS_STRONG (FACTOR_TOTP | FACTOR_PASSKEY)
#define FACTORS_ALL (FACTORS_STRONG | FACTOR_RECOVERY)

/* "totp", "passkey", "recovery_code": of one bit, "" of another; static. */
const char *factor_store_name(unsigned factor);

#define TOTP_BOX_MAX 64
#define RECOVERY_SET_CODES 10
#define RECOVERY_BOX_MAX 400

/* What changes a factor does so inside a transaction that holds the user's lock, and writes
 * user.factors in it. */
MUST_CHECK enum err factor_store_set(struct db *db, const struct id *user_id, unsigned factors);
/* What the rows say, for the one column above: as wanted under the lock. */
MUST_CHECK enum err factor_store_count(struct db *db, const struct id *user_id, unsigned *factors);
/* When an administrator's reset takes all factors away; 0: never. */
MUST_CHECK enum err factor_store_set_end(struct db *db, const struct id *user_id, int64_t at);
MUST_CHECK enum err factor_store_end(struct db *db, const struct id *user_id, int64_t *at);
/* Whose reset is due at now; ids: array of limit. */
MUST_CHECK enum err factor_store_due(struct db *db, int64_t now, unsigned limit, struct id *ids,
				     size_t *n);
/* Users in the order of their ids, those after the last batch. */
#define FACTORS_BATCH_MAX 200
struct factors_batch {
	struct id last; /* in: after this one; out: the last that was looked at */
	bool end;       /* there was none */
	struct id wrong[FACTORS_BATCH_MAX]; /* users whose column says something else */
	size_t wrong_count;
};
/* Looks at the next FACTORS_BATCH_MAX users; changes nothing. */
MUST_CHECK enum err factor_store_compare(struct db *db, struct factors_batch *batch);
/* All rows of the three tables are gone, all bits too, and no reset is due any more. */
MUST_CHECK enum err factor_store_delete_all(struct db *db, const struct id *user_id);

/* A box and the number of the root that it is sealed under; missing: there is none. */
struct factor_box {
	uint32_t root;
	struct secret box;
};

struct totp_row {
	struct id user_id;
	struct factor_box current; /* in use */
	int64_t last_step;
	int64_t confirmed_at, used_at; /* 0: never */
	struct factor_box next;        /* no code of it was right yet */
	int64_t next_at;
};
MUST_CHECK enum err totp_store_find(struct db *db, struct arena *arena, const struct id *user_id,
				    struct totp_row *row, bool *found);
/* Another secret that is not in use yet, in place of such a one. */
MUST_CHECK enum err totp_store_offer(struct db *db, const struct id *user_id,
				     const struct factor_box *next, int64_t now);
/*
 * The offered secret, if it still is this one, is the one in use, and step is used. *done false: it
 * is not offered (any more).
 */
struct totp_confirmation {
	struct id user_id;
	struct factor_box next;
	int64_t step;
	int64_t now;
};
MUST_CHECK enum err totp_store_confirm(struct db *db, const struct totp_confirmation *of,
				       bool *done);
/*
 * THE lock against replay: last_step goes up to step, if it is lower (RFC 6238 §5.2). *won false:
 * that step or a later one is used, or there is no secret.
 */
MUST_CHECK enum err totp_store_use(struct db *db, const struct id *user_id, int64_t step,
				   int64_t now, bool *won);
MUST_CHECK enum err totp_store_delete(struct db *db, const struct id *user_id);
/* No code up to step is right any more, anybody's: after a restore. */
MUST_CHECK enum err totp_store_advance(struct db *db, int64_t step);
/* Offers from before; *purged counts. */
MUST_CHECK enum err totp_store_purge(struct db *db, int64_t before, unsigned limit,
				     uint64_t *purged);
/* By user id those behind after (none: from the first). rows: array of limit. */
MUST_CHECK enum err totp_store_walk(struct db *db, struct arena *arena, const struct id *after,
				    unsigned limit, struct totp_row *rows, size_t *n)
	/* six parameters: the page and its place belong to the caller */;
/* The same secret in another box, if it still is in the old one. */
struct factor_reseal {
	struct id user_id;
	struct factor_box old, new;
};
MUST_CHECK enum err totp_store_reseal(struct db *db, const struct factor_reseal *of, bool *done);

struct recovery_row {
	struct id user_id;
	struct id id;
	struct factor_box digests;
	uint32_t used;
	int64_t made_at, used_at; /* 0: none was used */
};
MUST_CHECK enum err recovery_store_find(struct db *db, struct arena *arena,
					const struct id *user_id, struct recovery_row *row,
					bool *found);
/* In place of the set that there is. */
MUST_CHECK enum err recovery_store_put(struct db *db, const struct recovery_row *row);
/* Code number bit of that set. *won false: it is used, or the set is another one. */
MUST_CHECK enum err recovery_store_use(struct db *db, const struct recovery_row *row, unsigned bit,
				       int64_t now, bool *won);
MUST_CHECK enum err recovery_store_delete(struct db *db, const struct id *user_id);
MUST_CHECK enum err recovery_store_walk(struct db *db, struct arena *arena, const struct id *after,
					unsigned limit, struct recovery_row *rows, size_t *n)
	/* six, as above */;
MUST_CHECK enum err recovery_store_reseal(struct db *db, const struct factor_reseal *of,
					  bool *done);
/* Boxes of both tables under a root with a smaller number: what keeps that root. */
MUST_CHECK enum err factor_store_count_sealed(struct db *db, uint32_t root, uint64_t *count);

#endif
