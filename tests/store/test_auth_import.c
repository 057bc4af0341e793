/* Accounts of other programs against a database: written in one transaction, and not told from
 * nobody. */
#include "auth_world.h"

#include <time.h>

#include "account_import.h"
#include "grants.h"
#include "role.h"
#include "signin.h"

#define WORD "Correct horse battery 1"
#define SHA1 "{SHA}yqD2UGIrgAlvTafixTcpxkIECbg="
#define BCRYPT "$2y$10$copcAr3axLBbJMqslCOWxu1f1m.uXyEHM3XEkR59NkGItYIGII3U."

static struct account_import account_of(struct world *w, const char *name, const char *hash)
{
	struct account_import account = {.username = str_of(name), .line = 1};
	struct account_import_flaw flaw = {.account = ACCOUNT_BAD_USERNAME};

	assert_ok(secret_from_str(w->context.arena, str_of(hash), &account.hash));
	assert_ok(account_import_check(w->context.arena, &account, &flaw));
	assert_int_equal(flaw.account, ACCOUNT_FINE);
	return account;
}

static void import(struct world *w, const char *name, const char *hash)
{
	const struct account_import_roles roles = {.n = 0};
	struct account_import account = account_of(w, name, hash);

	assert_ok(account_import_write(&w->context, &roles, &account, 1));
	assert_int_equal(account.outcome, ACCOUNT_IMPORT_DONE);
}

static enum signin_verdict verdict_of(struct world *w, const char *name, const char *password)
{
	struct session current = {.aal = 0};
	struct signin_request request = {
		.current = &current,
		.identifier = str_of(name),
		.password = str_of(password),
		.carrier = CARRIER_HANDLE,
		.client = STR("app"),
	};
	enum signin_verdict verdict = SIGNIN_ACCEPTED;
	struct session_issued issued;
	int64_t wait = 0;

	fixture_sql("DELETE FROM throttle");
	assert_ok(signin_password(&w->context, &request, &verdict, &wait, &issued));
	return verdict;
}

static int64_t cpu_time(void)
{
	struct timespec now;

	assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now), 0);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t cost_of(struct world *w, const char *name)
{
	int64_t least = INT64_MAX;

	for (unsigned i = 0; i < 3; i++) {
		int64_t start = cpu_time();

		assert_int_equal(verdict_of(w, name, "the wrong password"), SIGNIN_REFUSED);
		int64_t took = cpu_time() - start;
		least = took < least ? took : least;
	}
	return least;
}

static int64_t rows(const char *table)
{
	char sql[128];

	(void)snprintf(sql, sizeof sql, "SELECT COUNT(*) FROM %s", table);
	return fixture_number(sql);
}

/*
 * TH-10: where accounts have hashes that cost more than ours, names that nobody has cost that too:
 * a hash of somebody's stands in, and its password lets nobody in.
 */
static void nobody_costs_what_somebody_does(void **state)
{
	struct world *w = *state;

	import(w, "carol", BCRYPT);
	int64_t known = cost_of(w, "carol");
	int64_t unknown = cost_of(w, "nobody");
	int64_t other = cost_of(w, "nobody@example.org");

	assert_true(known < 2 * unknown && unknown < 2 * known);
	assert_true(known < 2 * other && other < 2 * known);
	assert_int_equal(verdict_of(w, "nobody", WORD), SIGNIN_REFUSED);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM password WHERE hash = '" BCRYPT "'"),
			 1);
	assert_int_equal(verdict_of(w, "carol", WORD), SIGNIN_ACCEPTED);
}

/* … and the same for an account without a password. */
static void without_a_password_nobody_gets_in(void **state)
{
	struct world *w = *state;

	import(w, "carol", SHA1);
	fixture_add_user(w->fixture, "unset");
	assert_int_equal(verdict_of(w, "unset", WORD), SIGNIN_REFUSED);
	assert_int_equal(rows("session"), 0);
	assert_int_equal(rows("password"), 1);
}

/* PW-18: rewritten by the first right password, which stays when it was set. */
static void becomes_ours_at_the_first_sign_in(void **state)
{
	struct world *w = *state;
	const char *ours = "password WHERE hash LIKE '$argon2id$v=19$m=19456,t=2,p=1$%'";
	int64_t changed_at = 0;

	import(w, "carol", SHA1);
	changed_at = fixture_number("SELECT changed_at FROM password");
	w->context.now += CLOCK_HOUR;
	assert_int_equal(verdict_of(w, "carol", "wrong"), SIGNIN_REFUSED);
	assert_int_equal(rows("password WHERE hash = '" SHA1 "'"), 1);
	assert_int_equal(verdict_of(w, "carol", WORD), SIGNIN_ACCEPTED);
	assert_int_equal(rows(ours), 1);
	assert_int_equal(fixture_number("SELECT changed_at FROM password"), changed_at);
	assert_int_equal(verdict_of(w, "carol", WORD), SIGNIN_ACCEPTED);
}

static struct account_import_roles roles_of(const char *name)
{
	return (struct account_import_roles){.names = {str_of(name)}, .n = 1};
}

/* One that is there is left alone, the others are written, with their grants. */
static void writes_all_but_those_that_exist(void **state)
{
	struct world *w = *state;
	const struct account_import_roles roles = roles_of("admin");
	struct account_import accounts[] = {account_of(w, "Alice", SHA1),
					    account_of(w, "carol", SHA1),
					    account_of(w, "dave", BCRYPT)};
	struct user_row user;
	bool found = false;

	fixture_add_user(w->fixture, "alice");
	accounts[0].role_count = 1;
	accounts[1].role_count = 1;
	accounts[2].must_change = true;
	accounts[2].email = STR("dave@example.org");
	accounts[2].email_proven = true;
	for (unsigned i = 0; i < 3; i++) {
		assert_ok(account_import_look(&w->context, &accounts[i]));
		assert_int_equal(accounts[i].outcome,
				 i == 0 ? ACCOUNT_IMPORT_EXISTS : ACCOUNT_IMPORT_NONE);
	}
	w->config.database.consistent = true;
	assert_ok(account_import_write(&w->context, &roles, accounts, 3));
	w->config.database.consistent = false;
	assert_int_equal(accounts[0].outcome, ACCOUNT_IMPORT_EXISTS);
	assert_int_equal(accounts[1].outcome, ACCOUNT_IMPORT_DONE);
	assert_int_equal(accounts[2].outcome, ACCOUNT_IMPORT_DONE);
	assert_int_equal(rows("user_role"), 1);
	assert_int_equal(rows("password"), 2);
	assert_int_equal(rows("audit_event WHERE event = 'user_created'"), 2);
	assert_ok(user_store_find(w->db, w->context.arena, STR("carol"), &user, &found));
	assert_true(found && grants_has(user.grants, STR("perm:users:manage")));
	assert_false(user.must_change);
	assert_ok(user_store_find(w->db, w->context.arena, STR("dave"), &user, &found));
	assert_true(found && user.must_change);
	assert_int_equal(user.email_proven_at, WORLD_START);
}

static void is_refused(struct world *w, const struct account_import_roles *roles,
		       enum account_import_outcome outcome)
{
	struct account_import accounts[] = {account_of(w, "carol", SHA1),
					    account_of(w, "dave", SHA1)};

	accounts[1].role_count = 1;
	assert_int_equal(account_import_write(&w->context, roles, accounts, 2), ERR_CONFLICT);
	assert_int_equal(accounts[0].outcome, ACCOUNT_IMPORT_NONE);
	assert_int_equal(accounts[1].outcome, outcome);
	assert_int_equal(rows("user") + rows("password") +
				 rows("audit_event WHERE event = "
				      "'user_created'"),
			 0);
}

/* AZ-04: a role that is gone meanwhile, or that does not fit, leaves nothing of the batch. */
static void roles_that_cannot_be_given(void **state)
{
	struct world *w = *state;
	const struct account_import_roles gone = roles_of("editor");
	struct role_request request = {.name = STR("wide")};
	const struct account_import_roles wide = roles_of("wide");
	struct role_effect effect;
	char permission[65];

	is_refused(w, &gone, ACCOUNT_IMPORT_NONE);
	assert_ok(role_create(&w->context, &request, &effect));
	request.permission = (struct str){permission, 64};
	for (int i = 0; i < 78; i++) {
		memset(permission, 'a' + i % 26, sizeof permission);
		permission[63] = (char)('0' + i / 26);
		assert_ok(role_allow(&w->context, &request, &effect));
	}
	is_refused(w, &wide, ACCOUNT_IMPORT_TOO_MUCH);
	fixture_sql("DELETE FROM permission WHERE role_id <> (SELECT id FROM role WHERE name = "
		    "'admin')");
	fixture_sql("DELETE FROM role WHERE name = 'wide'");
}

static void batches_are_bounded(void **state)
{
	struct world *w = *state;
	const struct account_import_roles roles = {.n = 0};
	struct account_import accounts[ACCOUNT_IMPORT_BATCH + 1];

	for (unsigned i = 0; i <= ACCOUNT_IMPORT_BATCH; i++)
		accounts[i] = account_of(w, "carol", SHA1);
	assert_int_equal(
		account_import_write(&w->context, &roles, accounts, ACCOUNT_IMPORT_BATCH + 1),
		ERR_INTERNAL);
	assert_int_equal(rows("user"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nobody_costs_what_somebody_does, world_clean),
		cmocka_unit_test_setup(without_a_password_nobody_gets_in, world_clean),
		cmocka_unit_test_setup(becomes_ours_at_the_first_sign_in, world_clean),
		cmocka_unit_test_setup(writes_all_but_those_that_exist, world_clean),
		cmocka_unit_test_setup(roles_that_cannot_be_given, world_clean),
		cmocka_unit_test_setup(batches_are_bounded, world_clean),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
