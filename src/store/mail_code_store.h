/* Rows of mail_code: what somebody was asked to prove by mail. */
#ifndef GATEPOST_STORE_MAIL_CODE_STORE_H
#define GATEPOST_STORE_MAIL_CODE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "ident.h"
#include "str.h"

struct arena;
struct db;

/* As in the rows, and part of keys: the numbers never change. */
enum mail_purpose {
	MAIL_NOTHING = 0,
	MAIL_REGISTRATION, /* an address that has no account yet */
	MAIL_RECOVERY,     /* a forgotten password */
	MAIL_ADDRESS,      /* a new address of an account, sent there */
	MAIL_RESTORATION,  /* taking back a change of address, sent to the former one */
	MAIL_NOT_ME,       /* disputing what a notice tells of */
	MAIL_INVITATION,
	MAIL_PURPOSE_COUNT
};

/* Wrong codes that may be typed before the code is dead. */
#define MAIL_CODE_TRIES 5

struct mail_code_row {
	struct id id;
	uint32_t purpose;        /* enum mail_purpose */
	struct digest slot_hash; /* purpose and whose: one row each */
	struct str address;      /* where it was sent */
	struct id user_id;       /* none: nobody's yet */
	struct digest code_hash, link_hash;
	struct digest asker_hash; /* where the code may be typed */
	struct str payload;       /* lines of name=value: what was asked for with it */
	struct str language;
	uint32_t tries;
	int64_t created_at;
	int64_t code_end;   /* of the code to type */
	int64_t expires_at; /* of the link */
	int64_t used_at;    /* 0: not yet */
};

/* Takes the place of the row with that slot_hash, if there is one. Inside a transaction. */
MUST_CHECK enum err mail_code_store_put(struct db *db, const struct mail_code_row *row);
/* For a slot under the root before the newest. */
MUST_CHECK enum err mail_code_store_delete_slot(struct db *db, const struct digest *slot_hash);
/*
 * Counts a try of the code in one conditional UPDATE; *taken false: no such row, used, over, or
 * tried too often. hashes: the slot under up to two roots.
 */
MUST_CHECK enum err mail_code_store_try(struct db *db, const struct digest hashes[2], int64_t now,
					bool *taken);
/* Takes the try back: it was right. */
MUST_CHECK enum err mail_code_store_untry(struct db *db, const struct id *id);
/* The newest by its slot, or by its link, under up to two roots. */
MUST_CHECK enum err mail_code_store_find(struct db *db, struct arena *arena,
					 const struct digest hashes[2], struct mail_code_row *row,
					 bool *found);
MUST_CHECK enum err mail_code_store_find_link(struct db *db, struct arena *arena,
					      const struct digest hashes[2],
					      struct mail_code_row *row, bool *found);
MUST_CHECK enum err mail_code_store_find_id(struct db *db, struct arena *arena, const struct id *id,
					    struct mail_code_row *row, bool *found);
/* One conditional UPDATE decides; *used false: it was used before, is over, or is not there. */
MUST_CHECK enum err mail_code_store_use(struct db *db, const struct id *id, int64_t now,
					bool *used);
/*
 * What waited for a proof of this address is void: registrations, recoveries, changes to it,
 * invitations. What was used stays, to be told from what never was.
 */
MUST_CHECK enum err mail_code_store_void_address(struct db *db, struct str address);
/* The same for what a user has asked for: recoveries and changes of address. */
MUST_CHECK enum err mail_code_store_void_user(struct db *db, const struct id *user_id);
/*
 * The same when the user's address was taken back, and all that is not used and was sent anywhere
 * else than there.
 */
MUST_CHECK enum err mail_code_store_void_elsewhere(struct db *db, const struct id *user_id,
						   struct str address);
/* When the account is closed: all but the restoration of its address. */
MUST_CHECK enum err mail_code_store_void_closed(struct db *db, const struct id *user_id);
/* The user has asked for this address, whether or not somebody else has it. */
MUST_CHECK enum err mail_code_store_is_asked(struct db *db, const struct id *user_id,
					     struct str address, bool *asked);
/* Which change is to be taken back. */
struct mail_restoration {
	struct id user_id;
	struct str address; /* the former one */
	int64_t now;
};
/* A change of the user's address can still be taken back: no other one until then. */
MUST_CHECK enum err mail_code_store_is_restorable(struct db *db, const struct id *user_id,
						  int64_t now, bool *restorable);
/* The row by which it can be moved back to that address. */
MUST_CHECK enum err mail_code_store_find_restoration(struct db *db, struct arena *arena,
						     const struct mail_restoration *of,
						     struct mail_code_row *row, bool *found);
/* An address from which an account was moved, and to which it can still be moved back. */
MUST_CHECK enum err mail_code_store_is_reserved(struct db *db, struct str address, int64_t now,
						bool *reserved);
MUST_CHECK enum err mail_code_store_purge(struct db *db, int64_t before, unsigned limit,
					  uint64_t *deleted);

#endif
