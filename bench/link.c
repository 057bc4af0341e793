/* What the bare programs share: a worker's socket and threads, a connection, hashes of a file. */
#include "link.h"

#include <fcgiapp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec.h"

#define COLUMN_BYTES 4096
#define HASHES_MAX 100000

enum account { DB_SOCKET, DB_NAME, DB_USER, PASSWORD_FILE };

_Noreturn void link_fail(const char *what)
{
	(void)fprintf(stderr, "bench: %s\n", what);
	exit(1);
}

static void read_line(const char *path, char *text, size_t n)
{
	FILE *file = fopen(path, "re");
	if (file == NULL || fgets(text, (int)n, file) == NULL)
		link_fail("no password");
	text[strcspn(text, "\n")] = '\0';
	(void)fclose(file);
}

MYSQL *link_open(char *const account[LINK_ACCOUNT])
{
	char password[256];
	MYSQL *mysql = mysql_init(NULL);
	read_line(account[PASSWORD_FILE], password, sizeof password);
	if (mysql == NULL || mysql_real_connect(mysql, NULL, account[DB_USER], password,
						account[DB_NAME], 0, account[DB_SOCKET], 0) == NULL)
		link_fail("no database");
	return mysql;
}

MYSQL_STMT *link_prepare(MYSQL *mysql, const char *sql)
{
	MYSQL_STMT *stmt = mysql_stmt_init(mysql);
	if (stmt == NULL || mysql_stmt_prepare(stmt, sql, (unsigned long)strlen(sql)) != 0)
		link_fail("no statement");
	return stmt;
}

void link_bind_columns(MYSQL_STMT *stmt, MYSQL_BIND columns[LINK_COLUMNS_MAX])
{
	unsigned n = mysql_stmt_field_count(stmt);
	if (n > LINK_COLUMNS_MAX)
		link_fail("too many columns");
	for (unsigned i = 0; i < n; i++) {
		columns[i].buffer_type = MYSQL_TYPE_STRING;
		columns[i].buffer = calloc(1, COLUMN_BYTES);
		columns[i].buffer_length = COLUMN_BYTES;
		if (columns[i].buffer == NULL)
			link_fail("no memory");
	}
	if (n > 0 && mysql_stmt_bind_result(stmt, columns) != 0)
		link_fail("cannot bind");
}

struct link_hashes link_read_hashes(const char *path)
{
	char line[256];
	FILE *file = fopen(path, "re");
	struct link_hashes hashes = {.list = calloc(HASHES_MAX, sizeof *hashes.list)};
	if (file == NULL || hashes.list == NULL)
		link_fail("no hashes");
	while (hashes.count < HASHES_MAX && fgets(line, sizeof line, file) != NULL) {
		size_t n = strcspn(line, "\n");
		struct str hex = {.p = line + n - (size_t)2 * LINK_HASH_BYTES,
				  .n = (size_t)2 * LINK_HASH_BYTES};
		if (n < hex.n ||
		    codec_hex_decode(hex, hashes.list[hashes.count++], LINK_HASH_BYTES) != OK)
			link_fail("a hash is wrong");
	}
	(void)fclose(file);
	if (hashes.count == 0)
		link_fail("no hashes");
	return hashes;
}

int link_listen(const char *path)
{
	FCGX_Init();
	if (mysql_library_init(0, NULL, NULL) != 0)
		link_fail("no library");
	/* The web server is in the socket's group, or the same user. */
	(void)umask(0117);
	return FCGX_OpenSocket(path, 1024);
}

_Noreturn void link_serve(const char *threads, void *(*serve)(void *context), void *context)
{
	unsigned long count = strtoul(threads, NULL, 10);
	for (unsigned long i = 0; i < count; i++) {
		pthread_t thread;
		if (pthread_create(&thread, NULL, serve, context) != 0)
			link_fail("no thread");
	}
	for (;;)
		(void)pause();
}
