/* What the doctor and account_remove do with rows: all of one user's go, and only they. */
#include "fixture.h"

#include <stdio.h>
#include <string.h>

#include "auth_world.h"
#include "clock.h"
#include "doctor_store.h"
#include "grants_store.h"

#define USERS (GRANTS_BATCH_MAX + 50)

static void create(struct world *w, const char *name, struct id *id)
{
	static const struct str roles[] = {{"admin", 5}};
	struct account_request request = {
		.username = str_of(name),
		.password = STR(WORLD_PASSWORD),
		.roles = roles,
		.role_count = 1,
	};
	struct account_result result;

	assert_ok(account_create(&w->context, &request, &result));
	assert_int_equal(result.flaw, ACCOUNT_FINE);
	*id = result.user.id;
}

/* Every table that has rows of a user, but audit_event. */
static const char *const COUNT_ROWS =
	"SELECT (SELECT COUNT(*) FROM user) + (SELECT COUNT(*) FROM password) "
	"+ (SELECT COUNT(*) FROM user_role) + (SELECT COUNT(*) FROM membership) "
	"+ (SELECT COUNT(*) FROM device) + (SELECT COUNT(*) FROM outbox) "
	"+ (SELECT COUNT(*) FROM session) + (SELECT COUNT(*) FROM rotation) "
	"+ (SELECT COUNT(*) FROM handover) + (SELECT COUNT(*) FROM flow) "
	"+ (SELECT COUNT(*) FROM flow_counter) + (SELECT COUNT(*) FROM token_family) "
	"+ (SELECT COUNT(*) FROM refresh_token) + (SELECT COUNT(*) FROM mail_code) "
	"+ (SELECT COUNT(*) FROM totp) + (SELECT COUNT(*) FROM recovery_set) "
	"+ (SELECT COUNT(*) FROM passkey) + (SELECT COUNT(*) FROM challenge)";

/*
 * All columns that hold a user's id (owner_id: or a session's) are in the tables of COUNT_ROWS: a
 * new one is found here.
 */
static void test_no_table_is_forgotten(void **state)
{
	(void)state;
	assert_int_equal(
		fixture_number(
			"SELECT COUNT(*) FROM information_schema.COLUMNS "
			"WHERE TABLE_SCHEMA = DATABASE() AND COLUMN_NAME IN ('user_id', "
			"'owner_id') AND TABLE_NAME NOT IN ('password', 'user_role', 'membership', "
			"'device', 'outbox', 'session', 'handover', 'flow', "
			"'flow_counter', 'token_family', 'audit_event', "
			"'mail_code', 'totp', 'recovery_set', 'passkey', 'challenge')"),
		0);
}

static void add_factors(void)
{
	fixture_sql("INSERT INTO totp SELECT id, 1, 's', 1, 1, 1, 1, 'n', 1 FROM user;"
		    "INSERT INTO recovery_set SELECT id, id, 1, 'd', 0, 1, NULL FROM user;"
		    "INSERT INTO passkey SELECT id, id, id, -7, 'k', 1, 0, 0, 1, id, '', '', 1, 1 "
		    "FROM user;"
		    "INSERT INTO challenge SELECT RPAD(id, 32, 'c'), id, '', 1 FROM user");
}

static void test_remove(void **state)
{
	struct world *w = *state;
	struct id alice;
	struct id bob;

	create(w, "alice", &alice);
	create(w, "bob", &bob);
	(void)fixture_add_session(w->fixture, alice);
	(void)fixture_add_session(w->fixture, bob);
	fixture_sql(
		"INSERT INTO rotation SELECT REVERSE(hash), id, 1, hash, id, 1, 1 FROM session");
	fixture_sql("INSERT INTO token_family SELECT id, user_id, 'app', 1, 1, NULL FROM session;"
		    "INSERT INTO refresh_token (hash, session_id, pair_id, issued_at, expires_at) "
		    "SELECT hash, id, id, 1, 1 FROM session");
	fixture_sql("INSERT INTO membership SELECT id, id, '', 1 FROM user");
	fixture_sql("INSERT INTO device (id, user_id, ref_hash, kind, created_at, last_seen) "
		    "SELECT id, id, REPEAT('r', 32), 1, 1, 1 FROM user");
	fixture_sql("INSERT INTO outbox (id, kind, user_id, payload, due_at, created_at) "
		    "SELECT id, 'x', id, '{}', 1, 1 FROM user");
	fixture_sql("INSERT INTO mail_code (id, purpose, slot_hash, address, user_id, code_hash, "
		    "link_hash, asker_hash, created_at, code_end, expires_at) "
		    "SELECT id, 2, RPAD(id, 32, 's'), 'a', id, RPAD(id, 32, 'c'), "
		    "RPAD(id, 32, 'l'), RPAD(id, 32, 'a'), 1, 1, 1 FROM user");
	fixture_sql("INSERT INTO handover (code_hash, challenge, receiver, user_id, session_id, "
		    "epoch, created_at, expires_at) "
		    "SELECT RPAD(id, 32, 'c'), REPEAT('v', 32), 1, id, id, 1, 1, 1 FROM user");
	fixture_sql("INSERT INTO flow (id, owner_id, owner_kind, scope, kind, step, data, facts, "
		    "version, created_at, updated_at, expires_at) "
		    "SELECT id, id, 1, 1, 'k', 's', '{}', '{}', 1, 1, 1, 1 FROM user;"
		    "INSERT INTO flow (id, owner_id, owner_kind, scope, kind, step, data, facts, "
		    "version, created_at, updated_at, expires_at) "
		    "SELECT id, id, 2, 2, 'k', 's', '{}', '{}', 1, 1, 1, 1 FROM session;"
		    "INSERT INTO flow_counter SELECT owner_id, kind, 'c', 1, 1, 1, 1 FROM flow");
	add_factors();
	assert_int_equal(fixture_number(COUNT_ROWS), 40);
	assert_ok(account_remove(&w->context, &alice));
	assert_int_equal(fixture_number(COUNT_ROWS), 20);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM user WHERE username = 'bob'"), 1);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM audit_event "
					"WHERE event = 'user_removed'"),
			 1);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM audit_event e "
					"LEFT JOIN user u ON u.id = e.user_id "
					"WHERE u.id IS NULL AND event = 'user_created'"),
			 1);
	assert_ok(account_remove(&w->context, &alice));
	assert_int_equal(fixture_number(COUNT_ROWS), 20);
}

/* More than one batch; the last user by id is the wrong one. */
static void test_grants_of_many(void **state)
{
	struct world *w = *state;
	struct grants_batch batch = {.end = false};
	struct user_row row;
	char name[32];
	size_t wrong = 0;
	size_t batches = 0;

	for (unsigned i = 0; i < USERS; i++) {
		(void)snprintf(name, sizeof name, "user-%u", i);
		row = fixture_user(name);
		assert_ok(user_store_insert(w->db, &row));
	}
	fixture_sql("UPDATE user SET grants = 'role:admin' ORDER BY id DESC LIMIT 1");
	for (; !batch.end; batches++) {
		assert_ok(grants_store_compare(w->db, w->context.arena, &batch));
		wrong += batch.wrong_count;
	}
	assert_int_equal(batches, 3);
	assert_int_equal(wrong, 1);
}

static void test_clock(void **state)
{
	struct world *w = *state;
	int64_t before = clock_now();
	int64_t there = 0;

	fixture_sql("SET GLOBAL time_zone = '+05:30'");
	assert_ok(doctor_store_clock(w->db, &there));
	fixture_sql("SET GLOBAL time_zone = 'SYSTEM'");
	assert_true(there >= before - CLOCK_MS && there <= clock_now() + CLOCK_MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_table_is_forgotten),
		cmocka_unit_test_setup(test_remove, world_clean),
		cmocka_unit_test_setup(test_grants_of_many, world_clean),
		cmocka_unit_test_setup(test_clock, world_clean),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
