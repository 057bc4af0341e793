/* Rows of session and rotation. */
#ifndef GATEPOST_STORE_SESSION_STORE_H
#define GATEPOST_STORE_SESSION_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "err.h"
#include "ident.h"
#include "str.h"

struct arena;
struct db;

enum session_carrier {
	CARRIER_NONE = 0,
	CARRIER_COOKIE,
	CARRIER_HANDLE,
	CARRIER_TOKEN,
	CARRIER_COUNT
};

enum session_state {
	SESSION_STATE_NONE = 0,
	SESSION_ACTIVE,
	SESSION_SECOND_FACTOR_REQUIRED,
	SESSION_ENROLMENT_REQUIRED,
	SESSION_PASSWORD_CHANGE_REQUIRED,
	SESSION_ADDRESS_UNPROVEN,
	SESSION_STATE_COUNT
};

enum user_state { USER_NONE = 0, USER_ACTIVE, USER_LOCKED, USER_CLOSED, USER_STATE_COUNT };

/* A row of session, whole. Times are 0 where NULL, ids none where NULL. */
struct session_row {
	struct digest hash;
	struct id id;
	uint32_t epoch;
	uint32_t carrier; /* enum session_carrier */
	uint32_t class;   /* enum session_class */
	uint32_t state;   /* enum session_state */
	bool value_used;
	bool held;
	struct id user_id, tenant_id, device_id;
	struct str client;
	uint32_t aal;
	struct str amr;
	int64_t auth_time, aal2_end, created_at, last_seen, idle_end, expires_at;
	struct str device_name, ip, user_agent;
	struct id pair_id; /* carried by tokens: jti of the newest access token, which value_used is
			      about; none: another carrier */
	uint32_t wish;     /* enum session_carrier: what was asked for, once it is complete */
	uint32_t tries;    /* of second factors, while it is not */
};

/* What one check reads: the session, its user, its membership, joined by primary key. */
struct session_found {
	struct session_row session;
	uint32_t user_state; /* enum user_state; USER_NONE for a guest or a vanished user */
	uint32_t factors;    /* bits of factor_store.h */
	struct str username, email, display_name;
	struct str user_grants;
	struct str language; /* a tag; empty or absent: none was chosen */
	struct str tenant_name;
	struct str tenant_grants; /* absent: not a member (any more) */
};

#define SESSION_BATCH_MAX 32

/*
 * Looks up n digests (1 ≤ n ≤ SESSION_BATCH_MAX) in one statement. found[0 … *count) are the rows
 * that exist, in no order; array of n from the caller. Strings in the arena.
 */
MUST_CHECK enum err session_store_find(struct db *db, struct arena *arena,
				       const struct digest *hashes, size_t n,
				       struct session_found *found, size_t *count)
	/* six parameters: the batch and its result belong to the caller's stack */;
/* The same by the ids that access tokens name. */
MUST_CHECK enum err session_store_find_named(struct db *db, struct arena *arena,
					     const struct id *ids, size_t n,
					     struct session_found *found, size_t *count);
/* Inserts. ERR_CONFLICT when hash or id exist (never in practice). */
MUST_CHECK enum err session_store_insert(struct db *db, const struct session_row *row);
/* last_seen, idle_end, ip, and value_used when it is set, where id and epoch still match; the last
 * only if pair_id does too: an exchange meanwhile made another pair, which nobody has used.
 * Idempotent. */
MUST_CHECK enum err session_store_touch(struct db *db, const struct session_row *row);

/*
 * THE rotation: writes the whole of *row (new hash, epoch + 1, times, level, …) over the row whose
 * hash is old_hash and whose epoch is row->epoch - 1; *won false when that was no longer so.
 */
MUST_CHECK enum err session_store_rotate(struct db *db, const struct digest *old_hash,
					 const struct session_row *row, bool *won);

/*
 * To aal 1 for good, epoch + 1, if epoch still is that one; nothing else of the row is written,
 * which an exchange may have changed meanwhile.
 */
MUST_CHECK enum err session_store_step_down(struct db *db, const struct id *id, uint32_t epoch,
					    bool *won);
/* Takes one of most tries of that epoch. *taken false: there is none left, or another epoch. */
MUST_CHECK enum err session_store_try(struct db *db, const struct session_row *row, unsigned most,
				      bool *taken);
/* One that was taken, and never judged. */
MUST_CHECK enum err session_store_give_back(struct db *db, const struct session_row *row);
/* Ends it if most tries were taken. */
MUST_CHECK enum err session_store_delete_tried(struct db *db, const struct id *id, unsigned most,
					       bool *ended);

struct rotation_row {
	struct digest old_hash;
	struct id session_id;
	uint32_t epoch;
	struct digest proof_hash;
	struct id nonce;
	int64_t repeat_until, purge_at;
};
MUST_CHECK enum err rotation_store_insert(struct db *db, const struct rotation_row *row);
/* By the old value under up to two roots. */
MUST_CHECK enum err rotation_store_find(struct db *db, struct arena *arena,
					const struct digest hashes[2], struct rotation_row *row,
					bool *found);

/* Whose session an id is (none: a guest's). *found false: no such session. */
MUST_CHECK enum err session_store_owner(struct db *db, const struct id *id, struct id *user_id,
					bool *found);

/* Ends by value, by id. *ended false: there was none. */
MUST_CHECK enum err session_store_delete_by_hash(struct db *db, const struct digest *hash,
						 bool *ended);
/* Only if it belongs to user_id; user_id none: anybody's (administrators). */
MUST_CHECK enum err session_store_delete_by_id(struct db *db, const struct id *id,
					       const struct id *user_id, bool *ended);
/* All of the user's but keep (none: all). *ended counts. */
MUST_CHECK enum err session_store_delete_of_user(struct db *db, const struct id *user_id,
						 const struct id *keep, uint64_t *ended);
/* All of everybody's, guests included, in batches of limit: call until *ended is 0. */
MUST_CHECK enum err session_store_delete_any(struct db *db, unsigned limit, uint64_t *ended);
/* All of the user's sessions on that device. Idempotent. *ended counts. */
MUST_CHECK enum err session_store_delete_of_device(struct db *db, const struct id *user_id,
						   const struct id *device_id, uint64_t *ended);
/* Number of rows, of everybody's, whose sign-in was before that. Reads them all. */
MUST_CHECK enum err session_store_count_before(struct db *db, int64_t before, uint64_t *count);
/* Number of rows of the user. */
MUST_CHECK enum err session_store_count(struct db *db, const struct id *user_id, uint64_t *count);
/* Deletes the n that are over or else longest idle. */
MUST_CHECK enum err session_store_delete_idlest(struct db *db, const struct id *user_id,
						int64_t now, uint64_t n);

/* A page of a list, newest sign-in first: those after the cursor (created_at, id); 0 and none: from
 * the start. */
struct page_cursor {
	int64_t at;
	struct id id;
	unsigned limit; /* 1 … 101: ask for one more than shown to know whether there are more */
};
/* The sessions of a user that are not over at now. out: array of cursor->limit rows from the
 * caller. */
MUST_CHECK enum err session_store_list(struct db *db, struct arena *arena, const struct id *user_id,
				       int64_t now, const struct page_cursor *cursor,
				       struct session_row *out, size_t *count)
	/* seven: the page and its place belong to the caller */;

/* By id, whoever's it is. */
MUST_CHECK enum err session_store_find_by_id(struct db *db, struct arena *arena,
					     const struct id *id, struct session_row *row,
					     bool *found);
/*
 * Holds (session.held), and epoch + 1, so that whoever writes a row read before loses. *held counts
 * those that were not held yet.
 */
MUST_CHECK enum err session_store_hold_by_id(struct db *db, const struct id *id, uint64_t *held);
MUST_CHECK enum err session_store_hold_of_user(struct db *db, const struct id *user_id,
					       uint64_t *held);
/* All of the user's to aal 1 and to an auth_time at most that, epoch + 1. */
MUST_CHECK enum err session_store_lower_of_user(struct db *db, const struct id *user_id,
						int64_t auth_time, uint64_t *lowered);

/* Deletes at most limit rows that were over at before (by the idle_end index). *deleted counts. */
MUST_CHECK enum err session_store_purge(struct db *db, int64_t before, unsigned limit,
					uint64_t *deleted);
MUST_CHECK enum err rotation_store_purge(struct db *db, int64_t before, unsigned limit,
					 uint64_t *deleted);

#endif
