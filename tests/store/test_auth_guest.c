/* Guest sessions against a database: beginning, ending unused, and what signing in makes of them.
 */
#include "auth_world.h"

#include <pthread.h>

#include "guest.h"
#include "purge.h"

static struct session_issued begin_as(struct world *w, enum session_carrier carrier)
{
	struct guest_request request = {.carrier = carrier, .client = STR("app")};
	enum guest_verdict verdict = GUEST_THROTTLED;
	struct session_issued issued;
	int64_t wait = -1;

	assert_ok(guest_begin(&w->context, &request, &verdict, &wait, &issued));
	assert_int_equal(verdict, GUEST_BEGUN);
	assert_int_equal(wait, 0);
	return issued;
}

static struct session use(struct world *w, enum session_carrier carrier, struct str text)
{
	struct session session = resolve(w, carrier, text);

	assert_ok(session_touch(&w->context, &session));
	return session;
}

static void begins_without_a_user(void **state)
{
	struct world *w = *state;
	struct session_issued guest = begin_as(w, CARRIER_HANDLE);
	struct session session = resolve(w, CARRIER_HANDLE, text_of(guest));
	const struct session_row *row = &session.found.session;

	assert_true(session_is_guest(&session));
	assert_int_equal(row->class, CLASS_GUEST);
	assert_int_equal(row->aal, 0);
	assert_int_equal(row->auth_time, 0);
	assert_int_equal(row->expires_at, WORLD_START + 7 * CLOCK_DAY);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM session WHERE user_id IS NULL"), 1);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM audit_event "
					"WHERE event = 'session_created' AND detail = 'guest'"),
			 1);
}

/* CONTRACT §1: gone after an hour if never used again; used once, it has the time of its class. */
static void ends_in_an_hour_unless_used(void **state)
{
	struct world *w = *state;
	struct session_issued unused = begin_as(w, CARRIER_HANDLE);
	struct session_issued used = begin_as(w, CARRIER_COOKIE);
	struct purge_report report = {.sessions = 0};

	w->context.now += CLOCK_HOUR - 1;
	(void)use(w, CARRIER_COOKIE, text_of(used));
	assert_int_equal(standing(w, CARRIER_HANDLE, text_of(unused)), SESSION_LIVE);
	w->context.now += 1;
	assert_int_equal(standing(w, CARRIER_HANDLE, text_of(unused)), SESSION_EXPIRED);
	w->context.now += 23 * CLOCK_HOUR;
	assert_int_equal(standing(w, CARRIER_COOKIE, text_of(used)), SESSION_LIVE);
	w->context.now += 2 * CLOCK_HOUR;
	assert_ok(purge_run(&w->context, INT64_MAX, &report));
	assert_int_equal(report.sessions, 1);
	assert_int_equal(standing(w, CARRIER_HANDLE, text_of(unused)), SESSION_UNKNOWN);
}

static void a_source_begins_twenty_an_hour(void **state)
{
	struct world *w = *state;
	struct guest_request request = {.carrier = CARRIER_HANDLE, .client = STR("app")};
	enum guest_verdict verdict = GUEST_BEGUN;
	struct session_issued issued;
	int64_t wait = 0;

	for (int i = 0; i < 20; i++)
		(void)begin_as(w, CARRIER_HANDLE);
	w->context.now += 10 * CLOCK_MINUTE;
	assert_ok(guest_begin(&w->context, &request, &verdict, &wait, &issued));
	assert_int_equal(verdict, GUEST_THROTTLED);
	assert_int_equal(wait, 50 * CLOCK_MINUTE);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM session"), 20);
	w->context.ip = STR("192.0.2.8");
	(void)begin_as(w, CARRIER_HANDLE);
	w->context.ip = STR("192.0.2.7");
	w->context.now += 50 * CLOCK_MINUTE;
	(void)begin_as(w, CARRIER_HANDLE);
}

struct hex {
	char text[2 * ID_BYTES + 1];
};

static struct hex hex_of(struct id id)
{
	struct hex hex;

	for (size_t i = 0; i < ID_BYTES; i++)
		snprintf(hex.text + 2 * i, 3, "%02x", id.b[i]);
	return hex;
}

static void add_flow(struct id owner, int owner_kind, int scope, const char *kind)
{
	char sql[512];

	snprintf(sql, sizeof sql,
		 "INSERT INTO flow (id, owner_id, owner_kind, scope, kind, step, data, facts, "
		 "version, "
		 "created_at, updated_at, expires_at) VALUES (UNHEX(MD5(RAND())), x'%s', %d, %d, "
		 "'%s', "
		 "'start', '{\"a\":1}', '{\"proven\":true}', 7, 1, 1, %lld)",
		 hex_of(owner).text, owner_kind, scope, kind, (long long)(WORLD_START + CLOCK_DAY));
	fixture_sql(sql);
}

struct count {
	const char *name;
	int64_t started_at, taken, last_at, purge_at; /* times from WORLD_START, in minutes */
};

static void add_counter(struct id owner, struct count count)
{
	char sql[512];

	snprintf(sql, sizeof sql,
		 "INSERT INTO flow_counter VALUES (x'%s', 'pay', '%s', %lld, %lld, %lld, %lld)",
		 hex_of(owner).text, count.name,
		 (long long)(WORLD_START + count.started_at * CLOCK_MINUTE), (long long)count.taken,
		 (long long)(WORLD_START + count.last_at * CLOCK_MINUTE),
		 (long long)(WORLD_START + count.purge_at * CLOCK_MINUTE));
	fixture_sql(sql);
}

/* A guest with flows of both scopes, one of a kind that alice has too. */
struct meeting {
	struct client client;
	struct session_issued guest;
	struct id guest_id;
};

static struct meeting meet(struct world *w)
{
	struct meeting m = {
		.client = {.user = fixture_add_user(w->fixture, "alice"),
			   .carrier = CARRIER_HANDLE,
			   .proof = 1},
		.guest = begin_as(w, CARRIER_HANDLE),
	};

	m.client.presented = text_of(m.guest);
	m.guest_id = m.guest.session.found.session.id;
	add_flow(m.guest_id, 2, 1, "fund");
	add_flow(m.guest_id, 2, 1, "pay");
	add_flow(m.guest_id, 2, 2, "tour");
	add_flow(m.client.user, 1, 1, "pay");
	return m;
}

static void signing_in_promotes_the_row(void **state)
{
	struct world *w = *state;
	struct meeting m = meet(w);
	struct session_issued issued;
	const struct session_row *row = &issued.session.found.session;

	w->context.now += 5 * CLOCK_MINUTE;
	issued = sign_in(w, m.client);
	assert_true(id_equal(row->id, m.guest_id));
	assert_true(id_equal(row->user_id, m.client.user));
	assert_int_equal(row->epoch, 2);
	assert_int_equal(row->class, CLASS_NATIVE);
	assert_int_equal(row->aal, 1);
	assert_int_equal(row->auth_time, w->context.now);
	assert_int_equal(row->expires_at, w->context.now + 30 * CLOCK_DAY);
	assert_false(str_equal(text_of(issued), text_of(m.guest)));
	assert_int_equal(standing(w, CARRIER_HANDLE, text_of(m.guest)), SESSION_REPLACED);
	assert_int_equal(standing(w, CARRIER_HANDLE, text_of(issued)), SESSION_LIVE);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM session"), 1);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM audit_event "
					"WHERE event = 'session_promoted'"),
			 1);
}

static void flows_are_carried_over(void **state)
{
	struct world *w = *state;
	struct meeting m = meet(w);

	(void)sign_in(w, m.client);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM flow f JOIN user u "
					"ON u.id = f.owner_id WHERE owner_kind = 1"),
			 2);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM flow WHERE kind = 'fund' AND "
					"owner_kind = 1 AND from_guest = 1 AND facts = '{}' "
					"AND version = 8 AND data = '{\"a\":1}'"),
			 1);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM flow WHERE kind = 'pay' AND "
					"owner_kind = 1 AND from_guest = 0 AND version = 7 "
					"AND facts <> '{}'"),
			 1);
	/* Offered for an hour; it stays the session's. */
	assert_int_equal(fixture_number("SELECT f.expires_at FROM flow f JOIN session s "
					"ON s.id = f.owner_id WHERE kind = 'pay' AND "
					"owner_kind = 2 AND from_guest = 1 AND facts = '{}'"),
			 WORLD_START + CLOCK_HOUR);
	assert_int_equal(fixture_number("SELECT f.expires_at FROM flow f JOIN session s "
					"ON s.id = f.owner_id WHERE kind = 'tour' AND scope = 2 "
					"AND owner_kind = 2 AND facts = '{}'"),
			 WORLD_START + CLOCK_DAY);
}

static int64_t counter_value(struct id owner, const char *column, const char *name)
{
	char sql[256];

	snprintf(sql, sizeof sql,
		 "SELECT %s FROM flow_counter WHERE owner_id = x'%s' AND name = '%s'", column,
		 hex_of(owner).text, name);
	return fixture_number(sql);
}

/* The worse of both in every respect; a window that is over counts for nothing. */
static void nobody_gains_attempts(void **state)
{
	static const struct {
		struct count hers, guests, then;
	} cases[] = {
		{{"fewer", -9, 1, -8, 6}, {"fewer", -5, 4, -4, 10}, {"fewer", -5, 4, -4, 10}},
		{{"more", -5, 4, -4, 10}, {"more", -9, 1, -8, 6}, {"more", -5, 4, -4, 10}},
		{{"mixed", -9, 4, -8, 6}, {"mixed", -5, 1, -4, 10}, {"mixed", -5, 4, -4, 10}},
		{{"over", -90, 5, -80, -75}, {"over", -5, 1, -4, 10}, {"over", -5, 1, -4, 10}},
		{{"past", -5, 2, -4, 10}, {"past", -90, 5, -80, -75}, {"past", -5, 2, -4, 10}},
	};
	struct world *w = *state;
	struct meeting m = meet(w);

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		add_counter(m.client.user, cases[i].hers);
		add_counter(m.guest_id, cases[i].guests);
	}
	add_counter(m.guest_id, (struct count){"new", -5, 3, -4, 10});
	(void)sign_in(w, m.client);
	assert_int_equal(counter_value(m.client.user, "taken", "new"), 3);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct count *then = &cases[i].then;

		assert_int_equal(counter_value(m.client.user, "taken", then->name), then->taken);
		assert_int_equal(counter_value(m.client.user, "started_at", then->name),
				 WORLD_START + then->started_at * CLOCK_MINUTE);
		assert_int_equal(counter_value(m.client.user, "last_at", then->name),
				 WORLD_START + then->last_at * CLOCK_MINUTE);
		assert_int_equal(counter_value(m.client.user, "purge_at", then->name),
				 WORLD_START + then->purge_at * CLOCK_MINUTE);
	}
}

/* The whole transaction, against that of a sign-in with nothing presented. */
static void promotion_adds_at_most_three_statements(void **state)
{
	struct world *w = *state;
	struct meeting m = meet(w);
	struct credential none = credential_of(w, CARRIER_HANDLE, STR_NONE);
	struct credential presented = credential_of(w, CARRIER_HANDLE, m.client.presented);
	struct session nobody = {.standing = SESSION_ABSENT};
	struct session guest = resolve(w, CARRIER_HANDLE, m.client.presented);
	struct session_start start = {
		.user_id = m.client.user,
		.carrier = CARRIER_HANDLE,
		.client = STR("app"),
		.amr = STR("pwd"),
		.aal = 1,
		.state = SESSION_ACTIVE,
		.presented = &none,
		.current = &nobody,
	};
	struct session_issued issued;
	uint64_t before = statements(w);
	uint64_t plain = 0;

	assert_ok(session_sign_in(&w->context, &start, &issued));
	plain = statements(w) - before;
	start.presented = &presented;
	start.current = &guest;
	before = statements(w);
	assert_ok(session_sign_in(&w->context, &start, &issued));
	assert_true(id_equal(issued.session.found.session.id, m.guest_id));
	assert_int_equal(statements(w) - before, plain + 3);
}

/* SE-05: a phone that lost the answer repeats the request; nothing is promoted twice. */
static void a_lost_answer_is_given_again(void **state)
{
	static const enum session_carrier carriers[] = {CARRIER_HANDLE, CARRIER_COOKIE};
	struct world *w = *state;
	struct meeting m = meet(w);
	struct session_issued first;
	struct session_issued again;

	for (size_t i = 0; i < 2; i++) {
		m.client.presented = text_of(begin_as(w, CARRIER_HANDLE));
		m.client.presented_as = CARRIER_HANDLE;
		m.client.carrier = carriers[i];
		m.client.device = "phone";
		first = sign_in(w, m.client);
		assert_false(first.repeated);
		again = sign_in(w, m.client);
		assert_true(again.repeated);
		assert_true(str_equal(text_of(first), text_of(again)));
		assert_int_equal(standing(w, carriers[i], text_of(again)), SESSION_LIVE);
	}
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM audit_event "
					"WHERE event = 'session_promoted'"),
			 2);
}

/* The same row, so that flows of its own stay with it. */
static void another_carrier_promotes_too(void **state)
{
	struct world *w = *state;
	struct meeting m = meet(w);
	struct session_issued issued;

	m.client.presented_as = CARRIER_HANDLE;
	m.client.carrier = CARRIER_COOKIE;
	issued = sign_in(w, m.client);
	assert_true(id_equal(issued.session.found.session.id, m.guest_id));
	assert_int_equal(issued.session.found.session.class, CLASS_BROWSER);
	assert_int_equal(standing(w, CARRIER_COOKIE, text_of(issued)), SESSION_LIVE);
	assert_int_equal(standing(w, CARRIER_HANDLE, text_of(m.guest)), SESSION_REPLACED);
	assert_int_equal(count_of(w, m.client.user), 1);
}

static void the_devices_former_session_ends(void **state)
{
	struct world *w = *state;
	struct meeting m = meet(w);
	struct client c = m.client;
	struct session_issued former;

	c.device = m.client.device = "phone";
	c.presented = STR_NONE;
	former = sign_in(w, c);
	(void)sign_in(w, m.client);
	assert_int_equal(standing(w, CARRIER_HANDLE, text_of(former)), SESSION_UNKNOWN);
	assert_int_equal(count_of(w, c.user), 1);
}

static void the_limit_holds(void **state)
{
	struct world *w = *state;
	struct meeting m = meet(w);
	struct client c = m.client;
	struct session_issued issued;

	c.presented = STR_NONE;
	w->config.session.most = 2;
	(void)sign_in(w, c);
	(void)sign_in(w, c);
	issued = sign_in(w, m.client);
	w->config.session.most = 50;
	assert_int_equal(count_of(w, c.user), 2);
	assert_int_equal(standing(w, CARRIER_HANDLE, text_of(issued)), SESSION_LIVE);
}

/* What is over is no guest: its flows go nowhere. */
static void an_expired_guest_is_not_promoted(void **state)
{
	struct world *w = *state;
	struct meeting m = meet(w);
	struct session_issued issued;

	w->context.now += 2 * CLOCK_HOUR;
	issued = sign_in(w, m.client);
	assert_false(id_equal(issued.session.found.session.id, m.guest_id));
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM flow WHERE owner_kind = 1"), 1);
}

/* Signing in over somebody's session merges nothing, whatever flows it had. */
static void signing_in_over_a_session_never_merges(void **state)
{
	struct world *w = *state;
	struct meeting m = meet(w);
	struct session_issued hers = sign_in(w, m.client);

	m.client.user = fixture_add_user(w->fixture, "bob");
	m.client.presented = text_of(hers);
	(void)sign_in(w, m.client);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM flow f JOIN user u "
					"ON u.id = f.owner_id WHERE u.username = 'bob'"),
			 0);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM flow f JOIN user u "
					"ON u.id = f.owner_id WHERE u.username = 'alice'"),
			 2);
}

/* Resolved before another request promoted it: the row that is there decides, not what was seen. */
static void a_late_promotion_keeps_nothing(void **state)
{
	struct world *w = *state;
	struct meeting m = meet(w);
	struct credential presented = credential_of(w, CARRIER_HANDLE, m.client.presented);
	struct session seen = resolve(w, CARRIER_HANDLE, m.client.presented);
	struct session_issued first = sign_in(w, m.client);
	struct session_issued late;
	struct session_start start = {
		.user_id = fixture_add_user(w->fixture, "bob"),
		.carrier = CARRIER_HANDLE,
		.client = STR("app"),
		.amr = STR("pwd"),
		.aal = 1,
		.state = SESSION_ACTIVE,
		.presented = &presented,
		.current = &seen,
		.proof = {{2}},
	};

	assert_ok(session_sign_in(&w->context, &start, &late));
	assert_false(late.repeated);
	assert_false(id_equal(late.session.found.session.id, m.guest_id));
	assert_int_equal(standing(w, CARRIER_HANDLE, text_of(first)), SESSION_LIVE);
	assert_int_equal(standing(w, CARRIER_HANDLE, text_of(late)), SESSION_LIVE);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM flow f JOIN user u "
					"ON u.id = f.owner_id WHERE u.username = 'bob'"),
			 0);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM audit_event "
					"WHERE event = 'session_promoted'"),
			 1);
}

struct rival {
	struct world *w;
	struct id user;
	struct credential presented;
	struct session current;
	pthread_barrier_t *start;
	struct id session_id;
	enum err e;
};

static void *compete(void *opaque)
{
	struct rival *rival = opaque;
	struct auth_context context = rival->w->context;
	struct session_issued issued;
	struct session_start start = {
		.user_id = rival->user,
		.carrier = CARRIER_HANDLE,
		.client = STR("app"),
		.amr = STR("pwd"),
		.aal = 1,
		.state = SESSION_ACTIVE,
		.presented = &rival->presented,
		.current = &rival->current,
		.proof = {{rival->user.b[0]}},
	};

	db_thread_init();
	rival->e = arena_open(16384, 1 << 20, &context.arena);
	if (rival->e == OK)
		rival->e = db_open(&rival->w->config, DB_ROLE_WEB, &context.db);
	pthread_barrier_wait(rival->start);
	if (rival->e == OK)
		rival->e = session_sign_in(&context, &start, &issued);
	if (rival->e == OK)
		rival->session_id = issued.session.found.session.id;
	db_close(&context.db);
	arena_close(&context.arena);
	db_thread_done();
	return NULL;
}

static void assert_all_flows_at(struct id user)
{
	char sql[160];

	snprintf(sql, sizeof sql, "SELECT COUNT(*) FROM flow WHERE owner_id = x'%s'",
		 hex_of(user).text);
	assert_int_equal(fixture_number(sql), 2);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM flow"), 2);
}

/* SE-27: two persons sign in at once with one guest's value: one has the row and all flows. */
static void of_two_at_once_one_wins(void **state)
{
	enum { ROUNDS = 20, RIVALS = 2 };
	struct world *w = *state;
	struct id users[RIVALS] = {fixture_add_user(w->fixture, "alice"),
				   fixture_add_user(w->fixture, "bob")};

	w->config.throttle.guests = ROUNDS;
	for (int round = 0; round < ROUNDS; round++) {
		struct session_issued guest = begin_as(w, CARRIER_HANDLE);
		struct id id = guest.session.found.session.id;
		struct rival rivals[RIVALS];
		pthread_t threads[RIVALS];
		pthread_barrier_t start;
		unsigned winners = 0;

		fixture_sql("DELETE FROM flow");
		add_flow(id, 2, 1, "fund");
		add_flow(id, 2, 1, "pay");
		assert_int_equal(pthread_barrier_init(&start, NULL, RIVALS), 0);
		for (size_t i = 0; i < RIVALS; i++)
			rivals[i] = (struct rival){
				.w = w,
				.user = users[i],
				.presented = credential_of(w, CARRIER_HANDLE, text_of(guest)),
				.current = resolve(w, CARRIER_HANDLE, text_of(guest)),
				.start = &start,
			};
		for (size_t i = 0; i < RIVALS; i++)
			assert_int_equal(pthread_create(&threads[i], NULL, compete, &rivals[i]), 0);
		for (size_t i = 0; i < RIVALS; i++)
			assert_int_equal(pthread_join(threads[i], NULL), 0);
		pthread_barrier_destroy(&start);
		for (size_t i = 0; i < RIVALS; i++) {
			assert_ok(rivals[i].e);
			winners += id_equal(rivals[i].session_id, id) ? 1 : 0;
		}
		assert_int_equal(winners, 1);
		assert_all_flows_at(rivals[id_equal(rivals[0].session_id, id) ? 0 : 1].user);
	}
	w->config.throttle.guests = 20;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(begins_without_a_user, world_clean),
		cmocka_unit_test_setup(ends_in_an_hour_unless_used, world_clean),
		cmocka_unit_test_setup(a_source_begins_twenty_an_hour, world_clean),
		cmocka_unit_test_setup(signing_in_promotes_the_row, world_clean),
		cmocka_unit_test_setup(flows_are_carried_over, world_clean),
		cmocka_unit_test_setup(nobody_gains_attempts, world_clean),
		cmocka_unit_test_setup(promotion_adds_at_most_three_statements, world_clean),
		cmocka_unit_test_setup(a_lost_answer_is_given_again, world_clean),
		cmocka_unit_test_setup(another_carrier_promotes_too, world_clean),
		cmocka_unit_test_setup(the_devices_former_session_ends, world_clean),
		cmocka_unit_test_setup(the_limit_holds, world_clean),
		cmocka_unit_test_setup(an_expired_guest_is_not_promoted, world_clean),
		cmocka_unit_test_setup(signing_in_over_a_session_never_merges, world_clean),
		cmocka_unit_test_setup(a_late_promotion_keeps_nothing, world_clean),
		cmocka_unit_test_setup(of_two_at_once_one_wins, world_clean),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
