/* Sessions against a database: signing in again, repetition, devices, the limit. */
#include "auth_world.h"

#include <pthread.h>

#include "csrf.h"
#include "db.h"

/* SE-05: signing in again gives the same session a new value; the old one is dead at once. */
static void signing_in_again_rotates(void **state)
{
	struct world *w = *state;
	struct client c = {.user = fixture_add_user(w->fixture, "alice"),
			   .carrier = CARRIER_COOKIE};
	struct session_issued first = sign_in(w, c);
	struct session_issued second;
	const struct session_row *old = &first.session.found.session;
	const struct session_row *row = &second.session.found.session;

	w->context.now += 10 * CLOCK_MINUTE;
	c.presented = text_of(first);
	c.remember = true;
	second = sign_in(w, c);
	assert_false(str_equal(text_of(first), text_of(second)));
	assert_true(id_equal(old->id, row->id));
	assert_int_equal(row->epoch, old->epoch + 1);
	assert_int_equal(row->class, CLASS_REMEMBERED);
	assert_int_equal(row->auth_time, w->context.now);
	assert_int_equal(row->expires_at, w->context.now + 30 * CLOCK_DAY);
	assert_int_equal(row->created_at, old->created_at);
	assert_int_equal(standing(w, CARRIER_COOKIE, text_of(first)), SESSION_REPLACED);
	assert_int_equal(standing(w, CARRIER_COOKIE, text_of(second)), SESSION_LIVE);
	assert_int_equal(count_of(w, c.user), 1);
}

/* A session whose sign-in once was rotated: the client that lost the answer. */
struct lost {
	struct client client;
	struct session_issued second;
};

static struct lost lose_an_answer(struct world *w)
{
	struct lost lost = {.client = {.user = fixture_add_user(w->fixture, "alice"),
				       .carrier = CARRIER_HANDLE,
				       .proof = 1}};

	lost.client.presented = text_of(sign_in(w, lost.client));
	w->context.now += CLOCK_HOUR;
	lost.second = sign_in(w, lost.client);
	return lost;
}

/* SE-05: the same request within 30 s gets the same answer, and nothing changes. */
static void same_request_is_answered_alike(void **state)
{
	struct world *w = *state;
	struct lost lost = lose_an_answer(w);
	struct session_issued again;

	w->context.now += 30 * CLOCK_SECOND - 1;
	again = sign_in(w, lost.client);
	assert_true(again.repeated);
	assert_true(str_equal(text_of(again), text_of(lost.second)));
	assert_int_equal(again.session.found.session.epoch,
			 lost.second.session.found.session.epoch);
	assert_int_equal(again.session.found.session.auth_time,
			 lost.second.session.found.session.auth_time);
	again = sign_in(w, lost.client);
	assert_true(again.repeated);
	assert_int_equal(standing(w, CARRIER_HANDLE, text_of(again)), SESSION_LIVE);
	assert_int_equal(count_of(w, lost.client.user), 1);
}

/* What somebody else did to the row meanwhile raised its epoch, and took the value from nobody. */
static void a_raised_epoch_does_not_hinder_it(void **state)
{
	struct world *w = *state;
	struct lost lost = lose_an_answer(w);
	uint64_t lowered = 0;
	struct session_issued again;

	assert_ok(session_store_lower_of_user(w->db, &lost.client.user, w->context.now, &lowered));
	assert_int_equal(lowered, 1);
	again = sign_in(w, lost.client);
	assert_true(again.repeated);
	assert_true(str_equal(text_of(again), text_of(lost.second)));
	assert_int_equal(again.session.found.session.epoch,
			 lost.second.session.found.session.epoch + 1);
}

static void assert_not_repeated(struct world *w, const struct lost *lost, struct client c)
{
	struct session_issued other = sign_in(w, c);

	assert_false(other.repeated);
	assert_false(str_equal(text_of(other), text_of(lost->second)));
	assert_false(
		id_equal(other.session.found.session.id, lost->second.session.found.session.id));
}

static void not_repeated_after_30_seconds(void **state)
{
	struct world *w = *state;
	struct lost lost = lose_an_answer(w);

	w->context.now += 30 * CLOCK_SECOND;
	assert_not_repeated(w, &lost, lost.client);
}

static void not_repeated_for_another_proof(void **state)
{
	struct world *w = *state;
	struct lost lost = lose_an_answer(w);
	struct client c = lost.client;

	c.proof = 2;
	assert_not_repeated(w, &lost, c);
}

static void not_repeated_for_another_user(void **state)
{
	struct world *w = *state;
	struct lost lost = lose_an_answer(w);
	struct client c = lost.client;

	c.user = fixture_add_user(w->fixture, "bob");
	assert_not_repeated(w, &lost, c);
	assert_int_equal(standing(w, CARRIER_HANDLE, text_of(lost.second)), SESSION_LIVE);
}

static void not_repeated_after_use(void **state)
{
	struct world *w = *state;
	struct lost lost = lose_an_answer(w);
	struct session session = resolve(w, CARRIER_HANDLE, text_of(lost.second));

	assert_false(session.found.session.value_used);
	assert_int_equal(session_touch(&w->context, &session), OK);
	assert_true(session.found.session.value_used);
	assert_not_repeated(w, &lost, lost.client);
}

static void not_repeated_after_the_end(void **state)
{
	struct world *w = *state;
	struct lost lost = lose_an_answer(w);
	struct session session = resolve(w, CARRIER_HANDLE, text_of(lost.second));

	assert_int_equal(session_end(&w->context, &session), OK);
	assert_not_repeated(w, &lost, lost.client);
	assert_int_equal(standing(w, CARRIER_HANDLE, lost.client.presented), SESSION_REPLACED);
}

static void not_repeated_for_a_locked_user(void **state)
{
	struct world *w = *state;
	struct lost lost = lose_an_answer(w);
	struct session_issued issued;

	fixture_sql("UPDATE user SET state = 2");
	assert_int_equal(try_sign_in(w, &lost.client, &issued), ERR_CONFLICT);
}

/* One of many at once: they share nothing but keys and database. */
struct rival {
	struct world *w;
	struct client client;
	struct credential presented;
	struct session current;
	pthread_barrier_t *start;
	struct session_issued issued;
	unsigned char text[64];
	enum err e;
};

static void *compete(void *opaque)
{
	struct rival *rival = opaque;
	struct auth_context context = rival->w->context;
	struct session_start start = {
		.user_id = rival->client.user,
		.carrier = rival->client.carrier,
		.client = STR("app"),
		.amr = STR("pwd"),
		.aal = 1,
		.state = SESSION_ACTIVE,
		.presented = &rival->presented,
		.current = &rival->current,
		.proof = {{rival->client.proof}},
	};

	db_thread_init();
	rival->e = arena_open(16384, 1 << 20, &context.arena);
	if (rival->e == OK)
		rival->e = db_open(&rival->w->config, DB_ROLE_WEB, &context.db);
	pthread_barrier_wait(rival->start);
	if (rival->e == OK)
		rival->e = session_sign_in(&context, &start, &rival->issued);
	if (rival->e == OK)
		memcpy(rival->text, rival->issued.text.bytes, rival->issued.text.len);
	db_close(&context.db);
	arena_close(&context.arena);
	db_thread_done();
	return NULL;
}

/* SE-27: of many equal requests at once one rotates; all get the same value. */
static void equal_requests_at_once_agree(void **state)
{
	enum { RIVALS = 8 };
	struct world *w = *state;
	struct client c = {.user = fixture_add_user(w->fixture, "alice"),
			   .carrier = CARRIER_HANDLE,
			   .proof = 1};
	struct rival rivals[RIVALS];
	pthread_t threads[RIVALS];
	pthread_barrier_t start;
	unsigned repeated = 0;

	c.presented = text_of(sign_in(w, c));
	assert_int_equal(pthread_barrier_init(&start, NULL, RIVALS), 0);
	for (size_t i = 0; i < RIVALS; i++) {
		rivals[i] = (struct rival){
			.w = w,
			.client = c,
			.presented = credential_of(w, c.carrier, c.presented),
			.current = resolve(w, c.carrier, c.presented),
			.start = &start,
		};
	}
	for (size_t i = 0; i < RIVALS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, compete, &rivals[i]), 0);
	for (size_t i = 0; i < RIVALS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	pthread_barrier_destroy(&start);
	for (size_t i = 0; i < RIVALS; i++) {
		assert_int_equal(rivals[i].e, OK);
		assert_memory_equal(rivals[i].text, rivals[0].text, sizeof rivals[i].text);
		repeated += rivals[i].issued.repeated ? 1 : 0;
	}
	assert_int_equal(repeated, RIVALS - 1);
	assert_int_equal(count_of(w, c.user), 1);
}

/* Somebody else's session is ended, never merged or taken over. */
static void sessions_of_others_are_ended(void **state)
{
	struct world *w = *state;
	struct client c = {.user = fixture_add_user(w->fixture, "alice"),
			   .carrier = CARRIER_COOKIE};
	struct session_issued hers = sign_in(w, c);
	struct session_issued his;
	struct id alice = c.user;

	c.user = fixture_add_user(w->fixture, "bob");
	c.presented = text_of(hers);
	his = sign_in(w, c);
	assert_false(id_equal(hers.session.found.session.id, his.session.found.session.id));
	assert_int_equal(his.session.found.session.epoch, 1);
	assert_int_equal(standing(w, CARRIER_COOKIE, text_of(hers)), SESSION_UNKNOWN);
	assert_int_equal(count_of(w, alice), 0);
	assert_int_equal(count_of(w, c.user), 1);
}

static void another_carrier_begins_anew(void **state)
{
	struct world *w = *state;
	struct client c = {.user = fixture_add_user(w->fixture, "alice"),
			   .carrier = CARRIER_COOKIE};
	struct session_issued cookie = sign_in(w, c);
	struct session_issued handle;

	c.presented = text_of(cookie);
	c.presented_as = CARRIER_COOKIE;
	c.carrier = CARRIER_HANDLE;
	handle = sign_in(w, c);
	assert_int_equal(standing(w, CARRIER_COOKIE, text_of(cookie)), SESSION_UNKNOWN);
	assert_int_equal(standing(w, CARRIER_HANDLE, text_of(handle)), SESSION_LIVE);
	assert_int_equal(count_of(w, c.user), 1);
}

static void expired_sessions_do_not_go_on(void **state)
{
	struct world *w = *state;
	struct client c = {.user = fixture_add_user(w->fixture, "alice"),
			   .carrier = CARRIER_COOKIE};
	struct session_issued old = sign_in(w, c);
	struct session_issued new;

	w->context.now += CLOCK_HOUR;
	c.presented = text_of(old);
	assert_int_equal(standing(w, CARRIER_COOKIE, c.presented), SESSION_EXPIRED);
	new = sign_in(w, c);
	assert_false(id_equal(old.session.found.session.id, new.session.found.session.id));
	assert_int_equal(standing(w, CARRIER_COOKIE, c.presented), SESSION_UNKNOWN);
	assert_int_equal(count_of(w, c.user), 1);
}

/* A hold asks for a new sign-in, and that lifts it. */
static void signing_in_lifts_a_hold(void **state)
{
	struct world *w = *state;
	struct client c = {.user = fixture_add_user(w->fixture, "alice"),
			   .carrier = CARRIER_COOKIE};
	struct session_issued issued = sign_in(w, c);

	fixture_sql("UPDATE session SET held = 1");
	c.presented = text_of(issued);
	assert_int_equal(standing(w, CARRIER_COOKIE, c.presented), SESSION_HELD);
	issued = sign_in(w, c);
	assert_int_equal(standing(w, CARRIER_COOKIE, text_of(issued)), SESSION_LIVE);
	assert_int_equal(count_of(w, c.user), 1);
}

/* SE-21: the 51st session ends the longest idle one. */
static void too_many_sessions_end_the_idlest(void **state)
{
	enum { MOST = 50, IDLEST = 17 };
	struct world *w = *state;
	struct client c = {.user = fixture_add_user(w->fixture, "alice"),
			   .carrier = CARRIER_HANDLE};
	struct str texts[MOST];
	struct session_issued last;

	assert_int_equal(w->config.session.most, MOST);
	for (size_t i = 0; i < MOST; i++) {
		w->context.now = WORLD_START + (int64_t)((i + MOST - IDLEST) % MOST) * CLOCK_SECOND;
		texts[i] = text_of(sign_in(w, c));
	}
	assert_int_equal(count_of(w, c.user), MOST);
	w->context.now = WORLD_START + CLOCK_HOUR;
	last = sign_in(w, c);
	assert_int_equal(count_of(w, c.user), MOST);
	assert_int_equal(standing(w, CARRIER_HANDLE, text_of(last)), SESSION_LIVE);
	for (size_t i = 0; i < MOST; i++)
		assert_int_equal(standing(w, CARRIER_HANDLE, texts[i]),
				 i == IDLEST ? SESSION_UNKNOWN : SESSION_LIVE);
}

/* A new sign-in with the same device_id ends that device's former session, and no other. */
static void a_device_has_one_session(void **state)
{
	struct world *w = *state;
	struct client c = {.user = fixture_add_user(w->fixture, "alice"),
			   .carrier = CARRIER_HANDLE};
	struct str none = text_of(sign_in(w, c));
	struct str former;
	struct str other;
	struct str latest;

	c.device = "telephone-1";
	former = text_of(sign_in(w, c));
	c.device = "telephone-2";
	other = text_of(sign_in(w, c));
	c.device = "telephone-1";
	latest = text_of(sign_in(w, c));
	assert_int_equal(standing(w, CARRIER_HANDLE, former), SESSION_UNKNOWN);
	assert_int_equal(standing(w, CARRIER_HANDLE, none), SESSION_LIVE);
	assert_int_equal(standing(w, CARRIER_HANDLE, other), SESSION_LIVE);
	assert_int_equal(standing(w, CARRIER_HANDLE, latest), SESSION_LIVE);
	assert_int_equal(count_of(w, c.user), 3);
}

static void devices_are_a_users_own(void **state)
{
	struct world *w = *state;
	struct client c = {.user = fixture_add_user(w->fixture, "alice"),
			   .carrier = CARRIER_HANDLE,
			   .device = "shared"};
	struct str hers = text_of(sign_in(w, c));

	c.user = fixture_add_user(w->fixture, "bob");
	sign_in(w, c);
	assert_int_equal(standing(w, CARRIER_HANDLE, hers), SESSION_LIVE);
}

/* The device's session that goes on is not ended by its own device; another device's is. */
static void rotation_spares_itself(void **state)
{
	struct world *w = *state;
	struct client c = {.user = fixture_add_user(w->fixture, "alice"),
			   .carrier = CARRIER_HANDLE,
			   .device = "telephone-1"};
	struct session_issued issued = sign_in(w, c);
	struct id id = issued.session.found.session.id;
	struct str other;

	c.presented = text_of(issued);
	issued = sign_in(w, c);
	assert_true(id_equal(issued.session.found.session.id, id));
	assert_true(str_equal(issued.session.found.session.device_name, STR("telephone")));
	c.presented = STR_NONE;
	c.device = "telephone-2";
	other = text_of(sign_in(w, c));
	c.presented = text_of(issued);
	issued = sign_in(w, c);
	assert_true(id_equal(issued.session.found.session.id, id));
	assert_int_equal(standing(w, CARRIER_HANDLE, other), SESSION_UNKNOWN);
	assert_int_equal(count_of(w, c.user), 1);
}

/* A session made under the older root is found, and its next value is hashed under the newest. */
static void sessions_outlive_a_new_root(void **state)
{
	struct world *w = *state;
	struct client c = {.user = fixture_add_user(w->fixture, "alice"),
			   .carrier = CARRIER_COOKIE};
	struct keyring *two = world_keys(WORLD_KEY_1 WORLD_KEY_2);
	struct keyring *newest = world_keys(WORLD_KEY_2);
	struct str old = text_of(sign_in(w, c));
	struct str new;

	w->context.keys = two;
	assert_int_equal(standing(w, CARRIER_COOKIE, old), SESSION_LIVE);
	c.presented = old;
	new = text_of(sign_in(w, c));
	assert_int_equal(standing(w, CARRIER_COOKIE, old), SESSION_REPLACED);
	assert_int_equal(standing(w, CARRIER_COOKIE, new), SESSION_LIVE);
	w->context.keys = newest;
	assert_int_equal(standing(w, CARRIER_COOKIE, new), SESSION_LIVE);
	w->context.keys = w->keys;
	keyring_free(&two);
	keyring_free(&newest);
}

/* CS-01: a form's token dies with the value: it is renewed at rotation. */
static void tokens_are_bound_to_the_value(void **state)
{
	struct world *w = *state;
	struct client c = {.user = fixture_add_user(w->fixture, "alice"),
			   .carrier = CARRIER_COOKIE};
	struct session_issued first = sign_in(w, c);
	struct session_issued second;
	struct csrf_binding before;
	struct csrf_binding after;
	struct str token;

	before = csrf_bind_session(w->keys, &first.session.found.session.hash);
	assert_int_equal(csrf_token(w->context.arena, &before, &token), OK);
	c.presented = text_of(first);
	second = sign_in(w, c);
	after = csrf_bind_session(w->keys, &second.session.found.session.hash);
	assert_true(csrf_token_matches(&before, token));
	assert_false(csrf_token_matches(&after, token));
}

#define TEST(name) cmocka_unit_test_setup(name, world_clean)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(signing_in_again_rotates),      TEST(same_request_is_answered_alike),
		TEST(not_repeated_after_30_seconds), TEST(not_repeated_for_another_proof),
		TEST(not_repeated_for_another_user), TEST(not_repeated_after_use),
		TEST(not_repeated_after_the_end),    TEST(not_repeated_for_a_locked_user),
		TEST(equal_requests_at_once_agree),  TEST(sessions_of_others_are_ended),
		TEST(another_carrier_begins_anew),   TEST(expired_sessions_do_not_go_on),
		TEST(signing_in_lifts_a_hold),       TEST(too_many_sessions_end_the_idlest),
		TEST(a_device_has_one_session),      TEST(devices_are_a_users_own),
		TEST(rotation_spares_itself),        TEST(sessions_outlive_a_new_root),
		TEST(tokens_are_bound_to_the_value), TEST(a_raised_epoch_does_not_hinder_it),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
