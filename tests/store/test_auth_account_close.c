/* Accounts are closed, opened again, and removed in the end. */
#include "address_world.h"

#include <pthread.h>

#include "account_admin.h"
#include "purge.h"

static int64_t rows_of(const char *table)
{
	char sql[200];

	snprintf(sql, sizeof sql, "SELECT COUNT(*) FROM %s", table);
	return fixture_number(sql);
}

static struct purge_report purge(struct world *w)
{
	struct purge_report report = {.sessions = 0};

	assert_ok(purge_run(&w->context, clock_monotonic() + 30 * CLOCK_SECOND, &report));
	return report;
}

/* SE-17: nothing that let them in is left, from the next request on. */
static void nothing_that_let_in_is_left(void **state)
{
	static const char *const TABLES[] = {"session", "device", "password", "handover", "flow"};
	struct world *w = *state;
	struct person alice = add_person(w, "alice", "alice@example.org");
	struct client client = {.user = alice.id, .carrier = CARRIER_HANDLE, .device = "telephone"};
	struct session_issued issued;
	int64_t recorded = rows_of("audit_event");

	issued = sign_in(w, client);
	set_hash(w, alice.id, "$argon2id$hers");
	assert_int_equal(ask(w, &alice, "new@example.org"), ADDRESS_DONE);
	assert_int_equal(close_account(w, &alice), ACCOUNT_DONE);
	assert_false(is_in(w, &alice));
	assert_int_equal(standing(w, CARRIER_HANDLE, text_of(issued)), SESSION_UNKNOWN);
	for (size_t i = 0; i < sizeof TABLES / sizeof TABLES[0]; i++)
		assert_int_equal(rows_of(TABLES[i]), 0);
	assert_int_equal(rows_of("mail_code"), 0);
	assert_int_equal(user_of(w, alice.id).state, USER_CLOSED);
	assert_int_equal(user_of(w, alice.id).closed_at, w->context.now);
	assert_int_equal(try_sign_in(w, &client, &issued), ERR_CONFLICT);
	assert_string_equal(letter(w, "closed").recipient, "alice@example.org");
	/* What was recorded stays. */
	assert_true(rows_of("audit_event") > recorded);
	assert_int_equal(events("user_closed"), 1);
	/* Twice is once. */
	assert_int_equal(close_account(w, &alice), ACCOUNT_NO_SUCH_SESSION);
}

static void only_a_session_that_is_there_closes(void **state)
{
	struct world *w = *state;
	struct person alice = add_person(w, "alice", "alice@example.org");
	struct person bob = add_person(w, "bob", NULL);
	uint64_t ended = 0;

	bob.id = alice.id; /* somebody else's session */
	assert_int_equal(close_account(w, &bob), ACCOUNT_NO_SUCH_SESSION);
	assert_ok(session_end_all(&w->context, &alice.id, NULL, &ended));
	assert_int_equal(close_account(w, &alice), ACCOUNT_NO_SUCH_SESSION);
	assert_int_equal(user_of(w, alice.id).state, USER_ACTIVE);
}

static void the_last_administrator_stays(void **state)
{
	struct world *w = *state;
	struct person alice = add_person(w, "alice", "alice@example.org");
	struct person bob = add_person(w, "bob", "bob@example.org");

	world_give_role(w, alice.id, "admin");
	world_give_role(w, bob.id, "admin");
	assert_int_equal(close_account(w, &bob), ACCOUNT_DONE);
	assert_int_equal(close_account(w, &alice), ACCOUNT_LAST_ADMIN);
	assert_true(is_in(w, &alice));
	assert_int_equal(events("authz_fail"), 1);
	assert_int_equal(mails("closed"), 1);
}

struct leaver {
	struct world *w;
	struct person who;
	enum account_outcome outcome;
};

static void *leave(void *opaque)
{
	struct leaver *leaver = opaque;
	struct auth_context context = leaver->w->context;
	struct closing closing = {leaver->who.id, leaver->who.session.session.found.session.id};

	db_thread_init();
	context.arena = NULL;
	assert_ok(arena_open(4096, 1 << 20, &context.arena));
	context.db = fixture_db(&leaver->w->config, DB_ROLE_WEB);
	assert_ok(account_close(&context, &closing, &leaver->outcome));
	db_close(&context.db);
	arena_close(&context.arena);
	db_thread_done();
	return NULL;
}

static void of_two_administrators_who_leave_at_once_one_stays(void **state)
{
	struct world *w = *state;
	struct leaver leavers[2] = {
		{.w = w, .who = add_person(w, "alice", NULL)},
		{.w = w, .who = add_person(w, "bob", NULL)},
	};
	pthread_t threads[2];

	for (size_t i = 0; i < 2; i++)
		world_give_role(w, leavers[i].who.id, "admin");
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, leave, &leavers[i]), 0);
	for (size_t i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(
		(leavers[0].outcome == ACCOUNT_DONE) + (leavers[1].outcome == ACCOUNT_DONE), 1);
	assert_int_equal((leavers[0].outcome == ACCOUNT_LAST_ADMIN) +
				 (leavers[1].outcome == ACCOUNT_LAST_ADMIN),
			 1);
}

static struct account_result create(struct world *w, const char *username, const char *email)
{
	struct account_request request = {
		.username = str_of(username),
		.email = str_of(email),
		.password = STR(WORLD_PASSWORD),
	};
	struct account_result result;

	assert_ok(account_create(&w->context, &request, &result));
	return result;
}

/* TK-09: the names are kept, then free; the id never comes again. */
static void names_are_free_after_a_time(void **state)
{
	struct world *w = *state;
	struct person alice = add_person(w, "alice", "alice@example.org");
	struct account_result result;

	assert_int_equal(close_account(w, &alice), ACCOUNT_DONE);
	w->context.now += 30 * CLOCK_DAY;
	assert_int_equal(purge(w).closed_users, 0);
	assert_int_equal(create(w, "alice", "a@example.org").flaw, ACCOUNT_TAKEN);
	assert_int_equal(create(w, "carol", "alice@example.org").flaw, ACCOUNT_TAKEN);
	w->context.now += 1;
	assert_int_equal(purge(w).closed_users, 1);
	assert_int_equal(rows_of("user"), 0);
	assert_int_equal(events("user_removed"), 1);
	result = create(w, "alice", "alice@example.org");
	assert_int_equal(result.flaw, ACCOUNT_FINE);
	assert_false(id_equal(result.user.id, alice.id));
	/* What was recorded of the one is not the other's. */
	assert_true(fixture_number("SELECT COUNT(DISTINCT user_id) FROM audit_event "
				   "WHERE user_id IS NOT NULL") == 2);
}

static void many_go_in_batches(void **state)
{
	struct world *w = *state;

	for (int i = 0; i < 47; i++) {
		char name[32];
		struct user_row row;

		snprintf(name, sizeof name, "user%d", i);
		row = fixture_user(name);
		assert_ok(user_store_insert(w->db, &row));
	}
	add_person(w, "alice", NULL);
	fixture_sql("UPDATE user SET state = 3, closed_at = 1 WHERE username LIKE 'user%'");
	assert_int_equal(purge(w).closed_users, 47);
	assert_int_equal(rows_of("user"), 1);
	assert_int_equal(purge(w).closed_users, 0);
}

/* By the index, whatever else there is. */
static void the_closed_are_found_by_the_index(void **state)
{
	(void)state;
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM information_schema.STATISTICS WHERE "
					"TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'user' AND "
					"INDEX_NAME = 'user_closed'"),
			 1);
}

static void is_opened_again(void **state)
{
	struct world *w = *state;
	struct person alice = add_person(w, "alice", "alice@example.org");
	struct client client = {.user = alice.id, .carrier = CARRIER_COOKIE};
	struct account_effect effect;
	struct account_act act = {.user_id = alice.id, .reason = STR("asked for")};

	world_give_role(w, alice.id, "admin");
	world_give_role(w, add_person(w, "bob", NULL).id, "admin");
	assert_ok(account_reopen(&w->context, &act, &effect));
	assert_int_equal(effect.outcome, ACCOUNT_ALREADY);
	assert_int_equal(close_account(w, &alice), ACCOUNT_DONE);
	/* Neither locked nor unlocked. */
	assert_ok(account_unlock(&w->context, &act, &effect));
	assert_int_equal(effect.outcome, ACCOUNT_IS_CLOSED);
	assert_ok(account_reopen(&w->context, &act, &effect));
	assert_int_equal(effect.outcome, ACCOUNT_DONE);
	assert_int_equal(effect.user.state, USER_ACTIVE);
	assert_int_equal(user_of(w, alice.id).closed_at, 0);
	assert_int_equal(user_of(w, alice.id).password_changed_at, 0);
	alice.session = sign_in(w, client);
	assert_true(is_in(w, &alice));
	/* It is not removed in the end. */
	w->context.now += 31 * CLOCK_DAY;
	assert_int_equal(purge(w).closed_users, 0);
	assert_int_equal(events("user_reopened"), 1);
}

static void nobody_is_not_opened(void **state)
{
	struct world *w = *state;
	struct account_act act = {.user_id = id_random()};
	struct account_effect effect;

	assert_ok(account_reopen(&w->context, &act, &effect));
	assert_int_equal(effect.outcome, ACCOUNT_NO_SUCH_USER);
	act.reason = STR("one\nline too many");
	assert_ok(account_reopen(&w->context, &act, &effect));
	assert_int_equal(effect.outcome, ACCOUNT_BAD_REASON);
}

#define TEST(name) cmocka_unit_test_setup(name, address_clean)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_that_let_in_is_left),
		TEST(only_a_session_that_is_there_closes),
		TEST(the_last_administrator_stays),
		TEST(of_two_administrators_who_leave_at_once_one_stays),
		TEST(names_are_free_after_a_time),
		TEST(many_go_in_batches),
		TEST(the_closed_are_found_by_the_index),
		TEST(is_opened_again),
		TEST(nobody_is_not_opened),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
