/* The yardstick: bare libfcgi threads that run one statement, or none, and answer a constant. */
#include <fcgiapp.h>
#include <mysql.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec.h"
#include "stmt.h"

#define COLUMNS_MAX 64
#define COLUMN_BYTES 4096
#define HASH_BYTES 32
#define HASHES_MAX 100000

enum argument { SOCKET = 1, THREADS, MODE, HASHES, DB_SOCKET, DB_NAME, DB_USER, PASSWORD_FILE };

struct bench {
	char **argv;
	int fd;
	const char *sql; /* NULL: no statement */
	unsigned char (*hashes)[HASH_BYTES];
	size_t count;
};

/* A thread's own statement; hash and length are what it is bound to. */
struct query {
	MYSQL_STMT *stmt;
	MYSQL_BIND columns[COLUMNS_MAX];
	unsigned char hash[HASH_BYTES];
	unsigned long length;
	uint64_t random;
};

static void fail(const char *what)
{
	(void)fprintf(stderr, "bench_bare: %s\n", what);
	exit(1);
}

static void read_line(const char *path, char *text, size_t n)
{
	FILE *file = fopen(path, "re");
	if (file == NULL || fgets(text, (int)n, file) == NULL)
		fail("no password");
	text[strcspn(text, "\n")] = '\0';
	(void)fclose(file);
}

/* Each line ends with a hash in hexadecimal. */
static void read_hashes(struct bench *bench)
{
	char line[256];
	FILE *file = fopen(bench->argv[HASHES], "re");
	bench->hashes = calloc(HASHES_MAX, sizeof *bench->hashes);
	if (file == NULL || bench->hashes == NULL)
		fail("no hashes");
	while (bench->count < HASHES_MAX && fgets(line, sizeof line, file) != NULL) {
		size_t n = strcspn(line, "\n");
		struct str hex = {.p = line + n - (size_t)2 * HASH_BYTES,
				  .n = (size_t)2 * HASH_BYTES};
		if (n < hex.n ||
		    codec_hex_decode(hex, bench->hashes[bench->count++], HASH_BYTES) != OK)
			fail("a hash is wrong");
	}
	(void)fclose(file);
	if (bench->count == 0)
		fail("no hashes");
}

static MYSQL_STMT *prepare(const struct bench *bench)
{
	char password[256];
	MYSQL *mysql = mysql_init(NULL);
	read_line(bench->argv[PASSWORD_FILE], password, sizeof password);
	if (mysql == NULL ||
	    mysql_real_connect(mysql, NULL, bench->argv[DB_USER], password, bench->argv[DB_NAME], 0,
			       bench->argv[DB_SOCKET], 0) == NULL)
		fail("no database");
	MYSQL_STMT *stmt = mysql_stmt_init(mysql);
	if (stmt == NULL ||
	    mysql_stmt_prepare(stmt, bench->sql, (unsigned long)strlen(bench->sql)) != 0)
		fail("no statement");
	return stmt;
}

static void bind(struct query *query)
{
	query->length = HASH_BYTES;
	MYSQL_BIND param = {.buffer_type = MYSQL_TYPE_BLOB,
			    .buffer = query->hash,
			    .buffer_length = HASH_BYTES,
			    .length = &query->length};
	unsigned n = mysql_stmt_field_count(query->stmt);
	if (n > COLUMNS_MAX || mysql_stmt_bind_param(query->stmt, &param) != 0)
		fail("cannot bind");
	for (unsigned i = 0; i < n; i++) {
		query->columns[i].buffer_type = MYSQL_TYPE_STRING;
		query->columns[i].buffer = calloc(1, COLUMN_BYTES);
		query->columns[i].buffer_length = COLUMN_BYTES;
	}
	if (mysql_stmt_bind_result(query->stmt, query->columns) != 0)
		fail("cannot bind");
}

/* Of a random one of the hashes (xorshift64). */
static int is_found(const struct bench *bench, struct query *query)
{
	query->random ^= query->random << 13;
	query->random ^= query->random >> 7;
	query->random ^= query->random << 17;
	memcpy(query->hash, bench->hashes[query->random % bench->count], HASH_BYTES);
	int found = mysql_stmt_execute(query->stmt) == 0 && mysql_stmt_fetch(query->stmt) == 0;
	(void)mysql_stmt_free_result(query->stmt);
	return found;
}

static void *serve(void *context)
{
	const struct bench *bench = context;
	struct query query = {.stmt = NULL, .random = (uint64_t)(uintptr_t)&query | 1};
	if (bench->sql != NULL) {
		query.stmt = prepare(bench);
		bind(&query);
	}
	FCGX_Request request;
	FCGX_InitRequest(&request, bench->fd, 0);
	while (FCGX_Accept_r(&request) == 0) {
		int fine = bench->sql == NULL || is_found(bench, &query);
		FCGX_PutS(fine ? "Status: 200 OK\r\nContent-Type: "
				 "application/json\r\nContent-Length: 12\r\n\r\n{\"ok\": true}"
			       : "Status: 500 Internal Server Error\r\n\r\n",
			  request.out);
		FCGX_Finish_r(&request);
	}
	return NULL;
}

static const char *sql_of(const char *mode)
{
	if (strcmp(mode, "check") == 0)
		return stmt_def(STMT_SESSION_BY_HASH_1)->sql;
	if (strcmp(mode, "key") == 0)
		return "SELECT id, epoch, state, user_id, last_seen, idle_end, expires_at "
		       "FROM session WHERE hash = ?";
	if (strcmp(mode, "hello") != 0)
		fail("the mode is hello, key or check");
	return NULL;
}

int main(int argc, char **argv)
{
	struct bench bench = {.argv = argv};
	if (argc != PASSWORD_FILE + 1)
		fail("usage: SOCKET THREADS hello|key|check HASHES_FILE DB_SOCKET DB_NAME DB_USER "
		     "PASSWORD_FILE");
	bench.sql = sql_of(argv[MODE]);
	read_hashes(&bench);
	FCGX_Init();
	if (mysql_library_init(0, NULL, NULL) != 0)
		fail("no library");
	/* The web server is in the socket's group, or the same user. */
	(void)umask(0117);
	bench.fd = FCGX_OpenSocket(argv[SOCKET], 1024);
	unsigned long threads = strtoul(argv[THREADS], NULL, 10);
	for (unsigned long i = 0; i < threads; i++) {
		pthread_t thread;
		if (pthread_create(&thread, NULL, serve, &bench) != 0)
			fail("no thread");
	}
	for (;;)
		(void)pause();
}
