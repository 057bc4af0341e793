/* Another address for an account: asked for and proven (RC-06, MF-10). */
#include "address_world.h"

#include <pthread.h>

#include "mail_code_store.h"
#include "session_admin.h"

#define RACERS 20

static bool has_address(struct world *w, const struct person *who, const char *email)
{
	return str_equal(user_of(w, who->id).email, str_of(email));
}

/* RC-06: nothing is changed before the proof; with it the new one is proven, and both are told. */
static void is_changed_by_the_proof_alone(void **state)
{
	struct world *w = *state;
	struct person alice = add_person(w, "alice", "alice@example.org");
	struct letter mail;

	w->context.now += CLOCK_SECOND;
	assert_int_equal(ask(w, &alice, " New@Example.ORG "), ADDRESS_DONE);
	assert_true(has_address(w, &alice, "alice@example.org"));
	mail = letter(w, "address");
	assert_string_equal(mail.recipient, "new@example.org");
	assert_str(value_of(w, &mail, "minutes"), "10");
	assert_str(value_of(w, &mail, "hours"), "24");
	assert_int_equal(mails("address-changed"), 0);
	assert_int_equal(prove(w, &alice, "NEW@example.org", value_of(w, &mail, "code")),
			 ADDRESS_DONE);
	assert_true(has_address(w, &alice, "new@example.org"));
	assert_int_equal(user_of(w, alice.id).email_proven_at, w->context.now);
	mail = letter(w, "address-changed");
	assert_string_equal(mail.recipient, "alice@example.org");
	assert_str(value_of(w, &mail, "new_address"), "new@example.org");
	assert_str(value_of(w, &mail, "days"), "7");
	assert_string_equal(letter(w, "address-set").recipient, "new@example.org");
	assert_int_equal(events("address_asked"), 1);
	assert_int_equal(events("address_changed"), 1);
}

static void is_proven_by_the_link_as_well(void **state)
{
	struct world *w = *state;
	struct person alice = add_person(w, "alice", "alice@example.org");
	struct letter mail;

	assert_int_equal(ask(w, &alice, "new@example.org"), ADDRESS_DONE);
	mail = letter(w, "address");
	w->context.now += CLOCK_DAY - 1;
	assert_int_equal(prove(w, &alice, NULL, link_of(w, &mail)), ADDRESS_DONE);
	assert_true(has_address(w, &alice, "new@example.org"));
	assert_int_equal(prove(w, &alice, NULL, link_of(w, &mail)), ADDRESS_OVER);
}

/* The session that proves goes on; others may be a thief's. */
static void other_sessions_end(void **state)
{
	struct world *w = *state;
	struct person alice = add_person(w, "alice", "alice@example.org");
	struct person elsewhere = alice;

	elsewhere.session =
		sign_in(w, (struct client){.user = alice.id, .carrier = CARRIER_COOKIE});
	change(w, &alice, "new@example.org");
	assert_true(is_in(w, &alice));
	assert_false(is_in(w, &elsewhere));
}

static void who_had_none_gets_one(void **state)
{
	struct world *w = *state;
	struct person alice = add_person(w, "alice", NULL);

	change(w, &alice, "new@example.org");
	assert_true(has_address(w, &alice, "new@example.org"));
	assert_int_equal(mails("address-changed"), 0);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM mail_code WHERE purpose = 4"), 0);
	/* So there is nothing to be waited for. */
	change(w, &alice, "newer@example.org");
	assert_int_equal(mails("address-changed"), 1);
}

/* IN-03: nothing is an address that could be more than one, or a line of a mail. */
static void what_is_no_address_is_refused(void **state)
{
	static const char *const BAD[] = {
		"",
		" ",
		"alice",
		"@example.org",
		"alice@",
		"a b@example.org",
		"alice@example.org\r\nBcc: all@example.org",
		"alice@exam\nple.org",
		"<a@example.org>",
		"a@example.org,b@example.org",
		"\"a\"@example.org",
		"аlice@example.org",
		"alice@example.org\t.",
		"alice@-example.org",
		"alice@example..org",
	};
	struct world *w = *state;
	struct person alice = add_person(w, "alice", "alice@example.org");

	for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++)
		assert_int_equal(ask(w, &alice, BAD[i]), ADDRESS_BAD);
	assert_int_equal(ask(w, &alice, "ALICE@example.org"), ADDRESS_SAME);
	assert_int_equal(mails("address"), 0);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM mail_code WHERE purpose = 3"), 0);
}

/* TH-12: who asks for somebody's address learns nothing from answer or work, and gets nothing. */
static void a_taken_address_answers_as_a_free_one(void **state)
{
	struct world *w = *state;
	struct person alice = add_person(w, "alice", "alice@example.org");
	uint64_t before = 0;
	uint64_t free_cost = 0;
	struct letter mail;
	int64_t size = 0;

	add_person(w, "bob", "bob@example.org");
	assert_int_equal(ask(w, &alice, "warm@example.org"), ADDRESS_DONE);
	before = statements(w);
	assert_int_equal(ask(w, &alice, "free@example.org"), ADDRESS_DONE);
	free_cost = statements(w) - before;
	size = letter(w, "address").size;
	before = statements(w);
	assert_int_equal(ask(w, &alice, "bob@example.org"), ADDRESS_DONE);
	assert_int_equal(statements(w) - before, free_cost);
	mail = letter(w, "register-taken");
	assert_string_equal(mail.recipient, "bob@example.org");
	assert_str(value_of(w, &mail, "code"), "");
	assert_str(value_of(w, &mail, "link"), "https://www.example.org/auth/recover");
	assert_int_equal(mail.size, size);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM mail_code WHERE purpose = 3"), 1);
	/* Of an account that is closed nothing is said to anybody. */
	fixture_sql("UPDATE user SET state = 3, closed_at = 1 WHERE username = 'bob'");
	w->context.now += CLOCK_HOUR;
	assert_int_equal(ask(w, &alice, "bob@example.org"), ADDRESS_DONE);
	assert_string_equal(letter(w, "address").recipient, "");
	assert_int_equal(mails("register-taken"), 1);
}

/* An address from which an account was moved is kept for taking it back. */
static void a_reserved_address_cannot_be_taken(void **state)
{
	struct world *w = *state;
	struct person alice = add_person(w, "alice", "alice@example.org");
	struct person mallory = add_person(w, "mallory", "mallory@example.org");
	struct letter mail;

	/* Asked for before it was left, proven after. */
	assert_int_equal(ask(w, &mallory, "alice@example.org"), ADDRESS_DONE);
	change(w, &alice, "new@example.org");
	w->context.now += CLOCK_SECOND;
	assert_int_equal(ask(w, &mallory, "alice@example.org"), ADDRESS_DONE);
	assert_string_equal(letter(w, "address").recipient, "");
	/* Even by one who could read its mail. */
	w->context.now += 7 * CLOCK_DAY - CLOCK_HOUR;
	fixture_sql("UPDATE mail_code SET purpose = 5 WHERE purpose = 4");
	assert_int_equal(ask(w, &mallory, "alice@example.org"), ADDRESS_DONE);
	mail = letter(w, "address");
	assert_string_equal(mail.recipient, "alice@example.org");
	fixture_sql("UPDATE mail_code SET purpose = 4 WHERE purpose = 5");
	assert_int_equal(prove(w, &mallory, "alice@example.org", value_of(w, &mail, "code")),
			 ADDRESS_TAKEN);
	assert_true(has_address(w, &mallory, "mallory@example.org"));
	/* Nothing was used: when nobody can take it back, it is free. */
	w->context.now += CLOCK_HOUR + CLOCK_SECOND;
	assert_int_equal(prove(w, &mallory, NULL, link_of(w, &mail)), ADDRESS_DONE);
}

/* MF-10: typed by whom it was sent for, and nobody else; a newer one replaces it. */
static void a_code_is_its_askers(void **state)
{
	struct world *w = *state;
	struct person alice = add_person(w, "alice", "alice@example.org");
	struct person bob = add_person(w, "bob", "bob@example.org");
	struct letter first;
	struct letter second;

	assert_int_equal(ask(w, &alice, "new@example.org"), ADDRESS_DONE);
	first = letter(w, "address");
	assert_int_equal(prove(w, &bob, "new@example.org", value_of(w, &first, "code")),
			 ADDRESS_WRONG);
	assert_int_equal(prove(w, &bob, NULL, link_of(w, &first)), ADDRESS_WRONG);
	assert_int_equal(prove(w, &alice, "other@example.org", value_of(w, &first, "code")),
			 ADDRESS_WRONG);
	assert_int_equal(prove(w, &alice, "no address", value_of(w, &first, "code")),
			 ADDRESS_WRONG);
	w->context.now += CLOCK_SECOND;
	assert_int_equal(ask(w, &alice, "new@example.org"), ADDRESS_DONE);
	second = letter(w, "address");
	assert_int_equal(prove(w, &alice, "new@example.org", value_of(w, &first, "code")),
			 ADDRESS_WRONG);
	assert_int_equal(prove(w, &alice, NULL, link_of(w, &first)), ADDRESS_WRONG);
	assert_int_equal(prove(w, &alice, "new@example.org", value_of(w, &second, "code")),
			 ADDRESS_DONE);
}

/* MF-09: five tries, then not even the right one. */
static void guessing_ends_a_code(void **state)
{
	struct world *w = *state;
	struct person alice = add_person(w, "alice", "alice@example.org");
	struct letter mail;
	struct str right;
	struct str wrong;

	assert_int_equal(ask(w, &alice, "new@example.org"), ADDRESS_DONE);
	mail = letter(w, "address");
	right = value_of(w, &mail, "code");
	wrong = str_equal(right, STR("12345678")) ? STR("12345679") : STR("12345678");
	for (int i = 0; i < MAIL_CODE_TRIES; i++)
		assert_int_equal(prove(w, &alice, "new@example.org", wrong), ADDRESS_WRONG);
	assert_int_not_equal(prove(w, &alice, "new@example.org", right), ADDRESS_DONE);
	assert_true(has_address(w, &alice, "alice@example.org"));
}

static void a_late_code_is_over(void **state)
{
	struct world *w = *state;
	struct person alice = add_person(w, "alice", "alice@example.org");
	struct letter mail;

	assert_int_equal(ask(w, &alice, "new@example.org"), ADDRESS_DONE);
	mail = letter(w, "address");
	w->context.now += 10 * CLOCK_MINUTE;
	assert_int_equal(prove(w, &alice, "new@example.org", value_of(w, &mail, "code")),
			 ADDRESS_OVER);
	/* A clock that steps back makes it no worse, and one that steps on only ends it. */
	w->context.now -= CLOCK_HOUR;
	assert_int_equal(prove(w, &alice, "new@example.org", value_of(w, &mail, "code")),
			 ADDRESS_DONE);
	assert_int_equal(ask(w, &alice, "newer@example.org"), ADDRESS_PENDING);
}

/* TH-11: above the limits the same is said, and nothing is sent. */
static void mails_have_limits(void **state)
{
	struct world *w = *state;
	struct person alice = add_person(w, "alice", "alice@example.org");

	for (int i = 0; i < 20; i++)
		assert_int_equal(ask(w, &alice, "new@example.org"), ADDRESS_DONE);
	assert_in_range(mails("address"), 1, 5);
}

/* While one change can be taken back there is no other one. */
static void no_second_change_in_that_time(void **state)
{
	struct world *w = *state;
	struct person alice = add_person(w, "alice", "alice@example.org");
	struct letter mail;

	/* Asked for before, and proven after the first: that is one too many as well. */
	change(w, &alice, "new@example.org");
	assert_int_equal(ask(w, &alice, "newer@example.org"), ADDRESS_PENDING);
	assert_int_equal(ask(w, &alice, "alice@example.org"), ADDRESS_PENDING);
	w->context.now += 7 * CLOCK_DAY - 1;
	assert_int_equal(ask(w, &alice, "newer@example.org"), ADDRESS_PENDING);
	w->context.now += 1;
	alice.session = sign_in(w, (struct client){.user = alice.id, .carrier = CARRIER_COOKIE});
	change(w, &alice, "newer@example.org");
	mail = letter(w, "address-changed");
	assert_string_equal(mail.recipient, "new@example.org");
}

/* A code that was made before the change is void, and its proof would be refused besides. */
static void a_change_voids_what_waits(void **state)
{
	struct world *w = *state;
	struct person alice = add_person(w, "alice", "alice@example.org");
	struct person mallory = add_person(w, "mallory", "mallory@example.org");
	struct mail_code_request recovery = {
		.purpose = MAIL_RECOVERY,
		.address = STR("alice@example.org"),
		.user_id = alice.id,
	};
	struct mail_code_made made;
	struct letter theirs;

	assert_int_equal(ask(w, &mallory, "new@example.org"), ADDRESS_DONE);
	theirs = letter(w, "address");
	assert_ok(mail_code_put(&w->context, w->db, &recovery, &made));
	change(w, &alice, "new@example.org");
	/* The victim has proven it first: what others asked for is void. */
	assert_int_equal(prove(w, &mallory, NULL, link_of(w, &theirs)), ADDRESS_WRONG);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM mail_code WHERE purpose = 2"), 0);
	assert_int_equal(
		fixture_number("SELECT COUNT(*) FROM mail_code WHERE purpose = 3 AND used_at IS "
			       "NULL"),
		0);
}

/* Who is not active, or not signed in any more, changes nothing. */
static void who_is_gone_proves_nothing(void **state)
{
	struct world *w = *state;
	struct person alice = add_person(w, "alice", "alice@example.org");
	struct letter mail;
	uint64_t ended = 0;

	assert_int_equal(ask(w, &alice, "new@example.org"), ADDRESS_DONE);
	mail = letter(w, "address");
	fixture_sql("UPDATE user SET state = 2");
	assert_int_equal(prove(w, &alice, NULL, link_of(w, &mail)), ADDRESS_GONE);
	assert_int_equal(ask(w, &alice, "newer@example.org"), ADDRESS_GONE);
	fixture_sql("UPDATE user SET state = 1");
	assert_ok(session_end_all(&w->context, &alice.id, NULL, &ended));
	assert_int_equal(prove(w, &alice, NULL, link_of(w, &mail)), ADDRESS_GONE);
	assert_true(has_address(w, &alice, "alice@example.org"));
}

struct racer {
	struct world *w;
	const struct person *who;
	const char *email;
	struct str code;
	enum address_outcome outcome;
};

static void *race(void *opaque)
{
	struct racer *racer = opaque;
	struct auth_context context = racer->w->context;
	struct address_proof proof = {
		.user_id = racer->who->id,
		.session_id = racer->who->session.session.found.session.id,
		.address = str_of(racer->email),
		.code = racer->code,
	};
	struct address_effect effect = {.outcome = ADDRESS_REFUSED};

	db_thread_init();
	context.arena = NULL;
	assert_ok(arena_open(4096, 1 << 20, &context.arena));
	context.db = fixture_db(&racer->w->config, DB_ROLE_WEB);
	assert_ok(address_prove(&context, &proof, &effect));
	racer->outcome = effect.outcome;
	db_close(&context.db);
	arena_close(&context.arena);
	db_thread_done();
	return NULL;
}

static size_t run_race(struct racer *racers, size_t n)
{
	pthread_t threads[RACERS];
	size_t won = 0;

	for (size_t i = 0; i < n; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
	for (size_t i = 0; i < n; i++) {
		pthread_join(threads[i], NULL);
		won += racers[i].outcome == ADDRESS_DONE ? 1 : 0;
	}
	return won;
}

/* SE-27. */
static void of_twenty_proofs_at_once_one_counts(void **state)
{
	struct world *w = *state;
	struct person alice = add_person(w, "alice", "alice@example.org");
	struct racer racers[RACERS];
	struct letter mail;

	assert_int_equal(ask(w, &alice, "new@example.org"), ADDRESS_DONE);
	mail = letter(w, "address");
	for (size_t i = 0; i < RACERS; i++)
		racers[i] = (struct racer){.w = w,
					   .who = &alice,
					   .email = "new@example.org",
					   .code = link_of(w, &mail)};
	assert_int_equal(run_race(racers, RACERS), 1);
	assert_int_equal(mails("address-changed"), 1);
	assert_int_equal(events("address_changed"), 1);
}

/* Two accounts that prove the same address at once: one has it. */
static void of_two_with_one_address_one_gets_it(void **state)
{
	struct world *w = *state;
	struct person people[] = {add_person(w, "alice", "alice@example.org"),
				  add_person(w, "bob", "bob@example.org")};
	struct racer racers[2];

	for (size_t i = 0; i < 2; i++) {
		struct letter mail;

		w->context.now += CLOCK_SECOND;
		assert_int_equal(ask(w, &people[i], "new@example.org"), ADDRESS_DONE);
		mail = letter(w, "address");
		racers[i] = (struct racer){.w = w,
					   .who = &people[i],
					   .email = "new@example.org",
					   .code = link_of(w, &mail)};
	}
	assert_int_equal(run_race(racers, 2), 1);
	assert_int_equal(
		fixture_number("SELECT COUNT(*) FROM user WHERE email = 'new@example.org'"), 1);
}

#define TEST(name) cmocka_unit_test_setup(name, address_clean)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(is_changed_by_the_proof_alone),
		TEST(is_proven_by_the_link_as_well),
		TEST(other_sessions_end),
		TEST(who_had_none_gets_one),
		TEST(what_is_no_address_is_refused),
		TEST(a_taken_address_answers_as_a_free_one),
		TEST(a_reserved_address_cannot_be_taken),
		TEST(a_code_is_its_askers),
		TEST(guessing_ends_a_code),
		TEST(a_late_code_is_over),
		TEST(mails_have_limits),
		TEST(no_second_change_in_that_time),
		TEST(a_change_voids_what_waits),
		TEST(who_is_gone_proves_nothing),
		TEST(of_twenty_proofs_at_once_one_counts),
		TEST(of_two_with_one_address_one_gets_it),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
