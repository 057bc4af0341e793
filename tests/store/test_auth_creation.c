/* Accounts and the first administrator against a database. */
#include "auth_world.h"

#include <ctype.h>
#include <pthread.h>

#include "grants.h"

static struct account_request request_of(const char *username, const char *email)
{
	return (struct account_request){
		.username = str_of(username),
		.email = str_of(email),
		.password = STR(WORLD_PASSWORD),
	};
}

static struct account_result create(struct world *w, struct account_request request)
{
	struct account_result result;

	assert_ok(account_create(&w->context, &request, &result));
	if (result.flaw != ACCOUNT_FINE)
		assert_true(id_is_none(result.user.id));
	return result;
}

static int64_t users(void)
{
	return fixture_number("SELECT COUNT(*) FROM user");
}

static void makes_user_password_and_roles(void **state)
{
	struct world *w = *state;
	const struct str roles[] = {STR("admin")};
	struct account_request request = request_of("Alice", "Alice@Example.org");
	struct account_result result;

	request.display_name = STR(" Alice \xc5\x81uczak ");
	request.roles = roles;
	request.role_count = 1;
	result = create(w, request);
	assert_int_equal(result.flaw, ACCOUNT_FINE);
	assert_str(result.user.username, "alice");
	assert_str(result.user.email, "alice@example.org");
	assert_str(result.user.display_name, "Alice \xc5\x81uczak");
	assert_int_equal(result.user.state, USER_ACTIVE);
	assert_int_equal(result.user.email_proven_at, 0);
	assert_true(grants_has(result.user.grants, STR("role:admin")));
	assert_true(grants_has(result.user.grants, STR("perm:users:manage")));
	assert_true(grants_has(result.user.grants, STR("elevated")));
	/* PW-16: what is stored. */
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM password WHERE hash LIKE "
					"'$argon2id$v=19$m=19456,t=2,p=1$%'"),
			 1);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM audit_event WHERE event IN "
					"('user_created','authz_change')"),
			 2);
}

static void one_name_is_enough(void **state)
{
	struct world *w = *state;
	struct account_result by_name = create(w, request_of("bob", ""));
	struct account_result by_email = create(w, request_of(NULL, "zoe@example.org"));

	assert_int_equal(by_name.flaw, ACCOUNT_FINE);
	assert_false(str_is_present(by_name.user.email));
	assert_str(by_name.user.display_name, "bob");
	assert_int_equal(by_email.flaw, ACCOUNT_FINE);
	assert_false(str_is_present(by_email.user.username));
	assert_str(by_email.user.display_name, "zoe");
}

/* PW-01 and every other flaw: named, and nothing is done. */
static void flaws_change_nothing(void **state)
{
	const struct str unknown[] = {STR("admin"), STR("wizard")};
	const struct {
		struct account_request request;
		enum account_flaw flaw;
	} cases[] = {
		{request_of("-x", NULL), ACCOUNT_BAD_USERNAME},
		{request_of("bob", "bob@"), ACCOUNT_BAD_EMAIL},
		{request_of(NULL, NULL), ACCOUNT_NO_NAME},
		{request_of("", " "), ACCOUNT_NO_NAME},
		{request_of("alice", NULL), ACCOUNT_TAKEN},
		{request_of("ALICE", NULL), ACCOUNT_TAKEN},
		{request_of("bob", "ALICE@example.org"), ACCOUNT_TAKEN},
		{{.username = STR("bob"),
		  .password = STR(WORLD_PASSWORD),
		  .roles = unknown,
		  .role_count = 2},
		 ACCOUNT_UNKNOWN_ROLE},
		{{.username = STR("bob"), .password = STR("fourteen chars")}, ACCOUNT_BAD_PASSWORD},
		{{.username = STR("bob"), .password = STR_NONE}, ACCOUNT_BAD_PASSWORD},
		{{.username = STR("bob"),
		  .password = STR(WORLD_PASSWORD),
		  .display_name = STR("two\nlines")},
		 ACCOUNT_BAD_DISPLAY_NAME},
		{{.username = STR("bob"),
		  .password = STR(WORLD_PASSWORD),
		  .display_name = STR("c1 \xc2\x9b control")},
		 ACCOUNT_BAD_DISPLAY_NAME},
		{{.username = STR("bob"),
		  .password = STR(WORLD_PASSWORD),
		  .display_name = STR("\xff")},
		 ACCOUNT_BAD_DISPLAY_NAME},
	};
	struct world *w = *state;

	create(w, request_of("alice", "alice@example.org"));
	fixture_sql("DELETE FROM audit_event");
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(create(w, cases[i].request).flaw, cases[i].flaw);
	assert_int_equal(users(), 1);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM password"), 1);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM user_role"), 0);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM audit_event"), 0);
}

static void password_flaws_are_named(void **state)
{
	struct world *w = *state;
	struct account_request request = request_of("bob", NULL);

	request.password = STR("short");
	assert_int_equal(create(w, request).password_flaw, PASSWORD_TOO_SHORT);
	request.password = STR("long enough but\0not text");
	assert_int_equal(create(w, request).password_flaw, PASSWORD_NOT_TEXT);
}

/* 100 code points, however many bytes. */
static void display_names_are_bounded(void **state)
{
	struct world *w = *state;
	struct account_request request = request_of("bob", NULL);
	char name[202];

	for (size_t i = 0; i < sizeof name; i += 2) {
		name[i] = '\xc3';
		name[i + 1] = '\xa9';
	}
	request.display_name = (struct str){name, 202};
	assert_int_equal(create(w, request).flaw, ACCOUNT_BAD_DISPLAY_NAME);
	request.display_name = (struct str){name, 200};
	assert_int_equal(create(w, request).flaw, ACCOUNT_FINE);
}

/* PW-16: equal passwords, different hashes. */
static void equal_passwords_are_stored_apart(void **state)
{
	struct world *w = *state;

	create(w, request_of("alice", NULL));
	create(w, request_of("bob", NULL));
	assert_int_equal(fixture_number("SELECT COUNT(DISTINCT hash) FROM password"), 2);
}

static void finds_by_name_address_and_id(void **state)
{
	struct world *w = *state;
	struct id id = create(w, request_of("alice", "alice@example.org")).user.id;
	struct str text = STR_NONE;
	struct user_row row;
	bool found = false;

	assert_ok(id_text(w->context.arena, id, &text));
	{
		const struct str typed[] = {STR("Alice"), STR("alice@EXAMPLE.org"), text};

		for (size_t i = 0; i < sizeof typed / sizeof typed[0]; i++) {
			found = false;
			assert_ok(account_find(&w->context, typed[i], &row, &found));
			assert_true(found);
			assert_true(id_equal(row.id, id));
		}
	}
	assert_ok(account_find(&w->context, STR("bob"), &row, &found));
	assert_false(found);
	assert_ok(account_find(&w->context, STR("' OR 1=1"), &row, &found));
	assert_false(found);
}

/* SE-18: a password set by the keeper ends all sessions; a flaw changes nothing. */
static void setting_a_password_ends_sessions(void **state)
{
	struct world *w = *state;
	struct id id = create(w, request_of("alice", NULL)).user.id;
	struct id gone = id_random();
	struct str text =
		text_of(sign_in(w, (struct client){.user = id, .carrier = CARRIER_COOKIE}));
	struct account_result result;

	fixture_sql("UPDATE password SET must_change = 1");
	assert_ok(account_set_password(&w->context, &id, STR("short"), &result));
	assert_int_equal(result.flaw, ACCOUNT_BAD_PASSWORD);
	assert_int_equal(standing(w, CARRIER_COOKIE, text), SESSION_LIVE);
	assert_ok(account_set_password(&w->context, &id, STR("quite another password"), &result));
	assert_int_equal(result.flaw, ACCOUNT_FINE);
	assert_true(id_equal(result.user.id, id));
	assert_false(result.user.must_change);
	assert_int_equal(standing(w, CARRIER_COOKIE, text), SESSION_UNKNOWN);
	assert_int_equal(account_set_password(&w->context, &gone, STR(WORLD_PASSWORD), &result),
			 ERR_CONFLICT);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM password"), 1);
}

static struct str begin_setup(struct world *w)
{
	struct secret text = SECRET_NONE;

	assert_ok(account_setup_begin(&w->context, &text));
	return (struct str){(const char *)text.bytes, text.len};
}

static enum account_flaw finish_setup(struct world *w, struct str code,
				      struct account_request request)
{
	struct account_result result;

	assert_ok(account_setup_finish(&w->context, code, &request, &result));
	return result.flaw;
}

static bool has_administrator(struct world *w)
{
	bool there = false;

	assert_ok(account_has_administrator(&w->context, &there));
	return there;
}

/* PW-22: a random code of 128 bits, for an hour, for once. */
static void setup_makes_one_administrator(void **state)
{
	struct world *w = *state;
	struct str code = begin_setup(w);

	assert_int_equal(code.n, 26 + 5);
	assert_false(has_administrator(w));
	assert_int_equal(finish_setup(w, code, request_of("root", NULL)), ACCOUNT_FINE);
	assert_true(has_administrator(w));
	assert_int_equal(finish_setup(w, code, request_of("root2", NULL)), ACCOUNT_BAD_CODE);
	/* Nor with a code that was made too late. */
	code = begin_setup(w);
	assert_int_equal(finish_setup(w, code, request_of("root3", NULL)), ACCOUNT_BAD_CODE);
	assert_int_equal(users(), 1);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM audit_event "
					"WHERE event = 'setup_begun'"),
			 2);
}

static void setup_flaws_leave_the_code(void **state)
{
	struct world *w = *state;
	struct str code = begin_setup(w);
	struct account_request request = request_of("root", NULL);

	create(w, request_of("alice", NULL));
	request.password = STR("short");
	assert_int_equal(finish_setup(w, code, request), ACCOUNT_BAD_PASSWORD);
	assert_int_equal(finish_setup(w, code, request_of("-", NULL)), ACCOUNT_BAD_USERNAME);
	assert_int_equal(finish_setup(w, code, request_of("alice", NULL)), ACCOUNT_TAKEN);
	assert_false(has_administrator(w));
	assert_int_equal(finish_setup(w, code, request_of("root", NULL)), ACCOUNT_FINE);
}

static void setup_codes_end(void **state)
{
	struct world *w = *state;
	struct str first = begin_setup(w);
	struct str second = begin_setup(w);

	assert_false(str_equal(first, second));
	assert_int_equal(finish_setup(w, first, request_of("root", NULL)), ACCOUNT_BAD_CODE);
	w->context.now += CLOCK_HOUR;
	assert_int_equal(finish_setup(w, second, request_of("root", NULL)), ACCOUNT_BAD_CODE);
	w->context.now -= 1;
	assert_int_equal(finish_setup(w, second, request_of("root", NULL)), ACCOUNT_FINE);
}

/* As people type it: capitals, no dashes, spaces, and what looks alike. */
static void setup_codes_are_forgiving(void **state)
{
	struct world *w = *state;
	struct str code = begin_setup(w);
	char typed[128] = " ";
	size_t n = 1;

	for (size_t i = 0; i < code.n; i++) {
		char c = code.p[i];

		if (c == '-')
			continue;
		c = c == '0' ? 'o' : c == '1' ? 'l' : c;
		typed[n++] = (char)toupper((unsigned char)c);
		if (i % 3 == 0)
			typed[n++] = ' ';
	}
	assert_int_equal(finish_setup(w, (struct str){typed, n}, request_of("root", NULL)),
			 ACCOUNT_FINE);
}

static void wrong_setup_codes_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"0000-0000-00000-0000-0000-00000",
		"0000",
		"uuuu-uuuu-uuuuu-uuuu-uuuu-uuuuu",
		"0000-0000-00000-0000-0000-000000",
		"0000-0000-00000-0000-0000-0000z",
		"' OR 1=1 --",
	};
	struct world *w = *state;
	struct str code = begin_setup(w);
	char altered[64];

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(finish_setup(w, str_of(bad[i]), request_of("root", NULL)),
				 ACCOUNT_BAD_CODE);
	memcpy(altered, code.p, code.n);
	altered[0] = altered[0] == 'x' ? 'y' : 'x';
	assert_int_equal(finish_setup(w, (struct str){altered, code.n}, request_of("root", NULL)),
			 ACCOUNT_BAD_CODE);
	/* Another text for the same bits is another text. */
	memcpy(altered, code.p, code.n);
	altered[code.n - 1] = "159dhnsx"[strcspn("048cgmrw", code.p + code.n - 1)];
	assert_int_equal(finish_setup(w, (struct str){altered, code.n}, request_of("root", NULL)),
			 ACCOUNT_BAD_CODE);
	assert_int_equal(finish_setup(w, str_sub(code, 0, code.n - 1), request_of("root", NULL)),
			 ACCOUNT_BAD_CODE);
	assert_int_equal(users(), 0);
}

struct rival {
	struct world *w;
	struct str code;
	char name[8];
	pthread_barrier_t *start;
	enum account_flaw flaw;
	enum err e;
};

static void *compete(void *opaque)
{
	struct rival *rival = opaque;
	struct auth_context context = rival->w->context;
	struct account_request request = request_of(rival->name, NULL);
	struct account_result result = {.flaw = ACCOUNT_BAD_CODE};

	db_thread_init();
	rival->e = arena_open(16384, 1 << 20, &context.arena);
	if (rival->e == OK)
		rival->e = db_open(&rival->w->config, DB_ROLE_WEB, &context.db);
	pthread_barrier_wait(rival->start);
	if (rival->e == OK)
		rival->e = account_setup_finish(&context, rival->code, &request, &result);
	rival->flaw = result.flaw;
	db_close(&context.db);
	arena_close(&context.arena);
	db_thread_done();
	return NULL;
}

/* SE-27: one code, many at once, one administrator. */
static void one_code_makes_one_of_many(void **state)
{
	enum { RIVALS = 6 };
	struct world *w = *state;
	struct str code = begin_setup(w);
	struct rival rivals[RIVALS];
	pthread_t threads[RIVALS];
	pthread_barrier_t start;
	unsigned won = 0;

	assert_int_equal(pthread_barrier_init(&start, NULL, RIVALS), 0);
	for (size_t i = 0; i < RIVALS; i++) {
		rivals[i] = (struct rival){.w = w, .code = code, .start = &start};
		snprintf(rivals[i].name, sizeof rivals[i].name, "root%zu", i);
		assert_int_equal(pthread_create(&threads[i], NULL, compete, &rivals[i]), 0);
	}
	for (size_t i = 0; i < RIVALS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_ok(rivals[i].e);
		won += rivals[i].flaw == ACCOUNT_FINE ? 1 : 0;
		assert_true(rivals[i].flaw == ACCOUNT_FINE || rivals[i].flaw == ACCOUNT_BAD_CODE);
	}
	pthread_barrier_destroy(&start);
	assert_int_equal(won, 1);
	assert_int_equal(users(), 1);
}

#define TEST(name) cmocka_unit_test_setup(name, world_clean)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(makes_user_password_and_roles),
		TEST(one_name_is_enough),
		TEST(flaws_change_nothing),
		TEST(password_flaws_are_named),
		TEST(display_names_are_bounded),
		TEST(equal_passwords_are_stored_apart),
		TEST(finds_by_name_address_and_id),
		TEST(setting_a_password_ends_sessions),
		TEST(setup_makes_one_administrator),
		TEST(setup_flaws_leave_the_code),
		TEST(setup_codes_end),
		TEST(setup_codes_are_forgiving),
		TEST(wrong_setup_codes_are_refused),
		TEST(one_code_makes_one_of_many),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
