/* Rows of passkey and challenge. */
#ifndef GATEPOST_STORE_PASSKEY_STORE_H
#define GATEPOST_STORE_PASSKEY_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "ident.h"
#include "str.h"

struct arena;
struct db;

#define PASSKEYS_MAX 20 /* of a user */
#define PASSKEY_NAME_MAX 100
#define CHALLENGE_PURPOSE_MAX 64

struct passkey_row {
	struct id id;
	struct id user_id;
	struct str credential_id; /* octets, as the authenticator named it */
	int64_t algorithm;        /* enum webauthn_algorithm */
	struct str public_key;
	uint32_t sign_count;
	bool eligible, backed_up, verified;
	struct id aaguid; /* none: the authenticator did not say what it is */
	struct str transports;
	struct str name;
	int64_t created_at, used_at; /* used_at 0: never */
};
/* ERR_CONFLICT: the credential id is registered, to whomever (WA-05). */
MUST_CHECK enum err passkey_store_insert(struct db *db, const struct passkey_row *row);
MUST_CHECK enum err passkey_store_find(struct db *db, struct arena *arena, struct str credential_id,
				       struct passkey_row *row, bool *found);
/* Oldest first. rows: array of PASSKEYS_MAX. */
MUST_CHECK enum err passkey_store_list(struct db *db, struct arena *arena, const struct id *user_id,
				       struct passkey_row *rows, size_t *n);
/* It has signed: row->sign_count and backed_up, if the counter still is what it was. */
MUST_CHECK enum err passkey_store_use(struct db *db, const struct passkey_row *row,
				      uint32_t former_count, int64_t now, bool *won);
/* *deleted false: not there, or not this user's. */
MUST_CHECK enum err passkey_store_delete(struct db *db, const struct id *user_id,
					 const struct id *id, bool *deleted);
MUST_CHECK enum err passkey_store_delete_of_user(struct db *db, const struct id *user_id);

struct challenge_row {
	struct digest hash;
	struct id user_id; /* none: nobody's yet */
	struct str purpose;
	int64_t expires_at;
};
MUST_CHECK enum err challenge_store_insert(struct db *db, const struct challenge_row *row);
/* By its digest under up to two roots. */
MUST_CHECK enum err challenge_store_find(struct db *db, struct arena *arena,
					 const struct digest hashes[2], struct challenge_row *row,
					 bool *found);
/* One conditional DELETE decides. *taken false: not there, used, or over. */
MUST_CHECK enum err challenge_store_take(struct db *db, const struct digest *hash, int64_t now,
					 bool *taken);
MUST_CHECK enum err challenge_store_delete_of_user(struct db *db, const struct id *user_id);
/* Everybody's, in batches of limit: call until *deleted is 0. */
MUST_CHECK enum err challenge_store_delete_any(struct db *db, unsigned limit, uint64_t *deleted);
MUST_CHECK enum err challenge_store_purge(struct db *db, int64_t before, unsigned limit,
					  uint64_t *deleted);

#endif
