/* What there is and what is left of it: the tables as text, and copies of them to go back to. */
#include "fault_trial.h"

#define SPARE "fault_spare"

static const char *const tables[] = {
	"user",          "password",  "tenant",      "membership",    "role",
	"permission",    "user_role", "device",      "session",       "rotation",
	"throttle",      "outbox",    "setup_code",  "audit_event",   "flow",
	"flow_counter",  "handover",  "signing_key", "signing_turn",  "token_family",
	"refresh_token", "service",   "mail_code",   "overview_hour", "totp",
	"recovery_set",  "passkey",   "challenge",
};
#define TABLE_COUNT (sizeof tables / sizeof tables[0])

/* Rows as lines, without what is random; of throttle only what is counted. */
#define USER_OF(id) "IFNULL((SELECT username FROM user x WHERE x.id = " id "), '-')"
#define TENANT_OF(id) "IFNULL((SELECT name FROM tenant x WHERE x.id = " id "), '-')"
#define KNOWN(table, column)                                                                       \
	"IF(EXISTS(SELECT 1 FROM " SPARE "." table " x WHERE x." column " = t." column "), "       \
	"HEX(t." column "), 'new')"
#define USER USER_OF("t.user_id")
#define OWNER USER_OF("t.owner_id")
#define DEFAULT_TENANT TENANT_OF("t.default_tenant")
#define TENANT TENANT_OF("t.tenant_id")
#define ROLE "IFNULL((SELECT name FROM role x WHERE x.id = t.role_id), '-')"
#define KNOWN_HASH KNOWN("session", "hash")
#define KNOWN_ID KNOWN("session", "id")
#define KNOWN_CODE KNOWN("handover", "code_hash")
#define KNOWN_MAIL KNOWN("mail_code", "id")
#define KNOWN_KID KNOWN("signing_key", "kid")
#define KNOWN_FAMILY KNOWN("token_family", "session_id")
#define KNOWN_TOKEN KNOWN("refresh_token", "hash")
#define KNOWN_SECRET KNOWN("totp", "secret")
#define KNOWN_OFFER KNOWN("totp", "next_secret")
#define KNOWN_SET KNOWN("recovery_set", "id")
#define KNOWN_DIGESTS KNOWN("recovery_set", "digests")
#define KNOWN_PASSKEY KNOWN("passkey", "id")
#define KNOWN_CHALLENGE KNOWN("challenge", "hash")
/* The database's own clock, which goes on between two runs. */
#define NEARLY(time) "IF(ABS(" time " - UNIX_TIMESTAMP() * 1000000) < 86400000000, 'now', " time ")"
#define PAIR "(SELECT COUNT(*) FROM session x WHERE x.pair_id = t.pair_id)"
#define REPEAT "(SELECT COUNT(*) FROM session x WHERE x.id = t.session_id AND x.epoch >= t.epoch)"
#define GIVER "(SELECT COUNT(*) FROM session x WHERE x.id = t.session_id AND x.epoch = t.epoch)"
/* What a lost answer had deleted is counted as nothing when it is asked again: see restore.h. */
#define DETAIL                                                                                     \
	"REGEXP_REPLACE(detail, CASE event WHEN 'sys_restore_check' THEN '[0-9]+' "                \
	"WHEN 'signing_keys_changed' THEN ' [A-Za-z0-9_-]{8}' ELSE '^[0-9a-f]{16}$' END, "         \
	"'subject')"

/* Of each table: what a line has after its name, and which rows. */
static const struct {
	const char *table, *columns, *where;
} shown[] = {
	{"user",
	 "username, email, display_name, state, grants, created_at, updated_at, language, "
	 "IFNULL(email_proven_at, 0), IFNULL(closed_at, 0), factors, IFNULL(factors_end, "
	 "0), " DEFAULT_TENANT,
	 "1"},
	{"password", USER ", SUBSTRING_INDEX(hash, '$', 4), changed_at, must_change, refused", "1"},
	{"tenant", "name, title, created_at", "1"},
	{"membership", USER ", " TENANT ", grants, created_at", "1"},
	{"user_role", USER ", " TENANT ", HEX(role_id), created_at", "1"},
	{"role",
	 "name, elevated, turns, work, IFNULL(HEX(work_user), '-'), IFNULL(HEX(work_tenant), '-')",
	 "1"},
	{"permission", ROLE ", name", "1"},
	{"device",
	 USER ", HEX(ref_hash), kind, name, created_at, last_seen, IFNULL(trusted_until, 0), "
	      "IFNULL(key_kind, 0), IFNULL(HEX(public_key), '-'), IFNULL(key_set_at, 0)",
	 "1"},
	{"session",
	 USER ", " TENANT ", " KNOWN_HASH ", " KNOWN_ID
	      ", epoch, carrier, class, state, value_used, held, client, aal, amr, auth_time, "
	      "IFNULL(aal2_end, 0), created_at, last_seen, idle_end, expires_at, device_name, ip, "
	      "device_id IS NULL, wish, tries",
	 "1"},
	{"rotation", "HEX(old_hash), epoch, repeat_until, " REPEAT, "1"},
	{"throttle", "HEX(key_hash), bucket, short_count, long_count, failures",
	 "short_count + long_count + failures > 0"},
	{"setup_code", "expires_at", "1"},
	{"outbox",
	 "kind, " USER ", recipient, language, LENGTH(payload), root, state, attempts, " NEARLY(
		 "due_at") ", created_at, " NEARLY("IFNULL(done_at, 0)") ", last_error, taken_by "
									 "IS NULL",
	 "1"},
	{"mail_code",
	 KNOWN_MAIL ", purpose, address, " USER ", payload, language, tries, created_at, code_end, "
		    "expires_at, IFNULL(used_at, 0)",
	 "1"},
	{"audit_event", "at, event, outcome, " USER ", source, " DETAIL, "1"},
	{"flow",
	 OWNER ", owner_kind, scope, kind, step, return_to, data, facts, from_guest, version, "
	       "created_at, "
	       "updated_at, expires_at",
	 "1"},
	{"flow_counter", OWNER ", kind, name, started_at, taken, last_at, purge_at", "1"},
	{"handover",
	 USER ", " KNOWN_CODE ", " GIVER ", receiver, epoch, created_at, expires_at, "
	      "IFNULL(used_at, 0)",
	 "1"},
	{"signing_key",
	 KNOWN_KID ", state, alg, root, seed IS NULL, made_at, IFNULL(active_at, 0), "
		   "IFNULL(retiring_at, 0), IFNULL(gone_at, 0)",
	 "1"},
	{"signing_turn", "turn", "1"},
	{"overview_hour", "hour_start, sign_ins, failures, sessions, updated_at", "1"},
	{"token_family",
	 USER ", " KNOWN_FAMILY ", client, created_at, expires_at, IFNULL(ended_at, 0)", "1"},
	{"refresh_token",
	 KNOWN_TOKEN ", issued_at, expires_at, IFNULL(used_at, 0), IFNULL(replaced_at, 0), "
		     "nonce IS NULL, child_hash IS NULL, presenter IS NULL, " PAIR,
	 "1"},
	/* A new secret is another one in every run. */
	{"service",
	 "name, root, former_hash IS NULL, "
	 "IFNULL(former_until, 0), scopes, state, created_at, secret_at",
	 "1"},
	{"totp",
	 USER ", root, secret IS NULL, " KNOWN_SECRET
	      ", last_step, IFNULL(confirmed_at, 0), IFNULL(used_at, 0), next_root, "
	      "next_secret IS NULL, " KNOWN_OFFER ", IFNULL(next_at, 0)",
	 "1"},
	{"recovery_set",
	 USER ", " KNOWN_SET ", root, " KNOWN_DIGESTS ", used, made_at, IFNULL(used_at, 0)", "1"},
	{"passkey",
	 USER ", " KNOWN_PASSKEY
	      ", HEX(credential_id), algorithm, HEX(public_key), sign_count, eligible, backed_up, "
	      "verified, HEX(aaguid), transports, name, created_at, IFNULL(used_at, 0)",
	 "1"},
	{"challenge", USER ", " KNOWN_CHALLENGE ", purpose, expires_at", "1"},
};

/* "BEGIN; SELECT …; SELECT …; COMMIT" */
static const char *state_sql(void)
{
	static char sql[24576];
	size_t n = 0;

	for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++)
		n += (size_t)snprintf(
			sql + n, sizeof sql - n,
			"%s SELECT CONCAT_WS('|', '%s', %s) AS line FROM %s t WHERE %s;",
			i == 0 ? "BEGIN;" : "", shown[i].table, shown[i].columns, shown[i].table,
			shown[i].where);
	n += (size_t)snprintf(sql + n, sizeof sql - n, " COMMIT");
	assert_true(n < sizeof sql);
	return sql;
}

static void admin(struct trial *t, const char *sql)
{
	int more = mysql_query(t->keeper, sql);

	while (more == 0) {
		mysql_free_result(mysql_store_result(t->keeper));
		more = mysql_next_result(t->keeper);
	}
	if (more > 0)
		fail_msg("%s: %s", sql, mysql_error(t->keeper));
}

static int by_line(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The rows of one table, in an order that is the same whatever the server's is. */
static size_t put_lines(MYSQL_RES *result, char *text, size_t size)
{
	size_t rows = (size_t)mysql_num_rows(result);
	const char **lines = calloc(rows + 1, sizeof *lines);
	size_t n = 0;

	assert_non_null(lines);
	for (size_t i = 0; i < rows; i++)
		lines[i] = mysql_fetch_row(result)[0];
	qsort(lines, rows, sizeof *lines, by_line);
	for (size_t i = 0; i < rows; i++) {
		n += (size_t)snprintf(text + n, size - n, "%s\n", lines[i]);
		assert_true(n < size);
	}
	free(lines);
	return n;
}

/*
 * SERIALIZABLE: reads wait for every lock, so for what the server still undoes; a transaction that
 * somebody left open makes this fail.
 */
char *trial_state(struct trial *t)
{
	char *text = calloc(1, TRIAL_TEXT);
	int more = mysql_query(t->keeper, state_sql());
	size_t n = 0;

	assert_non_null(text);
	while (more == 0) {
		MYSQL_RES *result = mysql_store_result(t->keeper);

		if (result != NULL)
			n += put_lines(result, text + n, TRIAL_TEXT - n);
		mysql_free_result(result);
		more = mysql_next_result(t->keeper);
	}
	if (more > 0)
		fail_msg("what was left is locked: %s", mysql_error(t->keeper));
	return text;
}

/* All in one message: waiting for each answer would be what takes the longest. */
static void copy_tables(struct trial *t, const char *to, const char *from)
{
	char sql[8192] = "BEGIN;";
	size_t n = strlen(sql);

	for (size_t i = 0; i < TABLE_COUNT; i++)
		n += (size_t)snprintf(sql + n, sizeof sql - n,
				      "DELETE FROM %s%s; INSERT INTO %s%s SELECT * FROM %s%s;", to,
				      tables[i], to, tables[i], from, tables[i]);
	n += (size_t)snprintf(sql + n, sizeof sql - n, "COMMIT");
	assert_true(n < sizeof sql);
	admin(t, sql);
}

void trial_restore(struct trial *t)
{
	copy_tables(t, "", SPARE ".");
}

void trial_open_keeper(struct trial *t)
{
	char sql[256];

	t->keeper = fixture_raw(&t->w->config, DB_ROLE_COUNT);
	admin(t, "SET SESSION tx_isolation = 'SERIALIZABLE', innodb_lock_wait_timeout = 20;"
		 "SET GLOBAL innodb_flush_log_at_trx_commit = 0;"
		 "CREATE DATABASE IF NOT EXISTS " SPARE);
	for (size_t i = 0; i < TABLE_COUNT; i++) {
		snprintf(sql, sizeof sql, "CREATE TABLE " SPARE ".%s LIKE %s", tables[i],
			 tables[i]);
		admin(t, sql);
	}
}

void trial_keep(struct trial *t)
{
	copy_tables(t, SPARE ".", "");
	free(t->before);
	t->before = trial_state(t);
}
