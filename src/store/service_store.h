/* Rows of service: back ends that may ask about sessions, and act on them. */
#ifndef GATEPOST_STORE_SERVICE_STORE_H
#define GATEPOST_STORE_SERVICE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "ident.h"
#include "session_store.h"
#include "str.h"

struct arena;
struct db;

enum service_state { SERVICE_STATE_NONE = 0, SERVICE_ACTIVE, SERVICE_DISABLED };

struct service_row {
	struct str name; /* unique; its id */
	struct digest secret_hash;
	uint32_t root;             /* number of the root that it is under */
	struct digest former_hash; /* zero: none */
	int64_t former_until;      /* 0: none */
	uint32_t scopes;           /* bits: enum service_scope */
	uint32_t state;            /* enum service_state */
	int64_t created_at;
	int64_t secret_at; /* the last change of the secret */
};

/* Whose session a service asks about: by what its client presents, by its id, or no session. */
struct service_subject {
	const struct digest *hashes; /* two, which may be the same; NULL: none */
	const struct id *id;         /* NULL: none */
};
/* A service, and the session as a check reads it. */
struct service_found {
	struct service_row service;
	struct session_found session; /* its id none: there is no such session */
};
/* One statement for both; *found: there is such a service. Texts in the arena. */
MUST_CHECK enum err service_store_find(struct db *db, struct arena *arena, struct str name,
				       const struct service_subject *subject,
				       struct service_found *out, bool *found)
	/* six: whom and about whom belong to the caller */;

/* Locks the row of the name until the transaction ends. */
MUST_CHECK enum err service_store_lock(struct db *db, struct arena *arena, struct str name,
				       struct service_row *row, bool *found);
/* By name, those after it ("": from the first). */
struct service_page {
	struct service_row *rows; /* of the caller's */
	size_t room, n;
};
MUST_CHECK enum err service_store_list(struct db *db, struct arena *arena, struct str after,
				       struct service_page *page);
/* ERR_CONFLICT when the name is taken. */
MUST_CHECK enum err service_store_insert(struct db *db, const struct service_row *row);
/* Writes all but name and created_at over the row of that name. */
MUST_CHECK enum err service_store_set(struct db *db, const struct service_row *row);
/* Writes secret_hash and root, of the same secret, where there is former still. */
MUST_CHECK enum err service_store_renew_hash(struct db *db, const struct service_row *row,
					     const struct digest *former);
MUST_CHECK enum err service_store_delete(struct db *db, struct str name, bool *deleted);

#endif
