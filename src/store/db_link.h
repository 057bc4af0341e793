/* A connection from the inside, for db.c, row.c and migrate.c only. */
#ifndef GATEPOST_STORE_DB_LINK_H
#define GATEPOST_STORE_DB_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "db.h"
#include "stmt.h"

struct st_mysql;
struct prepared;

struct db {
	const struct config *config;
	enum db_role role;
	struct st_mysql *mysql;                /* NULL: not connected */
	struct arena *arena;                   /* what lives as long as the connection */
	struct prepared *prepared[STMT_COUNT]; /* NULL: not yet, on this connection */
	bool in_transaction;
	bool broken;      /* the transaction is gone or doomed: nothing but rollback is sent */
	bool retry;       /* … by a deadlock or a lock wait: the whole may be run again */
	int64_t patience; /* microseconds that an answer may take */
	bool impatient;   /* less than [database] read_timeout: opening is hurried, too */
	unsigned connect_failure; /* of the last attempt, 0: it succeeded */
	uint64_t statements;
	struct counters *counters; /* NULL: nothing is counted */
};

/* How many times a deadlock or lock wait is run in all. */
#define DB_TRIES 4

/* What an error of the server or of the connection means. */
enum db_trouble {
	DB_DEFECT = 0, /* ours: ERR_INTERNAL */
	DB_LOST,       /* the connection is gone: it may have happened */
	DB_RETRY,      /* rolled back, because somebody else had the lock */
	DB_REFUSED,    /* full, slow, read-only, not in the cluster: not done */
	DB_UNSURE,     /* the commit failed on its way: it may have happened */
	DB_DUPLICATE   /* a unique value is taken */
};

/* Counts it (db_count_into). */
void db_note(const struct db *db, enum db_count count);

/* Connects unless connected (db_dial). ERR_UNAVAILABLE. */
MUST_CHECK enum err db_ready(struct db *db);

/*
 * Takes note of an error number of statement name: logs it where it is news, closes a lost
 * connection (with all that is prepared on it), and marks an open transaction as broken but for
 * DB_DUPLICATE.
 */
enum db_trouble db_trouble(struct db *db, const char *name, unsigned number);
/* The same for a defect found on our side of the connection: logged, nothing else. ERR_INTERNAL. */
enum err db_defect(const struct db *db, const char *name, const char *what);

/* Sends one statement that has no parameters; 0 or the error's number. */
unsigned db_send(struct db *db, const char *sql);
/* Closes the connection with all that is prepared on it. Sends nothing that could wait. */
void db_drop(struct db *db);
/*
 * Of db_connect.c: opens the connection; explains a failure and leaves it closed then. It is logged
 * too, unless the caller tells it (told).
 */
MUST_CHECK enum err db_dial(struct db *db, bool told, struct fault *fault);
/*
 * Of db_connect.c: whether an open connection still serves. A node without its cluster answers a
 * ping but reads nothing.
 */
MUST_CHECK enum err db_look(struct db *db);
/* The connection's last error, for an administrator: the account, the server's words, what to do.
 */
void db_explain(const struct db *db, struct fault *fault);

/*
 * Runs a script of several statements, each of which may be repeated; the first that fails ends it,
 * and fault says why. A deadlock (two of a cluster at once): again from its start.
 */
MUST_CHECK enum err db_script(struct db *db, struct str script, struct fault *fault);

/* Of row.c: closes what is prepared on a connection that was closed already. */
void row_forget(struct db *db);

#endif
