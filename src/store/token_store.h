/* Rows of token_family and refresh_token. */
#ifndef GATEPOST_STORE_TOKEN_STORE_H
#define GATEPOST_STORE_TOKEN_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "ident.h"
#include "session_store.h"
#include "str.h"

struct arena;
struct db;

/* One a session. Times are 0 where NULL. */
struct token_family_row {
	struct id session_id, user_id;
	struct str client;
	int64_t created_at, expires_at;
	int64_t ended_at;
};

struct refresh_token_row {
	struct digest hash;
	struct id session_id;
	struct id pair_id; /* jti of the access token that came with it */
	int64_t issued_at, expires_at;
	int64_t used_at, replaced_at;
	struct id nonce;          /* of the use */
	struct digest child_hash; /* zero: none */
	struct digest presenter;
};

/* A token with its family, the token it was exchanged for, and its session as a check reads it. */
struct token_found {
	struct refresh_token_row token;
	struct token_family_row family;
	struct id child_pair;         /* of the child; none: there is no child */
	int64_t child_used_at;        /* used or replaced */
	struct session_found session; /* id none: it has ended */
};

/* By the value under up to two roots; one statement. Strings in the arena. */
MUST_CHECK enum err token_store_find(struct db *db, struct arena *arena,
				     const struct digest hashes[2], struct token_found *out,
				     bool *found);

/*
 * The family of a session begins, or begins anew with the client and the end given: tokens that
 * were not used are replaced. Three statements with the first token's row, inside a transaction
 * that has locked the user.
 */
MUST_CHECK enum err token_store_begin(struct db *db, const struct token_family_row *family,
				      const struct refresh_token_row *first);

/*
 * THE exchange, inside a transaction, in this order: the session (its lock: ending it waits, or
 * comes first), the token, the child. *won false: the session has ended or has another epoch, the
 * family has ended, or the token was exchanged already; then nothing may be kept.
 */
struct token_exchange {
	const struct session_row *session; /* last_seen, idle_end and pair_id as they are to be */
	const struct refresh_token_row *used; /* used_at, nonce, child_hash, presenter set */
	const struct refresh_token_row *child;
};
MUST_CHECK enum err token_store_exchange(struct db *db, const struct token_exchange *exchange,
					 bool *won);

/* Ends it; *ended false: it had ended, or there is none. */
MUST_CHECK enum err token_store_end(struct db *db, const struct id *session_id, int64_t now,
				    bool *ended);

/* All of a user's. Inside a transaction that holds the user's lock. */
MUST_CHECK enum err token_store_end_of_user(struct db *db, const struct id *user_id, int64_t now);

/* Families and tokens of a user who is removed. */
MUST_CHECK enum err token_store_delete_of_user(struct db *db, const struct id *user_id);

/* Deletes at most limit rows that were over at before; of both tables. *deleted counts. */
MUST_CHECK enum err token_store_purge(struct db *db, int64_t before, unsigned limit,
				      uint64_t *deleted);
MUST_CHECK enum err token_family_store_purge(struct db *db, int64_t before, unsigned limit,
					     uint64_t *deleted);

#endif
