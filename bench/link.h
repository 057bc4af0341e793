/* What the bare programs share: a worker's socket and threads, a connection, hashes of a file. */
#ifndef GATEPOST_BENCH_LINK_H
#define GATEPOST_BENCH_LINK_H

#include <stddef.h>

#include <mysql.h>

#define LINK_HASH_BYTES 32
#define LINK_COLUMNS_MAX 64

/* Whatever fails ends the program, with a line that says what. */
_Noreturn void link_fail(const char *what);

/* Of the database: socket, name, user, file of the password. */
#define LINK_ACCOUNT 4
MYSQL *link_open(char *const account[LINK_ACCOUNT]);
MYSQL_STMT *link_prepare(MYSQL *mysql, const char *sql);
/* Every column as text, in memory of its own, which is never freed. */
void link_bind_columns(MYSQL_STMT *stmt, MYSQL_BIND columns[LINK_COLUMNS_MAX]);

/* Each line ends with a hash in hexadecimal. Never freed. */
struct link_hashes {
	unsigned char (*list)[LINK_HASH_BYTES];
	size_t count;
};
struct link_hashes link_read_hashes(const char *path);

/* A socket that a web server of the same group may use. After FCGX_Init and mysql_library_init. */
int link_listen(const char *path);
/* So many threads (a number as text), for ever. */
_Noreturn void link_serve(const char *threads, void *(*serve)(void *context), void *context);

#endif
