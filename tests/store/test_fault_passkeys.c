/* ST-07, WA-01: passkeys registered, used and removed under every failure: all of it, or nothing.
 */
#include "fault_trial.h"
#include "passkey_world.h"

#define CONTEXT (&t->w->context)

/* One with a passkey, and one who makes the first; their handles. */
static struct str owner;
static struct str beginner;
static struct id first_id;

static enum err find(struct trial *t, struct str handle, struct presented *out)
{
	out->credential = credential_of(t->w, CARRIER_HANDLE, handle);
	return session_resolve(CONTEXT, &out->credential, 1, &out->session);
}

static enum err run_offer(struct trial *t, void *out)
{
	struct passkey_offer offer;
	struct presented who;

	TRY(find(t, owner, &who));
	const struct challenge_place place = {
		.kind = CHALLENGE_STEP_UP,
		.session_id = who.session.found.session.id,
	};
	TRY(passkey_offer(CONTEXT, &place, &who.session.found.session.user_id, STR("pay"), &offer));
	PUT(out, offer.challenge);
	return must(offer.known_count == 1);
}

/* What was given out can be answered. */
static void check_offer(struct trial *t, const void *out)
{
	struct presented who;
	struct challenge given;
	struct challenge there;
	bool found = false;

	memcpy(&given, out, sizeof given);
	assert_ok(find(t, owner, &who));
	const struct challenge_place place = {
		.kind = CHALLENGE_STEP_UP,
		.session_id = who.session.found.session.id,
	};
	assert_ok(challenge_find(CONTEXT, &place, given.value, &there, &found));
	assert_true(found);
}

static enum err enrol(struct trial *t, const char *recorded, bool renews, void *out)
{
	struct str handle = str_equal(str_of(recorded), STR(OTHER)) ? beginner : owner;
	struct passkey_registered done = {.verdict = FACTORS_GONE};
	struct presented who;
	const struct passkey_registration request = {
		.given = recording(recorded)->registration,
		.name = str_equal(handle, beginner) ? STR("Telephone") : STR_NONE,
		.renews = renews,
		.presented = &who.credential,
		.current = &who.session,
	};

	TRY(find(t, handle, &who));
	TRY(passkey_register(CONTEXT, &request, &done));
	TRY(must(done.verdict == FACTORS_DONE));
	PUT(out, done);
	return OK;
}

ACT(run_first, return enrol(t, OTHER, false, out);)
ACT(run_second, return enrol(t, SYNCED, false, out);)
ACT(run_page, return enrol(t, SYNCED, true, out);)

/* Neither a passkey without its bit and mail, nor a challenge that is good once more. */
static void check_registered(struct trial *t, const void *out)
{
	struct passkey_registered done;

	(void)t;
	memcpy(&done, out, sizeof done);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM passkey JOIN user ON user.id = "
					"passkey.user_id WHERE email LIKE '%er@example.org' "
					"AND factors <> 6"),
			 0);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM outbox WHERE kind = 'factor-added'"),
			 2);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM challenge WHERE purpose = ''"), 2);
	assert_int_equal(done.has_codes, done.row.algorithm == WEBAUTHN_EDDSA);
}

static void check_renewed(struct trial *t, const void *out)
{
	struct passkey_registered done;

	check_registered(t, out);
	memcpy(&done, out, sizeof done);
	assert_true(done.renewed);
	assert_int_equal(trial_session(t, owner).standing, SESSION_REPLACED);
	assert_int_equal(trial_session(t, text_of(done.issued)).aal, 2);
}

static enum err run_sign_in(struct trial *t, void *out)
{
	const struct passkey_sign_in request = sign_in_with(recording(PLAIN));
	enum signin_verdict verdict = SIGNIN_REFUSED;
	struct session_issued issued;
	int64_t wait = 0;

	TRY(passkey_sign_in(CONTEXT, &request, &verdict, &wait, &issued));
	TRY(must(verdict == SIGNIN_ACCEPTED));
	PUT(out, issued);
	return OK;
}

static void check_signed_in(struct trial *t, const void *out)
{
	trial_check_issued(t, out);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM challenge WHERE purpose = ''"), 2);
	assert_int_equal(fixture_number("SELECT sign_count FROM passkey WHERE name = 'Telephone' "
					"AND algorithm = -7"),
			 2);
}

static enum err run_refused(struct trial *t, void *out)
{
	struct passkey_sign_in request = sign_in_with(recording(PLAIN));
	enum signin_verdict verdict = SIGNIN_ACCEPTED;
	struct session_issued issued;
	int64_t wait = 0;

	(void)out;
	request.user_handle = STR_NONE;
	TRY(passkey_sign_in(CONTEXT, &request, &verdict, &wait, &issued));
	return must(verdict == SIGNIN_REFUSED);
}

static enum err run_list(struct trial *t, void *out)
{
	struct passkey_row *rows = NULL;
	struct presented who;
	size_t n = 0;

	TRY(find(t, owner, &who));
	TRY(passkey_list(CONTEXT, &who.session.found.session.user_id, &rows, &n));
	PUT(out, n);
	return must(n == 1);
}

static enum err run_remove(struct trial *t, void *out)
{
	enum factors_verdict verdict = FACTORS_GONE;
	struct presented who;

	TRY(find(t, owner, &who));
	TRY(passkey_remove(CONTEXT, &who.session, &first_id, &verdict));
	TRY(must(verdict == FACTORS_DONE));
	PUT(out, verdict);
	return OK;
}

static void check_removed(struct trial *t, const void *out)
{
	(void)t;
	(void)out;
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM user JOIN recovery_set ON "
					"user_id = user.id WHERE factors = 0 "
					"AND email = 'owner@example.org'"),
			 0);
	assert_int_equal(
		fixture_number("SELECT COUNT(*) FROM outbox WHERE kind = 'factor-removed'"), 1);
}

static void under_every_failure(void **state)
{
	static const struct act acts[] = {
		{"passkey offer", run_offer, check_offer, ACT_ATOMIC},
		{"passkey register first", run_first, check_registered, ACT_ATOMIC},
		{"passkey register second", run_second, check_registered, ACT_ATOMIC},
		{"passkey register, page", run_page, check_renewed, ACT_ATOMIC},
		{"passkey sign in", run_sign_in, check_signed_in, 0},
		{"passkey refused", run_refused, NULL, 0},
		{"passkeys of one", run_list, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"passkey remove", run_remove, check_removed, ACT_ATOMIC},
	};

	trial_run(*state, acts, sizeof acts / sizeof acts[0]);
}

static int open_scene(void **state)
{
	struct presented who;
	struct trial *t = NULL;

	if (trial_open(state) != 0)
		return -1;
	t = *state;
	passkey_recorded_count = ceremonies_load(
		t->w->lasting, TEST_SOURCE_DIR "/tests/unit/ceremonies.txt", passkey_recorded);
	passkey_config(t->w);
	struct id alice = add_person(t->w, PLAIN, "owner@example.org");
	struct id bob = add_person(t->w, OTHER, "beginner@example.org");
	owner = trial_lasting(t, text_of(sign_in(t->w, (struct client){
							       .user = alice,
							       .carrier = CARRIER_HANDLE,
						       })));
	beginner = trial_lasting(t, text_of(sign_in(t->w, (struct client){
								  .user = bob,
								  .carrier = CARRIER_HANDLE,
							  })));
	assert_ok(find(t, owner, &who));
	offer_registration(t->w, &who.session, recording(PLAIN));
	first_id = register_it(t->w, &who, recording(PLAIN)).row.id;
	offer_registration(t->w, &who.session, recording(SYNCED));
	assert_ok(find(t, beginner, &who));
	offer_registration(t->w, &who.session, recording(OTHER));
	offer_sign_in(t->w, recording(PLAIN));
	trial_keep(t);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(under_every_failure),
	};

	return cmocka_run_group_tests(tests, open_scene, trial_close);
}
