/* The only door to MariaDB: a connection, its transaction, and running one statement of the table.
 */
#ifndef GATEPOST_STORE_DB_H
#define GATEPOST_STORE_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "err.h"
#include "str.h"

struct arena;
struct counters;
struct db;

/* Once, before threads (mysql_library_init); and once in every thread that uses a struct db. */
MUST_CHECK enum err db_init(void);
void db_done(void);
void db_thread_init(void);
void db_thread_done(void);

/*
 * A connection of one account, used by one thread at a time. Not connected yet: the first statement
 * connects, sets utf8mb4, STRICT_ALL_TABLES, READ COMMITTED and the timeouts, and checks
 * schema_migration: a version other than this program's or the next is ERR_UNAVAILABLE and logged.
 * config must outlive it.
 */
MUST_CHECK enum err db_open(const struct config *config, enum db_role role, struct db **out);
/*
 * For a connection on which nobody may be kept waiting: answers are awaited for so many
 * microseconds instead of [database] read_timeout, opening it for a second. Before it is opened.
 */
void db_set_patience(struct db *db, int64_t span);
void db_close(struct db **db); /* rolls back; sets NULL; NULL is fine */
/*
 * Connects now if needed; tells a start-up or health check why not, and then not the log.
 * ERR_UNAVAILABLE: nobody answers. ERR_CONFIG: the server will not have us, or the schema is wrong.
 */
MUST_CHECK enum err db_connect(struct db *db, struct fault *fault);
enum db_role db_role_of(const struct db *db);
const char *db_role_name(enum db_role role); /* "web"; static */
/* [database] consistent: other nodes write too, and no lock is known to them. */
bool db_is_consistent(const struct db *db);

/*
 * Transactions. db_begin … db_commit; anything still open is undone by db_rollback, which the
 * dispatcher calls at the end of every request. ERR_UNCERTAIN from db_commit: the connection was
 * lost after COMMIT was sent, or the answer does not say that it was undone. After ERR_UNAVAILABLE
 * inside a transaction nothing of it remains.
 */
MUST_CHECK enum err db_begin(struct db *db);
MUST_CHECK enum err db_commit(struct db *db);
void db_rollback(struct db *db);
bool db_in_transaction(const struct db *db);

/*
 * Runs work inside a transaction and commits; on a deadlock (1213) or lock wait timeout (1205)
 * rolls back and runs it again, at most 4 times, then ERR_UNAVAILABLE. work must keep its outputs
 * in the context and have no other effect. Any other error of work: rolled back and returned.
 */
MUST_CHECK enum err db_transact(struct db *db, enum err (*work)(struct db *db, void *context),
				void *context);

/*
 * What happens to connections, counted by account: the first DB_COUNTS of a struct counters
 * (counters.h), at db_count_place. Nothing is counted before db_count_into.
 */
enum db_count {
	DB_COUNT_CONNECTED = 0,
	DB_COUNT_CONNECT_FAILED,
	DB_COUNT_LOST,      /* a connection, in the middle of something */
	DB_COUNT_CONTENDED, /* rolled back for somebody else's lock, and mostly run again */
	DB_COUNT_REFUSED,   /* full, slow, read-only, not in the cluster */
	DB_COUNT_FAILED,    /* a defect of ours */
	DB_COUNT_KINDS
};
#define DB_COUNTS ((size_t)DB_ROLE_COUNT * DB_COUNT_KINDS)
/* "connected", "connect", "lost", …; static. */
const char *db_count_name(enum db_count count);
size_t db_count_place(enum db_role role, enum db_count count);
/* counters outlives the connection; NULL is fine. */
void db_count_into(struct db *db, struct counters *counters);

/* Statements sent by this connection since it was opened (for tests and the access line). */
uint64_t db_statement_count(const struct db *db);

#endif
