/* Setting up an authenticator app, and taking it away, against a database. */
#include "totp_world.h"

#include <pthread.h>

#define RIVALS 50

static bool uri_has(const struct totp_offer *offer, const char *text)
{
	return strstr((const char *)offer->uri.bytes, text) != NULL;
}

/* MF-01: 160 bits, sealed; each time others. */
static void a_secret_is_offered_and_kept_sealed(void **state)
{
	struct world *w = *state;
	struct person alice = add_person(w, "alice", "alice@example.org");
	struct totp_offer first;
	struct totp_offer second;
	struct totp_row row;
	struct app app;

	assert_ok(totp_begin(&w->context, &alice.session.session, &first));
	app = app_of(&first);
	row = totp_row_of(w, alice.id);
	assert_false(secret_is_present(row.current.box));
	assert_int_equal(row.next.box.len, TOTP_SECRET + 40);
	assert_int_equal(row.next.root, 1);
	for (size_t i = 0; i + TOTP_SECRET <= row.next.box.len; i++)
		assert_memory_not_equal(row.next.box.bytes + i, app.secret, TOTP_SECRET);
	assert_true(uri_has(&first, "otpauth://totp/Example%20Shop:alice?secret="));
	assert_true(uri_has(&first, (const char *)first.secret.bytes));
	assert_ok(totp_begin(&w->context, &alice.session.session, &second));
	assert_memory_not_equal(first.secret.bytes, second.secret.bytes, APP_SECRET_TEXT);
	assert_int_equal(factors_of(), 0);
}

/* The name of the account is the address where it has no user name. */
static void the_same_offer_is_shown_again(void **state)
{
	struct world *w = *state;
	struct person alice = add_person(w, "alice", "alice@example.org");
	struct totp_offer first;
	struct totp_offer again;
	bool found = true;

	assert_ok(totp_offered(&w->context, &alice.session.session, &again, &found));
	assert_false(found);
	alice.session.session.found.username = STR_NONE;
	assert_ok(totp_begin(&w->context, &alice.session.session, &first));
	assert_true(uri_has(&first, ":alice%40example.org?"));
	w->context.now += TOTP_OFFER_SPAN - 1;
	assert_ok(totp_offered(&w->context, &alice.session.session, &again, &found));
	assert_true(found);
	assert_string_equal(again.uri.bytes, first.uri.bytes);
	assert_string_equal(again.secret.bytes, first.secret.bytes);
	w->context.now += 1;
	assert_ok(totp_offered(&w->context, &alice.session.session, &again, &found));
	assert_false(found);
}

/* MF-06, MF-04, MF-19: one right code, used with that; told; the session stays what it was. */
static void a_right_code_makes_it_the_one_in_use(void **state)
{
	struct world *w = *state;
	struct person alice = add_person(w, "alice", "alice@example.org");
	struct app app = begin_app(w, &alice);
	struct str code = app_code(w, &app, w->context.now);
	struct totp_confirmed done = confirm_app(w, &alice, code, false);
	struct totp_row row = totp_row_of(w, alice.id);
	struct session now = resolve(w, CARRIER_COOKIE, text_of(alice.session));
	bool won = true;

	assert_int_equal(done.verdict, FACTORS_DONE);
	assert_false(done.renewed);
	assert_int_equal(done.n, RECOVERY_SET_CODES);
	assert_int_equal(factors_of(), FACTOR_TOTP | FACTOR_RECOVERY);
	assert_true(secret_is_present(row.current.box));
	assert_false(secret_is_present(row.next.box));
	assert_int_equal(row.confirmed_at, w->context.now);
	assert_ok(totp_store_use(w->db, &alice.id, row.last_step, w->context.now, &won));
	assert_false(won);
	assert_int_equal(now.standing, SESSION_LIVE);
	assert_int_equal(now.aal, 1);
	assert_int_equal(confirm_app(w, &alice, code, false).verdict, FACTORS_GONE);
	assert_int_equal(events("factor_added"), 1);
	assert_int_equal(mails("factor-added"), 1);
	assert_string_equal(letter(w, "factor-added").recipient, "alice@example.org");
}

/* MF-06: what is wrong changes nothing, and is recorded. */
static void a_wrong_code_changes_nothing(void **state)
{
	static const char *const WRONG[] = {"", "12345", "1234567", "abcdef"};
	struct world *w = *state;
	struct person alice = add_person(w, "alice", "alice@example.org");
	struct app app = begin_app(w, &alice);

	for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++)
		assert_int_equal(confirm_app(w, &alice, str_of(WRONG[i]), false).verdict,
				 FACTORS_WRONG);
	assert_int_equal(confirm_app(w, &alice, app_wrong_code(w, &app), false).verdict,
			 FACTORS_WRONG);
	assert_int_equal(factors_of(), 0);
	assert_false(secret_is_present(totp_row_of(w, alice.id).current.box));
	assert_int_equal(events("authn_factor_fail"), 5);
	assert_int_equal(mails("factor-added"), 0);
}

/* MF-06: for an hour, and none but the newest. */
static void an_older_offer_is_over(void **state)
{
	struct world *w = *state;
	struct person alice = add_person(w, "alice", "alice@example.org");
	struct app first = begin_app(w, &alice);
	struct app second = begin_app(w, &alice);

	assert_int_equal(confirm_app(w, &alice, app_code(w, &first, w->context.now), false).verdict,
			 FACTORS_WRONG);
	w->context.now += TOTP_OFFER_SPAN;
	alice.session = sign_in(w, (struct client){.user = alice.id, .carrier = CARRIER_COOKIE});
	for (size_t i = 0; i < 10; i++)
		assert_int_equal(
			confirm_app(w, &alice, app_code(w, &second, w->context.now), false).verdict,
			FACTORS_GONE);
	assert_int_equal(factors_of(), 0);
}

/* MF-06: until a code of the new one was right, the one in use is. */
static void an_unfinished_one_replaces_nothing(void **state)
{
	struct world *w = *state;
	struct person alice = add_person(w, "alice", "alice@example.org");
	struct totp_row before;
	struct totp_row after;
	struct totp_confirmed done;
	struct app first;
	struct app second;

	set_up_app(w, &alice, &first);
	before = totp_row_of(w, alice.id);
	second = begin_app(w, &alice);
	assert_int_equal(confirm_app(w, &alice, app_code(w, &first, w->context.now), false).verdict,
			 FACTORS_WRONG);
	after = totp_row_of(w, alice.id);
	assert_memory_equal(after.current.box.bytes, before.current.box.bytes,
			    before.current.box.len);
	done = confirm_app(w, &alice, app_code(w, &second, w->context.now), false);
	assert_int_equal(done.verdict, FACTORS_DONE);
	assert_int_equal(done.n, 0);
	after = totp_row_of(w, alice.id);
	assert_memory_not_equal(after.current.box.bytes, before.current.box.bytes,
				before.current.box.len);
	assert_int_equal(factors_of(), FACTOR_TOTP | FACTOR_RECOVERY);
	assert_int_equal(mails("factor-added"), 2);
}

/* TH-08: then the right one is not looked at either. */
static void tries_are_counted(void **state)
{
	struct world *w = *state;
	struct person alice = add_person(w, "alice", "alice@example.org");
	struct app app = begin_app(w, &alice);
	struct totp_confirmed last = {.verdict = FACTORS_WRONG};
	unsigned wrong = 0;

	for (; last.verdict == FACTORS_WRONG && wrong < 20; wrong++)
		last = confirm_app(w, &alice, app_wrong_code(w, &app), false);
	assert_int_equal(last.verdict, FACTORS_THROTTLED);
	assert_int_equal(wrong, w->config.throttle.free_failures + 1);
	assert_true(last.wait > 0);
	last = confirm_app(w, &alice, app_code(w, &app, w->context.now), false);
	assert_int_equal(last.verdict, FACTORS_THROTTLED);
	w->context.now += last.wait;
	last = confirm_app(w, &alice, app_code(w, &app, w->context.now), false);
	assert_int_equal(last.verdict, FACTORS_DONE);
}

/* MF-17: of whom one is required the sign-in is complete with it; the lost answer is given again,
 * without the codes. */
static void a_sign_in_that_waits_for_it_is_complete(void **state)
{
	struct world *w = *state;
	struct person alice = add_person(w, "alice", "alice@example.org");
	struct totp_confirmed done;
	struct totp_confirmed again;
	struct session now;
	struct app app;
	struct str code;

	w->config.second_factor.require = FACTOR_ALL;
	alice.session.session = resolve(w, CARRIER_COOKIE, text_of(alice.session));
	assert_true(session_awaits_enrolment(&alice.session.session));
	app = begin_app(w, &alice);
	code = app_code(w, &app, w->context.now);
	done = confirm_app(w, &alice, code, false);
	assert_int_equal(done.verdict, FACTORS_DONE);
	assert_true(done.renewed);
	assert_int_equal(done.n, RECOVERY_SET_CODES);
	assert_int_equal(standing(w, CARRIER_COOKIE, text_of(alice.session)), SESSION_REPLACED);
	now = resolve(w, CARRIER_COOKIE, text_of(done.issued));
	assert_int_equal(now.standing, SESSION_LIVE);
	assert_int_equal(now.aal, 2);
	assert_str(now.found.session.amr, "pwd otp mfa");
	done.issued.session = now;
	again = confirm_app(w, &alice, code, false);
	assert_int_equal(again.verdict, FACTORS_DONE);
	assert_true(again.renewed && again.issued.repeated);
	assert_int_equal(again.n, 0);
	assert_true(str_equal(text_of(again.issued), text_of(done.issued)));
	assert_int_equal(confirm_app(w, &alice, app_wrong_code(w, &app), false).verdict,
			 FACTORS_GONE);
	assert_int_equal(events("factor_added"), 1);
	assert_int_equal(mails("factor-added"), 1);
}

static void a_page_renews_the_session(void **state)
{
	struct world *w = *state;
	struct person alice = add_person(w, "alice", "alice@example.org");
	struct app app = begin_app(w, &alice);
	struct totp_confirmed done =
		confirm_app(w, &alice, app_code(w, &app, w->context.now), true);

	assert_int_equal(done.verdict, FACTORS_DONE);
	assert_true(done.renewed);
	assert_int_equal(done.n, RECOVERY_SET_CODES);
	assert_int_equal(resolve(w, CARRIER_COOKIE, text_of(done.issued)).aal, 2);
	assert_int_equal(standing(w, CARRIER_COOKIE, text_of(alice.session)), SESSION_REPLACED);
	assert_int_equal(mails("factor-added"), 1);
}

static enum factors_verdict remove_app(struct world *w, const struct person *who)
{
	enum factors_verdict verdict = FACTORS_FULL;

	assert_ok(totp_remove(&w->context, &who->session.session, &verdict));
	return verdict;
}

/* MF-17, MF-19: with the last strong one the recovery codes go. */
static void it_is_taken_away(void **state)
{
	struct world *w = *state;
	struct person alice = add_person(w, "alice", "alice@example.org");
	struct app app;

	assert_int_equal(remove_app(w, &alice), FACTORS_GONE);
	(void)begin_app(w, &alice);
	assert_int_equal(remove_app(w, &alice), FACTORS_GONE);
	set_up_app(w, &alice, &app);
	assert_int_equal(remove_app(w, &alice), FACTORS_DONE);
	assert_int_equal(factors_of(), 0);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM recovery_set"), 0);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM totp"), 0);
	assert_int_equal(events("factor_removed"), 1);
	assert_string_equal(letter(w, "factor-removed").recipient, "alice@example.org");
	assert_int_equal(remove_app(w, &alice), FACTORS_GONE);
}

static void add_passkey(void)
{
	fixture_sql("INSERT INTO passkey SELECT UNHEX(REPEAT('32', 16)), id, 'credential', -7, "
		    "REPEAT('k', 64), 7, 1, 0, 1, REPEAT('g', 16), 'usb', '', 1, NULL FROM user "
		    "WHERE username = 'alice';"
		    "UPDATE user SET factors = 3 WHERE username = 'alice'");
}

/* MF-17. */
static void the_last_one_stays_where_one_is_required(void **state)
{
	struct world *w = *state;
	struct person alice = add_person(w, "alice", "alice@example.org");
	struct app app;

	set_up_app(w, &alice, &app);
	w->config.second_factor.require = FACTOR_ALL;
	assert_int_equal(remove_app(w, &alice), FACTORS_NEEDED);
	assert_int_equal(factors_of(), FACTOR_TOTP | FACTOR_RECOVERY);
	assert_int_equal(mails("factor-removed"), 0);
	add_passkey();
	assert_int_equal(remove_app(w, &alice), FACTORS_DONE);
	assert_int_equal(factors_of(), FACTOR_PASSKEY | FACTOR_RECOVERY);
}

/* Codes that are there are no others for a second factor more. */
static void a_second_factor_more_makes_no_codes(void **state)
{
	struct world *w = *state;
	struct person alice = add_person(w, "alice", "alice@example.org");
	struct app app;

	add_passkey();
	assert_int_equal(set_up_app(w, &alice, &app).n, 0);
	assert_int_equal(factors_of(), FACTOR_TOTP | FACTOR_PASSKEY);
}

static void only_of_a_session_that_is_there(void **state)
{
	struct world *w = *state;
	struct person alice = add_person(w, "alice", "alice@example.org");
	struct session former = alice.session.session;
	struct credential presented = credential_of(w, CARRIER_COOKIE, text_of(alice.session));
	struct totp_confirmed done = {.verdict = FACTORS_DONE};
	struct app app = begin_app(w, &alice);
	const struct totp_confirm_request request = {
		.code = app_code(w, &app, w->context.now),
		.presented = &presented,
		.current = &former,
	};
	struct totp_offer offer;

	assert_ok(session_end(&w->context, &former));
	assert_int_equal(totp_begin(&w->context, &former, &offer), ERR_CONFLICT);
	assert_ok(totp_confirm(&w->context, &request, &done));
	assert_int_equal(done.verdict, FACTORS_GONE);
	assert_int_equal(remove_app(w, &alice), FACTORS_GONE);
	assert_int_equal(factors_of(), 0);
}

static void without_its_root_an_offer_is_over(void **state)
{
	struct world *w = *state;
	struct person alice = add_person(w, "alice", "alice@example.org");
	struct app app = begin_app(w, &alice);
	struct keyring *others = world_keys(WORLD_KEY_2);
	struct credential presented = credential_of(w, CARRIER_COOKIE, text_of(alice.session));
	struct session current = resolve(w, CARRIER_COOKIE, text_of(alice.session));
	const struct totp_confirm_request request = {
		.code = app_code(w, &app, w->context.now),
		.presented = &presented,
		.current = &current,
	};
	struct totp_confirmed done = {.verdict = FACTORS_DONE};

	w->context.keys = others;
	assert_ok(totp_confirm(&w->context, &request, &done));
	assert_int_equal(done.verdict, FACTORS_GONE);
	w->context.keys = w->keys;
	keyring_free(&others);
}

struct rival {
	struct world *w;
	const struct person *who;
	struct str code;
	pthread_barrier_t *start;
	enum factors_verdict verdict;
	size_t codes;
};

static void *confirm_at_once(void *opaque)
{
	struct rival *rival = opaque;
	struct world own = *rival->w;
	struct totp_confirmed done;

	db_thread_init();
	own.context.arena = NULL;
	assert_ok(arena_open(4096, 1 << 20, &own.context.arena));
	own.context.db = own.db = fixture_db(&own.config, DB_ROLE_WEB);
	(void)pthread_barrier_wait(rival->start);
	done = confirm_app(&own, rival->who, rival->code, false);
	rival->verdict = done.verdict;
	rival->codes = done.n;
	db_close(&own.context.db);
	arena_close(&own.context.arena);
	db_thread_done();
	return NULL;
}

/* MF-04. */
static void of_fifty_at_once_one_confirms(void **state)
{
	struct world *w = *state;
	struct person alice = add_person(w, "alice", "alice@example.org");
	struct app app = begin_app(w, &alice);
	struct rival rivals[RIVALS];
	pthread_t threads[RIVALS];
	pthread_barrier_t start;
	size_t done = 0;
	size_t codes = 0;

	w->config.throttle.free_failures = 2 * RIVALS;
	assert_int_equal(pthread_barrier_init(&start, NULL, RIVALS), 0);
	for (size_t i = 0; i < RIVALS; i++) {
		rivals[i] = (struct rival){
			.w = w,
			.who = &alice,
			.code = app_code(w, &app, w->context.now),
			.start = &start,
		};
		assert_int_equal(pthread_create(&threads[i], NULL, confirm_at_once, &rivals[i]), 0);
	}
	for (size_t i = 0; i < RIVALS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_true(rivals[i].verdict == FACTORS_DONE || rivals[i].verdict == FACTORS_GONE);
		done += rivals[i].verdict == FACTORS_DONE ? 1 : 0;
		codes += rivals[i].codes;
	}
	assert_int_equal(pthread_barrier_destroy(&start), 0);
	assert_int_equal(done, 1);
	assert_int_equal(codes, RECOVERY_SET_CODES);
	assert_int_equal(events("factor_added"), 1);
	assert_int_equal(mails("factor-added"), 1);
}

#define TEST(name) cmocka_unit_test_setup(name, totp_clean)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_secret_is_offered_and_kept_sealed),
		TEST(the_same_offer_is_shown_again),
		TEST(a_right_code_makes_it_the_one_in_use),
		TEST(a_wrong_code_changes_nothing),
		TEST(an_older_offer_is_over),
		TEST(an_unfinished_one_replaces_nothing),
		TEST(tries_are_counted),
		TEST(a_sign_in_that_waits_for_it_is_complete),
		TEST(a_page_renews_the_session),
		TEST(it_is_taken_away),
		TEST(the_last_one_stays_where_one_is_required),
		TEST(a_second_factor_more_makes_no_codes),
		TEST(only_of_a_session_that_is_there),
		TEST(without_its_root_an_offer_is_over),
		TEST(of_fifty_at_once_one_confirms),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
