/* A migrated database and its five accounts, for the tests of the store. */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONTROL_FD 3

static const char *env(const char *name)
{
	const char *value = getenv(name);

	if (value == NULL) {
		fprintf(stderr, "%s is not set: run this with tests/support/with-mariadb.mjs\n",
			name);
		exit(1);
	}
	return value;
}

static struct db_account account(const char *role)
{
	char user[64];
	char password[64];
	struct db_account result = {.user = STR_NONE};

	snprintf(user, sizeof user, "GATEPOST_TEST_%s_USER", role);
	snprintf(password, sizeof password, "GATEPOST_TEST_%s_PASSWORD", role);
	result.user = str_of(env(user));
	result.password.len = strlen(env(password));
	result.password.bytes = (unsigned char *)getenv(password);
	return result;
}

void fixture_config(struct config *config)
{
	*config = (struct config){.file = STR("test")};
	config->server.sql_dir = STR(TEST_SOURCE_DIR "/sql");
	config->database.socket = str_of(env("GATEPOST_TEST_SOCKET"));
	config->database.name = str_of(env("GATEPOST_TEST_DB"));
	config->database.accounts[DB_ROLE_MIGRATE] = account("MIGRATE");
	config->database.accounts[DB_ROLE_WEB] = account("WEB");
	config->database.accounts[DB_ROLE_HASH] = account("HASH");
	config->database.accounts[DB_ROLE_GUARD] = account("GUARD");
	config->database.accounts[DB_ROLE_MAIL] = account("MAIL");
	config->database.connect_timeout = 5;
	config->database.read_timeout = 10;
	config->database.write_timeout = 10;
}

struct db *fixture_db(const struct config *config, enum db_role role)
{
	struct db *db = NULL;

	assert_ok(db_open(config, role, &db));
	return db;
}

int fixture_open(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);
	struct migrate_report report;
	struct fault fault;

	if (fixture == NULL || db_init() != OK ||
	    arena_open(4096, (size_t)4 * 1024 * 1024, &fixture->arena) != OK)
		return -1;
	fixture_config(&fixture->config);
	if (migrate_run(&fixture->config, fixture->arena, &report, &fault) != OK) {
		fprintf(stderr, "migrate_run: %s\n", fault.text);
		return -1;
	}
	fixture->web = fixture_db(&fixture->config, DB_ROLE_WEB);
	fixture->hash = fixture_db(&fixture->config, DB_ROLE_HASH);
	fixture->guard = fixture_db(&fixture->config, DB_ROLE_GUARD);
	fixture->mail = fixture_db(&fixture->config, DB_ROLE_MAIL);
	*state = fixture;
	return 0;
}

int fixture_close(void **state)
{
	struct fixture *fixture = *state;

	db_close(&fixture->web);
	db_close(&fixture->hash);
	db_close(&fixture->guard);
	db_close(&fixture->mail);
	arena_close(&fixture->arena);
	free(fixture);
	db_done();
	return 0;
}

int fixture_clean(void **state)
{
	struct fixture *fixture = *state;

	db_rollback(fixture->web);
	arena_reset(fixture->arena);
	fixture_sql("DELETE FROM user; DELETE FROM password; DELETE FROM session;"
		    "DELETE FROM rotation; DELETE FROM device; DELETE FROM audit_event;"
		    "DELETE FROM user_role; DELETE FROM membership; DELETE FROM tenant;"
		    "DELETE FROM setup_code; DELETE FROM overview_hour; DELETE FROM throttle;"
		    "DELETE FROM flow; DELETE FROM flow_counter;"
		    "DELETE FROM token_family; DELETE FROM refresh_token;"
		    "DELETE FROM handover; DELETE FROM outbox; DELETE FROM mail_code;"
		    "DELETE FROM totp; DELETE FROM recovery_set; DELETE FROM passkey;"
		    "DELETE FROM challenge;"
		    "DELETE FROM signing_key; DELETE FROM signing_turn; DELETE FROM service");
	return 0;
}

MYSQL *fixture_raw(const struct config *config, enum db_role role)
{
	MYSQL *mysql = mysql_init(NULL);
	bool admin = role == DB_ROLE_COUNT;
	unsigned timeout = 30;
	const struct db_account *who = admin ? NULL : &config->database.accounts[role];

	assert_non_null(mysql);
	mysql_options(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &timeout);
	mysql_options(mysql, MYSQL_OPT_READ_TIMEOUT, &timeout);
	if (mysql_real_connect(mysql, NULL, admin ? "root" : who->user.p,
			       admin ? NULL : (const char *)who->password.bytes,
			       config->database.name.p, 0, config->database.socket.p,
			       CLIENT_MULTI_STATEMENTS) == NULL)
		fail_msg("connect: %s", mysql_error(mysql));
	return mysql;
}

static MYSQL_RES *query(MYSQL *mysql, const char *sql)
{
	MYSQL_RES *first = NULL;
	int more = mysql_query(mysql, sql);

	if (more == 0)
		first = mysql_store_result(mysql);
	while (more == 0) {
		more = mysql_next_result(mysql);
		if (more == 0)
			mysql_free_result(mysql_store_result(mysql));
	}
	if (mysql_errno(mysql) != 0)
		fail_msg("%s: %s", sql, mysql_error(mysql));
	return first;
}

void fixture_sql(const char *sql)
{
	struct config config;
	MYSQL *mysql = NULL;

	fixture_config(&config);
	mysql = fixture_raw(&config, DB_ROLE_COUNT);
	mysql_free_result(query(mysql, sql));
	mysql_close(mysql);
}

void fixture_text(const char *sql, char *out, size_t room)
{
	struct config config;
	MYSQL *mysql = NULL;
	MYSQL_RES *result = NULL;
	MYSQL_ROW row = NULL;
	const char *text = NULL;

	fixture_config(&config);
	mysql = fixture_raw(&config, DB_ROLE_COUNT);
	result = query(mysql, sql);
	assert_non_null(result);
	row = mysql_fetch_row(result);
	assert_non_null(row);
	text = row[mysql_num_fields(result) - 1];
	assert_non_null(text);
	assert_true(strlen(text) < room);
	memcpy(out, text, strlen(text) + 1);
	mysql_free_result(result);
	mysql_close(mysql);
}

int64_t fixture_number(const char *sql)
{
	char text[32];

	fixture_text(sql, text, sizeof text);
	return strtoll(text, NULL, 10);
}

/* One line there, one line back. */
void fixture_server(const char *command)
{
	char line[256];
	size_t n = 0;

	snprintf(line, sizeof line, "%s\n", command);
	assert_int_equal(write(CONTROL_FD, line, strlen(line)), strlen(line));
	while (n + 1 < sizeof line && read(CONTROL_FD, line + n, 1) == 1 && line[n] != '\n')
		n++;
	line[n] = '\0';
	assert_string_equal(line, "done");
}

struct digest fixture_digest(void)
{
	struct digest digest;
	struct id halves[2] = {id_random(), id_random()};

	memcpy(digest.b, halves, sizeof digest.b);
	return digest;
}

struct user_row fixture_user(const char *username)
{
	return (struct user_row){
		.id = id_random(),
		.username = str_of(username),
		.display_name = STR("Zażółć gęślą jaźń"),
		.state = USER_ACTIVE,
		.grants = STR(""),
		.created_at = T0,
		.updated_at = T0,
	};
}

struct session_row fixture_session(struct id user_id)
{
	return (struct session_row){
		.hash = fixture_digest(),
		.id = id_random(),
		.epoch = 1,
		.carrier = CARRIER_COOKIE,
		.class = CLASS_BROWSER,
		.state = SESSION_ACTIVE,
		.user_id = user_id,
		.client = STR("browser"),
		.aal = 1,
		.amr = STR("pwd"),
		.auth_time = T0,
		.created_at = T0,
		.last_seen = T0,
		.idle_end = T0 + 1800,
		.expires_at = T0 + 43200,
		.device_name = STR(""),
		.ip = STR("192.0.2.1"),
		.user_agent = STR("test"),
	};
}

struct id fixture_add_user(struct fixture *fixture, const char *username)
{
	struct user_row row = fixture_user(username);

	assert_ok(user_store_insert(fixture->web, &row));
	return row.id;
}

struct session_row fixture_add_session(struct fixture *fixture, struct id user_id)
{
	struct session_row row = fixture_session(user_id);

	assert_ok(session_store_insert(fixture->web, &row));
	return row;
}
