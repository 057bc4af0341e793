/* ST-03: what each account may do in the database, tried out. */
#include "fixture.h"

#include <string.h>

#define ALLOWED 1
#define DENIED 0

struct attempt {
	enum db_role role;
	int allowed;
	const char *sql;
};

static const struct attempt attempts[] = {
	/* web writes a hash and never reads one, not even to compare. */
	{DB_ROLE_WEB, ALLOWED, "SELECT user_id, changed_at, must_change FROM password"},
	{DB_ROLE_WEB, ALLOWED, "UPDATE password SET hash = 'x' WHERE user_id = 'nobody'"},
	{DB_ROLE_WEB, DENIED, "SELECT hash FROM password"},
	{DB_ROLE_WEB, DENIED, "SELECT * FROM password"},
	{DB_ROLE_WEB, DENIED, "SELECT user_id FROM password WHERE hash LIKE '$argon2id%'"},
	{DB_ROLE_WEB, DENIED, "UPDATE password SET changed_at = 1 WHERE hash > 'a'"},
	{DB_ROLE_WEB, DENIED, "UPDATE password SET must_change = hash > 'a'"},
	{DB_ROLE_WEB, DENIED, "DELETE FROM password ORDER BY hash LIMIT 1"},
	{DB_ROLE_WEB, DENIED,
	 "INSERT INTO user (id, display_name, created_at, updated_at) "
	 "SELECT user_id, hash, 1, 1 FROM password"},
	/* Factors are web's alone: of the others, guard knows which ones somebody has. */
	{DB_ROLE_WEB, ALLOWED, "SELECT secret, next_secret FROM totp"},
	{DB_ROLE_WEB, ALLOWED, "UPDATE recovery_set SET used = 1 WHERE user_id = 'nobody'"},
	{DB_ROLE_WEB, ALLOWED, "DELETE FROM passkey WHERE user_id = 'nobody'"},
	{DB_ROLE_WEB, ALLOWED, "DELETE FROM challenge WHERE hash = 'none'"},
	{DB_ROLE_WEB, ALLOWED, "UPDATE user SET factors = 1 WHERE id = 'nobody'"},
	{DB_ROLE_GUARD, ALLOWED, "SELECT id, factors FROM user"},
	{DB_ROLE_GUARD, DENIED, "SELECT factors_end FROM user"},
	{DB_ROLE_GUARD, DENIED, "UPDATE user SET factors = 0 WHERE id = 'nobody'"},
	{DB_ROLE_GUARD, DENIED, "SELECT user_id FROM totp"},
	{DB_ROLE_GUARD, DENIED, "UPDATE totp SET last_step = 0 WHERE user_id = 'nobody'"},
	{DB_ROLE_GUARD, DENIED, "SELECT user_id FROM recovery_set"},
	{DB_ROLE_GUARD, DENIED, "SELECT public_key FROM passkey"},
	{DB_ROLE_GUARD, DENIED, "SELECT hash FROM challenge"},
	{DB_ROLE_GUARD, DENIED, "DELETE FROM challenge WHERE hash = 'none'"},
	{DB_ROLE_HASH, DENIED, "SELECT secret FROM totp"},
	{DB_ROLE_HASH, DENIED, "SELECT digests FROM recovery_set"},
	{DB_ROLE_MAIL, DENIED, "SELECT secret FROM totp"},
	{DB_ROLE_MAIL, DENIED, "SELECT digests FROM recovery_set"},
	{DB_ROLE_MAIL, DENIED, "SELECT credential_id FROM passkey"},
	{DB_ROLE_MAIL, DENIED, "SELECT hash FROM challenge"},
	/* What was recorded stays as it is. */
	{DB_ROLE_WEB, ALLOWED, "SELECT detail FROM audit_event"},
	{DB_ROLE_WEB, DENIED, "UPDATE audit_event SET detail = ''"},
	{DB_ROLE_WEB, DENIED, "UPDATE schema_migration SET version = 7"},
	{DB_ROLE_WEB, DENIED, "SELECT lock_owner FROM schema_migration"},
	/* No DDL, no files, no other accounts. */
	{DB_ROLE_WEB, DENIED, "CREATE TABLE mine (id INT)"},
	{DB_ROLE_WEB, DENIED, "DROP TABLE session"},
	{DB_ROLE_WEB, DENIED, "ALTER TABLE session ADD COLUMN mine INT"},
	{DB_ROLE_WEB, DENIED, "TRUNCATE session"},
	{DB_ROLE_WEB, DENIED,
	 "CREATE TRIGGER mine BEFORE INSERT ON password FOR EACH ROW SET @x = 1"},
	{DB_ROLE_WEB, DENIED, "SELECT 1 INTO OUTFILE '/tmp/gatepost-test'"},
	{DB_ROLE_WEB, DENIED, "SELECT user FROM mysql.user"},
	{DB_ROLE_WEB, DENIED, "GRANT SELECT ON session TO CURRENT_USER"},
	/* hash reads hashes and nothing else. */
	{DB_ROLE_HASH, ALLOWED, "SELECT user_id, hash FROM password"},
	{DB_ROLE_HASH, ALLOWED, "SELECT MAX(version) FROM schema_migration"},
	{DB_ROLE_HASH, DENIED, "SELECT changed_at FROM password"},
	{DB_ROLE_HASH, DENIED, "UPDATE password SET hash = 'x'"},
	{DB_ROLE_HASH, DENIED,
	 "INSERT INTO password (user_id, hash, changed_at) VALUES ('a','b',1)"},
	{DB_ROLE_HASH, DENIED, "DELETE FROM password WHERE user_id = 'nobody'"},
	{DB_ROLE_HASH, DENIED, "SELECT id FROM user"},
	{DB_ROLE_HASH, DENIED, "SELECT id FROM session"},
	{DB_ROLE_HASH, DENIED, "SELECT id FROM role"},
	{DB_ROLE_HASH, DENIED, "SELECT at FROM audit_event"},
	{DB_ROLE_HASH, DENIED, "CREATE TABLE mine (id INT)"},
	/* guard reads what a check reads, and notes that a session was used. */
	{DB_ROLE_GUARD, ALLOWED,
	 "UPDATE session SET last_seen = 1, idle_end = 2 WHERE id = 'none'"},
	{DB_ROLE_GUARD, ALLOWED, "SELECT MAX(version) FROM schema_migration"},
	{DB_ROLE_GUARD, DENIED, "UPDATE session SET user_id = 'x' WHERE id = 'none'"},
	{DB_ROLE_GUARD, DENIED, "UPDATE session SET expires_at = 9 WHERE id = 'none'"},
	{DB_ROLE_GUARD, DENIED, "UPDATE session SET epoch = 9 WHERE id = 'none'"},
	{DB_ROLE_GUARD, DENIED, "UPDATE session SET value_used = 1 WHERE id = 'none'"},
	{DB_ROLE_GUARD, DENIED, "DELETE FROM session WHERE id = 'none'"},
	{DB_ROLE_GUARD, DENIED, "INSERT INTO session (hash) VALUES ('x')"},
	{DB_ROLE_GUARD, DENIED, "UPDATE user SET grants = 'role:admin' WHERE id = 'none'"},
	{DB_ROLE_GUARD, DENIED, "SELECT default_tenant FROM user"},
	{DB_ROLE_GUARD, DENIED, "SELECT hash FROM password"},
	{DB_ROLE_GUARD, DENIED, "SELECT user_id FROM password"},
	{DB_ROLE_GUARD, DENIED, "SELECT old_hash FROM rotation"},
	{DB_ROLE_GUARD, DENIED, "SELECT hash FROM setup_code"},
	{DB_ROLE_GUARD, DENIED, "SELECT name FROM role"},
	/* Keys it reads, to believe access tokens, and changes none. */
	{DB_ROLE_GUARD, ALLOWED, "SELECT kid, public_key, root, seed FROM signing_key"},
	{DB_ROLE_GUARD, DENIED, "UPDATE signing_key SET state = 2 WHERE kid = 'none'"},
	{DB_ROLE_GUARD, DENIED, "UPDATE signing_key SET seed = NULL WHERE kid = 'none'"},
	{DB_ROLE_GUARD, DENIED,
	 "INSERT INTO signing_key (kid, state, alg, public_key, root, seed, made_at) "
	 "VALUES ('k',2,1,'p',1,'s',1)"},
	{DB_ROLE_GUARD, DENIED, "DELETE FROM signing_key WHERE kid = 'none'"},
	{DB_ROLE_GUARD, DENIED, "SELECT turn FROM signing_turn"},
	{DB_ROLE_GUARD, DENIED, "UPDATE signing_turn SET turn = 0"},
	{DB_ROLE_GUARD, DENIED, "INSERT INTO audit_event (at, id) VALUES (1, 'x')"},
	/* mail takes mail out of the box, and can neither write one nor send it elsewhere. */
	{DB_ROLE_MAIL, ALLOWED, "SELECT MAX(version) FROM schema_migration"},
	{DB_ROLE_MAIL, ALLOWED, "SELECT id, kind, recipient, language, payload, root FROM outbox"},
	{DB_ROLE_MAIL, ALLOWED,
	 "UPDATE outbox SET state = 3, payload = '', last_error = '' WHERE id = 'none'"},
	{DB_ROLE_MAIL, DENIED, "UPDATE outbox SET recipient = 'x' WHERE id = 'none'"},
	{DB_ROLE_MAIL, DENIED, "UPDATE outbox SET kind = 'x' WHERE id = 'none'"},
	{DB_ROLE_MAIL, DENIED, "UPDATE outbox SET root = 1 WHERE id = 'none'"},
	{DB_ROLE_MAIL, DENIED, "SELECT user_id FROM outbox"},
	{DB_ROLE_MAIL, DENIED, "INSERT INTO outbox (id) VALUES ('x')"},
	{DB_ROLE_MAIL, DENIED, "DELETE FROM outbox WHERE id = 'none'"},
	{DB_ROLE_MAIL, DENIED, "SELECT email FROM user"},
	{DB_ROLE_MAIL, DENIED, "SELECT hash FROM password"},
	{DB_ROLE_MAIL, DENIED, "SELECT hash FROM session"},
	{DB_ROLE_MAIL, DENIED, "SELECT link_hash FROM mail_code"},
	{DB_ROLE_MAIL, DENIED, "SELECT seed FROM signing_key"},
	{DB_ROLE_MAIL, DENIED, "INSERT INTO audit_event (at, id) VALUES (1, 'x')"},
	{DB_ROLE_MAIL, DENIED, "CREATE TABLE mine (id INT)"},
};

/* Access denied to a database, table, column, command or account; nothing else counts as a refusal.
 */
static bool is_denial(unsigned number)
{
	static const unsigned denials[] = {1044, 1045, 1142, 1143, 1227, 1410};

	for (size_t i = 0; i < sizeof denials / sizeof denials[0]; i++)
		if (denials[i] == number)
			return true;
	return false;
}

static void try_out(const struct attempt *attempt, MYSQL *mysql)
{
	unsigned number = 0;

	mysql_query(mysql, attempt->sql);
	number = mysql_errno(mysql);
	mysql_free_result(mysql_store_result(mysql));
	if (attempt->allowed == ALLOWED && number != 0)
		fail_msg("%s may not: %s (%u)", db_role_name(attempt->role), attempt->sql, number);
	if (attempt->allowed == DENIED && !is_denial(number))
		fail_msg("%s may: %s (%u)", db_role_name(attempt->role), attempt->sql, number);
}

static void test_accounts(void **state)
{
	struct fixture *fixture = *state;
	MYSQL *raw[DB_ROLE_COUNT];

	for (unsigned i = 0; i < DB_ROLE_COUNT; i++)
		raw[i] = fixture_raw(&fixture->config, (enum db_role)i);
	for (size_t i = 0; i < sizeof attempts / sizeof attempts[0]; i++)
		try_out(&attempts[i], raw[attempts[i].role]);
	for (unsigned i = 0; i < DB_ROLE_COUNT; i++)
		mysql_close(raw[i]);
}

/* ST-01 */
static void test_session_of_a_connection(void **state)
{
	struct fixture *fixture = *state;
	struct id user = fixture_add_user(fixture, "alice");
	struct session_row row = fixture_session(user);
	struct user_row long_name = fixture_user("bob");

	row.client = STR("0123456789012345678901234567890123456789012345678901234567890123x");
	assert_int_equal(session_store_insert(fixture->web, &row), ERR_INTERNAL);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM session"), 0);
	long_name.display_name = STR("\xff\xfe");
	assert_int_equal(user_store_insert(fixture->web, &long_name), ERR_INTERNAL);
	long_name.display_name = STR("\xf0\x9f\x98\x80");
	assert_ok(user_store_insert(fixture->web, &long_name));
	assert_int_equal(fixture_number("SELECT CHAR_LENGTH(display_name) FROM user "
					"WHERE username = 'bob'"),
			 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accounts),
		cmocka_unit_test_setup(test_session_of_a_connection, fixture_clean),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
