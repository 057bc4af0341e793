/* Failures of the database, injected where the store calls the client library (ld --wrap). */
#ifndef GATEPOST_TEST_FAULT_H
#define GATEPOST_TEST_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stmt.h"

/* Where a call goes to the server. */
enum fault_place {
	FAULT_CONNECT, /* mysql_real_connect */
	FAULT_SET_UP,  /* what a new connection sends as text */
	FAULT_PREPARE,
	FAULT_EXECUTE,
	FAULT_FETCH,
	FAULT_BEGIN,
	FAULT_COMMIT,
	FAULT_OTHER_TEXT, /* ROLLBACK, scripts */
	FAULT_PLACE_COUNT
};

enum fault_kind {
	FAULT_NONE = 0,
	FAULT_LOST_BEFORE, /* the connection ends before the server sees the statement */
	FAULT_LOST_AFTER,  /* the server did it, its answer is lost */
	FAULT_GONE_BEFORE, /* the same, and nobody answers until the act is over */
	FAULT_GONE_AFTER,
	FAULT_DEADLOCK,      /* 1213: the server has rolled back */
	FAULT_DEADLOCKS,     /* from here on every statement */
	FAULT_UNDONE,        /* Galera: has rolled back the transaction, and does not say so */
	FAULT_LOCK_WAIT,     /* 1205 */
	FAULT_TIMEOUT,       /* 1969; of COMMIT: when it was done already */
	FAULT_READ_ONLY,     /* 1290 */
	FAULT_READ_ONLY_TRX, /* 1792 */
	FAULT_DISK_FULL,     /* 1021 */
	FAULT_TABLE_FULL,    /* 1114 */
	FAULT_TOO_MANY,      /* connections: 1040; prepared statements: 1461 */
	FAULT_MEMORY,        /* 2008: the client has none to read the answer into */
	FAULT_STORM,         /* any of these, at one call in eight */
	FAULT_KIND_COUNT
};

const char *fault_name(enum fault_kind kind);
/* Whether such a failure can happen at such a place. */
bool fault_fits(enum fault_kind kind, enum fault_place place);

/* Calls that open a connection or prepare on it are counted apart: they come only when needed. */
enum fault_side { FAULT_RUNNING, FAULT_OPENING, FAULT_SIDES };

/* From now on: the at-th call (from 1) of that side fails. FAULT_NONE counts only. */
void fault_arm(enum fault_kind kind, enum fault_side side, unsigned at);
/* The seed of all storms that follow. */
void fault_seed(uint64_t seed);
/* No more failures. True: at least one was met. */
bool fault_disarm(void);
/* Calls since fault_arm, and where the at-th went. */
unsigned fault_calls(enum fault_side side);
enum fault_place fault_place_of(enum fault_side side, unsigned at);
/* Called after everything that lasts: COMMIT, or a statement outside a transaction. NULL: none. */
void fault_watch(void (*lasting)(void));

/* Whether a failure of this kind was ever injected where stmt is executed (or sent as text). */
bool fault_has_hit(enum stmt stmt, enum fault_kind kind);

#endif
