/* A connection to MariaDB: opening it, its transaction, and what its errors mean. */
#include "db.h"

#include <stdlib.h>
#include <string.h>

#include <errmsg.h>
#include <mysql.h>
#include <mysqld_error.h>

#include "arena.h"
#include "clock.h"
#include "counters.h"
#include "db_link.h"
#include "log.h"

#define ARENA_FIRST ((size_t)32 * 1024)
#define ARENA_CEILING ((size_t)1024 * 1024)
#define EE_WRITE 3 /* of the server's file layer, which has no header */

/* undone: an answer to COMMIT that says so for certain. Of all others nobody knows what was done.
 */
static const struct {
	unsigned number;
	enum db_trouble trouble;
	bool undone;
} troubles[] = {
	{CR_SERVER_GONE_ERROR, DB_LOST, false},
	{CR_SERVER_LOST, DB_LOST, false},
	{CR_SERVER_LOST_EXTENDED, DB_LOST, false},
	{CR_COMMANDS_OUT_OF_SYNC, DB_LOST, false},
	{CR_SSL_CONNECTION_ERROR, DB_LOST, false},
	{CR_MALFORMED_PACKET, DB_LOST, false},
	{CR_OUT_OF_MEMORY, DB_LOST, false}, /* for the answer: the server may have done it */
	{ER_UNKNOWN_STMT_HANDLER, DB_LOST, false},
	{ER_SERVER_SHUTDOWN, DB_LOST, false},
	{ER_CONNECTION_KILLED, DB_LOST, false},
	{ER_ABORTING_CONNECTION, DB_LOST, false},
	{ER_NET_READ_ERROR, DB_LOST, false},
	{ER_NET_READ_INTERRUPTED, DB_LOST, false},
	{ER_NET_ERROR_ON_WRITE, DB_LOST, false},
	{ER_NET_WRITE_INTERRUPTED, DB_LOST, false},
	{ER_LOCK_DEADLOCK, DB_RETRY, true},
	{ER_LOCK_WAIT_TIMEOUT, DB_RETRY, true},
	{ER_CHECKREAD, DB_RETRY, true}, /* MariaDB with innodb_snapshot_isolation */
	{ER_TABLE_DEF_CHANGED, DB_RETRY, true},
	{ER_DUP_ENTRY, DB_DUPLICATE, false},
	{ER_DUP_ENTRY_WITH_KEY_NAME, DB_DUPLICATE, false},
	{ER_CON_COUNT_ERROR, DB_REFUSED, false},
	{ER_TOO_MANY_USER_CONNECTIONS, DB_REFUSED, false},
	{ER_USER_LIMIT_REACHED, DB_REFUSED, false},
	{ER_MAX_PREPARED_STMT_COUNT_REACHED, DB_REFUSED, false},
	{ER_NEED_REPREPARE, DB_REFUSED, false}, /* the server's table cache is too small */
	{ER_OPTION_PREVENTS_STATEMENT, DB_REFUSED, true}, /* --read-only */
	{ER_READ_ONLY_MODE, DB_REFUSED, true},
	{ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION, DB_REFUSED, true},
	{ER_OPEN_AS_READONLY, DB_REFUSED, false}, /* --innodb-read-only */
	{ER_DISK_FULL, DB_REFUSED, false},
	{ER_RECORD_FILE_FULL, DB_REFUSED, false},
	{ER_ERROR_ON_WRITE, DB_REFUSED, false},
	{ER_GET_ERRNO, DB_REFUSED, false}, /* of the storage engine: the disk's, most often */
	{EE_WRITE, DB_REFUSED, false},     /* a temporary file */
	{ER_LOCK_TABLE_FULL, DB_REFUSED, false},
	{ER_OUT_OF_RESOURCES, DB_REFUSED, false},
	{ER_OUTOFMEMORY, DB_REFUSED, false},
	{ER_QUERY_INTERRUPTED, DB_REFUSED, false},
	{ER_STATEMENT_TIMEOUT, DB_REFUSED, false},
	{3024, DB_REFUSED, false},                  /* MySQL: max_execution_time */
	{ER_UNKNOWN_COM_ERROR, DB_REFUSED, true},   /* Galera: this node is not in the cluster */
	{ER_ERROR_DURING_COMMIT, DB_UNSURE, false}, /* Galera: this node does not know whether the
						       others took it */
};

static enum db_trouble trouble_of(unsigned number)
{
	for (size_t i = 0; i < sizeof troubles / sizeof troubles[0]; i++)
		if (troubles[i].number == number)
			return troubles[i].trouble;
	return DB_DEFECT;
}

static bool is_undone(unsigned number)
{
	for (size_t i = 0; i < sizeof troubles / sizeof troubles[0]; i++)
		if (troubles[i].number == number)
			return troubles[i].undone;
	return false;
}

enum err db_init(void)
{
	return mysql_library_init(0, NULL, NULL) == 0 ? OK : ERR_MEMORY;
}

void db_done(void)
{
	mysql_library_end();
}

void db_thread_init(void)
{
	mysql_thread_init();
}

void db_thread_done(void)
{
	mysql_thread_end();
}

enum err db_open(const struct config *config, enum db_role role, struct db **out)
{
	struct db *db = calloc(1, sizeof *db);

	if (db == NULL)
		return ERR_MEMORY;
	if (arena_open(ARENA_FIRST, ARENA_CEILING, &db->arena) != OK) {
		free(db);
		return ERR_MEMORY;
	}
	db->config = config;
	db->role = role;
	db->patience = (int64_t)config->database.read_timeout * CLOCK_SECOND;
	*out = db;
	return OK;
}

void db_set_patience(struct db *db, int64_t span)
{
	db->impatient = span < db->patience;
	db->patience = span;
}

/* mysql_close first: then closing what was prepared sends nothing. */
void db_drop(struct db *db)
{
	mysql_close(db->mysql);
	db->mysql = NULL;
	row_forget(db);
	arena_reset(db->arena);
}

void db_close(struct db **db)
{
	if (*db == NULL)
		return;
	db_drop(*db);
	arena_close(&(*db)->arena);
	free(*db);
	*db = NULL;
}

enum db_role db_role_of(const struct db *db)
{
	return db->role;
}

bool db_is_consistent(const struct db *db)
{
	return db->config->database.consistent;
}

const char *db_role_name(enum db_role role)
{
	static const char *const names[DB_ROLE_COUNT] = {
		[DB_ROLE_MIGRATE] = "migrate", [DB_ROLE_WEB] = "web",   [DB_ROLE_HASH] = "hash",
		[DB_ROLE_GUARD] = "guard",     [DB_ROLE_MAIL] = "mail",
	};

	return names[role];
}

bool db_in_transaction(const struct db *db)
{
	return db->in_transaction;
}

const char *db_count_name(enum db_count count)
{
	static const char *const names[DB_COUNT_KINDS] = {
		[DB_COUNT_CONNECTED] = "connected", [DB_COUNT_CONNECT_FAILED] = "connect",
		[DB_COUNT_LOST] = "lost",           [DB_COUNT_CONTENDED] = "contended",
		[DB_COUNT_REFUSED] = "refused",     [DB_COUNT_FAILED] = "failed",
	};

	return names[count];
}

size_t db_count_place(enum db_role role, enum db_count count)
{
	return (size_t)role * DB_COUNT_KINDS + count;
}

void db_count_into(struct db *db, struct counters *counters)
{
	db->counters = counters;
}

void db_note(const struct db *db, enum db_count count)
{
	counters_add(db->counters, db_count_place(db->role, count), 1);
}

uint64_t db_statement_count(const struct db *db)
{
	return db->statements;
}

/* Names and numbers only: a message of the server may quote values. */
static void log_trouble(const struct db *db, enum log_level level, const char *event,
			const char *name, unsigned number)
{
	const struct log_field fields[] = {
		LOG_TEXT("account", str_of(db_role_name(db->role))),
		LOG_TEXT("statement", str_of(name)),
		LOG_NUMBER("errno", (int64_t)number),
	};

	log_line(level, event, fields, sizeof fields / sizeof fields[0]);
}

enum err db_defect(const struct db *db, const char *name, const char *what)
{
	const struct log_field fields[] = {
		LOG_TEXT("account", str_of(db_role_name(db->role))),
		LOG_TEXT("statement", str_of(name)),
		LOG_TEXT("detail", str_of(what)),
	};

	db_note(db, DB_COUNT_FAILED);
	log_line(LOG_LEVEL_ERROR, "db_defect", fields, sizeof fields / sizeof fields[0]);
	return ERR_INTERNAL;
}

enum db_trouble db_trouble(struct db *db, const char *name, unsigned number)
{
	static const enum db_count counts[] = {
		[DB_DEFECT] = DB_COUNT_FAILED,   [DB_LOST] = DB_COUNT_LOST,
		[DB_RETRY] = DB_COUNT_CONTENDED, [DB_REFUSED] = DB_COUNT_REFUSED,
		[DB_UNSURE] = DB_COUNT_REFUSED,
	};
	enum db_trouble trouble = trouble_of(number);

	if (trouble == DB_DUPLICATE)
		return trouble;
	db_note(db, counts[trouble]);
	if (trouble == DB_DEFECT)
		log_trouble(db, LOG_LEVEL_ERROR, "db_failed", name, number);
	if (trouble == DB_LOST)
		log_trouble(db, LOG_LEVEL_WARN, "db_lost", name, number);
	if (trouble == DB_REFUSED || trouble == DB_UNSURE)
		log_trouble(db, LOG_LEVEL_WARN, "db_refused", name, number);
	if (trouble == DB_LOST)
		db_drop(db);
	db->broken = db->in_transaction;
	db->retry = trouble == DB_RETRY;
	return trouble;
}

unsigned db_send(struct db *db, const char *sql)
{
	if (mysql_real_query(db->mysql, sql, strlen(sql)) == 0)
		return 0;
	return mysql_errno(db->mysql);
}

enum err db_ready(struct db *db)
{
	struct fault fault;
	enum err e = db->mysql != NULL ? OK : db_dial(db, false, &fault);

	return e == ERR_CONFIG ? ERR_UNAVAILABLE : e;
}

enum err db_connect(struct db *db, struct fault *fault)
{
	if (db->mysql != NULL && !db->in_transaction && db_look(db) != OK)
		db_drop(db);
	return db->mysql != NULL ? OK : db_dial(db, true, fault);
}

/* Nothing is lost with a connection that ended before the transaction began. */
enum err db_begin(struct db *db)
{
	unsigned number = 0;

	if (db->in_transaction)
		return db_defect(db, "BEGIN", "a transaction is open");
	db->broken = false;
	db->retry = false;
	for (unsigned i = 0; i < 2; i++) {
		TRY(db_ready(db));
		db->statements++;
		number = db_send(db, "START TRANSACTION");
		db->in_transaction = number == 0;
		if (number == 0)
			return OK;
		if (db_trouble(db, "BEGIN", number) == DB_LOST)
			continue;
		/* One that was begun nevertheless would swallow what follows. */
		db_drop(db);
		break;
	}
	return ERR_UNAVAILABLE;
}

/* Only what the server says it has undone is certain not to have happened. */
enum err db_commit(struct db *db)
{
	unsigned number = 0;

	if (!db->in_transaction)
		return db_defect(db, "COMMIT", "no transaction is open");
	if (db->broken) {
		db_rollback(db);
		return ERR_UNAVAILABLE;
	}
	db->statements++;
	number = db_send(db, "COMMIT");
	if (number == 0) {
		db->in_transaction = false;
		return OK;
	}
	(void)db_trouble(db, "COMMIT", number);
	db_rollback(db);
	return is_undone(number) ? ERR_UNAVAILABLE : ERR_UNCERTAIN;
}

void db_rollback(struct db *db)
{
	if (!db->in_transaction)
		return;
	db->in_transaction = false;
	db->broken = false;
	if (db->mysql == NULL)
		return;
	db->statements++;
	if (db_send(db, "ROLLBACK") != 0)
		db_drop(db);
}

enum err db_transact(struct db *db, enum err (*work)(struct db *db, void *context), void *context)
{
	enum err e = OK;

	for (unsigned i = 0; i < DB_TRIES; i++) {
		TRY(db_begin(db));
		e = work(db, context);
		if (e == OK)
			e = db_commit(db);
		else
			db_rollback(db);
		if (e == OK || !db->retry)
			return e;
	}
	log_trouble(db, LOG_LEVEL_WARN, "db_contended", "COMMIT", 0);
	return ERR_UNAVAILABLE;
}

/* Reads the results of all statements. The first error ends them. */
static unsigned run_script(MYSQL *mysql, struct str script)
{
	int more = 0;

	if (mysql_set_server_option(mysql, MYSQL_OPTION_MULTI_STATEMENTS_ON) != 0 ||
	    mysql_real_query(mysql, script.p, script.n) != 0)
		return mysql_errno(mysql);
	while (more == 0) {
		mysql_free_result(mysql_store_result(mysql));
		if (mysql_errno(mysql) != 0)
			return mysql_errno(mysql);
		more = mysql_next_result(mysql);
	}
	if (more > 0 || mysql_set_server_option(mysql, MYSQL_OPTION_MULTI_STATEMENTS_OFF) != 0)
		return mysql_errno(mysql);
	return 0;
}

static enum err try_script(struct db *db, struct str script, struct fault *fault)
{
	enum db_trouble trouble = DB_DEFECT;
	unsigned number = 0;

	TRY(db_ready(db));
	db->statements++;
	db->retry = false;
	number = run_script(db->mysql, script);
	if (number == 0)
		return OK;
	db_explain(db, fault);
	trouble = db_trouble(db, "SCRIPT", number);
	if (trouble != DB_LOST)
		db_drop(db); /* it would still take several statements at once */
	return trouble == DB_DEFECT || trouble == DB_DUPLICATE ? ERR_INTERNAL : ERR_UNAVAILABLE;
}

enum err db_script(struct db *db, struct str script, struct fault *fault)
{
	enum err e = OK;

	for (unsigned i = 0; i < DB_TRIES; i++) {
		e = try_script(db, script, fault);
		if (e == OK || !db->retry)
			break;
	}
	return e;
}
