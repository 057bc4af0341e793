/* Passkeys of accounts in the database: who may register one, with which challenge, and removing.
 */
#include "passkey_world.h"

static int64_t events(const char *kind)
{
	char sql[128];

	assert_true(snprintf(sql, sizeof sql, "SELECT COUNT(*) FROM audit_event WHERE event = '%s'",
			     kind) > 0);
	return fixture_number(sql);
}

static int64_t factors_of_all(void)
{
	return fixture_number("SELECT SUM(factors) FROM user");
}

static void first_one_comes_with_recovery_codes(void **state)
{
	struct world *w = *state;
	struct presented who = begin(w, add_person(w, PLAIN, "alice@example.org"));
	struct passkey_registered done;
	struct passkey_row *rows = NULL;
	size_t n = 0;

	offer_registration(w, &who.session, recording(PLAIN));
	done = register_it(w, &who, recording(PLAIN));
	assert_int_equal(done.verdict, FACTORS_DONE);
	assert_true(done.has_codes);
	assert_false(done.renewed);
	for (size_t i = 0; i < RECOVERY_SET_CODES; i++)
		assert_true(secret_is_present(done.codes.texts[i]));
	assert_int_equal(factors_of_all(), FACTOR_PASSKEY | FACTOR_RECOVERY);
	assert_int_equal(events("factor_added"), 1);
	assert_int_equal(events("recovery_codes_made"), 1);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM outbox WHERE kind = 'factor-added'"),
			 1);
	assert_ok(passkey_list(&w->context, &who.session.found.session.user_id, &rows, &n));
	assert_int_equal(n, 1);
	assert_true(id_equal(rows[0].id, done.row.id));
	assert_str(rows[0].name, "Telephone");
	assert_str(rows[0].transports, "internal");
	assert_int_equal(rows[0].algorithm, WEBAUTHN_ES256);
	assert_true(rows[0].verified);
	assert_false(rows[0].eligible);
	/* The value of the session is the one that it was. */
	assert_int_equal(who.session.standing, SESSION_LIVE);
	assert_int_equal(fixture_number("SELECT SUM(epoch) FROM session"), 1);
}

static void second_one_comes_without(void **state)
{
	struct world *w = *state;
	struct presented who = begin(w, add_person(w, PLAIN, "alice@example.org"));
	struct passkey_registered done;

	offer_registration(w, &who.session, recording(PLAIN));
	assert_int_equal(register_it(w, &who, recording(PLAIN)).verdict, FACTORS_DONE);
	offer_registration(w, &who.session, recording(SYNCED));
	done = register_it(w, &who, recording(SYNCED));
	assert_int_equal(done.verdict, FACTORS_DONE);
	assert_false(done.has_codes);
	assert_true(done.row.eligible && done.row.backed_up);
	assert_int_equal(events("recovery_codes_made"), 1);
}

/* The challenge goes with what it proved, and with nothing else. */
static void wa_01_a_challenge_is_good_once(void **state)
{
	struct world *w = *state;
	struct presented who = begin(w, add_person(w, PLAIN, "alice@example.org"));

	offer_registration(w, &who.session, recording(PLAIN));
	assert_int_equal(register_it(w, &who, recording(PLAIN)).verdict, FACTORS_DONE);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM challenge"), 0);
	fixture_sql("DELETE FROM passkey");
	assert_int_equal(register_it(w, &who, recording(PLAIN)).verdict, FACTORS_WRONG);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM passkey"), 0);
	assert_int_equal(events("authn_factor_fail"), 1);
}

static void wa_01_a_challenge_is_of_its_session_kind_and_person(void **state)
{
	struct world *w = *state;
	struct presented who = begin(w, add_person(w, PLAIN, "alice@example.org"));
	struct presented other = begin(w, add_person(w, OTHER, "bob@example.org"));
	const struct ceremony *c = recording(PLAIN);
	struct challenge_place place = {
		.kind = CHALLENGE_REGISTRATION,
		.session_id = other.session.found.session.id,
	};
	struct id alice = who.session.found.session.user_id;
	int64_t later = w->context.now + CHALLENGE_SPAN;

	put_challenge(w, &place, alice, c->create.challenge, later);
	assert_int_equal(register_it(w, &who, c).verdict, FACTORS_WRONG);
	place.session_id = who.session.found.session.id;
	place.kind = CHALLENGE_STEP_UP;
	put_challenge(w, &place, alice, c->create.challenge, later);
	assert_int_equal(register_it(w, &who, c).verdict, FACTORS_WRONG);
	place.kind = CHALLENGE_REGISTRATION;
	put_challenge(w, &place, other.session.found.session.user_id, c->create.challenge, later);
	assert_int_equal(register_it(w, &who, c).verdict, FACTORS_WRONG);
	fixture_sql("DELETE FROM challenge");
	put_challenge(w, &place, alice, c->create.challenge, w->context.now);
	assert_int_equal(register_it(w, &who, c).verdict, FACTORS_WRONG);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM passkey"), 0);
	assert_int_equal(factors_of_all(), 0);
	fixture_sql("UPDATE challenge SET expires_at = expires_at + 1");
	assert_int_equal(register_it(w, &who, c).verdict, FACTORS_DONE);
}

static void wa_02_another_origin_or_party_is_refused(void **state)
{
	struct world *w = *state;
	struct presented who = begin(w, add_person(w, PLAIN, "alice@example.org"));
	char detail[64];

	offer_registration(w, &who.session, recording(PLAIN));
	w->config.passkey.origins[0] = STR("http://localhost:34708");
	assert_int_equal(register_it(w, &who, recording(PLAIN)).verdict, FACTORS_WRONG);
	fixture_text("SELECT detail FROM audit_event WHERE event = 'authn_factor_fail'", detail,
		     sizeof detail);
	assert_string_equal(detail, "wrong origin");
	w->config.passkey.origins[1] = recording(PLAIN)->origin;
	w->config.passkey.origin_count = 2;
	w->config.passkey.rp_id = STR("example.org");
	assert_int_equal(register_it(w, &who, recording(PLAIN)).verdict, FACTORS_WRONG);
	w->config.passkey.rp_id = STR("localhost");
	assert_int_equal(register_it(w, &who, recording(PLAIN)).verdict, FACTORS_DONE);
}

static void wa_03_who_was_not_verified_registers_nothing(void **state)
{
	struct world *w = *state;
	struct presented who = begin(w, add_person(w, PLAIN, "alice@example.org"));

	offer_registration(w, &who.session, recording(UNVERIFIED));
	assert_int_equal(register_it(w, &who, recording(UNVERIFIED)).verdict, FACTORS_WRONG);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM passkey"), 0);
}

static void wa_05_a_credential_is_registered_to_one_person(void **state)
{
	struct world *w = *state;
	struct presented who = begin(w, add_person(w, PLAIN, "alice@example.org"));
	struct presented other = begin(w, add_person(w, OTHER, "bob@example.org"));
	const struct ceremony *c = recording(PLAIN);

	offer_registration(w, &who.session, c);
	assert_int_equal(register_it(w, &who, c).verdict, FACTORS_DONE);
	offer_registration(w, &who.session, c);
	assert_int_equal(register_it(w, &who, c).verdict, FACTORS_TAKEN);
	offer_registration(w, &other.session, c);
	assert_int_equal(register_it(w, &other, c).verdict, FACTORS_TAKEN);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM passkey"), 1);
	assert_int_equal(factors_of_all(), FACTOR_PASSKEY | FACTOR_RECOVERY);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM recovery_set"), 1);
}

static void twenty_are_enough(void **state)
{
	struct world *w = *state;
	struct presented who = begin(w, add_person(w, PLAIN, "alice@example.org"));
	const struct challenge_place place = {
		.kind = CHALLENGE_REGISTRATION,
		.session_id = who.session.found.session.id,
	};
	struct passkey_offer offer;

	fixture_sql("INSERT INTO passkey (id, user_id, credential_id, algorithm, public_key, "
		    "sign_count, eligible, backed_up, verified, aaguid, created_at) "
		    "SELECT RANDOM_BYTES(16), id, RANDOM_BYTES(32), -7, RANDOM_BYTES(64), 0, 0, 0, "
		    "1, '', seq FROM user JOIN seq_1_to_20");
	offer_registration(w, &who.session, recording(PLAIN));
	assert_int_equal(register_it(w, &who, recording(PLAIN)).verdict, FACTORS_FULL);
	assert_ok(passkey_offer(&w->context, &place, &who.session.found.session.user_id, STR(""),
				&offer));
	assert_int_equal(offer.known_count, PASSKEYS_MAX);
	fixture_sql("DELETE FROM passkey WHERE created_at = 7");
	assert_int_equal(register_it(w, &who, recording(PLAIN)).verdict, FACTORS_DONE);
}

static void who_is_locked_registers_nothing(void **state)
{
	struct world *w = *state;
	struct presented who = begin(w, add_person(w, PLAIN, "alice@example.org"));

	offer_registration(w, &who.session, recording(PLAIN));
	fixture_sql("UPDATE user SET state = 2");
	assert_int_equal(register_it(w, &who, recording(PLAIN)).verdict, FACTORS_GONE);
	fixture_sql("UPDATE user SET state = 1");
	fixture_sql("UPDATE session SET epoch = epoch + 1");
	assert_int_equal(register_it(w, &who, recording(PLAIN)).verdict, FACTORS_GONE);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM passkey"), 0);
}

/* The sign-in that waited for one goes on with it, and so does the same request once more. */
static void an_enrolment_is_completed_once(void **state)
{
	struct world *w = *state;
	struct id alice = add_person(w, PLAIN, "alice@example.org");
	struct presented who;
	struct passkey_registered done;
	struct passkey_registered again;
	struct presented old;

	w->config.second_factor.require = FACTOR_ALL;
	struct session_issued issued =
		sign_in(w, (struct client){.user = alice, .carrier = CARRIER_HANDLE});
	who = present(w, text_of(issued));
	assert_true(session_awaits_enrolment(&who.session));
	offer_registration(w, &who.session, recording(PLAIN));
	done = register_it(w, &who, recording(PLAIN));
	assert_int_equal(done.verdict, FACTORS_DONE);
	assert_true(done.renewed && done.has_codes);
	assert_int_equal(done.issued.session.standing, SESSION_LIVE);
	assert_int_equal(done.issued.session.aal, 2);
	assert_str(done.issued.session.found.session.amr, "pwd hwk mfa user");

	old = present(w, text_of(issued));
	assert_int_equal(old.session.standing, SESSION_REPLACED);
	again = register_it(w, &old, recording(PLAIN));
	assert_int_equal(again.verdict, FACTORS_DONE);
	assert_true(again.renewed && again.issued.repeated);
	assert_false(again.has_codes);
	assert_true(id_equal(again.row.id, done.row.id));
	assert_true(secret_equal(again.issued.text, done.issued.text));
	assert_int_equal(register_it(w, &old, recording(SYNCED)).verdict, FACTORS_GONE);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM passkey"), 1);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM recovery_set"), 1);
}

static void pages_renew_the_session(void **state)
{
	struct world *w = *state;
	struct presented who = begin(w, add_person(w, PLAIN, "alice@example.org"));
	struct passkey_registration request = {
		.given = recording(PLAIN)->registration,
		.renews = true,
		.presented = &who.credential,
		.current = &who.session,
	};
	struct passkey_registered done;

	offer_registration(w, &who.session, recording(PLAIN));
	assert_ok(passkey_register(&w->context, &request, &done));
	assert_int_equal(done.verdict, FACTORS_DONE);
	assert_true(done.renewed);
	assert_int_equal(done.issued.session.aal, 2);
	assert_int_equal(done.issued.session.found.factors, FACTOR_PASSKEY | FACTOR_RECOVERY);
}

static enum factors_verdict remove_it(struct world *w, const struct session *session, struct id id)
{
	enum factors_verdict verdict = FACTORS_TAKEN;

	assert_ok(passkey_remove(&w->context, session, &id, &verdict));
	return verdict;
}

static void removing_takes_the_codes_with_the_last(void **state)
{
	struct world *w = *state;
	struct presented who;
	struct passkey_row row = add_passkey_of(w, PLAIN, "alice@example.org", &who);
	struct presented other = begin(w, add_person(w, OTHER, "bob@example.org"));

	offer_registration(w, &who.session, recording(SYNCED));
	struct passkey_registered second = register_it(w, &who, recording(SYNCED));
	assert_int_equal(second.verdict, FACTORS_DONE);
	assert_int_equal(remove_it(w, &other.session, row.id), FACTORS_GONE);
	assert_int_equal(remove_it(w, &who.session, row.id), FACTORS_DONE);
	assert_int_equal(remove_it(w, &who.session, row.id), FACTORS_GONE);
	assert_int_equal(factors_of_all(), FACTOR_PASSKEY | FACTOR_RECOVERY);
	assert_int_equal(remove_it(w, &who.session, second.row.id), FACTORS_DONE);
	assert_int_equal(factors_of_all(), 0);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM recovery_set"), 0);
	assert_int_equal(events("factor_removed"), 2);
	assert_int_equal(
		fixture_number("SELECT COUNT(*) FROM outbox WHERE kind = 'factor-removed'"), 2);
}

static void mf_17_the_last_one_stays_where_it_is_required(void **state)
{
	struct world *w = *state;
	struct presented who;
	struct passkey_row row = add_passkey_of(w, PLAIN, "alice@example.org", &who);

	w->config.second_factor.require = FACTOR_ALL;
	assert_int_equal(remove_it(w, &who.session, row.id), FACTORS_NEEDED);
	assert_int_equal(factors_of_all(), FACTOR_PASSKEY | FACTOR_RECOVERY);
	offer_registration(w, &who.session, recording(SYNCED));
	assert_int_equal(register_it(w, &who, recording(SYNCED)).verdict, FACTORS_DONE);
	assert_int_equal(remove_it(w, &who.session, row.id), FACTORS_DONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(first_one_comes_with_recovery_codes, passkey_clean),
		cmocka_unit_test_setup(second_one_comes_without, passkey_clean),
		cmocka_unit_test_setup(wa_01_a_challenge_is_good_once, passkey_clean),
		cmocka_unit_test_setup(wa_01_a_challenge_is_of_its_session_kind_and_person,
				       passkey_clean),
		cmocka_unit_test_setup(wa_02_another_origin_or_party_is_refused, passkey_clean),
		cmocka_unit_test_setup(wa_03_who_was_not_verified_registers_nothing, passkey_clean),
		cmocka_unit_test_setup(wa_05_a_credential_is_registered_to_one_person,
				       passkey_clean),
		cmocka_unit_test_setup(twenty_are_enough, passkey_clean),
		cmocka_unit_test_setup(who_is_locked_registers_nothing, passkey_clean),
		cmocka_unit_test_setup(an_enrolment_is_completed_once, passkey_clean),
		cmocka_unit_test_setup(pages_renew_the_session, passkey_clean),
		cmocka_unit_test_setup(removing_takes_the_codes_with_the_last, passkey_clean),
		cmocka_unit_test_setup(mf_17_the_last_one_stays_where_it_is_required,
				       passkey_clean),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
