/* A migrated database and its five accounts, for the tests of the store; started by
 * with-mariadb.mjs. */
#ifndef GATEPOST_TEST_FIXTURE_H
#define GATEPOST_TEST_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <mysql.h>

#include "arena.h"
#include "audit_store.h"
#include "config.h"
#include "db.h"
#include "device_store.h"
#include "migrate.h"
#include "session_store.h"
#include "user_store.h"

/* 2026-01-01T00:00:00Z: the tests' own time. */
#define T0 INT64_C(1767225600000000)

struct fixture {
	struct config config;
	struct arena *arena;
	struct db *web;
	struct db *hash;
	struct db *guard;
	struct db *mail;
};

/* Group set-up and tear-down: *state is a struct fixture. */
int fixture_open(void **state);
int fixture_close(void **state);
/* Before a test: empties the tables, the arena too. */
int fixture_clean(void **state);

/* The settings of the private MariaDB, from the environment. */
void fixture_config(struct config *config);
/* Another connection; for a thread of its own or a second transaction. */
struct db *fixture_db(const struct config *config, enum db_role role);

/* A raw connection of an account; role DB_ROLE_COUNT: the server's administrator. */
MYSQL *fixture_raw(const struct config *config, enum db_role role);
/* Runs statements as the administrator, in the database of the fixture. */
void fixture_sql(const char *sql);
/* The one number that a query of the administrator answers. */
int64_t fixture_number(const char *sql);
/* The same of one text. */
void fixture_text(const char *sql, char *out, size_t room);
/* "kill", "stop", "restart", "freeze" or "thaw" the server; returns when it is done. */
void fixture_server(const char *command);

/* Rows with all that must be there; change what the test is about. */
struct user_row fixture_user(const char *username);
struct session_row fixture_session(struct id user_id);
struct digest fixture_digest(void);
/* Inserts them as web. */
struct id fixture_add_user(struct fixture *fixture, const char *username);
struct session_row fixture_add_session(struct fixture *fixture, struct id user_id);

#define assert_ok(expr) assert_int_equal((expr), OK)
#define assert_str(s, text)                                                                        \
	do {                                                                                       \
		struct str value_ = (s);                                                           \
		assert_int_equal(value_.n, strlen(text));                                          \
		assert_memory_equal(value_.p, (text), value_.n);                                   \
	} while (0)

#endif
