/* The yardstick: bare libfcgi threads that run Gatepost's own check statement and answer a
 * constant. */
#include <fcgiapp.h>
#include <mysql.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stmt.h"

#define COLUMNS_MAX 64
#define COLUMN_BYTES 4096

/* Arguments: SOCKET THREADS DB_SOCKET DB_NAME DB_USER PASSWORD_FILE HASH_HEX (or "hello" for no
 * statement). */
struct bench {
	int fd;
	char **argv;
	unsigned char hash[32];
	int hello;
};

static void fail(const char *what)
{
	(void)fprintf(stderr, "bench_bare: %s\n", what);
	exit(1);
}

static void read_password(const char *path, char *text, size_t n)
{
	FILE *file = fopen(path, "re");
	if (file == NULL || fgets(text, (int)n, file) == NULL)
		fail("no password");
	text[strcspn(text, "\n")] = '\0';
	(void)fclose(file);
}

static MYSQL_STMT *prepare(const struct bench *bench)
{
	char password[256];
	MYSQL *mysql = mysql_init(NULL);
	read_password(bench->argv[6], password, sizeof password);
	if (mysql == NULL || mysql_real_connect(mysql, NULL, bench->argv[5], password,
						bench->argv[4], 0, bench->argv[3], 0) == NULL)
		fail("no database");
	MYSQL_STMT *stmt = mysql_stmt_init(mysql);
	const char *sql = stmt_def(STMT_SESSION_BY_HASH_1)->sql;
	if (stmt == NULL || mysql_stmt_prepare(stmt, sql, (unsigned long)strlen(sql)) != 0)
		fail("no statement");
	return stmt;
}

static void bind(const struct bench *bench, MYSQL_STMT *stmt, MYSQL_BIND *columns)
{
	static const unsigned long hash_length = 32;
	unsigned long length = hash_length;
	MYSQL_BIND param = {.buffer_type = MYSQL_TYPE_BLOB, .buffer_length = 32, .length = &length};
	unsigned char hash[32];
	memcpy(hash, bench->hash, sizeof hash);
	param.buffer = hash;
	unsigned n = mysql_stmt_field_count(stmt);
	if (n > COLUMNS_MAX || mysql_stmt_bind_param(stmt, &param) != 0)
		fail("cannot bind");
	for (unsigned i = 0; i < n; i++) {
		columns[i].buffer_type = MYSQL_TYPE_STRING;
		columns[i].buffer = calloc(1, COLUMN_BYTES);
		columns[i].buffer_length = COLUMN_BYTES;
	}
	if (mysql_stmt_bind_result(stmt, columns) != 0)
		fail("cannot bind");
	/* param is copied by the library; its buffer is not, so the first run happens here. */
	if (mysql_stmt_execute(stmt) != 0 || mysql_stmt_fetch(stmt) != 0)
		fail("the row is not there");
	(void)mysql_stmt_free_result(stmt);
}

static void *serve(void *context)
{
	struct bench *bench = context;
	MYSQL_STMT *stmt = NULL;
	MYSQL_BIND columns[COLUMNS_MAX] = {0};
	unsigned long length = 32;
	MYSQL_BIND param = {.buffer_type = MYSQL_TYPE_BLOB,
			    .buffer = bench->hash,
			    .buffer_length = 32,
			    .length = &length};
	if (!bench->hello) {
		stmt = prepare(bench);
		bind(bench, stmt, columns);
		(void)mysql_stmt_bind_param(stmt, &param);
	}
	FCGX_Request request;
	FCGX_InitRequest(&request, bench->fd, 0);
	while (FCGX_Accept_r(&request) == 0) {
		int found = bench->hello ||
			    (mysql_stmt_execute(stmt) == 0 && mysql_stmt_fetch(stmt) == 0);
		if (!bench->hello)
			(void)mysql_stmt_free_result(stmt);
		FCGX_PutS(found ? "Status: 200 OK\r\nContent-Type: "
				  "application/json\r\nContent-Length: 12\r\n\r\n{\"ok\": true}"
				: "Status: 500 Internal Server Error\r\n\r\n",
			  request.out);
		FCGX_Finish_r(&request);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	struct bench bench = {.argv = argv};
	if (argc != 8)
		fail("usage: SOCKET THREADS DB_SOCKET DB_NAME DB_USER PASSWORD_FILE "
		     "HASH_HEX|hello");
	bench.hello = strcmp(argv[7], "hello") == 0;
	for (size_t i = 0; !bench.hello && i < sizeof bench.hash; i++) {
		char pair[3] = {argv[7][2 * i], argv[7][2 * i + 1], '\0'};
		bench.hash[i] = (unsigned char)strtoul(pair, NULL, 16);
	}
	FCGX_Init();
	if (mysql_library_init(0, NULL, NULL) != 0)
		fail("no library");
	bench.fd = FCGX_OpenSocket(argv[1], 1024);
	unsigned long threads = strtoul(argv[2], NULL, 10);
	for (unsigned long i = 0; i < threads; i++) {
		pthread_t thread;
		if (pthread_create(&thread, NULL, serve, &bench) != 0)
			fail("no thread");
	}
	for (;;)
		(void)pause();
}
