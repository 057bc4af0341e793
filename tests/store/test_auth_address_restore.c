/* A thief with a session and the password changes the address: who had it gets it back. */
#include "address_world.h"

#include "device_store.h"
#include "throttle.h"

/* Alice's account after a thief has moved it; code: of the link that her own address got. */
struct theft {
	struct person alice, thief;
	struct str code;
};

static struct theft steal(struct world *w)
{
	struct theft theft = {.alice = add_person(w, "alice", "alice@example.org")};
	struct letter mail;

	set_hash(w, theft.alice.id, "$argon2id$hers");
	theft.thief = theft.alice;
	theft.thief.session = sign_in(w, (struct client){.user = theft.alice.id,
							 .carrier = CARRIER_COOKIE,
							 .device = "stolen"});
	change(w, &theft.thief, "thief@example.net");
	mail = letter(w, "address-changed");
	assert_string_equal(mail.recipient, "alice@example.org");
	theft.code = link_of(w, &mail);
	return theft;
}

static int64_t refused(void)
{
	return fixture_number("SELECT COUNT(*) FROM password WHERE refused = 1");
}

/* She has the address; the thief has nothing; mail to choose a password is on its way. */
static void assert_hers(struct world *w, const struct theft *theft)
{
	struct user_row user = user_of(w, theft->alice.id);
	struct letter mail;

	assert_int_equal(user.state, USER_ACTIVE);
	assert_int_equal(user.closed_at, 0);
	assert_str(user.email, "alice@example.org");
	assert_int_equal(user.email_proven_at, w->context.now);
	assert_false(is_in(w, &theft->thief));
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM session"), 0);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM device"), 0);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM handover"), 0);
	mail = letter(w, "address-restored");
	assert_string_equal(mail.recipient, "alice@example.org");
	assert_str(value_of(w, &mail, "new_address"), "thief@example.net");
	mail = letter(w, "recover");
	assert_string_equal(mail.recipient, "alice@example.org");
	(void)link_of(w, &mail);
	assert_int_equal(events("address_restored"), 1);
}

static void the_link_takes_it_back_once(void **state)
{
	struct world *w = *state;
	struct theft theft = steal(w);

	w->context.now += CLOCK_HOUR;
	assert_int_equal(take_back(w, theft.code), ADDRESS_DONE);
	assert_hers(w, &theft);
	assert_int_equal(refused(), 1);
	assert_int_equal(take_back(w, theft.code), ADDRESS_OVER);
	assert_int_equal(mails("recover"), 1);
}

/* In whatever order the thief takes address and password. */
static void a_changed_password_does_not_help_the_thief(void **state)
{
	struct world *w = *state;
	struct theft theft = steal(w);

	set_hash(w, theft.alice.id, "$argon2id$theirs");
	assert_int_equal(refused(), 0);
	assert_int_equal(take_back(w, theft.code), ADDRESS_DONE);
	assert_hers(w, &theft);
	assert_int_equal(refused(), 1);
}

/* What the thief began with the address of theirs ends: recovery, a change, "this wasn't me". */
static void what_the_thief_began_is_void(void **state)
{
	struct world *w = *state;
	struct theft theft = steal(w);
	struct mail_code_request requests[] = {
		{.purpose = MAIL_RECOVERY,
		 .address = STR("thief@example.net"),
		 .user_id = theft.alice.id},
		{.purpose = MAIL_NOT_ME,
		 .address = STR("thief@example.net"),
		 .user_id = theft.alice.id},
		{.purpose = MAIL_NOT_ME,
		 .address = STR("alice@example.org"),
		 .user_id = theft.alice.id},
		{.purpose = MAIL_ADDRESS,
		 .address = STR("third@example.net"),
		 .user_id = theft.alice.id},
	};
	struct mail_code_made made;

	for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++)
		assert_ok(mail_code_put(&w->context, w->db, &requests[i], &made));
	assert_int_equal(take_back(w, theft.code), ADDRESS_DONE);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM mail_code WHERE used_at IS NULL AND "
					"address LIKE '%@example.net'"),
			 0);
	/* Hers is hers, and a recovery is new. */
	assert_true(fixture_number("SELECT COUNT(*) FROM mail_code WHERE purpose = 5") > 0);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM mail_code WHERE purpose = 2 AND "
					"address = 'alice@example.org'"),
			 1);
}

/* The thief proves a change that was asked for before the address was taken back. */
static void a_change_that_waits_is_lost(void **state)
{
	struct world *w = *state;
	struct theft theft = steal(w);
	struct letter mail;

	/* In the middle of the next change: so it was asked for when none could be taken back. */
	fixture_sql("UPDATE mail_code SET purpose = 5 WHERE purpose = 4");
	w->context.now += CLOCK_SECOND;
	assert_int_equal(ask(w, &theft.thief, "third@example.net"), ADDRESS_DONE);
	mail = letter(w, "address");
	fixture_sql("UPDATE mail_code SET purpose = 4 WHERE purpose = 5");
	assert_int_equal(prove(w, &theft.thief, NULL, link_of(w, &mail)), ADDRESS_PENDING);
	assert_int_equal(take_back(w, theft.code), ADDRESS_DONE);
	assert_int_equal(prove(w, &theft.thief, NULL, link_of(w, &mail)), ADDRESS_WRONG);
	assert_str(user_of(w, theft.alice.id).email, "alice@example.org");
}

/* A thief who closes the account does not close it for good. */
static void a_closed_account_is_open_again(void **state)
{
	struct world *w = *state;
	struct theft theft = steal(w);

	assert_int_equal(close_account(w, &theft.thief), ACCOUNT_DONE);
	assert_string_equal(letter(w, "closed").recipient, "thief@example.net");
	w->context.now += 6 * CLOCK_DAY;
	assert_int_equal(take_back(w, theft.code), ADDRESS_DONE);
	assert_hers(w, &theft);
	/* No password is left to be refused: the recovery sets one. */
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM password"), 0);
}

/* Even where closed accounts go at once. */
static void a_closed_account_waits_for_its_owner(void **state)
{
	struct world *w = *state;
	struct theft theft = steal(w);
	uint64_t removed = 0;

	w->config.account.closed = 0;
	assert_int_equal(close_account(w, &theft.thief), ACCOUNT_DONE);
	w->context.now += 6 * CLOCK_DAY;
	assert_ok(account_remove_closed(&w->context, 10, &removed));
	assert_int_equal(removed, 0);
	assert_int_equal(take_back(w, theft.code), ADDRESS_DONE);
}

/* Who was locked by an administrator stays so. */
static void a_locked_account_stays_locked(void **state)
{
	struct world *w = *state;
	struct theft theft = steal(w);

	fixture_sql("UPDATE user SET state = 2");
	assert_int_equal(take_back(w, theft.code), ADDRESS_DONE);
	assert_int_equal(user_of(w, theft.alice.id).state, USER_LOCKED);
	assert_string_equal(letter(w, "recover").recipient, "");
	assert_str(user_of(w, theft.alice.id).email, "alice@example.org");
}

static void too_late_is_too_late(void **state)
{
	struct world *w = *state;
	struct theft theft = steal(w);

	w->context.now += 7 * CLOCK_DAY;
	assert_int_equal(take_back(w, theft.code), ADDRESS_OVER);
	assert_str(user_of(w, theft.alice.id).email, "thief@example.net");
	/* Between looking and acting, too. */
	w->context.now -= 1;
	struct mail_claim claim = {.links = 1U << MAIL_RESTORATION, .code = theft.code};
	struct mail_code_row row;
	enum mail_verdict verdict = MAIL_WRONG;
	int64_t wait = 0;
	struct address_restoring restoring = {.context = &w->context, .row = &row};

	assert_ok(mail_code_check(&w->context, &claim, &verdict, &row, &wait));
	assert_int_equal(verdict, MAIL_RIGHT);
	w->context.now += 1;
	assert_ok(address_restore(&restoring));
	assert_int_equal(restoring.effect.outcome, ADDRESS_OVER);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM session"), 1);
}

/* The clock goes back a year, and on again. */
static void a_clock_that_jumps_takes_nothing_from_her(void **state)
{
	struct world *w = *state;
	struct theft theft = steal(w);

	w->context.now -= 365 * CLOCK_DAY;
	assert_int_equal(ask(w, &theft.thief, "third@example.net"), ADDRESS_PENDING);
	w->context.now += 365 * CLOCK_DAY + CLOCK_DAY;
	assert_int_equal(take_back(w, theft.code), ADDRESS_DONE);
}

/* Should somebody have the address all the same: nothing is done, and the link stays good. */
static void an_address_of_somebody_else_is_a_conflict(void **state)
{
	struct world *w = *state;
	struct theft theft = steal(w);
	struct person bob = add_person(w, "bob", "alice@example.org");

	assert_int_equal(take_back(w, theft.code), ADDRESS_TAKEN);
	assert_str(user_of(w, theft.alice.id).email, "thief@example.net");
	assert_true(is_in(w, &theft.thief));
	assert_int_equal(mails("recover"), 0);
	fixture_sql("UPDATE user SET email = NULL WHERE username = 'bob'");
	assert_int_equal(take_back(w, theft.code), ADDRESS_DONE);
	assert_true(is_in(w, &bob));
}

/* After the account was removed: the link is nobody's. */
static void of_a_removed_account_nothing_comes_back(void **state)
{
	struct world *w = *state;
	struct theft theft = steal(w);

	assert_ok(account_remove(&w->context, &theft.alice.id));
	add_person(w, "bob", "alice@example.org");
	assert_int_equal(take_back(w, theft.code), ADDRESS_WRONG);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM user"), 1);
}

/* Only the link of a restoration is one. */
static void another_link_takes_nothing_back(void **state)
{
	struct world *w = *state;
	struct person alice = add_person(w, "alice", "alice@example.org");
	struct letter mail;

	assert_int_equal(ask(w, &alice, "new@example.org"), ADDRESS_DONE);
	mail = letter(w, "address");
	assert_int_equal(take_back(w, link_of(w, &mail)), ADDRESS_WRONG);
	assert_int_equal(take_back(w, value_of(w, &mail, "code")), ADDRESS_WRONG);
	assert_int_equal(take_back(w, STR("AAAAAAAAAAAAAAAAAAAAAA")), ADDRESS_WRONG);
	assert_int_equal(take_back(w, STR("")), ADDRESS_WRONG);
}

/* When it was taken back, the next change need not wait. */
static void the_owner_may_change_it_afterwards(void **state)
{
	struct world *w = *state;
	struct theft theft = steal(w);

	assert_int_equal(take_back(w, theft.code), ADDRESS_DONE);
	theft.alice.session =
		sign_in(w, (struct client){.user = theft.alice.id, .carrier = CARRIER_COOKIE});
	change(w, &theft.alice, "safe@example.org");
	assert_str(user_of(w, theft.alice.id).email, "safe@example.org");
}

#define TEST(name) cmocka_unit_test_setup(name, address_clean)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_link_takes_it_back_once),
		TEST(a_changed_password_does_not_help_the_thief),
		TEST(what_the_thief_began_is_void),
		TEST(a_change_that_waits_is_lost),
		TEST(a_closed_account_is_open_again),
		TEST(a_closed_account_waits_for_its_owner),
		TEST(a_locked_account_stays_locked),
		TEST(too_late_is_too_late),
		TEST(a_clock_that_jumps_takes_nothing_from_her),
		TEST(an_address_of_somebody_else_is_a_conflict),
		TEST(of_a_removed_account_nothing_comes_back),
		TEST(another_link_takes_nothing_back),
		TEST(the_owner_may_change_it_afterwards),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
