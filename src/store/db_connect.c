/* Opening a connection: time limits, account, TLS, the session's settings, the schema's version. */
#include <mysql.h>
#include <mysqld_error.h>

#include <ma_pvio.h> /* after mysql.h, whose types it uses */

#include "arena.h"
#include "clock.h"
#include "db_link.h"
#include "log.h"
#include "migrate.h"

/* Changing a large table takes longer than any request may. */
#define MIGRATE_TIMEOUT 600U

/*
 * One statement, so that opening a connection takes one round trip more than its handshake. The
 * waits end before a request's own time does. The comments are run by MariaDB, by MySQL.
 */
#define SET_UP                                                                                     \
	"SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', "                      \
	"innodb_lock_wait_timeout = 2, lock_wait_timeout = 5 "                                     \
	"/*M! , tx_isolation = 'READ-COMMITTED' */"                                                \
	"/*!80000 , transaction_isolation = 'READ-COMMITTED' */"

static void set_options(struct db *db, const char *tls_ca)
{
	const struct config *config = db->config;
	MYSQL *mysql = db->mysql;
	unsigned read_timeout =
		db->role == DB_ROLE_MIGRATE ? MIGRATE_TIMEOUT : config->database.read_timeout;
	unsigned write_timeout = config->database.write_timeout;
	unsigned connect_timeout = db->impatient ? 1 : config->database.connect_timeout;
	unsigned protocol = str_is_present(config->database.socket) ? MYSQL_PROTOCOL_SOCKET
								    : MYSQL_PROTOCOL_TCP;
	unsigned none = 0;
	my_bool no = 0;
	my_bool yes = 1;

	mysql_options(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &connect_timeout);
	mysql_options(mysql, MYSQL_OPT_READ_TIMEOUT, &read_timeout);
	mysql_options(mysql, MYSQL_OPT_WRITE_TIMEOUT, &write_timeout);
	mysql_options(mysql, MYSQL_OPT_RECONNECT, &no);
	mysql_options(mysql, MYSQL_OPT_LOCAL_INFILE, &none);
	mysql_options(mysql, MYSQL_REPORT_DATA_TRUNCATION, &yes);
	mysql_options(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	mysql_options(mysql, MYSQL_OPT_PROTOCOL, &protocol);
	mysql_options(mysql, MYSQL_INIT_COMMAND, SET_UP);
	if (tls_ca == NULL)
		return;
	mysql_options(mysql, MYSQL_OPT_SSL_CA, tls_ca);
	mysql_options(mysql, MYSQL_OPT_SSL_ENFORCE, &yes);
	mysql_options(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &yes);
}

/* A C string in the arena; NULL when absent. */
static enum err text_of(struct db *db, struct str s, const char **out)
{
	struct str copy = STR_NONE;

	if (str_is_present(s))
		TRY(str_copy(db->arena, s, &copy));
	*out = copy.p;
	return OK;
}

static enum err shake_hands(struct db *db)
{
	const struct config *config = db->config;
	const struct db_account *account = &config->database.accounts[db->role];
	struct str secret = {
		.p = secret_is_present(account->password) ? (const char *)account->password.bytes
							  : NULL,
		.n = account->password.len,
	};
	const char *user = NULL;
	const char *password = NULL;
	const char *name = NULL;
	const char *host = NULL;
	const char *path = NULL;
	const char *tls_ca = NULL;
	bool local = str_is_present(config->database.socket);

	TRY(text_of(db, account->user, &user));
	TRY(text_of(db, secret, &password));
	TRY(text_of(db, config->database.name, &name));
	TRY(text_of(db, config->database.host, &host));
	TRY(text_of(db, config->database.socket, &path));
	TRY(text_of(db, config->database.tls_ca, &tls_ca));
	set_options(db, local ? NULL : tls_ca);
	if (mysql_real_connect(db->mysql, local ? NULL : host, user, password, name,
			       config->database.port, path, 0) == NULL)
		return ERR_UNAVAILABLE;
	return OK;
}

/* What an administrator can do about it; the server's message names no value but the account. */
void db_explain(const struct db *db, struct fault *fault)
{
	unsigned number = mysql_errno(db->mysql);
	bool empty = number == ER_NO_SUCH_TABLE || number == ER_TABLEACCESS_DENIED_ERROR ||
		     number == ER_DBACCESS_DENIED_ERROR;

	(void)fault_set(fault, "database, account %s: %s%s", db_role_name(db->role),
			mysql_error(db->mysql),
			empty && db->role != DB_ROLE_MIGRATE ? ": run \"gatepost migrate\"" : "");
}

/* One row with one number, sent as text: preparing it would take three round trips. */
static enum err read_schema_version(struct db *db, unsigned long *out)
{
	MYSQL_RES *result = NULL;
	MYSQL_ROW row = NULL;
	uint64_t version = 0;
	enum err e = ERR_UNAVAILABLE;

	if (db_send(db, stmt_def(STMT_SCHEMA_VERSION)->sql) != 0)
		return ERR_UNAVAILABLE;
	result = mysql_store_result(db->mysql);
	if (result == NULL)
		return ERR_UNAVAILABLE;
	row = mysql_fetch_row(result);
	if (row != NULL)
		e = row[0] == NULL ? OK : str_to_u64(str_of(row[0]), 1000000, &version);
	mysql_free_result(result);
	if (e == OK)
		*out = (unsigned long)version;
	return e;
}

static enum err check_schema(struct db *db, struct fault *fault)
{
	unsigned long version = 0;

	if (db->role == DB_ROLE_MIGRATE)
		return OK;
	if (read_schema_version(db, &version) != OK) {
		db_explain(db, fault);
		return ERR_UNAVAILABLE;
	}
	if (version == SCHEMA_VERSION || version == SCHEMA_VERSION + 1)
		return OK;
	(void)fault_set(fault, "database schema is version %lu, this program needs %d: %s", version,
			SCHEMA_VERSION,
			version < SCHEMA_VERSION ? "run \"gatepost migrate\""
						 : "it is older than the database");
	return ERR_CONFIG;
}

enum err db_look(struct db *db)
{
	struct fault ignored;

	if (mysql_ping(db->mysql) != 0)
		return ERR_UNAVAILABLE;
	return check_schema(db, &ignored);
}

/* A server without Galera does not know the variable; then there is nothing to wait for. */
static enum err ask_for_consistency(struct db *db, struct fault *fault)
{
	unsigned number = 0;

	if (!db->config->database.consistent)
		return OK;
	number = db_send(db, "SET SESSION wsrep_sync_wait = 1");
	if (number == 0 || number == ER_UNKNOWN_SYSTEM_VARIABLE)
		return OK;
	db_explain(db, fault);
	return ERR_UNAVAILABLE;
}

/* The library's option counts whole seconds; the connection itself has milliseconds. */
static void hurry(struct db *db)
{
	if (db->impatient)
		db->mysql->net.pvio->timeout[PVIO_READ_TIMEOUT] = (int)(db->patience / CLOCK_MS);
}

static enum err open_connection(struct db *db, struct fault *fault)
{
	enum err e = OK;

	db->mysql = mysql_init(NULL);
	if (db->mysql == NULL)
		return ERR_MEMORY;
	e = shake_hands(db);
	arena_reset(db->arena); /* the copy of the password */
	if (e != OK) {
		db_explain(db, fault);
		return e;
	}
	hurry(db);
	TRY(ask_for_consistency(db, fault));
	return check_schema(db, fault);
}

/* The server is there and will not have us, however often it is asked. */
static bool is_refusal(unsigned number)
{
	return number == ER_ACCESS_DENIED_ERROR || number == ER_ACCESS_DENIED_NO_PASSWORD_ERROR ||
	       number == ER_DBACCESS_DENIED_ERROR || number == ER_BAD_DB_ERROR ||
	       number == ER_TABLEACCESS_DENIED_ERROR || number == ER_NO_SUCH_TABLE;
}

/* The same failure again is no news: a log line for each request would drown the first one. */
static void log_connection(struct db *db, enum err e, const struct fault *fault)
{
	unsigned number = e == OK || db->mysql == NULL ? 0 : mysql_errno(db->mysql);
	const struct log_field fields[] = {
		LOG_TEXT("account", str_of(db_role_name(db->role))),
		LOG_NUMBER("errno", (int64_t)number),
		LOG_TEXT("detail", str_of(fault->text)),
	};

	/* 0 of a failure: the server answers, but with another schema. */
	if (e != OK && number == 0)
		number = ER_NO_SUCH_TABLE;
	if (e != OK && db->connect_failure != number)
		log_line(LOG_LEVEL_ERROR, "db_connect_failed", fields, 3);
	if (e == OK && db->connect_failure != 0)
		log_line(LOG_LEVEL_INFO, "db_connected_again", fields, 1);
	db->connect_failure = number;
}

enum err db_dial(struct db *db, bool told, struct fault *fault)
{
	enum err e = OK;

	fault->text[0] = '\0';
	e = open_connection(db, fault);
	if (e == ERR_UNAVAILABLE && is_refusal(mysql_errno(db->mysql)))
		e = ERR_CONFIG;
	db_note(db, e == OK ? DB_COUNT_CONNECTED : DB_COUNT_CONNECT_FAILED);
	if (e == OK || !told)
		log_connection(db, e, fault);
	if (e != OK)
		db_drop(db);
	return e;
}
