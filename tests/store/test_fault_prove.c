/* ST-07, IN-25: second factors and step-ups under every failure of the database. */
#include "fault_trial.h"

#include "prove_world.h"

/* Of alice: a sign-in that waits, what completes it, and what her telephone has signed. */
static struct str waiting, right_code, bad_code, recovery;
static struct showing by_device;

static void add_key(struct trial *t)
{
	const unsigned char seed[ED25519_SEED] = {7};
	const struct session other = trial_session(t, t->scene.other);
	const struct challenge_place place = {.kind = CHALLENGE_STEP_UP,
					      .session_id = t->scene.other_id};
	unsigned char signature[ED25519_SIGNATURE];
	struct challenge challenge;
	struct ed25519_secret secret;
	struct ed25519_public key;
	struct device_row row = {
		.id = other.found.session.device_id,
		.user_id = t->scene.alice,
		.key_kind = DEVICE_KEY_ED25519,
		.key_set_at = 1,
	};
	struct str text;

	ed25519_make(seed, &secret, &key);
	row.public_key = (struct str){(const char *)key.b, ED25519_PUBLIC};
	assert_ok(device_store_set_key(t->w->db, &row));
	assert_ok(challenge_make(&t->w->context, &place, &t->scene.alice, STR("pay"), &challenge));
	assert_ok(prove_device_text(&t->w->context, &t->scene.other_id, &challenge, &text));
	ed25519_sign(&secret, text, signature);
	by_device.proof = (struct prove_proof){
		.method = PROVE_DEVICE_KEY,
		.device = STR("telephone"),
		.challenge = trial_lasting(t, text),
		.signature =
			trial_lasting(t, (struct str){(const char *)signature, sizeof signature}),
	};
}

static int open_it(void **state)
{
	struct recovery_codes codes;
	struct client c = {.carrier = CARRIER_TOKEN};
	struct trial *t = NULL;

	if (trial_open(state) != 0)
		return -1;
	t = *state;
	t->w->config.throttle.free_failures = 1000;
	t->w->config.second_factor.trusted_device = CLOCK_DAY;
	c.user = t->scene.alice;
	codes = add_factors(t->w, &c.user);
	waiting = trial_lasting(t, text_of(sign_in(t->w, c)));
	right_code = trial_lasting(t, code_now(t->w));
	bad_code = trial_lasting(t, wrong_code(t->w));
	recovery = trial_lasting(t, text_of_code(&codes.texts[3]));
	add_key(t);
	trial_keep(t);
	return 0;
}

/* Whatever failed, nothing is granted by it. */
static enum err prove(struct trial *t, struct str value, const struct showing *what, void *out)
{
	struct credential presented = credential_of(t->w, CARRIER_HANDLE, value);
	struct session current;
	struct prove_request request = {
		.proof = what->proof,
		.trust = what->trust,
		.presented = &presented,
		.current = &current,
	};
	struct prove_outcome outcome = {.verdict = PROVE_DONE};
	struct session_issued issued;
	enum err e = OK;

	TRY(session_resolve(&t->w->context, &presented, 1, &current));
	e = what->second ? prove_second_factor(&t->w->context, &request, &outcome, &issued)
			 : prove_step_up(&t->w->context, &request, &outcome, &issued);
	assert_true(e == OK || outcome.verdict == PROVE_GONE);
	TRY(e);
	if (outcome.verdict == PROVE_DONE)
		PUT(out, issued);
	return must(outcome.verdict == PROVE_DONE);
}

ACT(by_totp, struct showing what = second_factor(right_code); return prove(t, waiting, &what, out);)
ACT(by_totp_trusting, struct showing what = second_factor(right_code); what.trust = true;
    return prove(t, waiting, &what, out);)
ACT(by_recovery_code, struct showing what = second_factor(recovery);
    what.proof.method = PROVE_RECOVERY_CODE; return prove(t, waiting, &what, out);)
ACT(step_up_by_totp, struct showing what = second_factor(right_code); what.second = false;
    return prove(t, t->scene.handle, &what, out);)
ACT(step_up_by_device, return prove(t, t->scene.other, &by_device, out);)

/* A wrong one takes a try, is written down, and leaves the sign-in as it was. */
static enum err run_wrong(struct trial *t, void *out)
{
	struct showing what = second_factor(bad_code);
	struct credential presented = credential_of(t->w, CARRIER_HANDLE, waiting);
	struct session current;
	struct prove_request request = {
		.proof = what.proof, .presented = &presented, .current = &current};
	struct prove_outcome outcome = {.verdict = PROVE_DONE};
	struct session_issued issued;

	(void)out;
	TRY(session_resolve(&t->w->context, &presented, 1, &current));
	enum err e = prove_second_factor(&t->w->context, &request, &outcome, &issued);

	assert_true(e == OK || outcome.verdict == PROVE_GONE);
	TRY(e);
	return must(outcome.verdict == PROVE_WRONG);
}

static struct session_issued issued_of(const void *out)
{
	struct session_issued issued;

	memcpy(&issued, out, sizeof issued);
	return issued;
}

/* Tokens, as was asked for; and the handle is no more. */
static void check_completed(struct trial *t, const void *out)
{
	struct session_issued issued = issued_of(out);

	assert_int_equal(issued.session.standing, SESSION_LIVE);
	assert_int_equal(issued.session.aal, 2);
	assert_int_equal(issued.carrier, CARRIER_TOKEN);
	assert_int_equal(trial_session(t, waiting).standing, SESSION_REPLACED);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM session WHERE aal = 2"), 1);
}

static void check_raised(struct trial *t, const void *out)
{
	struct session session = trial_session(t, text_of(issued_of(out)));

	assert_int_equal(session.standing, SESSION_LIVE);
	assert_int_equal(session.aal, 2);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM session WHERE aal = 2"), 1);
	assert_int_equal(trial_session(t, waiting).standing, SESSION_PENDING);
}

static void check_waiting(struct trial *t, const void *out)
{
	(void)out;
	assert_int_equal(trial_session(t, waiting).standing, SESSION_PENDING);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM session WHERE aal = 2"), 0);
}

static void factors_under_every_failure(void **state)
{
	static const struct act acts[] = {
		{"second factor, app", by_totp, check_completed, 0},
		{"second factor, trusting", by_totp_trusting, check_completed, 0},
		{"second factor, recovery code", by_recovery_code, check_completed, 0},
		{"second factor, wrong", run_wrong, check_waiting, 0},
		{"step-up, app", step_up_by_totp, check_raised, 0},
		{"step-up, device", step_up_by_device, check_raised, 0},
	};

	trial_run(*state, acts, sizeof acts / sizeof acts[0]);
}

/* Asked again after whatever failed, within the time for that: what it would have given. */
static void repeated_under_every_failure(void **state)
{
	static const struct act acts[] = {
		{"second factor, app", by_totp, check_completed, ACT_REPEATABLE},
		{"second factor, recovery code", by_recovery_code, check_completed, ACT_REPEATABLE},
		{"step-up, device", step_up_by_device, check_raised, ACT_REPEATABLE},
	};

	trial_run(*state, acts, sizeof acts / sizeof acts[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(factors_under_every_failure),
		cmocka_unit_test(repeated_under_every_failure),
	};

	return cmocka_run_group_tests(tests, open_it, trial_close);
}
