/* Notices and "this wasn't me": who is told, of what, and what the link does, once. */
#include "recovery_world.h"

#include "dispute.h"
#include "reauth.h"
#include "recovery.h"

static enum mail_verdict dispute(struct world *w, struct str link)
{
	const struct dispute_request request = {.claim = {.code = link}};
	enum mail_verdict verdict = MAIL_WRONG;

	assert_ok(dispute_act(&w->context, &request, &verdict));
	return verdict;
}

static enum recovery_verdict recover(struct world *w, struct str link)
{
	const struct recovery_request request = {
		.claim = {.code = link},
		.new_password = STR(RECOVERY_PASSWORD),
	};
	struct recovery_outcome outcome;

	assert_ok(recovery_reset(&w->context, &request, &outcome));
	return outcome.verdict;
}

static struct client phone(struct id user, const char *device)
{
	return (struct client){.user = user, .carrier = CARRIER_HANDLE, .device = device};
}

/* MF-19, and no statement more from a device that is known. */
static void a_strange_device_is_told_of(void **state)
{
	struct world *w = *state;
	struct id alice = mail_person(w, "alice", RECOVERY_ADDRESS);
	struct id bob = fixture_add_user(w->fixture, "bob"); /* has no address */

	sign_in(w, phone(alice, "phone"));
	struct mail_seen seen = mail_take(w, "new-device");
	assert_string_equal(seen.recipient, RECOVERY_ADDRESS);
	uint64_t before = statements(w);
	sign_in(w, phone(alice, "phone"));
	uint64_t known = statements(w) - before;
	sign_in(w, phone(bob, "phone"));
	before = statements(w);
	sign_in(w, phone(bob, "phone"));
	assert_int_equal(statements(w) - before, known);
	assert_int_equal(mail_count("new-device"), 0);
	sign_in(w, phone(alice, "tablet"));
	assert_int_equal(mail_count("new-device"), 1);
	/* Without a device each is a stranger, but not with a session of the account. */
	struct session_issued bare = sign_in(w, phone(alice, NULL));
	assert_int_equal(mail_count("new-device"), 2);
	struct client again = phone(alice, NULL);
	again.presented = text_of(bare);
	again.carrier = CARRIER_COOKIE;
	again.presented_as = CARRIER_HANDLE;
	sign_in(w, again);
	assert_int_equal(mail_count("new-device"), 2);
}

/* Not the first sign-in of a new account; the second device is told of at once. */
static void the_first_sign_in_is_no_news(void **state)
{
	struct world *w = *state;
	struct id alice = mail_person(w, "alice", RECOVERY_ADDRESS);

	fixture_sql("UPDATE user SET created_at = 1800000000000000 - 1");
	sign_in(w, phone(alice, "phone"));
	assert_int_equal(mail_count("new-device"), 0);
	sign_in(w, phone(alice, "tablet"));
	assert_int_equal(mail_count("new-device"), 1);
}

/* Who says it was not them has all ended, and a password that opens nothing until it is recovered.
 */
static void it_ends_everything_once(void **state)
{
	struct world *w = *state;
	struct id alice = mail_person(w, "alice", RECOVERY_ADDRESS);
	struct session_issued thief = sign_in(w, phone(alice, "thief"));
	struct mail_seen notice = mail_take(w, "new-device");

	fixture_sql("UPDATE device SET public_key = 'k', key_kind = 1, key_set_at = 1, "
		    "trusted_until = 1 << 60");
	assert_int_equal(dispute(w, mail_link_of(&notice)), MAIL_RIGHT);
	assert_int_equal(standing(w, CARRIER_HANDLE, text_of(thief)), SESSION_UNKNOWN);
	assert_false(mail_signs_in(w, WORLD_PASSWORD));
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM device WHERE public_key IS NOT NULL "
					"OR trusted_until IS NOT NULL"),
			 0);
	assert_int_equal(fixture_number("SELECT refused FROM password"), 1);
	assert_int_equal(dispute(w, mail_link_of(&notice)), MAIL_OVER);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM audit_event "
					"WHERE event = 'authn_notice_disputed'"),
			 1);
	struct mail_seen mail = mail_take(w, "recover");
	assert_string_equal(mail.recipient, RECOVERY_ADDRESS);
	assert_int_equal(recover(w, mail_link_of(&mail)), RECOVERY_DONE);
	assert_int_equal(fixture_number("SELECT refused FROM password"), 0);
	assert_true(mail_signs_in(w, RECOVERY_PASSWORD));
}

static void it_is_good_for_two_days(void **state)
{
	struct world *w = *state;
	struct id alice = mail_person(w, "alice", RECOVERY_ADDRESS);

	sign_in(w, phone(alice, "thief"));
	struct mail_seen notice = mail_take(w, "new-device");
	w->context.now += 2 * CLOCK_DAY;
	assert_int_equal(dispute(w, mail_link_of(&notice)), MAIL_OVER);
	w->context.now -= 1;
	assert_int_equal(dispute(w, mail_link_of(&notice)), MAIL_RIGHT);
	assert_int_equal(dispute(w, STR("AAAAAAAAAAAAAAAAAAAAAA")), MAIL_WRONG);
	assert_int_equal(dispute(w, STR("12345678")), MAIL_WRONG);
}

/* A recovery's link is no dispute, and who was removed has nothing to dispute. */
static void only_its_own_links(void **state)
{
	struct world *w = *state;
	struct id alice = mail_person(w, "alice", RECOVERY_ADDRESS);
	const struct recovery_wish wish = {.email = STR(RECOVERY_ADDRESS)};

	assert_ok(recovery_ask(&w->context, &wish));
	struct mail_seen mail = mail_take(w, "recover");
	assert_int_equal(dispute(w, mail_link_of(&mail)), MAIL_WRONG);
	sign_in(w, phone(alice, "thief"));
	struct mail_seen notice = mail_take(w, "new-device");
	fixture_sql("DELETE FROM user");
	assert_int_equal(dispute(w, mail_link_of(&notice)), MAIL_OVER);
}

/* RC-05: the thief who recovers again meets the owner's "this wasn't me". */
static void a_recovery_can_be_disputed(void **state)
{
	struct world *w = *state;
	const struct recovery_wish wish = {.email = STR(RECOVERY_ADDRESS)};

	mail_person(w, "alice", RECOVERY_ADDRESS);
	assert_ok(recovery_ask(&w->context, &wish));
	struct mail_seen mail = mail_take(w, "recover");
	assert_int_equal(recover(w, mail_link_of(&mail)), RECOVERY_DONE);
	struct mail_seen notice = mail_take(w, "recovered");
	assert_int_equal(recover(w, mail_link_of(&mail)), RECOVERY_OVER);
	assert_int_equal(dispute(w, mail_link_of(&notice)), MAIL_RIGHT);
	assert_false(mail_signs_in(w, RECOVERY_PASSWORD));
}

/* The thief has moved the account: who got the notice before has it back, not the thief the mail.
 */
static void a_former_address_takes_it_back(void **state)
{
	struct world *w = *state;
	struct id alice = mail_person(w, "alice", RECOVERY_ADDRESS);
	const struct mail_code_request moved = {
		.purpose = MAIL_RESTORATION,
		.address = STR(RECOVERY_ADDRESS),
		.user_id = alice,
	};
	struct mail_code_made made;

	sign_in(w, phone(alice, "thief"));
	struct mail_seen notice = mail_take(w, "new-device");
	assert_ok(db_begin(w->db));
	assert_ok(mail_code_put(&w->context, w->db, &moved, &made));
	assert_ok(db_commit(w->db));
	fixture_sql("UPDATE user SET email = 'thief@example.org'");
	assert_int_equal(dispute(w, mail_link_of(&notice)), MAIL_RIGHT);
	assert_int_equal(
		fixture_number("SELECT COUNT(*) FROM user WHERE email = 'alice@example.org'"), 1);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM session"), 0);
	assert_int_equal(fixture_number("SELECT refused FROM password"), 1);
	struct mail_seen mail = mail_take(w, "recover");
	assert_string_equal(mail.recipient, RECOVERY_ADDRESS);
	assert_int_equal(recover(w, mail_link_of(&mail)), RECOVERY_DONE);
	assert_true(mail_signs_in(w, RECOVERY_PASSWORD));
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM audit_event "
					"WHERE event = 'authn_notice_disputed'"),
			 1);
}

/* A locked account has no mail to recover by, and stays as it is. */
static void a_locked_account_gets_a_decoy(void **state)
{
	struct world *w = *state;
	struct id alice = mail_person(w, "alice", RECOVERY_ADDRESS);

	sign_in(w, phone(alice, "thief"));
	struct mail_seen notice = mail_take(w, "new-device");
	fixture_sql("UPDATE user SET state = 2");
	assert_int_equal(dispute(w, mail_link_of(&notice)), MAIL_RIGHT);
	struct mail_seen mail = mail_take(w, "recover");
	assert_string_equal(mail.recipient, "");
	assert_int_equal(fixture_number("SELECT state FROM user"), USER_LOCKED);
}

/* A changed password is told of, in the change's own transaction, with such a link. */
static void a_changed_password_is_told_of(void **state)
{
	struct world *w = *state;
	struct id alice = mail_person(w, "alice", RECOVERY_ADDRESS);
	struct session_issued issued = sign_in(w, phone(alice, "phone"));
	struct credential presented = credential_of(w, CARRIER_HANDLE, text_of(issued));
	struct session current = resolve(w, CARRIER_HANDLE, text_of(issued));
	const struct reauth_request request = {
		.password = STR(WORLD_PASSWORD),
		.new_password = STR(RECOVERY_PASSWORD),
		.presented = &presented,
		.current = &current,
	};
	struct password_opinion opinion;
	struct reauth_outcome outcome = {.verdict = REAUTH_GONE};
	const struct recovery_wish wish = {.email = STR(RECOVERY_ADDRESS)};

	assert_ok(recovery_ask(&w->context, &wish));
	struct mail_seen mail = mail_take(w, "recover");
	assert_ok(reauth_change_password(&w->context, &request, &opinion, &outcome, &issued));
	assert_int_equal(outcome.verdict, REAUTH_DONE);
	struct mail_seen notice = mail_take(w, "password-changed");
	assert_string_equal(notice.recipient, RECOVERY_ADDRESS);
	/* RC-01: what was asked for before is dead. */
	assert_int_equal(recover(w, mail_link_of(&mail)), RECOVERY_WRONG);
	assert_int_equal(dispute(w, mail_link_of(&notice)), MAIL_RIGHT);
	assert_false(mail_signs_in(w, RECOVERY_PASSWORD));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_strange_device_is_told_of, recovery_world_clean),
		cmocka_unit_test_setup(the_first_sign_in_is_no_news, recovery_world_clean),
		cmocka_unit_test_setup(it_ends_everything_once, recovery_world_clean),
		cmocka_unit_test_setup(it_is_good_for_two_days, recovery_world_clean),
		cmocka_unit_test_setup(only_its_own_links, recovery_world_clean),
		cmocka_unit_test_setup(a_recovery_can_be_disputed, recovery_world_clean),
		cmocka_unit_test_setup(a_former_address_takes_it_back, recovery_world_clean),
		cmocka_unit_test_setup(a_locked_account_gets_a_decoy, recovery_world_clean),
		cmocka_unit_test_setup(a_changed_password_is_told_of, recovery_world_clean),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
