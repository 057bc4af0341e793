/* Failures of the database, injected where the store calls the client library (ld --wrap). */
#include "fault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <errmsg.h>
#include <mysql.h>
#include <mysqld_error.h>

#define CALLS_MAX 4096
#define STATEMENTS_MAX 512 /* more than are prepared at one time */
#define STORM_ONE_IN 8

MYSQL *__real_mysql_real_connect(MYSQL *mysql, const char *host, const char *user,
				 const char *password, const char *db, unsigned int port,
				 const char *path, unsigned long flags);
MYSQL *__wrap_mysql_real_connect(MYSQL *mysql, const char *host, const char *user,
				 const char *password, const char *db, unsigned int port,
				 const char *path, unsigned long flags);
int __real_mysql_real_query(MYSQL *mysql, const char *text, unsigned long n);
int __wrap_mysql_real_query(MYSQL *mysql, const char *text, unsigned long n);
int __real_mysql_stmt_prepare(MYSQL_STMT *stmt, const char *text, unsigned long n);
int __wrap_mysql_stmt_prepare(MYSQL_STMT *stmt, const char *text, unsigned long n);
int __real_mysql_stmt_execute(MYSQL_STMT *stmt);
int __wrap_mysql_stmt_execute(MYSQL_STMT *stmt);
int __real_mysql_stmt_fetch(MYSQL_STMT *stmt);
int __wrap_mysql_stmt_fetch(MYSQL_STMT *stmt);

#define BIT(place) (1U << (place))
#define TEXT_PLACES (BIT(FAULT_BEGIN) | BIT(FAULT_COMMIT) | BIT(FAULT_OTHER_TEXT))
#define SENT_PLACES (BIT(FAULT_SET_UP) | BIT(FAULT_PREPARE) | BIT(FAULT_EXECUTE) | TEXT_PLACES)

static const struct {
	const char *name;
	unsigned number; /* 0: the connection is cut instead */
	unsigned places;
} kinds[FAULT_KIND_COUNT] = {
	[FAULT_NONE] = {"none", 0, 0},
	[FAULT_LOST_BEFORE] = {"lost before", 0,
			       SENT_PLACES | BIT(FAULT_CONNECT) | BIT(FAULT_FETCH)},
	[FAULT_LOST_AFTER] = {"lost after", 0, SENT_PLACES},
	[FAULT_GONE_BEFORE] = {"gone before", 0,
			       SENT_PLACES | BIT(FAULT_CONNECT) | BIT(FAULT_FETCH)},
	[FAULT_GONE_AFTER] = {"gone after", 0, SENT_PLACES},
	[FAULT_DEADLOCK] = {"deadlock", ER_LOCK_DEADLOCK,
			    BIT(FAULT_EXECUTE) | BIT(FAULT_COMMIT) | BIT(FAULT_OTHER_TEXT)},
	[FAULT_DEADLOCKS] = {"deadlocks", ER_LOCK_DEADLOCK, BIT(FAULT_EXECUTE)},
	[FAULT_UNDONE] = {"undone", ER_LOCK_DEADLOCK, BIT(FAULT_EXECUTE)},
	[FAULT_LOCK_WAIT] = {"lock wait", ER_LOCK_WAIT_TIMEOUT,
			     BIT(FAULT_EXECUTE) | BIT(FAULT_COMMIT) | BIT(FAULT_SET_UP)},
	[FAULT_TIMEOUT] = {"timeout", ER_STATEMENT_TIMEOUT, SENT_PLACES | BIT(FAULT_FETCH)},
	[FAULT_READ_ONLY] = {"read only", ER_OPTION_PREVENTS_STATEMENT,
			     BIT(FAULT_EXECUTE) | TEXT_PLACES},
	[FAULT_READ_ONLY_TRX] = {"read only transaction", ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION,
				 BIT(FAULT_EXECUTE)},
	[FAULT_DISK_FULL] = {"disk full", ER_DISK_FULL, BIT(FAULT_EXECUTE) | TEXT_PLACES},
	[FAULT_TABLE_FULL] = {"table full", ER_RECORD_FILE_FULL, BIT(FAULT_EXECUTE)},
	[FAULT_TOO_MANY] = {"too many", ER_CON_COUNT_ERROR,
			    BIT(FAULT_CONNECT) | BIT(FAULT_PREPARE)},
	[FAULT_MEMORY] = {"no memory", CR_OUT_OF_MEMORY, BIT(FAULT_EXECUTE) | TEXT_PLACES},
	[FAULT_STORM] = {"storm", 0, 0},
};

static struct {
	bool armed;
	enum fault_kind kind;
	enum fault_side side;
	unsigned at;
	unsigned calls[FAULT_SIDES];
	uint64_t seed;
	bool struck, gone, always;
	enum fault_place places[FAULT_SIDES][CALLS_MAX];
	void (*lasting)(void);
	bool hit[STMT_COUNT][FAULT_KIND_COUNT];
	struct {
		MYSQL_STMT *stmt;
		enum stmt id;
	} prepared[STATEMENTS_MAX];
	size_t next;
} fault;

const char *fault_name(enum fault_kind kind)
{
	return kinds[kind].name;
}

bool fault_fits(enum fault_kind kind, enum fault_place place)
{
	return (kinds[kind].places & BIT(place)) != 0;
}

void fault_arm(enum fault_kind kind, enum fault_side side, unsigned at)
{
	fault.armed = true;
	fault.kind = kind;
	fault.side = side;
	fault.at = at;
	memset(fault.calls, 0, sizeof fault.calls);
	fault.struck = fault.gone = fault.always = false;
}

void fault_seed(uint64_t seed)
{
	fault.seed = seed;
}

bool fault_disarm(void)
{
	fault.armed = false;
	return fault.struck;
}

unsigned fault_calls(enum fault_side side)
{
	return fault.calls[side];
}

enum fault_place fault_place_of(enum fault_side side, unsigned at)
{
	return fault.places[side][at - 1];
}

void fault_watch(void (*lasting)(void))
{
	fault.lasting = lasting;
}

bool fault_has_hit(enum stmt stmt, enum fault_kind kind)
{
	return fault.hit[stmt][kind];
}

/* splitmix64: the same storm for the same seed. */
static uint64_t next_random(void)
{
	uint64_t z = fault.seed += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static enum fault_kind storm_at(enum fault_place place)
{
	enum fault_kind kind = FAULT_NONE;

	if (next_random() % STORM_ONE_IN != 0)
		return FAULT_NONE;
	do
		kind = (enum fault_kind)(next_random() % FAULT_STORM);
	while (!fault_fits(kind, place) || kind == FAULT_DEADLOCKS);
	return kind;
}

static enum fault_side side_of(enum fault_place place)
{
	return place <= FAULT_PREPARE ? FAULT_OPENING : FAULT_RUNNING;
}

static enum fault_kind choose(enum fault_place place, enum fault_side side)
{
	bool here = side == fault.side && fault.calls[side] == fault.at;

	if (fault.gone && place == FAULT_CONNECT)
		return FAULT_GONE_BEFORE;
	if (fault.kind == FAULT_STORM)
		return storm_at(place);
	if ((here || fault.always) && fault_fits(fault.kind, place))
		return fault.kind;
	return FAULT_NONE;
}

/* What happens to this call. */
static enum fault_kind decide(enum fault_place place)
{
	enum fault_side side = side_of(place);
	enum fault_kind kind = FAULT_NONE;

	if (!fault.armed)
		return FAULT_NONE;
	if (fault.calls[side] == CALLS_MAX) {
		fprintf(stderr, "an act of more than %d calls\n", CALLS_MAX);
		abort();
	}
	fault.places[side][fault.calls[side]++] = place;
	kind = choose(place, side);
	if (kind == FAULT_NONE)
		return FAULT_NONE;
	fault.struck = true;
	fault.always = fault.always || kind == FAULT_DEADLOCKS;
	fault.gone = fault.gone || (fault.kind != FAULT_STORM &&
				    (kind == FAULT_GONE_BEFORE || kind == FAULT_GONE_AFTER));
	return kind;
}

static bool is_before(enum fault_kind kind)
{
	return kind == FAULT_LOST_BEFORE || kind == FAULT_GONE_BEFORE;
}

static bool is_after(enum fault_kind kind)
{
	return kind == FAULT_LOST_AFTER || kind == FAULT_GONE_AFTER;
}

static void cut(MYSQL *mysql)
{
	(void)shutdown(mysql_get_socket(mysql), SHUT_RDWR);
}

static int fail(MYSQL *mysql, unsigned number)
{
	mysql->net.last_errno = number;
	snprintf(mysql->net.last_error, sizeof mysql->net.last_error, "injected");
	return 1;
}

static int fail_stmt(MYSQL_STMT *stmt, unsigned number)
{
	stmt->last_errno = number;
	return 1;
}

static bool is_open(const MYSQL *mysql)
{
	return (mysql->server_status & SERVER_STATUS_IN_TRANS) != 0;
}

static void note_lasting(const MYSQL *mysql)
{
	if (fault.armed && fault.lasting != NULL && !is_open(mysql))
		fault.lasting();
}

/* What a server has done when it answers so. */
static void undo(MYSQL *mysql, enum fault_kind kind)
{
	if (kind == FAULT_DEADLOCK || kind == FAULT_DEADLOCKS)
		(void)__real_mysql_real_query(mysql, "ROLLBACK", 8);
}

MYSQL *__wrap_mysql_real_connect(MYSQL *mysql, const char *host, const char *user,
				 const char *password, const char *db, unsigned int port,
				 const char *path, unsigned long flags)
{
	enum fault_kind kind = decide(FAULT_CONNECT);

	if (kind != FAULT_NONE) {
		(void)fail(mysql, kind == FAULT_GONE_BEFORE   ? CR_CONNECTION_ERROR
				  : kind == FAULT_LOST_BEFORE ? CR_SERVER_LOST
							      : kinds[kind].number);
		return NULL;
	}
	return __real_mysql_real_connect(mysql, host, user, password, db, port, path, flags);
}

static enum fault_place place_of_text(const char *text)
{
	if (strcmp(text, "START TRANSACTION") == 0)
		return FAULT_BEGIN;
	if (strcmp(text, "COMMIT") == 0)
		return FAULT_COMMIT;
	if (strcmp(text, stmt_def(STMT_SCHEMA_VERSION)->sql) == 0 || strncmp(text, "SET ", 4) == 0)
		return FAULT_SET_UP;
	return FAULT_OTHER_TEXT;
}

/* Of COMMIT: an answer that does not say what became of it comes when it was done. */
static bool is_done_first(enum fault_kind kind, enum fault_place place)
{
	return is_after(kind) || kind == FAULT_MEMORY ||
	       (kind == FAULT_TIMEOUT && place == FAULT_COMMIT);
}

static int fail_text(MYSQL *mysql, enum fault_kind kind, enum fault_place place)
{
	if (is_after(kind)) {
		cut(mysql);
		return fail(mysql, CR_SERVER_LOST);
	}
	if (place == FAULT_COMMIT && !is_done_first(kind, place))
		(void)__real_mysql_real_query(mysql, "ROLLBACK", 8);
	return fail(mysql, kinds[kind].number);
}

int __wrap_mysql_real_query(MYSQL *mysql, const char *text, unsigned long n)
{
	enum fault_place place = place_of_text(text);
	enum fault_kind kind = decide(place);
	int e = 0;

	if (place == FAULT_SET_UP)
		fault.hit[STMT_SCHEMA_VERSION][kind] = true;
	if (is_before(kind))
		cut(mysql);
	if (kind == FAULT_NONE || is_before(kind) || is_done_first(kind, place)) {
		e = __real_mysql_real_query(mysql, text, n);
		if (e == 0 && place == FAULT_COMMIT)
			note_lasting(mysql);
	}
	if (e != 0 || kind == FAULT_NONE || is_before(kind))
		return e;
	return fail_text(mysql, kind, place);
}

/* The oldest is of a connection long gone. */
static void remember(MYSQL_STMT *stmt, const char *text)
{
	size_t at = 0;

	while (at < STATEMENTS_MAX && fault.prepared[at].stmt != stmt)
		at++;
	if (at == STATEMENTS_MAX)
		at = fault.next++ % STATEMENTS_MAX;
	fault.prepared[at].stmt = stmt;
	fault.prepared[at].id = STMT_COUNT;
	for (unsigned i = 0; i < STMT_COUNT; i++)
		if (stmt_def((enum stmt)i)->sql == text)
			fault.prepared[at].id = (enum stmt)i;
}

static void note_hit(const MYSQL_STMT *stmt, enum fault_kind kind)
{
	for (size_t i = 0; i < STATEMENTS_MAX; i++)
		if (fault.prepared[i].stmt == stmt && fault.prepared[i].id != STMT_COUNT)
			fault.hit[fault.prepared[i].id][kind] = true;
}

int __wrap_mysql_stmt_prepare(MYSQL_STMT *stmt, const char *text, unsigned long n)
{
	enum fault_kind kind = decide(FAULT_PREPARE);
	int e = 0;

	remember(stmt, text);
	if (kind == FAULT_TOO_MANY)
		return fail_stmt(stmt, ER_MAX_PREPARED_STMT_COUNT_REACHED);
	if (kind == FAULT_TIMEOUT)
		return fail_stmt(stmt, ER_STATEMENT_TIMEOUT);
	if (is_before(kind))
		cut(stmt->mysql);
	e = __real_mysql_stmt_prepare(stmt, text, n);
	if (e != 0 || !is_after(kind))
		return e;
	cut(stmt->mysql);
	return fail_stmt(stmt, CR_SERVER_LOST);
}

/* A reading statement finds nothing of it; a writing one is undone with the rest. Both report
 * success; of one that fails a server that undid the rest would say so (a deadlock). */
static int execute_undone(MYSQL_STMT *stmt)
{
	MYSQL *mysql = stmt->mysql;
	bool reads = mysql_stmt_field_count(stmt) > 0;
	bool open = is_open(mysql);
	int e = 0;

	if (open && reads)
		(void)__real_mysql_real_query(mysql, "ROLLBACK", 8);
	e = __real_mysql_stmt_execute(stmt);
	if (e == 0 && open && !reads)
		(void)__real_mysql_real_query(mysql, "ROLLBACK", 8);
	if (e == 0 && !open)
		note_lasting(mysql);
	return e;
}

int __wrap_mysql_stmt_execute(MYSQL_STMT *stmt)
{
	enum fault_kind kind = decide(FAULT_EXECUTE);
	int e = 0;

	note_hit(stmt, kind);
	if (kind == FAULT_UNDONE)
		return execute_undone(stmt);
	if (is_before(kind))
		cut(stmt->mysql);
	if (kind == FAULT_NONE || is_before(kind) || is_after(kind) || kind == FAULT_MEMORY) {
		e = __real_mysql_stmt_execute(stmt);
		if (e == 0)
			note_lasting(stmt->mysql);
	}
	if (e != 0 || kind == FAULT_NONE || is_before(kind))
		return e;
	if (is_after(kind)) {
		cut(stmt->mysql);
		return fail_stmt(stmt, CR_SERVER_LOST);
	}
	undo(stmt->mysql, kind);
	return fail_stmt(stmt, kinds[kind].number);
}

int __wrap_mysql_stmt_fetch(MYSQL_STMT *stmt)
{
	enum fault_kind kind = decide(FAULT_FETCH);

	if (kind == FAULT_NONE)
		return __real_mysql_stmt_fetch(stmt);
	if (is_before(kind)) {
		cut(stmt->mysql);
		return fail_stmt(stmt, CR_SERVER_LOST);
	}
	return fail_stmt(stmt, kinds[kind].number);
}
