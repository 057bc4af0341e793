/* Rows of device. */
#ifndef GATEPOST_STORE_DEVICE_STORE_H
#define GATEPOST_STORE_DEVICE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "ident.h"
#include "session_store.h"
#include "str.h"

struct arena;
struct db;

enum device_kind { DEVICE_NONE = 0, DEVICE_BROWSER, DEVICE_APP, DEVICE_KIND_COUNT };

/* What its key can sign, as in the column device.key_kind. */
enum device_key_kind { DEVICE_KEY_NONE = 0, DEVICE_KEY_P256 = 1, DEVICE_KEY_ED25519 = 2 };

struct device_row {
	struct id id;
	struct id user_id;
	struct digest ref_hash;
	uint32_t kind; /* enum device_kind */
	struct str name;
	int64_t created_at, last_seen;
	int64_t trusted_until; /* 0: it is not */
	uint32_t key_kind;     /* enum device_key_kind */
	struct str public_key; /* absent: none; as auth/device_key.h says */
	int64_t key_set_at;    /* 0: no key */
};

/* What a sign-in asks of a device. */
struct device_known {
	struct id id;
	int64_t trusted_until; /* 0: it is not */
};

/*
 * Finds the user's device by ref_hash, or inserts *row as given, without trust or key; *known is
 * what is there now: the row's own id, if it was not there before. name and last_seen are updated.
 * Safe when two do it at once.
 */
MUST_CHECK enum err device_store_ensure(struct db *db, const struct device_row *row,
					struct device_known *known);
/* The user's device of that ref_hash. A user that is nobody has none, with the same statement. */
MUST_CHECK enum err device_store_find(struct db *db, const struct id *user_id,
				      const struct digest *ref_hash, struct id *id, bool *found);
/* By id, if it is this user's. */
MUST_CHECK enum err device_store_find_by_id(struct db *db, struct arena *arena,
					    const struct id *user_id, const struct id *id,
					    struct device_row *row, bool *found)
	/* six parameters: whose, which, and where it goes */;
/* The user's, newest first, those after the cursor. out: array of cursor->limit. */
MUST_CHECK enum err device_store_list(struct db *db, struct arena *arena, const struct id *user_id,
				      const struct page_cursor *cursor, struct device_row *out,
				      size_t *count)
	/* six, as above */;
/* row->key_kind, public_key and key_set_at; of one that is there and row->user_id's. */
MUST_CHECK enum err device_store_set_key(struct db *db, const struct device_row *row);
/* Until then; 0: no more. */
MUST_CHECK enum err device_store_trust(struct db *db, const struct id *user_id, const struct id *id,
				       int64_t until);
/* *deleted false: not there, or not this user's. None of its sessions may be left. */
MUST_CHECK enum err device_store_delete(struct db *db, const struct id *user_id,
					const struct id *id, bool *deleted);
/* A sign-in that may be the first one of its user. */
struct device_first {
	struct id user_id;
	int64_t since;        /* who was created before that has signed in before */
	struct id device_id;  /* its own; none: it has no device */
	struct id session_id; /* its own */
};
/* True: the user was created since then, and has no other device and no other session. */
MUST_CHECK enum err device_store_is_first(struct db *db, const struct device_first *of,
					  bool *first);
/* No device of the user is trusted any more or has a key; inside a transaction that holds the
 * user's lock, as is the next. */
MUST_CHECK enum err device_store_disarm(struct db *db, const struct id *user_id);
/* The user has no device any more: none of their sessions may be left. */
MUST_CHECK enum err device_store_delete_of_user(struct db *db, const struct id *user_id);
/* Devices unused since before and without a session. */
MUST_CHECK enum err device_store_purge(struct db *db, int64_t before, unsigned limit,
				       uint64_t *deleted);

#endif
