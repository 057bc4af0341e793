/*
 * The yardstick of a refresh: bare libfcgi threads that run Gatepost's statements in one durable
 * transaction, sign once, and answer a constant pair. Each thread has a chain of tokens of its own.
 */
#include <fcgiapp.h>
#include <mysql.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "ed25519.h"
#include "ident.h"
#include "link.h"
#include "row.h"
#include "stmt.h"

#define PARAMS_MAX 8
#define MESSAGE                                                                                    \
	"eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCIsImtpZCI6InRoZSB0aHVtYnByaW50IG9mIGEga2V5In0."
#define PAYLOAD_BYTES 460 /* of an access token's, in base64url */
#define ANSWER_BYTES 1024

enum argument { SOCKET = 1, THREADS, HASHES, ACCOUNT, COUNT = ACCOUNT + LINK_ACCOUNT };

static const enum stmt statements[] = {
	STMT_TOKEN_FIND,
	STMT_TOKEN_TOUCH_SESSION,
	STMT_TOKEN_USE,
	STMT_TOKEN_INSERT,
};

enum part { FIND, TOUCH, USE, INSERT, PARTS };

struct bench {
	char **argv;
	int fd;
	struct link_hashes hashes;
	atomic_size_t taken;
	char answer[ANSWER_BYTES];
};

/* A parameter is a number or bytes, as the letters of its statement say. */
struct param {
	int64_t number;
	unsigned char bytes[LINK_HASH_BYTES];
	unsigned long length;
};

struct query {
	const struct stmt_def *def;
	MYSQL_STMT *stmt;
	struct param params[PARAMS_MAX];
	MYSQL_BIND binds[PARAMS_MAX];
	MYSQL_BIND columns[LINK_COLUMNS_MAX];
};

struct chain {
	MYSQL *mysql;
	struct query queries[PARTS];
	unsigned char first[LINK_HASH_BYTES]; /* whoever puts it back may begin anew */
	unsigned char hash[LINK_HASH_BYTES];  /* of the token that is good now */
	struct ed25519_secret secret;
	struct str message;
};

static void prepare(MYSQL *mysql, enum stmt stmt, struct query *query)
{
	query->def = stmt_def(stmt);
	query->stmt = link_prepare(mysql, query->def->sql);
	for (size_t i = 0; query->def->params[i] != '\0'; i++) {
		struct param *param = &query->params[i];
		bool is_number = query->def->params[i] == 'i';
		if (i == PARAMS_MAX)
			link_fail("too many parameters");
		query->binds[i] = (MYSQL_BIND){
			.buffer_type = is_number ? MYSQL_TYPE_LONGLONG : MYSQL_TYPE_BLOB,
			.buffer = is_number ? (void *)&param->number : param->bytes,
			.buffer_length = sizeof param->bytes,
			.length = &param->length,
		};
	}
	if (mysql_stmt_bind_param(query->stmt, query->binds) != 0)
		link_fail("cannot bind");
	link_bind_columns(query->stmt, query->columns);
}

static void set_bytes(struct query *query, size_t at, const void *bytes, size_t n)
{
	memcpy(query->params[at].bytes, bytes, n);
	query->params[at].length = n;
}

static void set_random(struct query *query, size_t at, size_t n)
{
	const struct id ids[] = {id_random(), id_random()};
	set_bytes(query, at, ids, n);
}

static const char *column(const struct query *query, const char *name)
{
	for (size_t i = 0; i < query->def->col_count; i++)
		if (strcmp(query->def->cols[i].name, name) == 0)
			return query->columns[i].buffer;
	link_fail("no such column");
}

static bool finds(struct chain *chain)
{
	struct query *find = &chain->queries[FIND];
	set_bytes(find, 0, chain->hash, LINK_HASH_BYTES);
	set_bytes(find, 1, chain->hash, LINK_HASH_BYTES);
	bool found = mysql_stmt_execute(find->stmt) == 0 && mysql_stmt_fetch(find->stmt) == 0;
	(void)mysql_stmt_free_result(find->stmt);
	return found;
}

/* Exactly one row was written. */
static bool writes(const struct query *query)
{
	return mysql_stmt_execute(query->stmt) == 0 && mysql_stmt_affected_rows(query->stmt) == 1;
}

static bool sends(MYSQL *mysql, const char *sql)
{
	return mysql_real_query(mysql, sql, (unsigned long)strlen(sql)) == 0;
}

static void fill(struct chain *chain)
{
	const struct query *find = &chain->queries[FIND];
	struct query *touch = &chain->queries[TOUCH];
	struct query *use = &chain->queries[USE];
	struct query *insert = &chain->queries[INSERT];
	int64_t now = clock_now();

	touch->params[0].number = now;
	touch->params[1].number = now + CLOCK_DAY;
	set_random(touch, 2, ID_BYTES);
	set_bytes(touch, 3, column(find, "id"), ID_BYTES);
	touch->params[4].number = strtoll(column(find, "epoch"), NULL, 10);
	use->params[0].number = now;
	set_random(use, 1, ID_BYTES);
	set_random(use, 2, LINK_HASH_BYTES);
	set_random(use, 3, LINK_HASH_BYTES);
	set_bytes(use, 4, chain->hash, LINK_HASH_BYTES);
	set_bytes(insert, 0, use->params[2].bytes, LINK_HASH_BYTES);
	set_bytes(insert, 1, column(find, "id"), ID_BYTES);
	set_bytes(insert, 2, touch->params[2].bytes, ID_BYTES);
	insert->params[3].number = now;
	insert->params[4].number = strtoll(column(find, "token_end"), NULL, 10);
}

static bool exchanges(struct chain *chain)
{
	unsigned char signature[ED25519_SIGNATURE];

	if (!finds(chain)) {
		memcpy(chain->hash, chain->first, LINK_HASH_BYTES);
		if (!finds(chain))
			return false;
	}
	fill(chain);
	if (!sends(chain->mysql, "START TRANSACTION") || !writes(&chain->queries[TOUCH]) ||
	    !writes(&chain->queries[USE]) || !writes(&chain->queries[INSERT]) ||
	    !sends(chain->mysql, "COMMIT")) {
		(void)sends(chain->mysql, "ROLLBACK");
		return false;
	}
	memcpy(chain->hash, chain->queries[USE].params[2].bytes, LINK_HASH_BYTES);
	ed25519_sign(&chain->secret, chain->message, signature);
	return true;
}

static void begin(struct bench *bench, struct chain *chain)
{
	static const unsigned char seed[ED25519_SEED] = "the bench's own";
	struct ed25519_public public;
	size_t mine = atomic_fetch_add(&bench->taken, 1);

	chain->mysql = link_open(bench->argv + ACCOUNT);
	for (size_t i = 0; i < PARTS; i++)
		prepare(chain->mysql, statements[i], &chain->queries[i]);
	memcpy(chain->first, bench->hashes.list[mine % bench->hashes.count], LINK_HASH_BYTES);
	memcpy(chain->hash, chain->first, LINK_HASH_BYTES);
	ed25519_make(seed, &chain->secret, &public);
	chain->message = (struct str){bench->answer, sizeof MESSAGE - 1 + PAYLOAD_BYTES};
}

static void *serve(void *context)
{
	struct bench *bench = context;
	struct chain chain = {.mysql = NULL};
	char body[256];
	FCGX_Request request;

	begin(bench, &chain);
	FCGX_InitRequest(&request, bench->fd, 0);
	while (FCGX_Accept_r(&request) == 0) {
		while (FCGX_GetStr(body, sizeof body, request.in) == sizeof body)
			continue;
		if (exchanges(&chain))
			FCGX_FPrintF(request.out,
				     "Status: 200 OK\r\nContent-Type: application/json\r\n"
				     "Content-Length: %u\r\n\r\n%s",
				     (unsigned)strlen(bench->answer), bench->answer);
		else
			FCGX_PutS("Status: 500 Internal Server Error\r\n\r\n", request.out);
		FCGX_Finish_r(&request);
	}
	return NULL;
}

/* As long as a pair is. */
static void write_answer(struct bench *bench)
{
	char part[PAYLOAD_BYTES + 1];
	memset(part, 'x', PAYLOAD_BYTES);
	part[PAYLOAD_BYTES] = '\0';
	(void)snprintf(bench->answer, sizeof bench->answer,
		       "{\"access_token\":\"" MESSAGE "%s.%.86s\",\"token_type\":\"Bearer\","
		       "\"expires_in\":600,\"refresh_token\":\"gpr_%.43s\","
		       "\"refresh_expires_in\":1209600}",
		       part, part, part);
}

/* "NAME TEXT" for each, so that others may ask how they are planned. */
static int list_statements(void)
{
	for (size_t i = 0; i < PARTS; i++)
		(void)printf("%s %s\n", stmt_def(statements[i])->name,
			     stmt_def(statements[i])->sql);
	return 0;
}

int main(int argc, char **argv)
{
	struct bench bench = {.argv = argv};
	if (argc == 2 && strcmp(argv[1], "statements") == 0)
		return list_statements();
	if (argc != COUNT)
		link_fail("usage: statements, or SOCKET THREADS HASHES_FILE DB_SOCKET DB_NAME "
			  "DB_USER PASSWORD_FILE");
	write_answer(&bench);
	bench.hashes = link_read_hashes(argv[HASHES]);
	bench.fd = link_listen(argv[SOCKET]);
	link_serve(argv[THREADS], serve, &bench);
}
