/* Rows of outbox on their way out: taken, sent, tried again, given up; and what a keeper sees of
 * them. */
#ifndef GATEPOST_STORE_OUTBOX_WORK_STORE_H
#define GATEPOST_STORE_OUTBOX_WORK_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "ident.h"
#include "secret.h"
#include "str.h"

struct arena;
struct db;

/* As in the rows. */
enum outbox_state { OUTBOX_NONE = 0, OUTBOX_WAITING, OUTBOX_TAKEN, OUTBOX_SENT, OUTBOX_DEAD };

#define OUTBOX_BATCH 20
#define OUTBOX_ERROR_MAX 200 /* characters of last_error that are kept */

/* A mail that was taken. */
struct outbox_mail {
	struct id id;
	struct str kind;
	struct str recipient; /* absent: a decoy */
	struct str language;
	struct secret payload; /* sealed, see auth/mail.h */
	uint32_t root;         /* what it is sealed under */
	uint32_t state;
	uint32_t attempts; /* with the one that it was taken for */
	int64_t due_at, created_at;
	int64_t taken_at; /* by the database's clock */
};

struct outbox_batch {
	struct id taker;
	struct outbox_mail mails[OUTBOX_BATCH];
	size_t n;
};

/*
 * Takes what is due, the oldest first, in a transaction of its own: nobody else gets those mails
 * for so long (microseconds of the database's clock, which alone decides what is due). Whatever
 * taker has left of an earlier batch is not among them. ERR_UNCERTAIN: what was perhaps taken is
 * free when lease is over.
 */
MUST_CHECK enum err outbox_work_take(struct db *db, struct arena *arena, int64_t lease,
				     struct outbox_batch *out);
/* It was sent, whoever else may have taken it since: its payload is emptied. Can be repeated. */
MUST_CHECK enum err outbox_work_sent(struct db *db, const struct id *id);

/* A mail and who took it; nothing happens to one that somebody else has taken since. */
struct outbox_taken {
	struct id id;
	struct id taker;
	struct str error; /* why; UTF-8 */
};
/* It waits again, for so long. Can be repeated. */
MUST_CHECK enum err outbox_work_failed(struct db *db, const struct outbox_taken *mail,
				       int64_t wait);
/* The same, and it does not count as an attempt. */
MUST_CHECK enum err outbox_work_give_back(struct db *db, const struct outbox_taken *mail,
					  int64_t wait);
/* It will not be tried again; kept: a keeper may say otherwise, else its payload is emptied. */
MUST_CHECK enum err outbox_work_dead(struct db *db, const struct outbox_taken *mail, bool kept);

/* A mail as its keeper sees it: without its content. */
struct outbox_item {
	struct id id;
	struct str kind, recipient, language, last_error;
	uint32_t state, attempts;
	int64_t due_at, created_at, done_at;
};

struct outbox_list {
	struct outbox_item *items;
	size_t n;
};
/* Those of a state, by when they are due or were done. items: arena. */
MUST_CHECK enum err outbox_work_list(struct db *db, struct arena *arena, enum outbox_state state,
				     unsigned limit, struct outbox_list *out);
/* A mail that waits, or is dead with its content, is due now and has all its attempts again. */
MUST_CHECK enum err outbox_work_retry(struct db *db, const struct id *id, bool *found);
/* The same for at most limit dead ones. */
MUST_CHECK enum err outbox_work_retry_dead(struct db *db, unsigned limit, uint64_t *n);

struct outbox_count {
	int64_t waiting; /* or taken */
	int64_t late;    /* … and made before a time */
	int64_t dead;
};
MUST_CHECK enum err outbox_work_count(struct db *db, int64_t late_before, struct outbox_count *out);

/* Of those that wait, how many are sealed under that root. */
MUST_CHECK enum err outbox_work_count_sealed(struct db *db, uint32_t root, int64_t *n);

/* Deletes what was sent, or given up, before a time. */
MUST_CHECK enum err outbox_work_purge_sent(struct db *db, int64_t before, unsigned limit,
					   uint64_t *deleted);
MUST_CHECK enum err outbox_work_purge_dead(struct db *db, int64_t before, unsigned limit,
					   uint64_t *deleted);

#endif
