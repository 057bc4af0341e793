/* Rows of role and permission, who holds a role, and the work that a change of it leaves to do. */
#ifndef GATEPOST_STORE_ROLE_STORE_H
#define GATEPOST_STORE_ROLE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "ident.h"
#include "str.h"
#include "tenant_store.h"

struct arena;
struct db;

/* The role that comes with the schema, whose row says whose turn it is. */
#define ROLE_ADMIN STR("admin")
/* Whoever has it everywhere is an administrator. */
#define ROLE_MANAGE STR("users:manage")
#define ROLE_GRANTS_MAX 4000 /* bytes of the columns user.grants and membership.grants */

/* What is still to be done for those who have the role. */
enum role_work {
	ROLE_WORK_NONE = 0,
	ROLE_WORK_REWRITE, /* their grants are older than the role */
	ROLE_WORK_REMOVE,  /* it is taken from them, then it goes; nobody gets it any more */
};

struct role_row {
	struct id id;
	struct str name;
	struct member_key done; /* REWRITE: up to here, in the order of user and tenant */
	int64_t created_at;
	uint32_t work; /* enum role_work */
	bool elevated;
};

/* *found false: there is none, or it is being removed. */
MUST_CHECK enum err role_store_find(struct db *db, struct arena *arena, struct str name,
				    struct role_row *row, bool *found);
/*
 * Inside a transaction, before any user's lock: keeps the role as it is for whoever gives it, on
 * every node. *known false: there is none, or it is being removed.
 */
MUST_CHECK enum err role_store_share(struct db *db, struct str role, bool *known);
/* Inside a transaction: waits for all that share it and keeps others out. Also one being removed.
 */
MUST_CHECK enum err role_store_lock(struct db *db, struct arena *arena, struct str name,
				    struct role_row *row, bool *found);
/* ERR_CONFLICT when the name is taken. */
MUST_CHECK enum err role_store_insert(struct db *db, const struct role_row *row);
/* A page of roles; rows has room for as many as were asked for. */
struct role_page {
	struct role_row *rows;
	size_t room;
	size_t n;
};
/* By name, those after it ("": from the start), also those being removed; sets page->n. */
MUST_CHECK enum err role_store_list(struct db *db, struct arena *arena, struct str after,
				    struct role_page *page);
/* With its permissions. Nobody may have it any more. */
MUST_CHECK enum err role_store_delete(struct db *db, const struct id *id);

/* work and done of row->id. */
MUST_CHECK enum err role_store_set_work(struct db *db, const struct role_row *row);
/* Any role with work to be done. */
MUST_CHECK enum err role_store_find_work(struct db *db, struct arena *arena, struct role_row *row,
					 bool *found);

/* Who holds a role, and where (tenant none: everywhere). */
struct holder_page {
	struct member_key *rows;
	size_t room;
	size_t n;
};
/* Those after the key, in the order of user and tenant (user none: from the start). */
MUST_CHECK enum err role_store_holders(struct db *db, const struct id *role_id,
				       const struct member_key *after, struct holder_page *page);
/* Takes the role from one of them, whose grants are rewritten. Holds the user's lock. */
MUST_CHECK enum err role_store_drop(struct db *db, const struct id *role_id,
				    const struct member_key *key);
/* How many times the role is given, everywhere and in tenants. */
MUST_CHECK enum err role_store_count_holders(struct db *db, const struct id *role_id,
					     uint64_t *count);
/* Length in bytes of the longest grants of those who hold the role, where they hold it. */
MUST_CHECK enum err role_store_longest_grants(struct db *db, const struct id *role_id,
					      uint64_t *bytes);
/*
 * How many active users have ROLE_MANAGE everywhere by another role than this one (none: by any).
 * Roles that are being removed count no more.
 */
MUST_CHECK enum err role_store_count_managers(struct db *db, const struct id *but, uint64_t *count);

/* *added false: the role had it. */
MUST_CHECK enum err permission_store_add(struct db *db, const struct id *role_id, struct str name,
					 bool *added);
MUST_CHECK enum err permission_store_remove(struct db *db, const struct id *role_id,
					    struct str name, bool *removed);
/* A page of names; names has room for as many as were asked for. */
struct permission_page {
	struct str *names;
	size_t room;
	size_t n;
};
/* Of a role, by name, those after it ("": from the start). */
MUST_CHECK enum err permission_store_list(struct db *db, struct arena *arena,
					  const struct id *role_id, struct str after,
					  struct permission_page *page);

/* A role that a user has, and where. */
struct held_role {
	struct id role_id;
	struct str name;
	bool elevated;
	struct id tenant_id; /* none: everywhere */
	struct str tenant_name, tenant_title;
};
struct held_page {
	struct held_role *rows;
	size_t room;
	size_t n;
};
/* Where the page before has ended: nothing of it is set for the first one. */
struct held_place {
	struct id tenant_id, role_id;
};
/* Of a user, in the order of tenant (everywhere first) and role. */
MUST_CHECK enum err role_store_list_of_user(struct db *db, struct arena *arena,
					    const struct id *user_id,
					    const struct held_place *after, struct held_page *page);

#endif
