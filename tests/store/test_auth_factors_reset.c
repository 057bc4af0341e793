/* MF-17: an administrator takes second factors away: later, told of, and stopped by who has one. */
#include "address_world.h"

#include <pthread.h>

#include "account_anew.h"
#include "buf.h"
#include "dispute.h"
#include "factor_seal.h"
#include "factors_reset.h"
#include "purge.h"

#define DELAY (3 * CLOCK_DAY)
#define SECRET "a secret of 20 bytes"

static int clean(void **state)
{
	struct world *w = *state;

	w->config.second_factor.reset_delay = DELAY;
	return address_clean(state);
}

/* What is sealed is a text, so that it is seen whether it still opens. */
static struct secret text_secret(const char *text)
{
	return keyring_part(text, strlen(text));
}

/* An authenticator app, two passkeys, recovery codes, a challenge and an armed device. */
static void add_factors(struct world *w, struct id user)
{
	struct factor_box box;
	struct recovery_row set = {.user_id = user, .id = id_random(), .made_at = w->context.now};
	struct totp_confirmation confirmation = {.user_id = user, .step = 1};
	bool done = false;

	assert_ok(factor_seal_totp(w->context.arena, w->keys, &user, text_secret(SECRET), &box));
	assert_ok(totp_store_offer(w->db, &user, &box, w->context.now));
	confirmation.next = box;
	confirmation.now = w->context.now;
	assert_ok(totp_store_confirm(w->db, &confirmation, &done));
	assert_true(done);
	assert_ok(factor_seal_recovery(w->context.arena, w->keys, &user, text_secret("digests"),
				       &set.digests));
	assert_ok(recovery_store_put(w->db, &set));
	fixture_sql("INSERT INTO passkey SELECT id, id, id, -7, REPEAT('k', 64), 7, 1, 0, 1, "
		    "REPEAT('g', 16), 'usb', 'Key', 1, NULL FROM user WHERE username = 'alice';"
		    "INSERT INTO challenge SELECT REPEAT('c', 32), id, '', 4000000000000000 "
		    "FROM user WHERE username = 'alice';"
		    "UPDATE device SET trusted_until = 4000000000000000, key_kind = 1, "
		    "public_key = REPEAT('p', 65), key_set_at = 1");
	assert_ok(factor_store_set(w->db, &user, FACTORS_ALL));
}

static int64_t factor_rows(void)
{
	return fixture_number("SELECT (SELECT COUNT(*) FROM totp) + (SELECT COUNT(*) FROM passkey) "
			      "+ (SELECT COUNT(*) FROM recovery_set) + "
			      "(SELECT COUNT(*) FROM challenge)");
}

static struct person somebody(struct world *w)
{
	struct person alice = add_person(w, "alice", "alice@example.org");

	alice.session = sign_in(w, (struct client){.user = alice.id,
						   .carrier = CARRIER_HANDLE,
						   .device = "telephone"});
	add_factors(w, alice.id);
	return alice;
}

static enum account_outcome ask_for(struct world *w, struct id user, const char *reason)
{
	const struct account_act act = {.user_id = user, .reason = str_of(reason)};
	struct account_effect effect;

	assert_ok(factors_reset_ask(&w->context, &act, &effect));
	if (effect.outcome == ACCOUNT_DONE)
		assert_true(id_equal(effect.user.id, user));
	return effect.outcome;
}

static enum account_outcome stop(struct world *w, struct id user)
{
	const struct account_act act = {.user_id = user};
	struct account_effect effect;

	assert_ok(factors_reset_stop(&w->context, &act, &effect));
	return effect.outcome;
}

static uint64_t purge_resets(struct world *w)
{
	struct purge_report report = {.factor_resets = 0};

	assert_ok(purge_run(&w->context, clock_monotonic() + 30 * CLOCK_SECOND, &report));
	return report.factor_resets;
}

/* Nothing changes before its time; then everything that let in without a password ends. */
static void it_takes_effect_when_the_mail_says(void **state)
{
	struct world *w = *state;
	struct person alice = somebody(w);
	struct str due = STR_NONE;
	struct buf buf;

	assert_int_equal(ask_for(w, alice.id, "lost her telephone"), ACCOUNT_DONE);
	struct letter told = letter(w, "factors-reset");
	assert_string_equal(told.recipient, "alice@example.org");
	buf_init(&buf, w->context.arena, 64);
	clock_add_rfc3339(&buf, w->context.now + DELAY);
	assert_ok(buf_str(&buf, &due));
	assert_true(str_equal(value_of(w, &told, "due_at"), due));
	assert_true(value_of(w, &told, "link").n > 0);
	assert_int_equal(events("factors_reset_asked"), 1);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM audit_event WHERE detail LIKE "
					"'for 20%: lost her telephone'"),
			 1);
	assert_int_equal(user_of(w, alice.id).factors_end, w->context.now + DELAY);

	w->context.now += DELAY - 1;
	assert_int_equal(purge_resets(w), 0);
	assert_int_equal(user_of(w, alice.id).factors, FACTORS_ALL);
	assert_int_equal(factor_rows(), 4);
	assert_true(count_of(w, alice.id) > 0);

	w->context.now += 1;
	assert_int_equal(purge_resets(w), 1);
	assert_int_equal(user_of(w, alice.id).factors, 0);
	assert_int_equal(user_of(w, alice.id).factors_end, 0);
	assert_int_equal(factor_rows(), 0);
	assert_int_equal(count_of(w, alice.id), 0);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM device WHERE trusted_until IS NOT "
					"NULL OR public_key IS NOT NULL"),
			 0);
	assert_string_equal(letter(w, "factor-removed").recipient, "alice@example.org");
	assert_int_equal(events("factors_reset"), 1);
	assert_int_equal(purge_resets(w), 0);
	assert_int_equal(mails("factor-removed"), 1);
}

static void asked_again_the_time_stays(void **state)
{
	struct world *w = *state;
	struct person alice = somebody(w);

	assert_int_equal(ask_for(w, alice.id, ""), ACCOUNT_DONE);
	int64_t end = user_of(w, alice.id).factors_end;
	w->context.now += CLOCK_DAY;
	assert_int_equal(ask_for(w, alice.id, ""), ACCOUNT_ALREADY);
	assert_int_equal(user_of(w, alice.id).factors_end, end);
	assert_int_equal(mails("factors-reset"), 1);
	assert_int_equal(events("factors_reset_asked"), 1);
}

static void without_a_delay_it_is_at_once(void **state)
{
	struct world *w = *state;
	struct person alice = somebody(w);

	/* One that waits is not waited for any more. */
	assert_int_equal(ask_for(w, alice.id, ""), ACCOUNT_DONE);
	w->config.second_factor.reset_delay = 0;
	assert_int_equal(ask_for(w, alice.id, ""), ACCOUNT_DONE);
	assert_int_equal(user_of(w, alice.id).factors, 0);
	assert_int_equal(user_of(w, alice.id).factors_end, 0);
	assert_int_equal(factor_rows(), 0);
	assert_int_equal(count_of(w, alice.id), 0);
	assert_int_equal(mails("factor-removed"), 1);
	assert_int_equal(events("factors_reset_asked"), 2);
	assert_int_equal(events("factors_reset"), 1);
}

static void it_is_stopped_by_whoever_may(void **state)
{
	struct world *w = *state;
	struct person alice = somebody(w);

	assert_int_equal(stop(w, alice.id), ACCOUNT_ALREADY);
	assert_int_equal(events("factors_reset_stopped"), 0);
	assert_int_equal(ask_for(w, alice.id, ""), ACCOUNT_DONE);
	assert_int_equal(stop(w, alice.id), ACCOUNT_DONE);
	assert_int_equal(events("factors_reset_stopped"), 1);
	w->context.now += 2 * DELAY;
	assert_int_equal(purge_resets(w), 0);
	assert_int_equal(user_of(w, alice.id).factors, FACTORS_ALL);
	assert_int_equal(factor_rows(), 4);
}

/* As a sign-in with a second factor does it, in its own transaction. */
static void who_shows_a_factor_stops_it(void **state)
{
	struct world *w = *state;
	struct person alice = somebody(w);
	struct audit_trail trail = {.n = 0};

	assert_ok(db_begin(w->db));
	assert_ok(factors_reset_stop_for(&w->context, w->db, &alice.id, &trail));
	assert_ok(db_commit(w->db));
	assert_int_equal(trail.n, 0);
	assert_int_equal(ask_for(w, alice.id, ""), ACCOUNT_DONE);
	assert_ok(db_begin(w->db));
	assert_ok(factors_reset_stop_for(&w->context, w->db, &alice.id, &trail));
	assert_ok(db_commit(w->db));
	assert_int_equal(trail.n, 1);
	assert_int_equal(trail.events[0].kind, AUDIT_FACTORS_RESET_STOPPED);
	assert_int_equal(user_of(w, alice.id).factors_end, 0);
	assert_int_equal(user_of(w, alice.id).factors, FACTORS_ALL);
}

/* MF-17, MF-19: the link of the mail that told of it. */
static void who_disputes_the_mail_stops_it(void **state)
{
	struct world *w = *state;
	struct person alice = somebody(w);
	struct dispute_request request = {.language = STR("en")};
	enum mail_verdict verdict = MAIL_WRONG;

	assert_int_equal(ask_for(w, alice.id, ""), ACCOUNT_DONE);
	struct letter told = letter(w, "factors-reset");
	request.claim.code = link_of(w, &told);
	assert_ok(dispute_act(&w->context, &request, &verdict));
	assert_int_equal(verdict, MAIL_RIGHT);
	assert_int_equal(user_of(w, alice.id).factors_end, 0);
	assert_int_equal(events("factors_reset_stopped"), 1);
	w->context.now += 2 * DELAY;
	assert_int_equal(purge_resets(w), 0);
	assert_int_equal(user_of(w, alice.id).factors, FACTORS_ALL);
}

/* Taking back a moved address is a dispute, too. */
static void who_takes_the_address_back_stops_it(void **state)
{
	struct world *w = *state;
	struct person alice = somebody(w);

	w->config.account.restorable = 7 * CLOCK_DAY;
	change(w, &alice, "thief@example.net");
	struct letter mail = letter(w, "address-changed");
	assert_int_equal(ask_for(w, alice.id, ""), ACCOUNT_DONE);
	assert_int_equal(take_back(w, link_of(w, &mail)), ADDRESS_DONE);
	assert_int_equal(user_of(w, alice.id).factors_end, 0);
	assert_int_equal(user_of(w, alice.id).factors, FACTORS_ALL);
	assert_int_equal(events("factors_reset_stopped"), 1);
}

static void what_is_refused_changes_nothing(void **state)
{
	struct world *w = *state;
	struct person alice = somebody(w);
	struct id bob = fixture_add_user(w->fixture, "bob");
	struct id head = fixture_add_user(w->fixture, "head");
	struct id gone = id_random();

	world_give_role(w, head, "admin");
	assert_int_equal(ask_for(w, bob, ""), ACCOUNT_NO_FACTOR);
	assert_int_equal(ask_for(w, gone, ""), ACCOUNT_NO_SUCH_USER);
	assert_int_equal(stop(w, gone), ACCOUNT_NO_SUCH_USER);
	assert_int_equal(ask_for(w, alice.id, "a\nb"), ACCOUNT_BAD_REASON);
	/* Nobody resets their own, nor does who is no administrator. */
	w->context.actor_id = alice.id;
	assert_int_equal(ask_for(w, alice.id, ""), ACCOUNT_NOT_ALLOWED);
	w->context.actor_id = head;
	assert_ok(factor_store_set(w->db, &head, FACTOR_TOTP));
	assert_int_equal(ask_for(w, head, ""), ACCOUNT_NOT_ALLOWED);
	assert_int_equal(events("authz_fail"), 2);
	fixture_sql("UPDATE user SET state = 3 WHERE username = 'alice'");
	assert_int_equal(ask_for(w, alice.id, ""), ACCOUNT_IS_CLOSED);
	w->context.actor_id = ID_NONE;
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM user WHERE factors_end IS NOT NULL"),
			 0);
	assert_int_equal(factor_rows(), 4);
	assert_int_equal(mails("factors-reset"), 0);
}

/* Who has removed them all meanwhile loses no session; who is gone is no trouble. */
static void there_is_nothing_left_to_take(void **state)
{
	struct world *w = *state;
	struct person alice = somebody(w);
	uint64_t looked = 0;

	assert_int_equal(ask_for(w, alice.id, ""), ACCOUNT_DONE);
	assert_ok(factor_store_set(w->db, &alice.id, 0));
	w->context.now += DELAY;
	assert_ok(factors_reset_due(&w->context, 10, &looked));
	assert_int_equal(looked, 1);
	assert_int_equal(user_of(w, alice.id).factors_end, 0);
	assert_int_equal(count_of(w, alice.id), 2);
	assert_int_equal(events("factors_reset"), 0);
	assert_int_equal(mails("factor-removed"), 0);
}

/* Many on one day, with as little memory as the housekeeper has. */
static void many_are_due(void **state)
{
	struct world *w = *state;
	char name[32];

	for (unsigned i = 0; i < 470; i++) {
		(void)snprintf(name, sizeof name, "user-%u", i);
		struct user_row row = fixture_user(name);
		row.email = row.username;
		row.email_proven_at = 1;
		assert_ok(user_store_insert(w->db, &row));
		assert_ok(factor_store_set(w->db, &row.id, FACTOR_TOTP));
	}
	fixture_sql("UPDATE user SET factors_end = 1");
	struct arena *all = w->context.arena;
	assert_ok(arena_open(0, (size_t)128 * 1024, &w->context.arena));
	assert_int_equal(purge_resets(w), 470);
	arena_close(&w->context.arena);
	w->context.arena = all;
	assert_int_equal(events("factors_reset"), 470);
	assert_int_equal(mails("factor-removed"), 470);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM user WHERE factors <> 0"), 0);
	assert_int_equal(purge_resets(w), 0);
}

struct racer {
	struct world *w;
	pthread_t thread;
	uint64_t looked;
};

static void *race(void *opaque)
{
	struct racer *racer = opaque;
	struct auth_context context = racer->w->context;
	struct fault fault;

	context.db = fixture_db(&racer->w->config, DB_ROLE_WEB);
	assert_ok(arena_open(65536, (size_t)4 * 1024 * 1024, &context.arena));
	assert_ok(db_connect(context.db, &fault));
	assert_ok(factors_reset_due(&context, 10, &racer->looked));
	db_close(&context.db);
	arena_close(&context.arena);
	return NULL;
}

static void of_many_workers_one_does_it(void **state)
{
	struct world *w = *state;
	struct person alice = somebody(w);
	struct racer racers[8];

	assert_int_equal(ask_for(w, alice.id, ""), ACCOUNT_DONE);
	w->context.now += DELAY;
	for (size_t i = 0; i < 8; i++) {
		racers[i] = (struct racer){.w = w};
		assert_int_equal(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
	}
	for (size_t i = 0; i < 8; i++)
		assert_int_equal(pthread_join(racers[i].thread, NULL), 0);
	assert_int_equal(events("factors_reset"), 1);
	assert_int_equal(mails("factor-removed"), 1);
	assert_int_equal(factor_rows(), 0);
}

/* MF-14: what somebody set up before the address was proven goes; what its owner did, stays. */
static void the_first_proof_of_the_address_ends_factors(void **state)
{
	struct world *w = *state;
	struct person alice = somebody(w);
	struct user_row user = user_of(w, alice.id);
	uint64_t sessions = 0;

	assert_ok(db_begin(w->db));
	assert_ok(account_begin_anew(&w->context, w->db, &user, &sessions));
	assert_ok(db_commit(w->db));
	assert_int_equal(user_of(w, alice.id).factors, FACTORS_ALL);
	assert_int_equal(factor_rows(), 4);
	fixture_sql("UPDATE user SET email_proven_at = NULL, factors_end = 1");
	user = user_of(w, alice.id);
	assert_ok(db_begin(w->db));
	assert_ok(account_begin_anew(&w->context, w->db, &user, &sessions));
	assert_ok(db_commit(w->db));
	assert_int_equal(user_of(w, alice.id).factors, 0);
	assert_int_equal(user_of(w, alice.id).factors_end, 0);
	assert_int_equal(factor_rows(), 0);
}

/* An hour after their end, so that late is told from never; the app in use stays. */
static void challenges_and_offers_are_purged(void **state)
{
	struct world *w = *state;
	struct person alice = somebody(w);
	struct purge_report report = {.challenges = 0};
	struct factor_box next;

	fixture_sql("UPDATE challenge SET expires_at = 0");
	assert_ok(
		factor_seal_totp(w->context.arena, w->keys, &alice.id, text_secret("next"), &next));
	assert_ok(totp_store_offer(w->db, &alice.id, &next, w->context.now));
	w->context.now += CLOCK_HOUR;
	assert_ok(purge_run(&w->context, clock_monotonic() + CLOCK_MINUTE, &report));
	assert_int_equal(report.challenges, 1);
	assert_int_equal(report.totp_offers, 0);
	w->context.now += 1;
	assert_ok(purge_run(&w->context, clock_monotonic() + CLOCK_MINUTE, &report));
	assert_int_equal(report.challenges, 1);
	assert_int_equal(report.totp_offers, 1);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM totp WHERE secret IS NOT NULL AND "
					"next_secret IS NULL"),
			 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(it_takes_effect_when_the_mail_says, clean),
		cmocka_unit_test_setup(asked_again_the_time_stays, clean),
		cmocka_unit_test_setup(without_a_delay_it_is_at_once, clean),
		cmocka_unit_test_setup(it_is_stopped_by_whoever_may, clean),
		cmocka_unit_test_setup(who_shows_a_factor_stops_it, clean),
		cmocka_unit_test_setup(who_disputes_the_mail_stops_it, clean),
		cmocka_unit_test_setup(who_takes_the_address_back_stops_it, clean),
		cmocka_unit_test_setup(what_is_refused_changes_nothing, clean),
		cmocka_unit_test_setup(there_is_nothing_left_to_take, clean),
		cmocka_unit_test_setup(many_are_due, clean),
		cmocka_unit_test_setup(of_many_workers_one_does_it, clean),
		cmocka_unit_test_setup(the_first_proof_of_the_address_ends_factors, clean),
		cmocka_unit_test_setup(challenges_and_offers_are_purged, clean),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
