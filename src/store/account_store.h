/* What a person changes about the rows of their account: address, names, closing. */
#ifndef GATEPOST_STORE_ACCOUNT_STORE_H
#define GATEPOST_STORE_ACCOUNT_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "ident.h"
#include "str.h"

struct arena;
struct db;

/* Each inside a transaction that holds the user's lock. */

/* Proven at now. ERR_CONFLICT: somebody has it. */
MUST_CHECK enum err account_store_set_email(struct db *db, const struct id *user_id,
					    struct str email, int64_t now);
/* ERR_CONFLICT: somebody has it. */
MUST_CHECK enum err account_store_set_username(struct db *db, const struct id *user_id,
					       struct str username, int64_t now);
MUST_CHECK enum err account_store_set_display_name(struct db *db, const struct id *user_id,
						   struct str display_name, int64_t now);
/* "": none chosen. */
MUST_CHECK enum err account_store_set_language(struct db *db, const struct id *user_id,
					       struct str language, int64_t now);
/* State and time; the names stay taken. */
MUST_CHECK enum err account_store_close(struct db *db, const struct id *user_id, int64_t now);
MUST_CHECK enum err account_store_reopen(struct db *db, const struct id *user_id, int64_t now);

/* Users that were closed before then, by the time; ids: array of limit. */
MUST_CHECK enum err account_store_closed(struct db *db, int64_t before, size_t limit,
					 struct id *ids, size_t *count);
/* When a user was closed, 0: is not. */
MUST_CHECK enum err account_store_closed_at(struct db *db, const struct id *user_id, int64_t *at);

#endif
