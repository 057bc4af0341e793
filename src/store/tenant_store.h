/* Rows of tenant and membership, roles in a tenant, and the tenant of sessions and users. */
#ifndef GATEPOST_STORE_TENANT_STORE_H
#define GATEPOST_STORE_TENANT_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "ident.h"
#include "session_store.h"
#include "str.h"

struct arena;
struct db;

struct tenant_row {
	struct id id;
	struct str name; /* normalised, unique */
	struct str title;
	int64_t created_at;
};

/* Which membership: of whom, where. */
struct member_key {
	struct id user_id, tenant_id;
};

/* A membership with its tenant and its user's names. */
struct member_row {
	struct tenant_row tenant;
	struct id user_id;
	struct str username, email; /* absent where NULL */
	struct str grants;          /* in this tenant */
	int64_t created_at;
	bool is_default; /* the user's default tenant */
};

/* ERR_CONFLICT when the name is taken. */
MUST_CHECK enum err tenant_store_insert(struct db *db, const struct tenant_row *row);
MUST_CHECK enum err tenant_store_find(struct db *db, struct arena *arena, const struct id *id,
				      struct tenant_row *row, bool *found);
MUST_CHECK enum err tenant_store_find_named(struct db *db, struct arena *arena, struct str name,
					    struct tenant_row *row, bool *found);
/* A page of tenants; rows has room for as many as were asked for. */
struct tenant_page {
	struct tenant_row *rows;
	size_t room;
	size_t n;
};
/* By name, those after it ("": from the start); sets page->n. */
MUST_CHECK enum err tenant_store_list(struct db *db, struct arena *arena, struct str after,
				      struct tenant_page *page);
/* Name and title of row->id. ERR_CONFLICT when the name is taken. */
MUST_CHECK enum err tenant_store_set(struct db *db, const struct tenant_row *row);
/* Inside a transaction: keeps it from being removed by another. *found false: it is gone. */
MUST_CHECK enum err tenant_store_share(struct db *db, const struct id *id, bool *found);
/* Inside a transaction: waits for all that share it, and keeps others out. */
MUST_CHECK enum err tenant_store_lock(struct db *db, const struct id *id, bool *found);
/* The row only: its members have left before. */
MUST_CHECK enum err tenant_store_delete(struct db *db, const struct id *id);

/* What follows changes within a transaction that holds the user's lock. */

/* Without any role. *added false: was a member already. */
MUST_CHECK enum err member_store_add(struct db *db, const struct member_key *key, int64_t now,
				     bool *added);
/* With the roles that were given there. *removed false: was no member. */
MUST_CHECK enum err member_store_remove(struct db *db, const struct member_key *key, bool *removed);
MUST_CHECK enum err member_store_find(struct db *db, struct arena *arena,
				      const struct member_key *key, struct member_row *row,
				      bool *found);

/* A page of memberships; rows has room for as many as were asked for. */
struct member_page {
	struct member_row *rows;
	size_t room;
	size_t n;
};
/* Of a user, oldest first, those after the cursor (created_at, tenant's id); sets page->n. */
MUST_CHECK enum err member_store_list_of_user(struct db *db, struct arena *arena,
					      const struct id *user_id,
					      const struct page_cursor *after,
					      struct member_page *page);
/* Of a tenant, by the ids of the users, those after key->user_id (none: from the start). */
MUST_CHECK enum err member_store_list_of_tenant(struct db *db, struct arena *arena,
						const struct member_key *key,
						struct member_page *page);

/*
 * A role in that tenant only (idempotent), and rewrites the membership's grants. *known false: no
 * such role.
 */
MUST_CHECK enum err member_store_give(struct db *db, const struct member_key *key, struct str role,
				      int64_t now, bool *known);
MUST_CHECK enum err member_store_take(struct db *db, const struct member_key *key, struct str role,
				      bool *known);
/*
 * Recomputes the grants of a membership (tenant none: of the user) from the role tables.
 * ERR_TOO_LARGE: they do not fit.
 */
MUST_CHECK enum err member_store_rewrite(struct db *db, const struct member_key *key);

/* tenant none: has no default. */
MUST_CHECK enum err member_store_set_default(struct db *db, const struct member_key *key,
					     int64_t now);
/* The user's session moves into that tenant, epoch + 1. *found false: no such session of theirs. */
MUST_CHECK enum err member_store_enter(struct db *db, const struct member_key *key,
				       const struct id *session_id, bool *found);
/* All of the user's sessions that are in that tenant are in none, epoch + 1. *left counts. */
MUST_CHECK enum err member_store_leave(struct db *db, const struct member_key *key, uint64_t *left);

#endif
