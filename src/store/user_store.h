/* Rows of user, password, roles and the setup code. */
#ifndef GATEPOST_STORE_USER_STORE_H
#define GATEPOST_STORE_USER_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "ident.h"
#include "secret.h"
#include "session_store.h"
#include "str.h"

struct arena;
struct db;

struct user_row {
	struct id id;
	struct str username, email; /* normalised; absent where NULL */
	struct str display_name;
	uint32_t state; /* enum user_state */
	int64_t email_proven_at;
	struct id default_tenant;
	struct str grants;
	int64_t created_at, updated_at;
	struct str language;         /* BCP 47; "": none chosen */
	int64_t closed_at;           /* 0: not closed */
	bool must_change;            /* of the password; false without one */
	bool password_refused;       /* it opens nothing until another one is set */
	int64_t password_changed_at; /* 0: no password */
	uint32_t factors;            /* bits of factor_store.h */
	int64_t factors_end;         /* an administrator's reset is due then; 0: none */
};

/* identifier is normalised; with an '@' it is an address, else a user name. */
MUST_CHECK enum err user_store_find(struct db *db, struct arena *arena, struct str identifier,
				    struct user_row *row, bool *found);
MUST_CHECK enum err user_store_find_by_id(struct db *db, struct arena *arena, const struct id *id,
					  struct user_row *row, bool *found);
/* The first lock of every transaction that depends on a user or changes their sessions: SELECT …
 * FOR UPDATE, and with consistent = on a written row, which holds on every node. */
MUST_CHECK enum err user_store_lock(struct db *db, const struct id *id, uint32_t *state,
				    bool *found);
/* The same, with the factors that the user has then (bits of factor_store.h). */
struct user_locked {
	uint32_t state;
	uint32_t factors;
	int64_t factors_end; /* an administrator's reset is due then; 0: none */
};
MUST_CHECK enum err user_store_lock_whole(struct db *db, const struct id *id,
					  struct user_locked *locked, bool *found);
/* ERR_CONFLICT when user name or address is taken. */
MUST_CHECK enum err user_store_insert(struct db *db, const struct user_row *row);
/*
 * Deletes the user and all that belongs to it, but audit events: what happened stays known. Inside
 * a transaction that holds the user's lock.
 */
MUST_CHECK enum err user_store_delete(struct db *db, const struct id *id);
/* A user found by the beginning of a name, and that name. */
struct user_match {
	struct id id;
	struct str name;
};
/* Whose user name or address begins with prefix (normalised, not empty). */
struct user_search {
	struct str prefix;
	struct str after; /* the last name of the page before; absent: from the start */
	unsigned limit;
};
/* By that name; a user is found once, by the user name if that fits. out: array of limit. */
MUST_CHECK enum err user_store_search(struct db *db, struct arena *arena,
				      const struct user_search *search, struct user_match *out,
				      size_t *count);
/* By created_at, oldest first. out: array of cursor->limit. */
MUST_CHECK enum err user_store_list(struct db *db, struct arena *arena,
				    const struct page_cursor *cursor, struct user_row *out,
				    size_t *count);

/* Inside a transaction that holds the user's lock. */
MUST_CHECK enum err user_store_set_state(struct db *db, const struct id *id, enum user_state state,
					 int64_t now);

/*
 * Sets what is stored of the hash (insert or update; auth/password_row.h makes it), changed_at,
 * must_change = 0 and refused = 0. Role web or migrate.
 */
/* The address that the account has was proven at now. Inside such a transaction, too. */
MUST_CHECK enum err user_store_set_proven(struct db *db, const struct id *id, int64_t now);

/* Sets the hash (insert or update), changed_at, must_change = 0 and refused = 0. Role web or
 * migrate. */
MUST_CHECK enum err password_store_set(struct db *db, const struct id *user_id, struct secret hash,
				       int64_t now);
/* The same password under a stronger hash: changed_at and must_change stay. */
MUST_CHECK enum err password_store_strengthen(struct db *db, const struct id *user_id,
					      struct secret hash);
/* When it was set. *found false: no password, or one that is refused. */
MUST_CHECK enum err password_store_changed_at(struct db *db, const struct id *user_id, int64_t *at,
					      bool *found);
/* What is stored of a hash, and whose it is. */
struct password_row {
	struct id user_id;
	struct secret hash;
};
/*
 * Role hash only. *own false: the user does not exist or has no password, and *row is somebody
 * else's, always the same one's for the same id, to do the work that comparing with theirs takes;
 * the hash is missing if nobody has one. The statement is the same in any case.
 */
MUST_CHECK enum err password_store_get(struct db *hash_db, struct arena *arena,
				       const struct id *user_id, struct password_row *row,
				       bool *own);
/* Role hash only. By user id, those behind after (none: from the first). rows: array of limit. */
MUST_CHECK enum err password_store_walk(struct db *hash_db, struct arena *arena,
					const struct id *after, unsigned limit,
					struct password_row *rows, size_t *n)
	/* six parameters: the page and its place belong to the caller */;

/* False without a password. */
MUST_CHECK enum err password_store_must_change(struct db *db, const struct id *user_id,
					       bool *must_change);
/* must_change = 1 until a new hash is set. Nothing without a password. */
MUST_CHECK enum err password_store_require_change(struct db *db, const struct id *user_id);
/* There is none any more. Inside a transaction that holds the user's lock and ends their sessions.
 */
MUST_CHECK enum err password_store_delete(struct db *db, const struct id *user_id);
/*
 * It opens nothing any more, until another one is set. Nothing without a password. Inside a
 * transaction that holds the user's lock and ends their sessions.
 */
MUST_CHECK enum err password_store_refuse(struct db *db, const struct id *user_id);

/*
 * Gives a role everywhere (idempotent) and rewrites grants. *known false: no such role. Inside a
 * transaction that holds the user's lock (or has just inserted the user).
 */
MUST_CHECK enum err role_store_give(struct db *db, const struct id *user_id, struct str role,
				    int64_t now, bool *known);
/* The same the other way round: takes a role that was given everywhere. */
MUST_CHECK enum err role_store_take(struct db *db, const struct id *user_id, struct str role,
				    bool *known);
/* False for a role that does not exist. */
MUST_CHECK enum err role_store_is_elevated(struct db *db, struct str role, bool *elevated);
/*
 * Waits for every other transaction that took a turn of this role, on any node of a cluster: the
 * first statement of what may take the last holder away, before any user's lock.
 */
MUST_CHECK enum err role_store_take_turn(struct db *db, struct str role);
/*
 * Recomputes user.grants from user_role, role and permission: words with one space between,
 * sorted: "elevated" if any role is, "perm:NAME", "role:NAME".
 */
MUST_CHECK enum err role_store_rewrite_grants(struct db *db, struct arena *arena,
					      const struct id *user_id);

/* Replaces whatever code there was. */
MUST_CHECK enum err setup_store_put(struct db *db, const struct digest *hash, int64_t expires_at);
/* One conditional DELETE decides; *consumed false: wrong, over or used. */
MUST_CHECK enum err setup_store_consume(struct db *db, const struct digest *hash, int64_t now,
					bool *consumed);
/* Forgets the code, if there is one. */
MUST_CHECK enum err setup_store_clear(struct db *db, uint64_t *deleted);

#endif
