/* What becomes of sessions as factors, roles and passwords come and go, against a database. */
#include "prove_world.h"

#include "handover.h"
#include "reauth.h"
#include "recovery.h"
#include "recovery_world.h"
#include "sha256.h"
#include "token_world.h"

#define VERIFIER STR("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
#define NEW_PASSWORD "one more set of words"

static int clean(void **state)
{
	struct world *w = *state;

	w->config.second_factor.require = FACTOR_OPTIONAL;
	w->config.second_factor.roles = STR("elevated auditor");
	w->config.second_factor.trusted_device = 0;
	return token_world_clean(state);
}

/* A role that is not elevated. */
static void make_auditor(struct world *w, struct id user)
{
	fixture_sql("INSERT IGNORE INTO role (id, name, elevated, created_at) "
		    "VALUES (UNHEX(REPEAT('41',16)), 'auditor', 0, 0)");
	world_give_role(w, user, "auditor");
}

/* With a password, an address, an app and recovery codes. */
static struct client with_password(struct world *w)
{
	struct client c = {
		.user = mail_person(w, "alice", RECOVERY_ADDRESS),
		.carrier = CARRIER_HANDLE,
	};

	(void)add_factors(w, &c.user);
	return c;
}

static enum reauth_verdict change_password(struct world *w, struct str value,
					   struct session_issued *issued)
{
	struct credential presented = credential_of(w, CARRIER_HANDLE, value);
	struct session current = resolve(w, CARRIER_HANDLE, value);
	const struct reauth_request request = {
		.password = STR(WORLD_PASSWORD),
		.new_password = STR(NEW_PASSWORD),
		.presented = &presented,
		.current = &current,
	};
	struct password_opinion opinion;
	struct reauth_outcome outcome;

	assert_ok(reauth_change_password(&w->context, &request, &opinion, &outcome, issued));
	return outcome.verdict;
}

/* MF-14: who has only the password chooses no other; then the tokens that were asked for. */
static void the_factor_comes_before_the_new_password(void **state)
{
	struct world *w = *state;
	struct client c = with_password(w);
	struct session_issued issued;
	struct str value;

	fixture_sql("UPDATE password SET must_change = 1");
	c.carrier = CARRIER_TOKEN;
	value = text_of(sign_in(w, c));
	assert_int_equal(change_password(w, value, &issued), REAUTH_GONE);
	assert_int_equal(fixture_number("SELECT must_change FROM password"), 1);
	assert_int_equal(complete(w, value, code_now(w), &issued), PROVE_DONE);
	assert_true(session_awaits_password(&issued.session));
	assert_int_equal(issued.carrier, CARRIER_HANDLE);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM refresh_token"), 0);
	value = text_of(issued);
	assert_int_equal(change_password(w, value, &issued), REAUTH_DONE);
	assert_int_equal(issued.session.standing, SESSION_LIVE);
	assert_int_equal(issued.carrier, CARRIER_TOKEN);
	assert_int_equal(issued.session.aal, 2);
	(void)exchanged(w, text_of(issued));
}

/* MF-14: a trusted device stands for nothing where an elevated role is held. */
static void nor_does_a_trusted_device_choose_one_for_an_administrator(void **state)
{
	struct world *w = *state;
	struct client c = with_password(w);
	struct session_issued issued;

	w->config.second_factor.require = FACTOR_ROLES;
	w->config.second_factor.trusted_device = CLOCK_DAY;
	world_give_role(w, c.user, "admin");
	c.device = "telephone";
	issued = sign_in(w, c);
	fixture_sql("UPDATE device SET trusted_until = 4000000000000000;"
		    "UPDATE password SET must_change = 1");
	issued = sign_in(w, c);
	assert_true(session_awaits_factor(&issued.session));
	assert_int_equal(change_password(w, text_of(issued), &issued), REAUTH_GONE);
	issued = sign_in(w, c);
	assert_int_equal(complete(w, text_of(issued), code_now(w), &issued), PROVE_DONE);
	assert_true(session_awaits_password(&issued.session));
	assert_int_equal(change_password(w, text_of(issued), &issued), REAUTH_DONE);
	assert_int_equal(issued.session.standing, SESSION_LIVE);
}

/* MF-14: a new password by mail takes nobody round the factor, nor gives it new attempts. */
static void a_reset_does_not_get_round_the_factor(void **state)
{
	struct world *w = *state;
	struct client c = with_password(w);
	struct str value = text_of(sign_in(w, c));
	const struct recovery_wish wish = {.email = STR(RECOVERY_ADDRESS),
					   .asker = {.kind = MAIL_ASKER_API}};
	struct recovery_request request = {.new_password = STR(RECOVERY_PASSWORD)};
	struct recovery_outcome outcome;
	struct session_issued issued;
	struct mail_seen mail;

	for (unsigned i = 0; i < PROVE_TRIES; i++)
		(void)complete(w, value, wrong_code(w), &issued);
	assert_ok(recovery_ask(&w->context, &wish));
	mail = mail_take(w, "recover");
	request.claim.code = mail_link_of(&mail);
	request.claim.asker = wish.asker;
	assert_ok(recovery_reset(&w->context, &request, &outcome));
	assert_int_equal(outcome.verdict, RECOVERY_DONE);
	assert_int_equal(mail_sign_in(w, "alice", RECOVERY_PASSWORD, &issued), SIGNIN_ACCEPTED);
	value = text_of(issued);
	assert_int_equal(standing(w, CARRIER_HANDLE, value), SESSION_PENDING);
	assert_int_equal(complete(w, value, code_now(w), &issued), PROVE_THROTTLED);
	w->context.now += CLOCK_MINUTE;
	assert_int_equal(complete(w, value, code_now(w), &issued), PROVE_DONE);
}

/* What is not there any more proves nothing; who signs in then waits for nothing. */
static void factors_may_go_meanwhile(void **state)
{
	struct world *w = *state;
	struct recovery_codes codes;
	struct client c = person_with_factors(w, "alice", &codes);
	struct str value = text_of(sign_in(w, c));
	struct session_issued issued;

	take_factors(w, &c.user);
	assert_int_equal(complete(w, value, code_now(w), &issued), PROVE_WRONG);
	assert_int_equal(recover(w, value, &codes.texts[0], &issued), PROVE_WRONG);
	assert_int_equal(standing(w, CARRIER_HANDLE, value), SESSION_PENDING);
	assert_int_equal(sign_in(w, c).session.standing, SESSION_LIVE);
	w->config.second_factor.require = FACTOR_ALL;
	issued = sign_in(w, c);
	assert_true(session_awaits_enrolment(&issued.session));
}

/* A root that is gone takes the secret with it. */
static void a_secret_that_does_not_open_is_lost(void **state)
{
	struct world *w = *state;
	struct recovery_codes codes;
	struct client c = person_with_factors(w, "alice", &codes);
	struct str value = text_of(sign_in(w, c));
	struct session_issued issued;

	fixture_sql("UPDATE totp SET root = 7; UPDATE recovery_set SET root = 7");
	assert_int_equal(complete(w, value, code_now(w), &issued), PROVE_WRONG);
	assert_int_equal(recover(w, value, &codes.texts[0], &issued), PROVE_WRONG);
	fixture_sql("UPDATE totp SET root = 1, secret = REPEAT('s', 60)");
	assert_int_equal(complete(w, value, code_now(w), &issued), PROVE_WRONG);
}

static void is_pending_then_completes(struct world *w, const struct credential *presented)
{
	struct showing what = second_factor(code_now(w));
	struct session session;
	struct session_issued issued;

	assert_ok(session_resolve(&w->context, presented, 1, &session));
	assert_int_equal(session.standing, SESSION_PENDING);
	assert_true(session_awaits_factor(&session));
	assert_int_equal(session.found.session.state, SESSION_ACTIVE);
	what.second = false;
	assert_int_equal(show_with(w, presented, &what, &issued).verdict, PROVE_GONE);
	what.second = true;
	assert_int_equal(show_with(w, presented, &what, &issued).verdict, PROVE_DONE);
	assert_int_equal(issued.session.standing, SESSION_LIVE);
	assert_int_equal(issued.session.aal, 2);
	assert_int_equal(issued.carrier, presented->carrier);
	w->context.now += STEP;
}

/* MF-17: at once, whatever it is carried by, and until the factor is shown. */
static void a_role_that_requires_one_counts_at_once(void **state)
{
	struct world *w = *state;
	struct client c = {.user = fixture_add_user(w->fixture, "alice")};
	struct session_issued issued[3];
	struct credential presented[3];

	w->config.second_factor.require = FACTOR_ROLES;
	for (unsigned i = 0; i < 3; i++) {
		c.carrier = (enum session_carrier)(CARRIER_COOKIE + i);
		issued[i] = sign_in(w, c);
		assert_int_equal(issued[i].session.standing, SESSION_LIVE);
	}
	presented[0] = credential_of(w, CARRIER_COOKIE, text_of(issued[0]));
	presented[1] = credential_of(w, CARRIER_HANDLE, text_of(issued[1]));
	presented[2] = access_of(w, &issued[2].session.found.session);
	(void)add_factors(w, &c.user);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(resolve_access(w, &presented[i]).standing, SESSION_LIVE);
	make_auditor(w, c.user);
	assert_int_not_equal(exchange(w, text_of(issued[2])).verdict, REFRESH_EXCHANGED);
	for (unsigned i = 0; i < 3; i++)
		is_pending_then_completes(w, &presented[i]);
}

/* MF-17: who has none sets one up first, with a handle whatever was asked for. */
static void who_has_none_sets_one_up_first(void **state)
{
	struct world *w = *state;
	struct client c = {
		.user = fixture_add_user(w->fixture, "alice"),
		.carrier = CARRIER_TOKEN,
	};
	struct session_issued issued;

	w->config.second_factor.require = FACTOR_ALL;
	issued = sign_in(w, c);
	assert_true(session_awaits_enrolment(&issued.session));
	assert_int_equal(issued.carrier, CARRIER_HANDLE);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM refresh_token"), 0);
	assert_int_equal(step_up(w, text_of(issued), code_now(w), &issued), PROVE_WRONG);
	w->config.second_factor.require = FACTOR_ROLES;
	assert_int_equal(sign_in(w, c).carrier, CARRIER_TOKEN);
	world_give_role(w, c.user, "admin");
	assert_int_equal(sign_in(w, c).carrier, CARRIER_HANDLE);
	fixture_sql("DELETE FROM user_role; UPDATE user SET grants = ''");
	make_auditor(w, c.user);
	issued = sign_in(w, c);
	assert_int_equal(issued.carrier, CARRIER_HANDLE);
	assert_true(session_awaits_enrolment(&issued.session));
	(void)add_factors(w, &c.user);
	issued = sign_in(w, c);
	assert_true(session_awaits_factor(&issued.session));
	assert_int_equal(complete(w, text_of(issued), code_now(w), &issued), PROVE_DONE);
	assert_int_equal(issued.carrier, CARRIER_TOKEN);
}

/* SE-05: what a sign-in over one's own session gave for tokens, its answer lost. */
static void a_sign_in_is_repeated_while_it_waits(void **state)
{
	struct world *w = *state;
	struct client c = person_with_factors(w, "alice", NULL);
	struct session_issued first;
	struct session_issued again;

	c.presented = completed(w, c);
	c.presented_as = CARRIER_HANDLE;
	c.carrier = CARRIER_TOKEN;
	first = sign_in(w, c);
	assert_int_equal(standing(w, CARRIER_HANDLE, c.presented), SESSION_REPLACED);
	again = sign_in(w, c);
	assert_true(again.repeated);
	assert_int_equal(again.carrier, CARRIER_HANDLE);
	assert_true(str_equal(text_of(first), text_of(again)));
	assert_int_equal(count_of(w, c.user), 1);
}

/* What a telephone takes over from the session of that value. */
static struct session_issued take_over(struct world *w, struct str value)
{
	const struct credential nothing = {.syntax = CREDENTIAL_ABSENT};
	const struct session nobody = {.standing = SESSION_ABSENT};
	unsigned char device[] = "telephone";
	struct session giver = resolve(w, CARRIER_HANDLE, value);
	struct digest challenge = sha256(VERIFIER);
	struct handover_request request = {
		.verifier = VERIFIER,
		.receiver = HANDOVER_NATIVE,
		.carrier = CARRIER_TOKEN,
		.client = STR("app"),
		.device_kind = DEVICE_APP,
		.device_ref = {device, sizeof device - 1},
		.presented = &nothing,
		.current = &nobody,
	};
	enum handover_verdict verdict = HANDOVER_REFUSED;
	struct handover_given given;
	struct session_issued issued;

	assert_ok(handover_give(&w->context, &giver, &challenge, HANDOVER_NATIVE, &given));
	assert_true(handover_code_hashes(
		w->keys, (struct str){(const char *)given.code.bytes, given.code.len},
		request.hashes));
	assert_ok(handover_take(&w->context, &request, &verdict, &issued));
	assert_int_equal(verdict, HANDOVER_ACCEPTED);
	assert_int_equal(issued.session.aal, 1);
	assert_int_equal(issued.session.found.session.aal2_end, 0);
	assert_int_equal(issued.session.found.session.auth_time, giver.found.session.auth_time);
	return issued;
}

/* CONTRACT §4: who takes over is of aal 1, with what the giver had shown, and no fresher factor. */
static void what_is_handed_over_is_of_aal_1(void **state)
{
	struct world *w = *state;
	struct client c = person_with_factors(w, "alice", NULL);
	struct str value = completed(w, c);
	struct session_issued issued;

	w->config.second_factor.require = FACTOR_ALL;
	issued = take_over(w, value);
	assert_int_equal(issued.session.standing, SESSION_LIVE);
	assert_str(issued.session.found.session.amr, "pwd otp mfa");
	assert_false(policy_is_factor_fresh(&w->config, &issued.session.found.session, CLOCK_DAY,
					    w->context.now));
}

/* A trusted device's word is not handed over: the other one has to be trusted itself. */
static void trust_is_not_handed_over(void **state)
{
	struct world *w = *state;
	struct client c = person_with_factors(w, "alice", NULL);
	struct session_issued issued;

	w->config.second_factor.trusted_device = CLOCK_DAY;
	c.device = "tablet";
	(void)sign_in(w, c);
	fixture_sql("UPDATE device SET trusted_until = 4000000000000000");
	issued = sign_in(w, c);
	assert_str(issued.session.found.session.amr, "pwd rba");
	issued = take_over(w, text_of(issued));
	assert_true(session_awaits_factor(&issued.session));
	assert_int_equal(issued.carrier, CARRIER_HANDLE);
	fixture_sql("UPDATE device SET trusted_until = 4000000000000000");
	issued = take_over(w, text_of(sign_in(w, c)));
	assert_int_equal(issued.session.standing, SESSION_LIVE);
	assert_str(issued.session.found.session.amr, "pwd rba");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_factor_comes_before_the_new_password, clean),
		cmocka_unit_test_setup(nor_does_a_trusted_device_choose_one_for_an_administrator,
				       clean),
		cmocka_unit_test_setup(a_reset_does_not_get_round_the_factor, clean),
		cmocka_unit_test_setup(factors_may_go_meanwhile, clean),
		cmocka_unit_test_setup(a_secret_that_does_not_open_is_lost, clean),
		cmocka_unit_test_setup(a_role_that_requires_one_counts_at_once, clean),
		cmocka_unit_test_setup(who_has_none_sets_one_up_first, clean),
		cmocka_unit_test_setup(a_sign_in_is_repeated_while_it_waits, clean),
		cmocka_unit_test_setup(what_is_handed_over_is_of_aal_1, clean),
		cmocka_unit_test_setup(trust_is_not_handed_over, clean),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
