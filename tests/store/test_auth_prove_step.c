/* Step-up by a second factor or a device's key, and devices that are trusted, against a database.
 */
#include "prove_world.h"

#include "token_world.h"

/* Of an app that keeps a key: "telephone". */
struct phone {
	struct client client;
	struct str value;
	struct id session_id, device_id;
	struct ed25519_secret key;
};

static int clean(void **state)
{
	struct world *w = *state;

	w->config.second_factor.require = FACTOR_OPTIONAL;
	w->config.second_factor.roles = STR("elevated auditor");
	w->config.second_factor.trusted_device = 0;
	return token_world_clean(state);
}

/* Sets the key of the row. */
static void set_key(struct world *w, const struct phone *p, const struct ed25519_public *key)
{
	const struct device_row row = {
		.id = p->device_id,
		.user_id = p->client.user,
		.key_kind = DEVICE_KEY_ED25519,
		.public_key = {(const char *)key->b, ED25519_PUBLIC},
		.key_set_at = w->context.now,
	};

	assert_ok(device_store_set_key(w->db, &row));
}

static struct phone phone_of(struct world *w, const char *name)
{
	struct phone p = {
		.client = {.user = fixture_add_user(w->fixture, name),
			   .carrier = CARRIER_HANDLE,
			   .device = "telephone"},
	};
	const unsigned char seed[ED25519_SEED] = {(unsigned char)name[0]};
	struct ed25519_public key;
	struct session_issued issued = sign_in(w, p.client);

	p.value = text_of(issued);
	p.session_id = issued.session.found.session.id;
	p.device_id = issued.session.found.session.device_id;
	ed25519_make(seed, &p.key, &key);
	set_key(w, &p, &key);
	return p;
}

/* A challenge for that session, as text. */
static struct str challenge_of(struct world *w, const struct phone *p, enum challenge_kind kind,
			       const char *purpose)
{
	const struct challenge_place place = {.kind = kind, .session_id = p->session_id};
	struct challenge challenge;
	struct str text = STR_NONE;

	assert_ok(
		challenge_make(&w->context, &place, &p->client.user, str_of(purpose), &challenge));
	assert_ok(prove_device_text(&w->context, &p->session_id, &challenge, &text));
	return text;
}

static struct showing signed_by(struct world *w, const struct phone *p, struct str text)
{
	unsigned char *signature = arena_alloc(w->context.arena, ED25519_SIGNATURE);

	assert_non_null(signature);
	ed25519_sign(&p->key, text, signature);
	return (struct showing){
		.proof = {.method = PROVE_DEVICE_KEY,
			  .device = STR("telephone"),
			  .challenge = text,
			  .signature = {(const char *)signature, ED25519_SIGNATURE}},
	};
}

/* It came as other characters, which are what was signed. */
static struct showing signed_as_sent(struct world *w, const struct phone *p, struct str text,
				     struct str sent)
{
	struct showing what = signed_by(w, p, sent);

	what.proof.challenge = text;
	what.proof.sent = sent;
	return what;
}

/* MF-16: recorded with what and what for; of this session alone. */
static void a_code_steps_up_this_session(void **state)
{
	struct world *w = *state;
	struct client c = {.user = fixture_add_user(w->fixture, "alice"),
			   .carrier = CARRIER_HANDLE};
	struct session_issued first = sign_in(w, c);
	struct str other = text_of(sign_in(w, c));
	struct session_issued issued;
	const struct session_row *row = &issued.session.found.session;

	(void)add_factors(w, &c.user);
	w->context.now += CLOCK_HOUR;
	assert_int_equal(step_up(w, text_of(first), wrong_code(w), &issued), PROVE_WRONG);
	assert_int_equal(step_up(w, text_of(first), code_now(w), &issued), PROVE_DONE);
	assert_int_equal(issued.session.aal, 2);
	assert_str(row->amr, "pwd otp mfa");
	assert_int_equal(row->epoch, 2);
	assert_int_equal(row->auth_time, w->context.now);
	assert_int_equal(row->expires_at, first.session.found.session.expires_at);
	assert_int_equal(events("authn_reauth_success", "totp, step-up: payment"), 1);
	assert_int_equal(events("authn_factor_fail", "totp, step-up: payment"), 1);
	assert_int_equal(mails("factor-failed"), 0);
	struct session session = resolve(w, CARRIER_HANDLE, other);

	assert_int_equal(session.aal, 1);
	assert_int_equal(session.found.session.auth_time, WORLD_START);
	assert_int_equal(step_up(w, other, code_now(w), &issued), PROVE_WRONG);
}

/* SE-05: who asks for another purpose has not repeated the request. */
static void another_purpose_is_another_request(void **state)
{
	struct world *w = *state;
	struct client c = {.user = fixture_add_user(w->fixture, "alice"),
			   .carrier = CARRIER_HANDLE};
	struct str value = text_of(sign_in(w, c));
	struct showing what = second_factor(STR_NONE);
	struct session_issued issued;

	(void)add_factors(w, &c.user);
	what.proof.code = code_now(w);
	what.second = false;
	what.purpose = STR("payment");
	assert_int_equal(show(w, value, &what, &issued), PROVE_DONE);
	assert_int_equal(show(w, value, &what, &issued), PROVE_DONE);
	assert_true(issued.repeated);
	what.purpose = STR("address");
	assert_int_equal(show(w, value, &what, &issued), PROVE_GONE);
	what.purpose = STR_NONE;
	assert_int_equal(show(w, value, &what, &issued), PROVE_GONE);
}

static struct session_issued by_password(struct world *w, struct str value)
{
	struct credential presented = credential_of(w, CARRIER_HANDLE, value);
	struct session current = resolve(w, CARRIER_HANDLE, value);
	const struct session_proof_again again = {
		.user_id = current.found.session.user_id,
		.presented = &presented,
		.current = &current,
		.method = STR("pwd"),
		.purpose = STR("pwd, step-up"),
	};
	struct session_issued issued;

	assert_ok(session_prove_again(&w->context, &again, &issued));
	return issued;
}

/* MF-16: the password makes nothing of a factor, nor does it bring back one that has lapsed. */
static void a_password_does_not_raise(void **state)
{
	struct world *w = *state;
	struct client c = person_with_factors(w, "alice", NULL);
	struct str value = completed(w, c);
	struct session_issued issued;

	w->context.now += 50 * CLOCK_MINUTE;
	issued = by_password(w, value);
	assert_int_equal(issued.session.aal, 2);
	assert_int_equal(issued.session.found.session.aal2_end, WORLD_START + 12 * CLOCK_HOUR);
	w->context.now += CLOCK_HOUR;
	assert_int_equal(resolve(w, CARRIER_HANDLE, text_of(issued)).aal, 1);
	issued = by_password(w, text_of(issued));
	assert_int_equal(issued.session.aal, 1);
	assert_int_equal(issued.session.found.session.aal, 1);
	assert_int_equal(resolve(w, CARRIER_HANDLE, text_of(issued)).aal, 1);
	assert_int_equal(step_up(w, text_of(issued), code_now(w), &issued), PROVE_DONE);
	assert_int_equal(issued.session.aal, 2);
	/* The end of a factor is 12 h after it was shown, whatever is typed in between. */
	for (unsigned i = 0; i < 14; i++) {
		w->context.now += 55 * CLOCK_MINUTE;
		issued = by_password(w, text_of(issued));
	}
	assert_int_equal(issued.session.aal, 1);
}

static void a_hold_is_lifted_by_a_factor(void **state)
{
	struct world *w = *state;
	struct client c = person_with_factors(w, "alice", NULL);
	struct str value = completed(w, c);
	struct session_issued issued;

	fixture_sql("UPDATE session SET held = 1, epoch = epoch + 1");
	w->context.now += STEP;
	assert_int_equal(step_up(w, value, wrong_code(w), &issued), PROVE_WRONG);
	assert_int_equal(standing(w, CARRIER_HANDLE, value), SESSION_HELD);
	assert_int_equal(complete(w, value, code_now(w), &issued), PROVE_GONE);
	assert_int_equal(step_up(w, value, code_now(w), &issued), PROVE_DONE);
	assert_int_equal(issued.session.standing, SESSION_LIVE);
	/* One that waited for its factor is not freed of it by a hold. */
	value = text_of(sign_in(w, c));
	fixture_sql("UPDATE session SET held = 1, epoch = epoch + 1 WHERE state = 2");
	w->context.now += STEP;
	assert_int_equal(step_up(w, value, code_now(w), &issued), PROVE_GONE);
	assert_int_equal(complete(w, value, code_now(w), &issued), PROVE_GONE);
}

static void what_waits_for_a_factor_does_not_step_up(void **state)
{
	struct world *w = *state;
	struct client c = person_with_factors(w, "alice", NULL);
	struct str value = text_of(sign_in(w, c));
	struct session_issued issued;

	assert_int_equal(step_up(w, value, code_now(w), &issued), PROVE_GONE);
	assert_int_equal(fixture_number("SELECT tries FROM session"), 0);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM throttle"), 0);
}

static void a_device_signs_what_was_sent(void **state)
{
	struct world *w = *state;
	struct phone p = phone_of(w, "alice");
	struct str text = challenge_of(w, &p, CHALLENGE_STEP_UP, "payment");
	struct showing what = signed_as_sent(w, &p, text, STR("as sent"));
	struct session_issued issued;

	what.proof.sent = STR("not as sent");
	assert_int_equal(show(w, p.value, &what, &issued), PROVE_WRONG);
	what.proof.sent = STR("as sent");
	assert_int_equal(show(w, p.value, &what, &issued), PROVE_DONE);
}

static void a_device_signs(void **state)
{
	struct world *w = *state;
	struct phone p = phone_of(w, "alice");
	struct str text = challenge_of(w, &p, CHALLENGE_STEP_UP, "payment");
	struct showing what = signed_by(w, &p, text);
	struct session_issued issued;

	w->context.now += CLOCK_MINUTE;
	assert_int_equal(show(w, p.value, &what, &issued), PROVE_DONE);
	assert_int_equal(issued.session.aal, 2);
	assert_str(issued.session.found.session.amr, "pwd pop");
	assert_int_equal(events("authn_reauth_success", "device_key, step-up: payment"), 1);
	assert_int_equal(show(w, p.value, &what, &issued), PROVE_DONE);
	assert_true(issued.repeated);
	/* By the value that is good now it is a replay. */
	assert_int_equal(show(w, text_of(issued), &what, &issued), PROVE_WRONG);
	what = signed_by(w, &p, challenge_of(w, &p, CHALLENGE_STEP_UP, "payment"));
	assert_ok(id_text(w->context.arena, p.device_id, &what.proof.device));
	assert_int_equal(show(w, text_of(issued), &what, &issued), PROVE_DONE);
}

static void wrong(struct world *w, const struct phone *p, const struct showing *what)
{
	struct session_issued issued;
	struct session session;

	assert_int_equal(show(w, p->value, what, &issued), PROVE_WRONG);
	session = resolve(w, CARRIER_HANDLE, p->value);
	assert_int_equal(session.standing, SESSION_LIVE);
	assert_int_equal(session.aal, 1);
	fixture_sql("DELETE FROM throttle");
}

/* Every part of what is signed says what it is good for. */
static void a_signature_is_good_for_one_thing(void **state)
{
	struct world *w = *state;
	struct phone p = phone_of(w, "alice");
	struct phone bob = phone_of(w, "bob");
	struct phone other = p;
	struct str text = challenge_of(w, &p, CHALLENGE_STEP_UP, "payment");
	struct showing good = signed_by(w, &p, text);
	struct showing bad = good;
	char *changed = arena_alloc(w->context.arena, text.n);

	assert_non_null(changed);
	for (size_t i = 0; i < text.n; i++) {
		memcpy(changed, text.p, text.n);
		changed[i] ^= 1;
		bad = signed_by(w, &p, (struct str){changed, text.n});
		wrong(w, &p, &bad);
		bad.proof.challenge = text;
		wrong(w, &p, &bad);
	}
	bad = good;
	bad.purpose = STR("address");
	wrong(w, &p, &bad);
	bad = good;
	bad.proof.device = STR("tablet");
	wrong(w, &p, &bad);
	assert_ok(id_text(w->context.arena, bob.device_id, &bad.proof.device));
	wrong(w, &p, &bad);
	other.key = bob.key;
	bad = signed_by(w, &other, text);
	wrong(w, &p, &bad);
	other = p;
	other.session_id = bob.session_id;
	bad = signed_by(w, &p, challenge_of(w, &other, CHALLENGE_STEP_UP, "payment"));
	wrong(w, &p, &bad);
	bad = signed_by(w, &p, challenge_of(w, &p, CHALLENGE_SECOND_FACTOR, "payment"));
	wrong(w, &p, &bad);
	/* None of these took the challenge. */
	good.purpose = STR("payment");
	struct session_issued issued;

	assert_int_equal(show(w, p.value, &good, &issued), PROVE_DONE);
}

static void a_key_that_is_none_proves_nothing(void **state)
{
	static const char *const changes[] = {
		"UPDATE device SET key_kind = 1",
		"UPDATE device SET key_kind = 0, public_key = NULL",
		"UPDATE device SET user_id = (SELECT id FROM user WHERE username = 'bob')",
		"UPDATE challenge SET expires_at = 1",
		"DELETE FROM challenge",
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		struct showing what;
		struct phone p;

		assert_int_equal(clean(state), 0);
		p = phone_of(w, "alice");
		(void)fixture_add_user(w->fixture, "bob");
		what = signed_by(w, &p, challenge_of(w, &p, CHALLENGE_STEP_UP, "payment"));
		fixture_sql(changes[i]);
		wrong(w, &p, &what);
	}
}

static void a_challenge_ends(void **state)
{
	struct world *w = *state;
	struct phone p = phone_of(w, "alice");
	struct showing what = signed_by(w, &p, challenge_of(w, &p, CHALLENGE_STEP_UP, "payment"));
	struct session_issued issued;

	w->context.now += CHALLENGE_SPAN;
	assert_int_equal(show(w, p.value, &what, &issued), PROVE_WRONG);
	w->context.now -= 1;
	assert_int_equal(show(w, p.value, &what, &issued), PROVE_DONE);
}

/* MF-17: a device's key is no factor that was set up, so it does not stand for one. */
static void a_device_key_is_not_enrolment(void **state)
{
	struct world *w = *state;
	struct phone p = phone_of(w, "alice");
	struct showing what;
	struct session_issued issued;

	w->config.second_factor.require = FACTOR_ALL;
	assert_int_equal(standing(w, CARRIER_HANDLE, p.value), SESSION_PENDING);
	what = signed_by(w, &p, challenge_of(w, &p, CHALLENGE_STEP_UP, "enrolment"));
	w->context.now += CLOCK_MINUTE;
	assert_int_equal(show(w, p.value, &what, &issued), PROVE_DONE);
	assert_true(session_awaits_enrolment(&issued.session));
	assert_int_equal(issued.session.aal, 1);
	assert_int_equal(issued.session.found.session.auth_time, w->context.now);
}

/* A trusted device is asked for nothing, where that is offered and no elevated role is held. */
static void a_trusted_device(void **state)
{
	struct world *w = *state;
	struct client c = person_with_factors(w, "alice", NULL);
	struct showing what = second_factor(STR_NONE);
	struct session_issued issued;

	c.device = "telephone";
	what.trust = true;
	what.proof.code = code_now(w);
	assert_int_equal(show(w, text_of(sign_in(w, c)), &what, &issued), PROVE_DONE);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM device WHERE trusted_until > 0"), 0);
	w->config.second_factor.trusted_device = 30 * CLOCK_DAY;
	w->context.now += STEP;
	what.proof.code = code_now(w);
	assert_int_equal(show(w, text_of(sign_in(w, c)), &what, &issued), PROVE_DONE);
	issued = sign_in(w, c);
	assert_int_equal(issued.session.standing, SESSION_LIVE);
	assert_int_equal(issued.session.aal, 1);
	assert_str(issued.session.found.session.amr, "pwd rba");
	c.device = "tablet";
	assert_int_equal(sign_in(w, c).session.standing, SESSION_PENDING);
	c.device = NULL;
	assert_int_equal(sign_in(w, c).session.standing, SESSION_PENDING);
	c.device = "telephone";
	w->config.second_factor.trusted_device = 0;
	assert_int_equal(sign_in(w, c).session.standing, SESSION_PENDING);
	w->config.second_factor.trusted_device = 30 * CLOCK_DAY;
	w->config.second_factor.require = FACTOR_ROLES;
	assert_int_equal(sign_in(w, c).session.standing, SESSION_LIVE);
	world_give_role(w, c.user, "admin");
	issued = sign_in(w, c);
	assert_true(session_awaits_factor(&issued.session));
	w->context.now += 30 * CLOCK_DAY;
	w->config.second_factor.require = FACTOR_OPTIONAL;
	assert_int_equal(sign_in(w, c).session.standing, SESSION_PENDING);
}

static void a_step_up_trusts_no_device(void **state)
{
	struct world *w = *state;
	struct client c = person_with_factors(w, "alice", NULL);
	struct showing what = second_factor(STR_NONE);
	struct session_issued issued;
	struct str value;

	w->config.second_factor.trusted_device = 30 * CLOCK_DAY;
	c.device = "telephone";
	value = completed(w, c);
	w->context.now += STEP;
	what.second = false;
	what.trust = true;
	what.proof.code = code_now(w);
	assert_int_equal(show(w, value, &what, &issued), PROVE_DONE);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM device WHERE trusted_until > 0"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_code_steps_up_this_session, clean),
		cmocka_unit_test_setup(another_purpose_is_another_request, clean),
		cmocka_unit_test_setup(a_password_does_not_raise, clean),
		cmocka_unit_test_setup(a_hold_is_lifted_by_a_factor, clean),
		cmocka_unit_test_setup(what_waits_for_a_factor_does_not_step_up, clean),
		cmocka_unit_test_setup(a_device_signs, clean),
		cmocka_unit_test_setup(a_device_signs_what_was_sent, clean),
		cmocka_unit_test_setup(a_signature_is_good_for_one_thing, clean),
		cmocka_unit_test_setup(a_key_that_is_none_proves_nothing, clean),
		cmocka_unit_test_setup(a_challenge_ends, clean),
		cmocka_unit_test_setup(a_device_key_is_not_enrolment, clean),
		cmocka_unit_test_setup(a_trusted_device, clean),
		cmocka_unit_test_setup(a_step_up_trusts_no_device, clean),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
