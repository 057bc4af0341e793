/* Signing in with a passkey in the database: once, by its owner, counted, and told to nobody else.
 */
#include "passkey_world.h"

#include <pthread.h>
#include <time.h>

#define CROWD 50
#define ALICE "alice@example.org"

static int64_t sessions(void)
{
	return fixture_number("SELECT COUNT(*) FROM session");
}

static void last_detail(const char *event, char *out, size_t room)
{
	char sql[160];

	assert_true(
		snprintf(sql, sizeof sql,
			 "SELECT IFNULL(MAX(detail), 'none') FROM audit_event WHERE event = '%s'",
			 event) > 0);
	fixture_text(sql, out, room);
}

static void refused(struct world *w, const struct passkey_sign_in *request, const char *why)
{
	struct session_issued issued;
	char detail[64];

	fixture_sql("DELETE FROM audit_event");
	assert_int_equal(try_passkey(w, request, &issued), SIGNIN_REFUSED);
	last_detail("authn_login_fail", detail, sizeof detail);
	assert_string_equal(detail, why);
}

static void it_is_a_session_with_two_factors(void **state)
{
	static const struct {
		const char *recorded, *email, *amr;
	} cases[] = {{PLAIN, ALICE, "hwk mfa user"}, {SYNCED, "bob@example.org", "swk mfa user"}};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct ceremony *c = recording(cases[i].recorded);
		struct passkey_sign_in request = sign_in_with(c);
		struct passkey_row row = add_passkey(w, cases[i].recorded, cases[i].email);
		struct session_issued issued;

		w->context.now += CLOCK_MINUTE;
		offer_sign_in(w, c);
		assert_int_equal(try_passkey(w, &request, &issued), SIGNIN_ACCEPTED);
		assert_int_equal(issued.session.standing, SESSION_LIVE);
		assert_int_equal(issued.session.aal, 2);
		assert_true(id_equal(issued.session.found.session.user_id, row.user_id));
		assert_str(issued.session.found.session.amr, cases[i].amr);
		assert_int_equal(
			fixture_number("SELECT MAX(sign_count) FROM passkey WHERE used_at = "
				       "(SELECT MAX(created_at) FROM session)"),
			2);
	}
	/* What was right counts nowhere. */
	assert_int_equal(fixture_number("SELECT IFNULL(SUM(short_count), 0) FROM throttle"), 0);
}

static void wa_01_a_challenge_signs_in_once(void **state)
{
	struct world *w = *state;
	struct passkey_sign_in request = sign_in_with(recording(PLAIN));
	struct session_issued issued;

	add_passkey(w, PLAIN, ALICE);
	offer_sign_in(w, recording(PLAIN));
	assert_int_equal(try_passkey(w, &request, &issued), SIGNIN_ACCEPTED);
	fixture_sql("UPDATE passkey SET sign_count = 1");
	refused(w, &request, "passkey, no such challenge");
}

static void wa_01_a_challenge_is_of_its_kind_and_browser_and_ends(void **state)
{
	struct world *w = *state;
	const struct ceremony *c = recording(PLAIN);
	struct passkey_sign_in request = sign_in_with(c);
	struct passkey_row row = add_passkey(w, PLAIN, ALICE);
	struct challenge_place place = {.kind = CHALLENGE_SECOND_FACTOR, .browser = STR("")};
	int64_t later = w->context.now + CHALLENGE_SPAN;

	place.session_id = id_random();
	put_challenge(w, &place, row.user_id, c->get.challenge, later);
	refused(w, &request, "passkey, no such challenge");
	place = (struct challenge_place){.kind = CHALLENGE_SIGN_IN, .browser = STR("another")};
	put_challenge(w, &place, ID_NONE, c->get.challenge, later);
	refused(w, &request, "passkey, no such challenge");
	place.browser = STR("");
	put_challenge(w, &place, ID_NONE, c->get.challenge, w->context.now);
	refused(w, &request, "passkey, no such challenge");
	assert_int_equal(sessions(), 1);
}

/* Each with a connection of its own. */
struct rusher {
	struct world *w;
	pthread_barrier_t *start;
	enum signin_verdict verdict;
	enum err e;
};

static void *run(void *opaque)
{
	struct rusher *r = opaque;
	struct auth_context context = r->w->context;
	struct passkey_sign_in request = sign_in_with(recording(PLAIN));
	struct session_issued issued;
	int64_t wait = 0;

	db_thread_init();
	context.db = fixture_db(&r->w->config, DB_ROLE_WEB);
	r->e = arena_open(4096, 1048576, &context.arena);
	pthread_barrier_wait(r->start);
	if (r->e == OK)
		r->e = passkey_sign_in(&context, &request, &r->verdict, &wait, &issued);
	arena_close(&context.arena);
	db_close(&context.db);
	db_thread_done();
	return NULL;
}

static void wa_01_of_fifty_at_once_one_signs_in(void **state)
{
	struct world *w = *state;
	struct rusher rushers[CROWD];
	pthread_t threads[CROWD];
	pthread_barrier_t start;
	unsigned wins = 0;

	w->config.throttle.source_short = 10 * CROWD;
	add_passkey(w, PLAIN, ALICE);
	offer_sign_in(w, recording(PLAIN));
	assert_int_equal(pthread_barrier_init(&start, NULL, CROWD), 0);
	for (unsigned i = 0; i < CROWD; i++) {
		rushers[i] = (struct rusher){.w = w, .start = &start};
		assert_int_equal(pthread_create(&threads[i], NULL, run, &rushers[i]), 0);
	}
	for (unsigned i = 0; i < CROWD; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		/* Whom the others' locks have outrun is told that nothing was done. */
		assert_true(rushers[i].e == OK || rushers[i].e == ERR_UNAVAILABLE);
		wins += rushers[i].e == OK && rushers[i].verdict == SIGNIN_ACCEPTED ? 1 : 0;
	}
	assert_int_equal(pthread_barrier_destroy(&start), 0);
	w->config.throttle.source_short = 50;
	assert_int_equal(wins, 1);
	assert_int_equal(sessions(), 2);
}

static void wa_03_the_person_must_be_verified(void **state)
{
	struct world *w = *state;
	const struct ceremony *c = recording(UNVERIFIED);
	struct passkey_sign_in request = sign_in_with(c);
	struct webauthn_credential made;
	enum webauthn_verdict verdict;
	struct passkey_row row = {.created_at = 1, .transports = STR(""), .name = STR("")};

	/* As if it had been registered with another policy. */
	assert_ok(
		webauthn_register(w->context.arena, &c->create, &c->registration, &made, &verdict));
	assert_int_equal(verdict, WEBAUTHN_RIGHT);
	row.id = id_random();
	row.user_id = add_person(w, PLAIN, ALICE);
	row.credential_id = made.id;
	row.algorithm = made.algorithm;
	row.public_key = made.public_key;
	assert_ok(passkey_store_insert(w->db, &row));
	request.user_handle = recording(PLAIN)->user_handle;
	offer_sign_in(w, c);
	refused(w, &request, "passkey, user not verified");
	/* As a second factor it is good enough. */
	const struct passkey_question question = {
		.place = {.kind = CHALLENGE_SIGN_IN, .browser = STR("")},
		.given = &c->assertion,
		.user_handle = request.user_handle,
	};
	struct passkey_judged judged;
	assert_ok(passkey_judge(&w->context, &question, &judged));
	assert_true(judged.right);
	assert_str(passkey_amr(&judged), "hwk mfa");
}

static void wa_07_the_handle_names_the_owner(void **state)
{
	struct world *w = *state;
	struct passkey_sign_in request = sign_in_with(recording(PLAIN));

	add_passkey(w, PLAIN, ALICE);
	add_passkey(w, OTHER, "bob@example.org");
	offer_sign_in(w, recording(PLAIN));
	request.user_handle = STR_NONE;
	refused(w, &request, "passkey, somebody else's");
	request.user_handle = recording(OTHER)->user_handle;
	refused(w, &request, "passkey, somebody else's");
	request.user_handle = STR("alice");
	refused(w, &request, "passkey, somebody else's");
	assert_int_equal(sessions(), 2);
}

/* Of a known person: the credential is theirs, and so is the challenge; a handle need not come. */
static void wa_07_who_is_known_shows_their_own(void **state)
{
	struct world *w = *state;
	const struct ceremony *c = recording(PLAIN);
	struct passkey_row row = add_passkey(w, PLAIN, ALICE);
	struct id bob = add_person(w, OTHER, "bob@example.org");
	const struct challenge_place place = {
		.kind = CHALLENGE_STEP_UP,
		.session_id = id_random(),
	};
	struct passkey_question question = {
		.place = place,
		.user_id = row.user_id,
		.given = &c->assertion,
		.verified = true,
	};
	struct passkey_judged judged;

	put_challenge(w, &place, row.user_id, c->get.challenge, w->context.now + 1);
	assert_ok(passkey_judge(&w->context, &question, &judged));
	assert_true(judged.right && judged.verified);
	question.user_handle = recording(OTHER)->user_handle;
	assert_ok(passkey_judge(&w->context, &question, &judged));
	assert_false(judged.right);
	question.user_handle = STR_NONE;
	question.user_id = bob;
	assert_ok(passkey_judge(&w->context, &question, &judged));
	assert_false(judged.right);
	assert_int_equal(passkey_settle(&w->context, w->db, &judged), ERR_CONFLICT);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM challenge"), 1);
}

static void wa_09_a_counter_that_does_not_grow(void **state)
{
	struct world *w = *state;
	struct passkey_sign_in request = sign_in_with(recording(PLAIN));
	struct session_issued issued;
	char detail[32];

	add_passkey(w, PLAIN, ALICE);
	fixture_sql("UPDATE passkey SET sign_count = 2");
	offer_sign_in(w, recording(PLAIN));
	refused(w, &request, "passkey, counter did not grow");
	last_detail("passkey_counter", detail, sizeof detail);
	assert_string_equal(detail, "refused");

	w->config.passkey.counter_refuses = false;
	fixture_sql("UPDATE passkey SET sign_count = 7");
	fixture_sql("DELETE FROM audit_event");
	assert_int_equal(try_passkey(w, &request, &issued), SIGNIN_ACCEPTED);
	last_detail("passkey_counter", detail, sizeof detail);
	assert_string_equal(detail, "noted");
	/* A copy of the key does not get rid of it so. */
	assert_int_equal(fixture_number("SELECT sign_count FROM passkey"), 7);
}

/* Between the look and the lock somebody else counted on. */
static void wa_09_a_counter_that_another_moved(void **state)
{
	struct world *w = *state;
	const struct ceremony *c = recording(PLAIN);
	const struct passkey_question question = {
		.place = {.kind = CHALLENGE_SIGN_IN, .browser = STR("")},
		.given = &c->assertion,
		.user_handle = c->user_handle,
		.verified = true,
	};
	struct passkey_judged judged;

	add_passkey(w, PLAIN, ALICE);
	offer_sign_in(w, c);
	assert_ok(passkey_judge(&w->context, &question, &judged));
	assert_true(judged.right);
	fixture_sql("UPDATE passkey SET sign_count = 3");
	assert_int_equal(passkey_settle(&w->context, w->db, &judged), ERR_CONFLICT);
	assert_int_equal(fixture_number("SELECT sign_count FROM passkey"), 3);
}

/* Processor time of so many judgements. */
static int64_t time_of(struct world *w, const struct passkey_question *question)
{
	struct passkey_judged judged;
	struct timespec from;
	struct timespec to;

	assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from), 0);
	for (unsigned i = 0; i < 30; i++)
		assert_ok(passkey_judge(&w->context, question, &judged));
	assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to), 0);
	assert_false(judged.right);
	return (to.tv_sec - from.tv_sec) * INT64_C(1000000000) + to.tv_nsec - from.tv_nsec;
}

/* The look-ups alone take a fraction of what one signature does. */
static void wa_11_an_unknown_credential_takes_a_signature(void **state)
{
	struct world *w = *state;
	struct webauthn_assertion malformed = recording(PLAIN)->assertion;
	struct passkey_question known = {
		.place = {.kind = CHALLENGE_SIGN_IN, .browser = STR("")},
		.given = &recording(PLAIN)->assertion,
		.verified = true,
	};
	struct passkey_question unknown = known;
	struct passkey_question unread = known;
	int64_t best[3] = {INT64_MAX, INT64_MAX, INT64_MAX};

	add_passkey(w, PLAIN, ALICE);
	unknown.given = &recording(SYNCED)->assertion;
	malformed.signature = STR_NONE;
	unread.given = &malformed;
	for (unsigned round = 0; round < 5; round++) {
		const struct passkey_question *questions[3] = {&known, &unknown, &unread};

		for (unsigned i = 0; i < 3; i++) {
			int64_t took = time_of(w, questions[i]);

			if (took < best[i])
				best[i] = took;
		}
	}
	/* Half of what a signature takes is left to chance. */
	assert_true(best[1] - best[2] > (best[0] - best[2]) / 2);
	struct passkey_sign_in request = sign_in_with(recording(SYNCED));
	refused(w, &request, "passkey, unknown");
}

static void wa_08_another_signature_is_refused(void **state)
{
	struct world *w = *state;
	struct passkey_sign_in request = sign_in_with(recording(PLAIN));

	add_passkey(w, PLAIN, ALICE);
	offer_sign_in(w, recording(PLAIN));
	request.given.signature = recording(SYNCED)->assertion.signature;
	refused(w, &request, "passkey, bad signature");
	assert_int_equal(fixture_number("SELECT sign_count FROM passkey"), 1);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM challenge"), 1);
}

static void who_is_locked_or_closed_is_answered_alike(void **state)
{
	struct world *w = *state;
	struct passkey_sign_in request = sign_in_with(recording(PLAIN));

	add_passkey(w, PLAIN, ALICE);
	offer_sign_in(w, recording(PLAIN));
	fixture_sql("UPDATE user SET state = 2");
	refused(w, &request, "passkey, used, or of no active user");
	fixture_sql("UPDATE user SET state = 3");
	refused(w, &request, "passkey, used, or of no active user");
	assert_int_equal(sessions(), 1);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM challenge"), 1);
}

static void a_removed_one_signs_in_nobody(void **state)
{
	struct world *w = *state;
	struct passkey_sign_in request = sign_in_with(recording(PLAIN));
	struct presented who;
	struct passkey_row row = add_passkey_of(w, PLAIN, ALICE, &who);
	enum factors_verdict verdict = FACTORS_GONE;

	offer_sign_in(w, recording(PLAIN));
	assert_ok(passkey_remove(&w->context, &who.session, &row.id, &verdict));
	assert_int_equal(verdict, FACTORS_DONE);
	refused(w, &request, "passkey, unknown");
}

/* The answer was lost: the same request with the value of before gets the same answer. */
static void the_same_request_is_answered_again(void **state)
{
	struct world *w = *state;
	struct passkey_sign_in request = sign_in_with(recording(PLAIN));
	struct passkey_row row = add_passkey(w, PLAIN, ALICE);
	struct session_issued former =
		sign_in(w, (struct client){.user = row.user_id, .carrier = CARRIER_HANDLE});
	struct presented live = present(w, text_of(former));
	struct presented old;
	struct session_issued first;
	struct session_issued again;

	offer_sign_in(w, recording(PLAIN));
	request.signin.presented = &live.credential;
	request.signin.current = &live.session;
	assert_int_equal(try_passkey(w, &request, &first), SIGNIN_ACCEPTED);
	old = present(w, text_of(former));
	assert_int_equal(old.session.standing, SESSION_REPLACED);
	request.signin.presented = &old.credential;
	request.signin.current = &old.session;
	assert_int_equal(try_passkey(w, &request, &again), SIGNIN_ACCEPTED);
	assert_true(again.repeated);
	assert_true(secret_equal(first.text, again.text));
	/* Another one is not it. */
	request.signin.client = STR("browser");
	refused(w, &request, "passkey, used, or of no active user");
	request.signin.client = STR("app");
	w->context.now += 31 * CLOCK_SECOND;
	refused(w, &request, "passkey, used, or of no active user");
}

static void a_source_tries_so_often(void **state)
{
	struct world *w = *state;
	struct passkey_sign_in request = sign_in_with(recording(PLAIN));
	struct session_issued issued;

	add_passkey(w, PLAIN, ALICE);
	for (unsigned i = 0; i < w->config.throttle.source_short; i++)
		assert_int_equal(try_passkey(w, &request, &issued), SIGNIN_REFUSED);
	offer_sign_in(w, recording(PLAIN));
	assert_int_equal(try_passkey(w, &request, &issued), SIGNIN_THROTTLED);
	w->context.ip = STR("192.0.2.8");
	assert_int_equal(try_passkey(w, &request, &issued), SIGNIN_ACCEPTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(it_is_a_session_with_two_factors, passkey_clean),
		cmocka_unit_test_setup(wa_01_a_challenge_signs_in_once, passkey_clean),
		cmocka_unit_test_setup(wa_01_a_challenge_is_of_its_kind_and_browser_and_ends,
				       passkey_clean),
		cmocka_unit_test_setup(wa_01_of_fifty_at_once_one_signs_in, passkey_clean),
		cmocka_unit_test_setup(wa_03_the_person_must_be_verified, passkey_clean),
		cmocka_unit_test_setup(wa_07_the_handle_names_the_owner, passkey_clean),
		cmocka_unit_test_setup(wa_07_who_is_known_shows_their_own, passkey_clean),
		cmocka_unit_test_setup(wa_08_another_signature_is_refused, passkey_clean),
		cmocka_unit_test_setup(wa_09_a_counter_that_does_not_grow, passkey_clean),
		cmocka_unit_test_setup(wa_09_a_counter_that_another_moved, passkey_clean),
		cmocka_unit_test_setup(wa_11_an_unknown_credential_takes_a_signature,
				       passkey_clean),
		cmocka_unit_test_setup(who_is_locked_or_closed_is_answered_alike, passkey_clean),
		cmocka_unit_test_setup(a_removed_one_signs_in_nobody, passkey_clean),
		cmocka_unit_test_setup(the_same_request_is_answered_again, passkey_clean),
		cmocka_unit_test_setup(a_source_tries_so_often, passkey_clean),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
