/* The yardstick: bare libfcgi threads that run one statement, or none, and answer a constant. */
#include <fcgiapp.h>
#include <mysql.h>
#include <stdint.h>
#include <string.h>

#include "link.h"
#include "stmt.h"

enum argument { SOCKET = 1, THREADS, MODE, HASHES, ACCOUNT, COUNT = ACCOUNT + LINK_ACCOUNT };

struct bench {
	char **argv;
	int fd;
	const char *sql; /* NULL: no statement */
	const char *answer;
	struct link_hashes hashes;
};

/* A thread's own statement; hash and length are what it is bound to. */
struct query {
	MYSQL_STMT *stmt;
	MYSQL_BIND columns[LINK_COLUMNS_MAX];
	unsigned char hash[LINK_HASH_BYTES];
	unsigned long length;
	uint64_t random;
};

static void bind(struct query *query)
{
	query->length = LINK_HASH_BYTES;
	MYSQL_BIND param = {.buffer_type = MYSQL_TYPE_BLOB,
			    .buffer = query->hash,
			    .buffer_length = LINK_HASH_BYTES,
			    .length = &query->length};
	if (mysql_stmt_bind_param(query->stmt, &param) != 0)
		link_fail("cannot bind");
	link_bind_columns(query->stmt, query->columns);
}

/* Of a random one of the hashes (xorshift64). */
static int is_found(const struct bench *bench, struct query *query)
{
	query->random ^= query->random << 13;
	query->random ^= query->random >> 7;
	query->random ^= query->random << 17;
	memcpy(query->hash, bench->hashes.list[query->random % bench->hashes.count],
	       LINK_HASH_BYTES);
	int found = mysql_stmt_execute(query->stmt) == 0 && mysql_stmt_fetch(query->stmt) == 0;
	(void)mysql_stmt_free_result(query->stmt);
	return found;
}

static void *serve(void *context)
{
	const struct bench *bench = context;
	struct query query = {.stmt = NULL, .random = (uint64_t)(uintptr_t)&query | 1};
	if (bench->sql != NULL) {
		query.stmt = link_prepare(link_open(bench->argv + ACCOUNT), bench->sql);
		bind(&query);
	}
	FCGX_Request request;
	FCGX_InitRequest(&request, bench->fd, 0);
	while (FCGX_Accept_r(&request) == 0) {
		int fine = bench->sql == NULL || is_found(bench, &query);
		FCGX_PutS(fine ? bench->answer : "Status: 500 Internal Server Error\r\n\r\n",
			  request.out);
		FCGX_Finish_r(&request);
	}
	return NULL;
}

static const char *sql_of(const char *mode)
{
	if (strcmp(mode, "check") == 0 || strcmp(mode, "authorize") == 0)
		return stmt_def(STMT_SESSION_BY_HASH_1)->sql;
	if (strcmp(mode, "key") == 0)
		return "SELECT id, epoch, state, user_id, last_seen, idle_end, expires_at "
		       "FROM session WHERE hash = ?";
	if (strcmp(mode, "hello") != 0)
		link_fail("the mode is hello, key, check or authorize");
	return NULL;
}

/* An authorizer's is a grant with a fact; whatever answers, it never reads what it is sent. */
static const char *answer_of(const char *mode)
{
	if (strcmp(mode, "authorize") == 0)
		return "Status: 200 OK\r\nVariable-REMOTE_USER: somebody\r\n\r\n";
	return "Status: 200 OK\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n"
	       "{\"ok\": true}";
}

int main(int argc, char **argv)
{
	struct bench bench = {.argv = argv};
	if (argc != COUNT)
		link_fail("usage: SOCKET THREADS hello|key|check|authorize HASHES_FILE DB_SOCKET "
			  "DB_NAME "
			  "DB_USER PASSWORD_FILE");
	bench.sql = sql_of(argv[MODE]);
	bench.answer = answer_of(argv[MODE]);
	bench.hashes = link_read_hashes(argv[HASHES]);
	bench.fd = link_listen(argv[SOCKET]);
	link_serve(argv[THREADS], serve, &bench);
}
