/* Stored passwords against a database: sealed or not, refused, and what judging them costs. */
#include "auth_world.h"

#include <sodium.h>

#include "account_import.h"
#include "pepper.h"
#include "pepper_rows.h"
#include "reauth.h"
#include "signin.h"

#define SHA1 "{SHA}yqD2UGIrgAlvTafixTcpxkIECbg="
#define SHA1_WORD "Correct horse battery 1"
#define HASH_OF(name)                                                                              \
	"(SELECT p.hash FROM password p JOIN user u ON u.id = p.user_id "                          \
	"WHERE u.username = '" name "')"

/* The linker leads every comparison through here. */
static unsigned hash_jobs;
int __wrap_crypto_pwhash_str_verify(const char *text, const char *password,
				    unsigned long long length);
int __real_crypto_pwhash_str_verify(const char *text, const char *password,
				    unsigned long long length);

int __wrap_crypto_pwhash_str_verify(const char *text, const char *password,
				    unsigned long long length)
{
	hash_jobs++;
	return __real_crypto_pwhash_str_verify(text, password, length);
}

struct peppers {
	struct keyring *one, *two, *only_two;
};

static struct peppers peppers;

static int open_all(void **state)
{
	peppers.one = world_keys(WORLD_KEY_1);
	peppers.two = world_keys(WORLD_KEY_1 WORLD_KEY_2);
	peppers.only_two = world_keys(WORLD_KEY_2);
	return world_open(state);
}

static int close_all(void **state)
{
	keyring_free(&peppers.one);
	keyring_free(&peppers.two);
	keyring_free(&peppers.only_two);
	return world_close(state);
}

static int clean(void **state)
{
	struct world *w = *state;
	int failed = world_clean(state);

	w->context.peppers = NULL;
	return failed;
}

static struct id account_of(struct world *w, const char *username)
{
	struct account_request request = {
		.username = str_of(username),
		.password = STR(WORLD_PASSWORD),
	};
	struct account_result result;

	assert_ok(account_create(&w->context, &request, &result));
	assert_int_equal(result.flaw, ACCOUNT_FINE);
	return result.user.id;
}

static enum err try(struct world *w, const char *name, const char *password,
		    enum signin_verdict *verdict)
{
	struct credential credential = credential_of(w, CARRIER_HANDLE, STR_NONE);
	struct session current = {.aal = 0};
	struct signin_request request = {
		.identifier = str_of(name),
		.password = str_of(password),
		.carrier = CARRIER_HANDLE,
		.client = STR("app"),
		.presented = &credential,
		.current = &current,
	};
	struct session_issued issued;
	int64_t wait = 0;

	*verdict = SIGNIN_REFUSED;
	return signin_password(&w->context, &request, verdict, &wait, &issued);
}

static enum signin_verdict verdict_of(struct world *w, const char *name, const char *password)
{
	enum signin_verdict verdict = SIGNIN_REFUSED;

	assert_ok(try(w, name, password, &verdict));
	return verdict;
}

/* It is not wrong, and nobody gets in: nothing can be said. */
static void assert_not_judged(struct world *w, const char *name)
{
	enum signin_verdict verdict = SIGNIN_ACCEPTED;

	assert_int_equal(try(w, name, WORLD_PASSWORD, &verdict), ERR_UNAVAILABLE);
	assert_int_equal(verdict, SIGNIN_REFUSED);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM session"), 0);
	assert_int_equal(fixture_number("SELECT COALESCE(SUM(failures), 0) FROM throttle"), 0);
}

static int64_t number_of(const char *name)
{
	char sql[512];

	snprintf(sql, sizeof sql,
		 "SELECT IF(p.hash LIKE '$gp1$%%', SUBSTRING_INDEX(SUBSTRING(p.hash, 6), '$', 1), "
		 "0) FROM password p JOIN user u ON u.id = p.user_id WHERE u.username = '%s'",
		 name);
	return fixture_number(sql);
}

/* PW-19: new ones are sealed, whoever sets them, and open at sign-in. */
static void sealed_from_the_first(void **state)
{
	struct world *w = *state;
	struct account_result result;
	struct id alice;

	w->context.peppers = peppers.one;
	alice = account_of(w, "alice");
	assert_int_equal(number_of("alice"), 1);
	assert_int_equal(verdict_of(w, "alice", WORLD_PASSWORD), SIGNIN_ACCEPTED);
	assert_int_equal(verdict_of(w, "alice", "the wrong password here"), SIGNIN_REFUSED);
	assert_ok(account_set_password(&w->context, &alice, STR("another one of some length"),
				       &result));
	assert_int_equal(result.flaw, ACCOUNT_FINE);
	assert_int_equal(number_of("alice"), 1);
	assert_int_equal(verdict_of(w, "alice", WORLD_PASSWORD), SIGNIN_REFUSED);
	assert_int_equal(verdict_of(w, "alice", "another one of some length"), SIGNIN_ACCEPTED);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM password WHERE hash LIKE '%argon%'"),
			 0);
}

/* PW-18, PW-19: what lies unsealed, or under another pepper, is sealed by the next right sign-in.
 */
static void a_right_sign_in_seals_anew(void **state)
{
	struct world *w = *state;

	account_of(w, "alice");
	assert_int_equal(number_of("alice"), 0);
	w->context.peppers = peppers.one;
	assert_int_equal(verdict_of(w, "alice", "the wrong password here"), SIGNIN_REFUSED);
	assert_int_equal(number_of("alice"), 0);
	assert_int_equal(verdict_of(w, "alice", WORLD_PASSWORD), SIGNIN_ACCEPTED);
	assert_int_equal(number_of("alice"), 1);
	fixture_sql("CREATE OR REPLACE TABLE was AS SELECT hash FROM password");
	assert_int_equal(verdict_of(w, "alice", WORLD_PASSWORD), SIGNIN_ACCEPTED);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM password JOIN was USING (hash)"), 1);
	fixture_sql("DROP TABLE was");
	w->context.peppers = peppers.two;
	assert_int_equal(verdict_of(w, "alice", "the wrong password here"), SIGNIN_REFUSED);
	assert_int_equal(number_of("alice"), 1);
	assert_int_equal(verdict_of(w, "alice", WORLD_PASSWORD), SIGNIN_ACCEPTED);
	assert_int_equal(number_of("alice"), 2);
	w->context.peppers = peppers.only_two;
	assert_int_equal(verdict_of(w, "alice", WORLD_PASSWORD), SIGNIN_ACCEPTED);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM password WHERE changed_at <> "
					"1800000000000000"),
			 0);
}

/* PW-19: hashes of another program too. */
static void imported_ones_are_sealed(void **state)
{
	struct world *w = *state;
	const struct account_import_roles roles = {.n = 0};
	struct account_import account = {.username = STR("alice"), .line = 1};
	struct account_import_flaw flaw;

	w->context.peppers = peppers.one;
	assert_ok(secret_from_str(w->context.arena, STR(SHA1), &account.hash));
	assert_ok(account_import_check(w->context.arena, &account, &flaw));
	assert_ok(account_import_write(&w->context, &roles, &account, 1));
	assert_int_equal(number_of("alice"), 1);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM password WHERE hash LIKE '%SHA%'"),
			 0);
	assert_int_equal(verdict_of(w, "alice", SHA1_WORD), SIGNIN_ACCEPTED);
	assert_int_equal(number_of("alice"), 1);
}

/* PW-19: another's row does not open; nothing is granted, and nothing counted against the person.
 */
static void a_copied_row_does_not_open(void **state)
{
	struct world *w = *state;

	w->context.peppers = peppers.one;
	account_of(w, "alice");
	account_of(w, "mallory");
	fixture_sql("UPDATE password SET hash = (SELECT hash FROM (SELECT " HASH_OF(
		"mallory") " AS hash) copy) WHERE user_id = (SELECT id FROM user "
			   "WHERE username = 'alice')");
	assert_not_judged(w, "alice");
	assert_int_equal(verdict_of(w, "mallory", WORLD_PASSWORD), SIGNIN_ACCEPTED);
}

/* PW-19: a pepper that is missing: for those of nobody whose stand-in lies under it the same. */
static void without_its_pepper_nothing_is_judged(void **state)
{
	struct world *w = *state;

	w->context.peppers = peppers.one;
	account_of(w, "alice");
	w->context.peppers = NULL;
	assert_not_judged(w, "alice");
	assert_not_judged(w, "nobody");
	w->context.peppers = peppers.only_two;
	assert_not_judged(w, "alice");
	assert_not_judged(w, "nobody");
	assert_int_equal(number_of("alice"), 1);
	w->context.peppers = peppers.two;
	assert_int_equal(verdict_of(w, "alice", WORLD_PASSWORD), SIGNIN_ACCEPTED);
}

struct work {
	uint64_t web, hash;
	unsigned jobs;
};

static struct work work_of(struct world *w, const char *name, const char *password,
			   enum err expected)
{
	struct work before = {db_statement_count(w->db), db_statement_count(w->hash_db), hash_jobs};
	enum signin_verdict verdict = SIGNIN_ACCEPTED;

	assert_int_equal(try(w, name, password, &verdict), expected);
	assert_int_equal(verdict, SIGNIN_REFUSED);
	return (struct work){db_statement_count(w->db) - before.web,
			     db_statement_count(w->hash_db) - before.hash, hash_jobs - before.jobs};
}

static void refuse(struct world *w, struct id user)
{
	assert_ok(db_begin(w->db));
	assert_ok(password_store_refuse(w->db, &user));
	assert_ok(db_commit(w->db));
}

/* TH-10: counted, not timed: unknown, wrong, locked, without password and refused; with a pepper.
 */
static void refusals_do_the_same_work(void **state)
{
	static const struct {
		const char *name;
		const char *password;
	} cases[] = {
		{"alice", "the wrong password here"},
		{"nobody", WORLD_PASSWORD},
		{"nobody@example.org", "the wrong password here"},
		{"locked", WORLD_PASSWORD},
		{"refused", WORLD_PASSWORD},
		{"refused", "the wrong password here"},
		{"unset", WORLD_PASSWORD},
		{"not a name", WORLD_PASSWORD},
	};
	const struct keyring *rings[] = {NULL, peppers.one};
	struct world *w = *state;

	for (size_t r = 0; r < 2; r++) {
		assert_int_equal(clean(state), 0);
		w->context.peppers = rings[r];
		account_of(w, "alice");
		account_of(w, "locked");
		refuse(w, account_of(w, "refused"));
		fixture_add_user(w->fixture, "unset");
		fixture_sql("UPDATE user SET state = 2 WHERE username = 'locked'");
		for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
			struct work work = work_of(w, cases[i].name, cases[i].password, OK);

			assert_int_equal(work.web, 8);
			assert_int_equal(work.hash, 1);
			assert_int_equal(work.jobs, 1);
		}
		assert_int_equal(fixture_number("SELECT COUNT(*) FROM session"), 0);
		assert_int_equal(fixture_number("SELECT COUNT(*) FROM audit_event "
						"WHERE event = 'authn_login_fail'"),
				 sizeof cases / sizeof cases[0]);
	}
}

/* TH-10: what does not open costs the hash all the same, for somebody and for nobody. */
static void what_does_not_open_costs_the_same(void **state)
{
	struct world *w = *state;
	struct work known;
	struct work unknown;

	w->context.peppers = peppers.one;
	account_of(w, "alice");
	w->context.peppers = peppers.only_two;
	known = work_of(w, "alice", WORLD_PASSWORD, ERR_UNAVAILABLE);
	unknown = work_of(w, "nobody", WORLD_PASSWORD, ERR_UNAVAILABLE);
	assert_int_equal(known.jobs, 1);
	assert_int_equal(unknown.jobs, 1);
	assert_int_equal(known.hash, 1);
	assert_int_equal(unknown.hash, 1);
	assert_int_equal(known.web, unknown.web);
}

static struct reauth_outcome prove(struct world *w, struct str value, const char *password,
				   const char *next)
{
	struct credential presented = credential_of(w, CARRIER_HANDLE, value);
	struct session current = resolve(w, CARRIER_HANDLE, value);
	struct reauth_request request = {
		.password = str_of(password),
		.new_password = str_of(next),
		.presented = &presented,
		.current = &current,
	};
	struct reauth_outcome outcome = {.verdict = REAUTH_GONE};
	struct password_opinion opinion;
	struct session_issued issued;

	if (next == NULL)
		assert_ok(reauth_password(&w->context, &request, &outcome, &issued));
	else
		assert_ok(
			reauth_change_password(&w->context, &request, &opinion, &outcome, &issued));
	return outcome;
}

/* A refused password opens nothing, also where somebody is in already; a new one is a new one. */
static void a_refused_password_opens_nothing(void **state)
{
	struct world *w = *state;
	struct id alice = account_of(w, "alice");
	struct client c = {.user = alice, .carrier = CARRIER_HANDLE};
	struct str value = text_of(sign_in(w, c));
	struct account_result result;

	refuse(w, alice);
	assert_int_equal(verdict_of(w, "alice", WORLD_PASSWORD), SIGNIN_REFUSED);
	assert_int_equal(prove(w, value, WORLD_PASSWORD, NULL).verdict, REAUTH_WRONG);
	assert_int_equal(prove(w, value, WORLD_PASSWORD, "another one of some length").verdict,
			 REAUTH_WRONG);
	assert_int_equal(fixture_number("SELECT refused FROM password"), 1);
	assert_ok(account_set_password(&w->context, &alice, STR(WORLD_PASSWORD), &result));
	assert_int_equal(fixture_number("SELECT refused FROM password"), 0);
	fixture_sql("DELETE FROM throttle");
	assert_int_equal(verdict_of(w, "alice", WORLD_PASSWORD), SIGNIN_ACCEPTED);
}

/* Refused between its check and the transaction that would start the session. */
static void refused_meanwhile(void **state)
{
	struct world *w = *state;
	struct id alice = account_of(w, "alice");
	struct credential presented = credential_of(w, CARRIER_HANDLE, STR_NONE);
	struct session current = {.aal = 0};
	struct session_issued issued;
	struct session_start start = {
		.user_id = alice,
		.carrier = CARRIER_HANDLE,
		.client = STR("app"),
		.amr = STR("pwd"),
		.aal = 1,
		.state = SESSION_ACTIVE,
		.presented = &presented,
		.current = &current,
		.password_changed_at = w->context.now,
	};

	assert_ok(session_sign_in(&w->context, &start, &issued));
	refuse(w, alice);
	assert_int_equal(session_sign_in(&w->context, &start, &issued), ERR_CONFLICT);
}

static uint64_t rows_under(struct world *w, uint32_t number, uint64_t *closed)
{
	struct pepper_counts counts;

	assert_ok(pepper_count_rows(&w->context, &counts));
	*closed = 0;
	for (size_t i = 0; i < counts.n; i++)
		*closed += counts.of[i].closed;
	for (size_t i = 0; i < counts.n; i++)
		if (counts.of[i].number == number)
			return counts.of[i].rows;
	return 0;
}

/* PW-19: without anybody's password: from unsealed to the newest, over more than one batch. */
static void all_are_sealed_anew(void **state)
{
	struct world *w = *state;
	uint64_t changed = 0;
	uint64_t closed = 0;

	account_of(w, "alice");
	fixture_sql("INSERT INTO user (id, username, display_name, created_at, updated_at) "
		    "SELECT UNHEX(MD5(seq)), CONCAT('u', seq), seq, 1, 1 FROM seq_1_to_620");
	fixture_sql("INSERT INTO password (user_id, hash, changed_at, must_change) "
		    "SELECT UNHEX(MD5(seq)), CONCAT('$argon2id$', seq), 1, seq % 2 "
		    "FROM seq_1_to_620");
	w->context.peppers = peppers.one;
	assert_int_equal(rows_under(w, 0, &closed), 621);
	assert_int_equal(closed, 0);
	assert_ok(pepper_reseal_rows(&w->context, &changed, &closed));
	assert_int_equal(changed, 621);
	assert_int_equal(closed, 0);
	assert_int_equal(rows_under(w, 1, &closed), 621);
	assert_ok(pepper_reseal_rows(&w->context, &changed, &closed));
	assert_int_equal(changed, 0);
	assert_int_equal(verdict_of(w, "alice", WORLD_PASSWORD), SIGNIN_ACCEPTED);
	w->context.peppers = peppers.two;
	assert_ok(pepper_reseal_rows(&w->context, &changed, &closed));
	assert_int_equal(changed, 621);
	assert_int_equal(rows_under(w, 1, &closed), 0);
	assert_int_equal(rows_under(w, 2, &closed), 621);
	assert_int_equal(verdict_of(w, "alice", WORLD_PASSWORD), SIGNIN_ACCEPTED);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM password WHERE must_change = 1 "
					"AND changed_at = 1"),
			 310);
}

/* What does not open is counted, and stays as it is. */
static void what_does_not_open_stays(void **state)
{
	struct world *w = *state;
	uint64_t changed = 0;
	uint64_t closed = 0;

	w->context.peppers = peppers.one;
	account_of(w, "alice");
	w->context.peppers = NULL;
	account_of(w, "bob");
	w->context.peppers = peppers.only_two;
	assert_int_equal(rows_under(w, 1, &closed), 1);
	assert_int_equal(closed, 1);
	assert_ok(pepper_reseal_rows(&w->context, &changed, &closed));
	assert_int_equal(changed, 1);
	assert_int_equal(closed, 1);
	assert_int_equal(number_of("alice"), 1);
	assert_int_equal(number_of("bob"), 2);
}

#define TEST(name) cmocka_unit_test_setup(name, clean)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sealed_from_the_first),
		TEST(a_right_sign_in_seals_anew),
		TEST(imported_ones_are_sealed),
		TEST(a_copied_row_does_not_open),
		TEST(without_its_pepper_nothing_is_judged),
		TEST(refusals_do_the_same_work),
		TEST(what_does_not_open_costs_the_same),
		TEST(a_refused_password_opens_nothing),
		TEST(refused_meanwhile),
		TEST(all_are_sealed_anew),
		TEST(what_does_not_open_stays),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}
