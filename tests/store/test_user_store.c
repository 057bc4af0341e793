/* Rows of user, password, role, setup_code and audit_event. */
#include "fixture.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "factor_store.h"
#include "role_store.h"

static struct secret secret_of(const char *text)
{
	struct secret secret = SECRET_NONE;
	static char bytes[256];

	snprintf(bytes, sizeof bytes, "%s", text);
	secret.bytes = (unsigned char *)bytes;
	secret.len = strlen(text);
	return secret;
}

static void test_every_member_comes_back(void **state)
{
	struct fixture *fixture = *state;
	struct user_row row = fixture_user("alice");
	struct user_row got;
	bool found = false;

	row.email = STR("alice@example.org");
	row.state = USER_LOCKED;
	row.email_proven_at = T0 + 1;
	row.default_tenant = id_random();
	row.grants = STR("role:buyer");
	row.created_at = T0 + 2;
	row.updated_at = T0 + 3;
	assert_ok(user_store_insert(fixture->web, &row));
	assert_ok(user_store_find_by_id(fixture->web, fixture->arena, &row.id, &got, &found));
	assert_true(found);
	assert_int_equal(got.factors, 0);
	assert_int_equal(got.factors_end, 0);
	fixture_sql("UPDATE user SET factors = 6, factors_end = 1767225600000004");
	assert_ok(user_store_find_by_id(fixture->web, fixture->arena, &row.id, &got, &found));
	assert_int_equal(got.factors, FACTOR_PASSKEY | FACTOR_RECOVERY);
	assert_int_equal(got.factors_end, T0 + 4);
	assert_true(id_equal(got.id, row.id));
	assert_str(got.username, "alice");
	assert_str(got.email, "alice@example.org");
	assert_str(got.display_name, "Zażółć gęślą jaźń");
	assert_int_equal(got.state, USER_LOCKED);
	assert_int_equal(got.email_proven_at, T0 + 1);
	assert_true(id_equal(got.default_tenant, row.default_tenant));
	assert_str(got.grants, "role:buyer");
	assert_int_equal(got.created_at, T0 + 2);
	assert_int_equal(got.updated_at, T0 + 3);
	assert_false(got.must_change);
}

static bool finds(struct fixture *fixture, struct str identifier, struct id *id)
{
	struct user_row row = {.id = ID_NONE};
	bool found = false;

	assert_ok(user_store_find(fixture->web, fixture->arena, identifier, &row, &found));
	*id = row.id;
	return found;
}

/* ST-01: no collation folds or pads a name. */
static void test_find_by_name_or_address(void **state)
{
	struct fixture *fixture = *state;
	struct user_row row = fixture_user("alice");
	struct id id = ID_NONE;

	row.email = STR("a@example.org");
	assert_ok(user_store_insert(fixture->web, &row));
	assert_true(finds(fixture, STR("alice"), &id));
	assert_true(id_equal(id, row.id));
	assert_true(finds(fixture, STR("a@example.org"), &id));
	assert_true(id_equal(id, row.id));
	assert_false(finds(fixture, STR("Alice"), &id));
	assert_false(finds(fixture, STR("alice "), &id));
	assert_false(finds(fixture, STR("alice\0"), &id));
	assert_false(finds(fixture, STR("A@example.org"), &id));
	assert_false(finds(fixture, STR("' OR '1'='1"), &id));
	assert_true(id_is_none(id));
}

static void test_taken_names_are_a_conflict(void **state)
{
	struct fixture *fixture = *state;
	struct user_row row = fixture_user("alice");
	struct user_row other = fixture_user("bob");

	row.email = STR("a@example.org");
	assert_ok(user_store_insert(fixture->web, &row));
	other.email = row.email;
	assert_int_equal(user_store_insert(fixture->web, &other), ERR_CONFLICT);
	other.email = STR_NONE;
	other.username = row.username;
	assert_int_equal(user_store_insert(fixture->web, &other), ERR_CONFLICT);
	other.username = STR_NONE;
	other.email = STR("b@example.org");
	assert_ok(user_store_insert(fixture->web, &other));
	other.id = id_random();
	other.email = STR("c@example.org");
	assert_ok(user_store_insert(fixture->web, &other));
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM user"), 3);
}

static void test_list_in_pages(void **state)
{
	enum { PAGE = 2 };
	struct fixture *fixture = *state;
	static const char *const names[] = {"a1", "a2", "a3", "a4", "a5"};
	struct page_cursor cursor = {.limit = PAGE};
	struct user_row page[PAGE];
	size_t seen = 0;
	size_t count = 0;

	for (size_t i = 0; i < 5; i++) {
		struct user_row row = fixture_user(names[i]);

		row.created_at = T0 + (i > 0);
		assert_ok(user_store_insert(fixture->web, &row));
	}
	do {
		assert_ok(user_store_list(fixture->web, fixture->arena, &cursor, page, &count));
		for (size_t i = 0; i < count; i++) {
			assert_true(page[i].created_at > cursor.at ||
				    memcmp(&page[i].id, &cursor.id, sizeof cursor.id) > 0);
			cursor.at = page[i].created_at;
			cursor.id = page[i].id;
		}
		seen += count;
	} while (count == PAGE);
	assert_int_equal(seen, 5);
}

static void test_lock_tells_the_state(void **state)
{
	struct fixture *fixture = *state;
	struct id alice = fixture_add_user(fixture, "alice");
	struct id nobody = id_random();
	uint32_t user_state = 99;
	bool found = true;

	assert_ok(db_begin(fixture->web));
	assert_ok(user_store_lock(fixture->web, &nobody, &user_state, &found));
	assert_false(found);
	assert_int_equal(user_state, 99);
	assert_ok(user_store_lock(fixture->web, &alice, &user_state, &found));
	assert_true(found);
	assert_int_equal(user_state, USER_ACTIVE);
	assert_ok(db_commit(fixture->web));
}

static void test_password(void **state)
{
	struct fixture *fixture = *state;
	struct id alice = fixture_add_user(fixture, "alice");
	struct id nobody = id_random();
	struct password_row hash = {.hash = SECRET_NONE};
	struct user_row row;
	bool found = true;

	assert_ok(password_store_get(fixture->hash, fixture->arena, &alice, &hash, &found));
	assert_false(found);
	assert_ok(password_store_set(fixture->web, &alice, secret_of("$argon2id$one"), T0));
	assert_ok(password_store_get(fixture->hash, fixture->arena, &alice, &hash, &found));
	assert_true(found);
	assert_true(secret_equal(hash.hash, secret_of("$argon2id$one")));
	fixture_sql("UPDATE password SET must_change = 1");
	assert_ok(password_store_refuse(fixture->web, &alice));
	assert_ok(user_store_find_by_id(fixture->web, fixture->arena, &alice, &row, &found));
	assert_true(row.must_change);
	assert_true(row.password_refused);
	assert_ok(password_store_set(fixture->web, &alice, secret_of("$argon2id$two"), T0 + 1));
	assert_ok(password_store_get(fixture->hash, fixture->arena, &alice, &hash, &found));
	assert_true(secret_equal(hash.hash, secret_of("$argon2id$two")));
	assert_int_equal(fixture_number("SELECT changed_at FROM password "
					"WHERE must_change = 0 AND refused = 0"),
			 T0 + 1);
	assert_ok(password_store_get(fixture->hash, fixture->arena, &nobody, &hash, &found));
	assert_false(found);
	assert_ok(password_store_get(fixture->hash, fixture->arena, &ID_NONE, &hash, &found));
	assert_false(found);
}

/* TH-10: for who has no password the next one's by key stands in, behind the last the first's. */
static void test_stand_in(void **state)
{
	static const char *const hashes[] = {"first", "second", "third"};
	struct fixture *fixture = *state;
	struct id ids[3] = {{{0x20}}, {{0x80}}, {{0xf0}}};
	static const struct {
		unsigned char first, expected;
	} cases[] = {{0x01, 0}, {0x21, 1}, {0x7f, 1}, {0x81, 2}, {0xf1, 0}, {0xff, 0}, {0x00, 0}};

	for (size_t i = 0; i < 3; i++) {
		struct user_row row = fixture_user(hashes[i]);

		row.id = ids[i];
		assert_ok(user_store_insert(fixture->web, &row));
		assert_ok(password_store_set(fixture->web, &ids[i], secret_of(hashes[i]), T0));
	}
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct id id = {{cases[i].first, 1}};
		struct password_row hash = {.hash = SECRET_NONE};
		bool own = true;

		assert_ok(password_store_get(fixture->hash, fixture->arena, &id, &hash, &own));
		assert_false(own);
		assert_true(secret_equal(hash.hash, secret_of(hashes[cases[i].expected])));
		assert_true(id_equal(hash.user_id, ids[cases[i].expected]));
	}
	for (size_t i = 0; i < 3; i++) {
		struct password_row hash = {.hash = SECRET_NONE};
		bool own = false;

		assert_ok(password_store_get(fixture->hash, fixture->arena, &ids[i], &hash, &own));
		assert_true(own);
		assert_true(secret_equal(hash.hash, secret_of(hashes[i])));
	}
}

struct setter {
	const struct config *config;
	pthread_barrier_t *start;
	const struct id *users;
	size_t n;
	enum err e;
};

static void *set_passwords(void *opaque)
{
	struct setter *setter = opaque;
	struct db *db = NULL;
	unsigned char bytes[] = "$argon2id$x";
	struct secret hash = {.bytes = bytes, .len = sizeof bytes - 1};

	db_thread_init();
	setter->e = db_open(setter->config, DB_ROLE_WEB, &db);
	for (size_t i = 0; i < setter->n && setter->e == OK; i++) {
		pthread_barrier_wait(setter->start);
		setter->e = password_store_set(db, &setter->users[i], hash, T0);
	}
	db_close(&db);
	db_thread_done();
	return NULL;
}

/* The first password, set twice at the same moment: neither fails, one row. */
static void test_two_first_passwords(void **state)
{
	enum { USERS = 100 };
	struct fixture *fixture = *state;
	struct id users[USERS];
	struct setter setters[2];
	pthread_t threads[2];
	pthread_barrier_t start;

	for (size_t i = 0; i < USERS; i++)
		users[i] = id_random();
	pthread_barrier_init(&start, NULL, 2);
	for (size_t i = 0; i < 2; i++) {
		setters[i] = (struct setter){&fixture->config, &start, users, USERS, OK};
		assert_int_equal(pthread_create(&threads[i], NULL, set_passwords, &setters[i]), 0);
	}
	for (size_t i = 0; i < 2; i++) {
		pthread_join(threads[i], NULL);
		assert_ok(setters[i].e);
	}
	pthread_barrier_destroy(&start);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM password"), USERS);
}

static void give(struct fixture *fixture, const struct id *user, struct str role, bool expected)
{
	bool known = !expected;

	assert_ok(db_begin(fixture->web));
	assert_ok(role_store_give(fixture->web, user, role, T0, &known));
	assert_ok(db_commit(fixture->web));
	assert_int_equal(known, expected);
}

static void test_roles_become_grants(void **state)
{
	struct fixture *fixture = *state;
	struct id alice = fixture_add_user(fixture, "alice");
	struct id bob = fixture_add_user(fixture, "bob");
	struct user_row row;
	bool found = false;

	fixture_sql(
		"INSERT INTO role (id, name, created_at) VALUES ('buyer-----------', 'buyer', 1);"
		"INSERT INTO permission VALUES ('buyer-----------', 'users:manage'),"
		"('buyer-----------', 'carts:fill')");
	give(fixture, &alice, STR("nonsense"), false);
	give(fixture, &alice, STR("buyer"), true);
	assert_ok(user_store_find_by_id(fixture->web, fixture->arena, &alice, &row, &found));
	assert_str(row.grants, "perm:carts:fill perm:users:manage role:buyer");
	give(fixture, &alice, STR("admin"), true);
	give(fixture, &alice, STR("admin"), true);
	assert_ok(user_store_find_by_id(fixture->web, fixture->arena, &alice, &row, &found));
	assert_str(row.grants, "elevated perm:carts:fill perm:users:manage role:admin role:buyer");
	assert_ok(user_store_find_by_id(fixture->web, fixture->arena, &bob, &row, &found));
	assert_str(row.grants, "");
	/* A role in one tenant is no role everywhere. */
	fixture_sql("UPDATE user_role SET tenant_id = 'acme------------' "
		    "WHERE role_id <> 'buyer-----------'");
	assert_ok(role_store_rewrite_grants(fixture->web, fixture->arena, &alice));
	assert_ok(user_store_find_by_id(fixture->web, fixture->arena, &alice, &row, &found));
	assert_str(row.grants, "perm:carts:fill perm:users:manage role:buyer");
	fixture_sql("DELETE FROM role WHERE name = 'buyer';"
		    "DELETE FROM permission WHERE role_id = 'buyer-----------'");
}

static void test_grants_that_do_not_fit(void **state)
{
	struct fixture *fixture = *state;
	struct id alice = fixture_add_user(fixture, "alice");

	give(fixture, &alice, STR("admin"), true);
	fixture_sql("INSERT INTO permission SELECT id, CONCAT(REPEAT('p', 60), seq) "
		    "FROM role, seq_1_to_90 WHERE name = 'admin'");
	assert_int_equal(role_store_rewrite_grants(fixture->web, fixture->arena, &alice),
			 ERR_TOO_LARGE);
	fixture_sql("DELETE FROM permission WHERE name LIKE 'ppp%'");
	assert_int_equal(fixture_number("SELECT grants = 'elevated perm:users:manage role:admin' "
					"FROM user"),
			 1);
}

static void test_holders_are_active(void **state)
{
	struct fixture *fixture = *state;
	struct id alice = fixture_add_user(fixture, "alice");
	struct id bob = fixture_add_user(fixture, "bob");
	uint64_t n = 9;

	assert_ok(role_store_count_managers(fixture->web, NULL, &n));
	assert_int_equal(n, 0);
	give(fixture, &alice, STR("admin"), true);
	give(fixture, &bob, STR("admin"), true);
	fixture_sql("UPDATE user SET state = 2 WHERE username = 'bob'");
	assert_ok(role_store_count_managers(fixture->web, NULL, &n));
	assert_int_equal(n, 1);
}

static void test_setup_code_is_used_once(void **state)
{
	struct fixture *fixture = *state;
	struct digest old = fixture_digest();
	struct digest hash = fixture_digest();
	bool consumed = true;

	assert_ok(setup_store_put(fixture->web, &old, T0 + 10));
	assert_ok(setup_store_put(fixture->web, &hash, T0 + 10));
	assert_ok(setup_store_consume(fixture->web, &old, T0, &consumed));
	assert_false(consumed);
	assert_ok(setup_store_consume(fixture->web, &hash, T0 + 10, &consumed));
	assert_false(consumed);
	assert_ok(setup_store_consume(fixture->web, &hash, T0 + 9, &consumed));
	assert_true(consumed);
	assert_ok(setup_store_consume(fixture->web, &hash, T0 + 9, &consumed));
	assert_false(consumed);
}

static void test_audit_events(void **state)
{
	struct fixture *fixture = *state;
	struct audit_row row = {.event = STR("login"), .outcome = STR("ok"), .detail = STR("pwd")};
	uint64_t deleted = 9;

	for (int i = 0; i < 3; i++) {
		row.at = T0 + i;
		row.id = id_random();
		assert_ok(audit_store_insert(fixture->web, &row));
	}
	assert_int_equal(
		fixture_number("SELECT COUNT(*) FROM audit_event WHERE event = 'login' AND "
			       "outcome = 'ok' AND detail = 'pwd' AND source = '' AND "
			       "user_id IS NULL AND request_id IS NULL"),
		3);
	assert_ok(audit_store_purge(fixture->web, T0 + 2, 1, &deleted));
	assert_int_equal(deleted, 1);
	assert_ok(audit_store_purge(fixture->web, T0 + 2, 5, &deleted));
	assert_int_equal(deleted, 1);
	assert_int_equal(fixture_number("SELECT at FROM audit_event"), T0 + 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_every_member_comes_back, fixture_clean),
		cmocka_unit_test_setup(test_find_by_name_or_address, fixture_clean),
		cmocka_unit_test_setup(test_taken_names_are_a_conflict, fixture_clean),
		cmocka_unit_test_setup(test_list_in_pages, fixture_clean),
		cmocka_unit_test_setup(test_lock_tells_the_state, fixture_clean),
		cmocka_unit_test_setup(test_stand_in, fixture_clean),
		cmocka_unit_test_setup(test_password, fixture_clean),
		cmocka_unit_test_setup(test_two_first_passwords, fixture_clean),
		cmocka_unit_test_setup(test_roles_become_grants, fixture_clean),
		cmocka_unit_test_setup(test_grants_that_do_not_fit, fixture_clean),
		cmocka_unit_test_setup(test_holders_are_active, fixture_clean),
		cmocka_unit_test_setup(test_setup_code_is_used_once, fixture_clean),
		cmocka_unit_test_setup(test_audit_events, fixture_clean),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
