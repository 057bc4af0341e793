/* Hand-over in the database: one of many takes, a failed sign-in uses nothing, a newer code counts.
 */
#include "auth_world.h"

#include <pthread.h>

#include "handover.h"
#include "sha256.h"

#define VERIFIER STR("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
#define TAKERS 8

static struct session live(struct world *w, struct id user)
{
	struct session_issued issued =
		sign_in(w, (struct client){.user = user, .carrier = CARRIER_HANDLE});

	return resolve(w, CARRIER_HANDLE, text_of(issued));
}

static struct str give(struct world *w, const struct session *giver)
{
	struct digest challenge = sha256(VERIFIER);
	struct handover_given given;

	assert_ok(handover_give(&w->context, giver, &challenge, HANDOVER_NATIVE, &given));
	assert_int_equal(given.expires_at, w->context.now + CLOCK_MINUTE);
	return (struct str){(const char *)given.code.bytes, given.code.len};
}

/* One that presents nothing. */
static enum err take(struct auth_context *context, struct str code, enum handover_verdict *verdict,
		     struct session_issued *out)
{
	const struct credential nothing = {.syntax = CREDENTIAL_ABSENT};
	const struct session nobody = {.standing = SESSION_ABSENT};
	struct handover_request request = {
		.verifier = VERIFIER,
		.receiver = HANDOVER_NATIVE,
		.carrier = CARRIER_HANDLE,
		.client = STR("app"),
		.presented = &nothing,
		.current = &nobody,
	};

	assert_true(handover_code_hashes(context->keys, code, request.hashes));
	return handover_take(context, &request, verdict, out);
}

static void it_goes_on_with_the_givers_time_and_end(void **state)
{
	struct world *w = *state;
	struct session giver = live(w, fixture_add_user(w->fixture, "alice"));
	struct str code = give(w, &giver);
	enum handover_verdict verdict = HANDOVER_REFUSED;
	struct session_issued issued;
	const struct session_row *row = &issued.session.found.session;

	w->context.now += 50 * CLOCK_SECOND;
	assert_ok(take(&w->context, code, &verdict, &issued));
	assert_int_equal(verdict, HANDOVER_ACCEPTED);
	assert_int_equal(row->auth_time, giver.found.session.auth_time);
	assert_int_equal(row->expires_at, giver.found.session.expires_at);
	assert_int_equal(row->aal, 1);
	assert_true(id_equal(row->user_id, giver.found.session.user_id));
}

/* The last microsecond is too late. */
static void a_minute_and_no_longer(void **state)
{
	struct world *w = *state;
	struct session giver = live(w, fixture_add_user(w->fixture, "alice"));
	struct str code = give(w, &giver);
	enum handover_verdict verdict = HANDOVER_REFUSED;
	struct session_issued issued;

	w->context.now += CLOCK_MINUTE;
	assert_ok(take(&w->context, code, &verdict, &issued));
	assert_int_equal(verdict, HANDOVER_OVER);
	w->context.now -= 1;
	assert_ok(take(&w->context, code, &verdict, &issued));
	assert_int_equal(verdict, HANDOVER_ACCEPTED);
}

/* The insert of the new session fails: the code is as good as before, and nothing was queued. */
static void a_failed_sign_in_uses_nothing(void **state)
{
	struct world *w = *state;
	struct session giver = live(w, fixture_add_user(w->fixture, "alice"));
	struct str code = give(w, &giver);
	enum handover_verdict verdict = HANDOVER_REFUSED;
	struct session_issued issued;

	fixture_sql("CREATE TRIGGER stop_it BEFORE INSERT ON session FOR EACH ROW "
		    "SIGNAL SQLSTATE '45000'");
	assert_int_not_equal(take(&w->context, code, &verdict, &issued), OK);
	fixture_sql("DROP TRIGGER stop_it");
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM handover WHERE used_at IS NULL"), 1);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM outbox"), 0);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM session"), 1);
	assert_ok(take(&w->context, code, &verdict, &issued));
	assert_int_equal(verdict, HANDOVER_ACCEPTED);
}

static void a_root_key_that_is_rotated_meanwhile(void **state)
{
	struct world *w = *state;
	struct session giver = live(w, fixture_add_user(w->fixture, "alice"));
	struct str code = give(w, &giver);
	struct keyring *both = world_keys(WORLD_KEY_1 WORLD_KEY_2);
	enum handover_verdict verdict = HANDOVER_REFUSED;
	struct session_issued issued;

	w->context.keys = both;
	assert_ok(take(&w->context, code, &verdict, &issued));
	w->context.keys = w->keys;
	keyring_free(&both);
	assert_int_equal(verdict, HANDOVER_ACCEPTED);
}

/* Each with a connection of its own. */
struct taker {
	struct world *w;
	struct str code;
	pthread_barrier_t *start;
	enum handover_verdict verdict;
	enum err e;
};

static void *run(void *opaque)
{
	struct taker *t = opaque;
	struct auth_context context = t->w->context;
	struct session_issued issued;

	db_thread_init();
	context.db = fixture_db(&t->w->config, DB_ROLE_WEB);
	t->e = arena_open(4096, 1048576, &context.arena);
	pthread_barrier_wait(t->start);
	if (t->e == OK)
		t->e = take(&context, t->code, &t->verdict, &issued);
	arena_close(&context.arena);
	db_close(&context.db);
	db_thread_done();
	return NULL;
}

static void of_many_at_once_exactly_one_takes(void **state)
{
	struct world *w = *state;
	struct id alice = fixture_add_user(w->fixture, "alice");

	for (unsigned round = 0; round < 10; round++) {
		struct session giver = live(w, alice);
		struct taker takers[TAKERS];
		pthread_t threads[TAKERS];
		pthread_barrier_t start;
		unsigned wins = 0;
		struct str code = give(w, &giver);
		uint64_t before = count_of(w, alice);

		assert_int_equal(pthread_barrier_init(&start, NULL, TAKERS), 0);
		for (unsigned i = 0; i < TAKERS; i++) {
			takers[i] = (struct taker){.w = w, .code = code, .start = &start};
			assert_int_equal(pthread_create(&threads[i], NULL, run, &takers[i]), 0);
		}
		for (unsigned i = 0; i < TAKERS; i++) {
			assert_int_equal(pthread_join(threads[i], NULL), 0);
			assert_ok(takers[i].e);
			wins += takers[i].verdict == HANDOVER_ACCEPTED ? 1 : 0;
		}
		assert_int_equal(pthread_barrier_destroy(&start), 0);
		assert_int_equal(wins, 1);
		assert_int_equal(count_of(w, alice), before + 1);
	}
}

static void who_is_locked_or_removed_gives_nothing(void **state)
{
	struct world *w = *state;
	struct id alice = fixture_add_user(w->fixture, "alice");
	struct session giver = live(w, alice);
	struct str code = give(w, &giver);
	enum handover_verdict verdict = HANDOVER_ACCEPTED;
	struct digest challenge = sha256(VERIFIER);
	struct handover_given given;
	struct session_issued issued;

	fixture_sql("UPDATE user SET state = 2");
	assert_ok(take(&w->context, code, &verdict, &issued));
	assert_int_equal(verdict, HANDOVER_OVER);
	assert_int_equal(handover_give(&w->context, &giver, &challenge, HANDOVER_NATIVE, &given),
			 ERR_CONFLICT);
	assert_ok(account_remove(&w->context, &alice));
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM handover"), 0);
	assert_ok(take(&w->context, code, &verdict, &issued));
	assert_int_equal(verdict, HANDOVER_REFUSED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(it_goes_on_with_the_givers_time_and_end, world_clean),
		cmocka_unit_test_setup(a_minute_and_no_longer, world_clean),
		cmocka_unit_test_setup(a_failed_sign_in_uses_nothing, world_clean),
		cmocka_unit_test_setup(a_root_key_that_is_rotated_meanwhile, world_clean),
		cmocka_unit_test_setup(of_many_at_once_exactly_one_takes, world_clean),
		cmocka_unit_test_setup(who_is_locked_or_removed_gives_nothing, world_clean),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
