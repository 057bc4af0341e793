/* Signing in with a password against a database. */
#include "auth_world.h"

#include <fcntl.h>

#include "signin.h"

/* What the two accounts' connections have sent. */
struct work {
	uint64_t web;
	uint64_t hash;
};

static struct work work_of(const struct world *w)
{
	return (struct work){db_statement_count(w->db), db_statement_count(w->hash_db)};
}

static struct signin_request request_of(const char *identifier, const char *password)
{
	return (struct signin_request){
		.identifier = str_of(identifier),
		.password = str_of(password),
		.carrier = CARRIER_HANDLE,
		.client = STR("app"),
	};
}

static enum signin_verdict attempt(struct world *w, struct signin_request request,
				   struct str presented, struct session_issued *issued)
{
	struct credential credential = credential_of(w, request.carrier, presented);
	struct session current = resolve(w, request.carrier, presented);
	enum signin_verdict verdict = SIGNIN_REFUSED;
	int64_t wait = 0;

	request.presented = &credential;
	request.current = &current;
	assert_ok(signin_password(&w->context, &request, &verdict, &wait, issued));
	return verdict;
}

static enum signin_verdict verdict_of(struct world *w, const char *identifier, const char *password)
{
	struct session_issued issued;

	return attempt(w, request_of(identifier, password), STR_NONE, &issued);
}

static struct id account_of(struct world *w, const char *username, const char *email)
{
	struct account_request request = {
		.username = str_of(username),
		.email = str_of(email),
		.password = STR(WORLD_PASSWORD),
	};
	struct account_result result;

	assert_ok(account_create(&w->context, &request, &result));
	assert_int_equal(result.flaw, ACCOUNT_FINE);
	return result.user.id;
}

static void right_password_signs_in(void **state)
{
	static const char *const names[] = {"alice", "ALICE", " alice ", "alice@example.org",
					    "Alice@Example.ORG"};
	struct world *w = *state;
	struct id user = account_of(w, "alice", "alice@example.org");

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct session_issued issued;
		const struct session_row *row = &issued.session.found.session;

		assert_int_equal(
			attempt(w, request_of(names[i], WORLD_PASSWORD), STR_NONE, &issued),
			SIGNIN_ACCEPTED);
		assert_int_equal(issued.session.standing, SESSION_LIVE);
		assert_int_equal(issued.carrier, CARRIER_HANDLE);
		assert_true(id_equal(row->user_id, user));
		assert_str(row->amr, "pwd");
		assert_str(row->client, "app");
		assert_str(row->ip, "192.0.2.7");
		assert_str(row->user_agent, "tests");
		assert_int_equal(row->aal, 1);
		assert_int_equal(standing(w, CARRIER_HANDLE, text_of(issued)), SESSION_LIVE);
	}
}

/*
 * TH-09, TH-10: what does not sign in is one verdict, the same statements on both connections, and
 * leaves no session.
 */
static void refusals_are_alike(void **state)
{
	static const struct {
		const char *identifier;
		const char *password;
	} cases[] = {
		{"alice", "the wrong password here"},
		{"nobody", WORLD_PASSWORD},
		{"nobody@example.org", WORLD_PASSWORD},
		{"locked", WORLD_PASSWORD},
		{"closed", WORLD_PASSWORD},
		{"unset", WORLD_PASSWORD},
		{"unset", ""},
		{"alice", ""},
		{"alice", "\xff\xfe"},
		{"' OR 1=1 --", WORLD_PASSWORD},
		{"", WORLD_PASSWORD},
		{"alice\x01", WORLD_PASSWORD},
		{"<alice@example.org>", WORLD_PASSWORD},
	};
	struct world *w = *state;
	struct work first = {0, 0};

	account_of(w, "alice", "alice@example.org");
	account_of(w, "locked", NULL);
	account_of(w, "closed", NULL);
	fixture_add_user(w->fixture, "unset");
	fixture_sql("UPDATE user SET state = 2 WHERE username = 'locked'");
	fixture_sql("UPDATE user SET state = 3 WHERE username = 'closed'");
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct work before = work_of(w);
		struct work after;

		assert_int_equal(verdict_of(w, cases[i].identifier, cases[i].password),
				 SIGNIN_REFUSED);
		after = work_of(w);
		after.web -= before.web;
		after.hash -= before.hash;
		if (i == 0)
			first = after;
		assert_int_equal(after.web, first.web);
		assert_int_equal(after.hash, first.hash);
	}
	/*
	 * Looking for the account and its device, taking the attempt (begin, two counters, reading
	 * them, commit), writing the event; and reading one hash.
	 */
	assert_int_equal(first.web, 8);
	assert_int_equal(first.hash, 1);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM session"), 0);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM audit_event "
					"WHERE event = 'authn_login_fail' AND outcome = 'refused'"),
			 sizeof cases / sizeof cases[0]);
}

/* PW-02: above the bound no hash is computed, with the same statements; nothing is cut. */
static void too_long_a_password_is_refused(void **state)
{
	struct world *w = *state;
	struct signin_request request = request_of("alice", WORLD_PASSWORD);
	struct auth_context context = w->context;
	struct work before;
	struct work after;
	struct session_issued issued;
	char text[PASSWORD_BYTES_MAX + 1];

	account_of(w, "alice", NULL);
	memset(text, 'x', sizeof text);
	request.password = (struct str){text, sizeof text};
	w->context.hasher = NULL; /* whoever hashes now ends the test */
	before = work_of(w);
	assert_int_equal(attempt(w, request, STR_NONE, &issued), SIGNIN_REFUSED);
	request.identifier = STR("nobody");
	assert_int_equal(attempt(w, request, STR_NONE, &issued), SIGNIN_REFUSED);
	after = work_of(w);
	assert_int_equal(after.web - before.web, 16);
	assert_int_equal(after.hash - before.hash, 2);
	w->context = context;
}

/* PW-07: what follows a NUL counts: such a password is no password. */
static void nul_in_a_password_is_refused(void **state)
{
	struct world *w = *state;
	struct signin_request request = request_of("alice", "");
	struct session_issued issued;

	account_of(w, "alice", NULL);
	request.password = STR(WORLD_PASSWORD "\0x");
	assert_int_equal(attempt(w, request, STR_NONE, &issued), SIGNIN_REFUSED);
	request.password = STR(WORLD_PASSWORD);
	assert_int_equal(attempt(w, request, STR_NONE, &issued), SIGNIN_ACCEPTED);
}

/* PW-06: typed on another keyboard, the same password. */
static void nfc_and_nfd_sign_in(void **state)
{
	struct world *w = *state;
	struct account_request request = {
		.username = STR("zoe"),
		.password = STR("caf\xc3\xa9 and a book at noon"),
	};
	struct account_result result;

	assert_ok(account_create(&w->context, &request, &result));
	assert_int_equal(result.flaw, ACCOUNT_FINE);
	assert_int_equal(verdict_of(w, "zoe", "cafe\xcc\x81 and a book at noon"), SIGNIN_ACCEPTED);
	assert_int_equal(verdict_of(w, "zoe", "cafe and a book at noon"), SIGNIN_REFUSED);
	assert_int_equal(verdict_of(w, "zoe", "CAF\xc3\x89 and a book at noon"), SIGNIN_REFUSED);
}

/* PW-12: a password that was marked must be changed before anything else. */
static void marked_passwords_leave_it_pending(void **state)
{
	struct world *w = *state;
	struct session_issued issued;

	account_of(w, "alice", NULL);
	fixture_sql("UPDATE password SET must_change = 1");
	assert_int_equal(attempt(w, request_of("alice", WORLD_PASSWORD), STR_NONE, &issued),
			 SIGNIN_ACCEPTED);
	assert_int_equal(issued.session.standing, SESSION_PENDING);
	assert_int_equal(issued.session.found.session.state, SESSION_PASSWORD_CHANGE_REQUIRED);
}

/* SE-05: the form sent twice by a client that lost the answer; a wrong password repeats nothing. */
static void same_form_is_answered_alike(void **state)
{
	struct world *w = *state;
	struct signin_request request = request_of("alice", WORLD_PASSWORD);
	struct session_issued first;
	struct session_issued second;
	struct session_issued again;

	account_of(w, "alice", "alice@example.org");
	assert_int_equal(attempt(w, request, STR_NONE, &first), SIGNIN_ACCEPTED);
	assert_int_equal(attempt(w, request, text_of(first), &second), SIGNIN_ACCEPTED);
	w->context.now += 10 * CLOCK_SECOND;
	assert_int_equal(attempt(w, request, text_of(first), &again), SIGNIN_ACCEPTED);
	assert_true(again.repeated);
	assert_true(str_equal(text_of(again), text_of(second)));
	request.password = STR("the wrong password here");
	assert_int_equal(attempt(w, request, text_of(first), &again), SIGNIN_REFUSED);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM session"), 1);
	assert_int_equal(standing(w, CARRIER_HANDLE, text_of(second)), SESSION_LIVE);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM audit_event "
					"WHERE event = 'authn_login_repeat'"),
			 1);
}

/* Another device, another wish, another client: not the same request. */
static void other_forms_are_not_repeats(void **state)
{
	struct world *w = *state;
	struct signin_request request = request_of("alice", WORLD_PASSWORD);
	struct signin_request others[4];
	unsigned char device[] = "telephone";
	struct session_issued first;
	struct session_issued second;
	struct session_issued again;

	account_of(w, "alice", NULL);
	assert_int_equal(attempt(w, request, STR_NONE, &first), SIGNIN_ACCEPTED);
	assert_int_equal(attempt(w, request, text_of(first), &second), SIGNIN_ACCEPTED);
	for (size_t i = 0; i < 4; i++)
		others[i] = request;
	others[0].client = STR("other");
	others[1].remember = true;
	others[2].device_name = STR("mine");
	others[3].device_kind = DEVICE_APP;
	others[3].device_ref = (struct secret){device, sizeof device};
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(attempt(w, others[i], text_of(first), &again), SIGNIN_ACCEPTED);
		assert_false(again.repeated);
		assert_false(str_equal(text_of(again), text_of(second)));
	}
}

/* LG-01: what happened and to whom. */
static void events_say_who_and_where(void **state)
{
	struct world *w = *state;

	account_of(w, "alice", NULL);
	fixture_sql("DELETE FROM audit_event");
	verdict_of(w, "alice", "the wrong password here");
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM audit_event a "
					"JOIN user u ON u.id = a.user_id "
					"WHERE a.event = 'authn_login_fail' "
					"AND a.source = '192.0.2.7' "
					"AND a.request_id IS NOT NULL AND a.session_id IS NULL"),
			 1);
	verdict_of(w, "alice", WORLD_PASSWORD);
	assert_int_equal(
		fixture_number("SELECT COUNT(*) FROM audit_event a "
			       "JOIN user u ON u.id = a.user_id "
			       "JOIN session s ON s.id = a.session_id "
			       "WHERE a.event IN ('authn_login_success','session_created') "
			       "AND a.outcome = 'ok'"),
		2);
}

/* Standard error goes into a file while a test runs. */
struct capture {
	int saved;
	int file;
};

static struct capture capture_begin(void)
{
	char path[] = "/tmp/gatepost-log-XXXXXX";
	struct capture capture = {.saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10),
				  .file = mkstemp(path)};

	assert_true(capture.saved >= 0 && capture.file >= 0);
	unlink(path);
	assert_true(dup2(capture.file, STDERR_FILENO) >= 0);
	log_set_level(LOG_LEVEL_INFO);
	return capture;
}

/* Everything written meanwhile, NUL-terminated. */
static void capture_end(struct capture capture, char *text, size_t room)
{
	ssize_t n = 0;

	log_set_level(LOG_LEVEL_ERROR);
	assert_true(dup2(capture.saved, STDERR_FILENO) >= 0);
	n = pread(capture.file, text, room - 1, 0);
	close(capture.saved);
	close(capture.file);
	assert_true(n >= 0);
	text[n] = '\0';
}

/* LG-02: no password, handle, device or unknown name in a line or row. */
static void nothing_secret_is_recorded(void **state)
{
	struct world *w = *state;
	struct signin_request request = request_of("alice", WORLD_PASSWORD);
	unsigned char device[] = "canary-device";
	struct session_issued issued;
	struct capture capture;
	char text[8192];
	char handle[64];

	account_of(w, "alice", "alice@example.org");
	capture = capture_begin();
	verdict_of(w, "canary-unknown", "canary-password-typed");
	verdict_of(w, "alice", "canary-password-typed");
	verdict_of(w, "canary in the wrong field", "x");
	request.device_kind = DEVICE_APP;
	request.device_ref = (struct secret){device, sizeof device - 1};
	attempt(w, request, STR_NONE, &issued);
	attempt(w, request, text_of(issued), &issued);
	capture_end(capture, text, sizeof text);
	assert_non_null(strstr(text, "authn_login_fail"));
	assert_non_null(strstr(text, "session_renewed"));
	assert_null(strstr(text, "canary"));
	assert_null(strstr(text, WORLD_PASSWORD));
	snprintf(handle, sizeof handle, "%.*s", (int)issued.text.len - 4, issued.text.bytes + 4);
	assert_null(strstr(text, handle));
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM audit_event "
					"WHERE detail LIKE '%canary%' OR detail LIKE '%gps_%'"),
			 0);
	/* The same unknown name is the same 16 digits, so that an attack can be followed. */
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM audit_event "
					"WHERE event = 'authn_login_fail' "
					"AND detail REGEXP '^[0-9a-f]{16}$'"),
			 3);
}

/* Without the hash account's connection nothing is known and nobody gets in. */
static void no_hash_account_no_sign_in(void **state)
{
	struct world *w = *state;
	struct config elsewhere = w->config;
	struct signin_request request = request_of("alice", WORLD_PASSWORD);
	struct credential credential = credential_of(w, CARRIER_HANDLE, STR_NONE);
	struct session current = resolve(w, CARRIER_HANDLE, STR_NONE);
	enum signin_verdict verdict = SIGNIN_REFUSED;
	struct session_issued issued;
	int64_t wait = 0;

	account_of(w, "alice", NULL);
	elsewhere.database.socket = STR("/nowhere/at/all.sock");
	w->context.hash_db = fixture_db(&elsewhere, DB_ROLE_HASH);
	request.presented = &credential;
	request.current = &current;
	assert_int_equal(signin_password(&w->context, &request, &verdict, &wait, &issued),
			 ERR_UNAVAILABLE);
	assert_int_equal(verdict, SIGNIN_REFUSED);
	db_close(&w->context.hash_db);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM session"), 0);
}

#define TEST(name) cmocka_unit_test_setup(name, world_clean)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(right_password_signs_in),
		TEST(refusals_are_alike),
		TEST(too_long_a_password_is_refused),
		TEST(nul_in_a_password_is_refused),
		TEST(nfc_and_nfd_sign_in),
		TEST(marked_passwords_leave_it_pending),
		TEST(same_form_is_answered_alike),
		TEST(other_forms_are_not_repeats),
		TEST(events_say_who_and_where),
		TEST(nothing_secret_is_recorded),
		TEST(no_hash_account_no_sign_in),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
