/* Recovery and the state of the account: limits of mail, locks, moved addresses, first proofs. */
#include "recovery_world.h"

#include "account_admin.h"
#include "recovery.h"

static void ask(struct world *w, const char *email)
{
	const struct recovery_wish wish = {.email = str_of(email),
					   .asker = {.kind = MAIL_ASKER_API}};

	assert_ok(recovery_ask(&w->context, &wish));
}

static enum recovery_verdict follow(struct world *w, const struct mail_seen *seen)
{
	const struct recovery_request request = {
		.claim = {.code = mail_link_of(seen)},
		.new_password = STR(RECOVERY_PASSWORD),
	};
	struct recovery_outcome outcome;

	assert_ok(recovery_reset(&w->context, &request, &outcome));
	return outcome.verdict;
}

/* TH-11: the fourth of a quarter of an hour sends nothing, for somebody and nobody alike. */
static void limits_of_mail_are_silent(void **state)
{
	static const char *const addresses[] = {RECOVERY_ADDRESS, "nobody@example.org"};
	struct world *w = *state;
	uint64_t work[2];

	mail_person(w, "alice", RECOVERY_ADDRESS);
	for (size_t i = 0; i < 2; i++) {
		for (unsigned n = 0; n < 3; n++)
			ask(w, addresses[i]);
		uint64_t before = statements(w);
		ask(w, addresses[i]);
		work[i] = statements(w) - before;
	}
	assert_int_equal(work[0], work[1]);
	assert_int_equal(mail_count("recover"), 6);
	w->context.now += 15 * CLOCK_MINUTE;
	ask(w, RECOVERY_ADDRESS);
	assert_int_equal(mail_count("recover"), 7);
	/* A source that goes through addresses. */
	w->config.throttle.source_mails = 2;
	ask(w, "one@example.org");
	ask(w, "two@example.org");
	assert_int_equal(mail_count("recover"), 8);
}

static void what_is_no_address_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"alice",
		"alice@example.org\r\nBcc: eve@example.org",
		"alice@example.org\n",
		"\"a b\"@example.org",
		"alice@exam ple.org",
		"<alice@example.org>",
		"alice@example.org, eve@example.org",
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		const struct recovery_wish wish = {.email = str_of(bad[i])};

		assert_int_equal(recovery_ask(&w->context, &wish), ERR_INPUT);
	}
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM outbox"), 0);
}

/* Who was locked after the mail was sent stays out, and keeps the password. */
static void a_locked_account_stays_locked(void **state)
{
	struct world *w = *state;
	struct id alice = mail_person(w, "alice", RECOVERY_ADDRESS);
	const struct account_act act = {.user_id = alice};
	struct account_effect effect;

	ask(w, RECOVERY_ADDRESS);
	struct mail_seen seen = mail_take(w, "recover");
	assert_ok(account_lock(&w->context, &act, &effect));
	assert_int_equal(follow(w, &seen), RECOVERY_OVER);
	assert_int_equal(fixture_number("SELECT state FROM user"), USER_LOCKED);
	assert_ok(account_unlock(&w->context, &act, &effect));
	assert_true(mail_signs_in(w, WORLD_PASSWORD));
}

/* The address is somebody else's, or nobody's, meanwhile: RC-06. */
static void a_moved_address_recovers_nothing(void **state)
{
	struct world *w = *state;

	mail_person(w, "alice", RECOVERY_ADDRESS);
	ask(w, RECOVERY_ADDRESS);
	struct mail_seen seen = mail_take(w, "recover");
	fixture_sql("UPDATE user SET email = 'moved@example.org'");
	mail_person(w, "bob", RECOVERY_ADDRESS);
	assert_int_equal(follow(w, &seen), RECOVERY_OVER);
	assert_true(mail_signs_in(w, WORLD_PASSWORD));
}

/* RC-01: dead after a change of the password, by whomever. */
static void a_password_change_kills_it(void **state)
{
	struct world *w = *state;
	struct id alice = mail_person(w, "alice", RECOVERY_ADDRESS);
	struct account_result result;

	ask(w, RECOVERY_ADDRESS);
	struct mail_seen seen = mail_take(w, "recover");
	assert_ok(account_set_password(&w->context, &alice, STR(RECOVERY_PASSWORD), &result));
	assert_int_equal(result.flaw, ACCOUNT_FINE);
	assert_int_equal(follow(w, &seen), RECOVERY_WRONG);
	assert_int_equal(mail_count("password-changed"), 1);
}

/* The first proof of an address ends what was made before it, devices too; a later one keeps them
 * without key and trust. Counters of guesses begin anew (TH-02). */
static void the_first_proof_begins_anew(void **state)
{
	struct world *w = *state;
	struct id alice = mail_person(w, "alice", RECOVERY_ADDRESS);
	struct session_issued issued;

	fixture_sql("UPDATE user SET email_proven_at = NULL");
	for (unsigned round = 0; round < 2; round++) {
		sign_in(w, (struct client){
				   .user = alice, .carrier = CARRIER_HANDLE, .device = "phone"});
		while (mail_sign_in(w, "alice", "not the right one", &issued) == SIGNIN_REFUSED)
			assert_true(fixture_number("SELECT MAX(failures) FROM throttle") < 100);
		ask(w, RECOVERY_ADDRESS);
		struct mail_seen seen = mail_take(w, "recover");
		assert_int_equal(follow(w, &seen), RECOVERY_DONE);
		assert_int_equal(fixture_number("SELECT COUNT(*) FROM device"), round);
		assert_int_equal(fixture_number("SELECT email_proven_at FROM user"), WORLD_START);
		assert_true(mail_signs_in(w, RECOVERY_PASSWORD));
		fixture_sql("DELETE FROM throttle");
	}
}

/* An account that has no password gets one. */
static void who_has_no_password_gets_one(void **state)
{
	struct world *w = *state;

	mail_person(w, "alice", RECOVERY_ADDRESS);
	fixture_sql("DELETE FROM password");
	ask(w, RECOVERY_ADDRESS);
	struct mail_seen seen = mail_take(w, "recover");
	assert_int_equal(follow(w, &seen), RECOVERY_DONE);
	assert_true(mail_signs_in(w, RECOVERY_PASSWORD));
}

/* PW-22: an administrator sends the link, without a code, and only to the account. */
static void an_administrator_sends_the_link(void **state)
{
	struct world *w = *state;
	struct account_act act = {.user_id = mail_person(w, "alice", RECOVERY_ADDRESS)};
	struct account_effect effect;

	assert_ok(account_recover(&w->context, &act, &effect));
	assert_int_equal(effect.outcome, ACCOUNT_DONE);
	struct mail_seen seen = mail_take(w, "recover");
	assert_string_equal(seen.recipient, RECOVERY_ADDRESS);
	assert_int_equal(mail_value_of(&seen, "code").n, 0);
	assert_int_equal(follow(w, &seen), RECOVERY_DONE);
	fixture_sql("UPDATE user SET state = 2");
	assert_ok(account_recover(&w->context, &act, &effect));
	assert_int_equal(effect.outcome, ACCOUNT_IS_LOCKED);
	fixture_sql("UPDATE user SET state = 1, email = NULL");
	assert_ok(account_recover(&w->context, &act, &effect));
	assert_int_equal(effect.outcome, ACCOUNT_NO_ADDRESS);
	act.user_id = id_random();
	assert_ok(account_recover(&w->context, &act, &effect));
	assert_int_equal(effect.outcome, ACCOUNT_NO_SUCH_USER);
	/* Who is no administrator. */
	w->context.actor_id = id_random();
	assert_ok(account_recover(&w->context, &act, &effect));
	w->context.actor_id = ID_NONE;
	assert_int_equal(effect.outcome, ACCOUNT_NOT_ALLOWED);
	assert_int_equal(mail_count("recover"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(limits_of_mail_are_silent, recovery_world_clean),
		cmocka_unit_test_setup(what_is_no_address_is_refused, recovery_world_clean),
		cmocka_unit_test_setup(a_locked_account_stays_locked, recovery_world_clean),
		cmocka_unit_test_setup(a_moved_address_recovers_nothing, recovery_world_clean),
		cmocka_unit_test_setup(a_password_change_kills_it, recovery_world_clean),
		cmocka_unit_test_setup(the_first_proof_begins_anew, recovery_world_clean),
		cmocka_unit_test_setup(who_has_no_password_gets_one, recovery_world_clean),
		cmocka_unit_test_setup(an_administrator_sends_the_link, recovery_world_clean),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
