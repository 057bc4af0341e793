/* Many requests, one statement: what the front desk asks. */
#include "auth_world.h"

#define MANY 20

static struct session_issued issued[MANY];

/* A request of its own: its own memory and time. */
struct asker {
	struct auth_context context;
	struct credential credential;
	struct session session;
};

static struct asker asker_of(struct world *w, enum session_carrier carrier, struct str text)
{
	struct asker asker = {.context = w->context, .credential = credential_of(w, carrier, text)};

	asker.session.standing = SESSION_LIVE; /* must be overwritten */
	return asker;
}

static enum err look_up(struct world *w, struct asker *askers, size_t n)
{
	struct session_look_up list[SESSION_BATCH_MAX + 1];

	for (size_t i = 0; i < n; i++)
		list[i] = (struct session_look_up){
			.context = &askers[i].context,
			.credential = &askers[i].credential,
			.out = &askers[i].session,
		};
	return session_look_up(w->db, w->context.arena, list, n);
}

/* Each gets its own session, whoever else asks; of what is not there nothing is known. */
static void one_statement_answers_all(void **state)
{
	struct world *w = *state;
	struct id alice = fixture_add_user(w->fixture, "alice");
	struct id bob = fixture_add_user(w->fixture, "bob");
	static struct asker askers[MANY + 2];

	for (size_t i = 0; i < MANY; i++) {
		enum session_carrier carrier = i % 3 == 0 ? CARRIER_COOKIE : CARRIER_HANDLE;
		issued[i] = sign_in(
			w, (struct client){.user = i % 2 == 0 ? alice : bob, .carrier = carrier});
		askers[i] = asker_of(w, carrier, text_of(issued[i]));
	}
	askers[MANY] =
		asker_of(w, CARRIER_HANDLE, STR("gps_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"));
	/* A cookie's value sent as a handle matches nothing (SE-08). */
	askers[MANY + 1] = askers[0];
	askers[MANY + 1].credential.carrier = CARRIER_HANDLE;

	uint64_t before = statements(w);
	assert_int_equal(look_up(w, askers, MANY + 2), OK);
	assert_int_equal(statements(w) - before, 1);
	for (size_t i = 0; i < MANY; i++) {
		assert_int_equal(askers[i].session.standing, SESSION_LIVE);
		assert_true(id_equal(askers[i].session.found.session.id,
				     issued[i].session.found.session.id));
		assert_true(str_equal(askers[i].session.found.username,
				      i % 2 == 0 ? STR("alice") : STR("bob")));
	}
	assert_int_equal(askers[MANY].session.standing, SESSION_UNKNOWN);
	assert_int_equal(askers[MANY + 1].session.standing, SESSION_UNKNOWN);
}

/* Judged at the time of its own request. */
static void each_is_judged_by_its_own_clock(void **state)
{
	struct world *w = *state;
	struct id user = fixture_add_user(w->fixture, "alice");
	struct session_issued one =
		sign_in(w, (struct client){.user = user, .carrier = CARRIER_COOKIE});
	struct asker askers[2];

	askers[0] = asker_of(w, CARRIER_COOKIE, text_of(one));
	askers[1] = asker_of(w, CARRIER_COOKIE, text_of(one));
	askers[1].context.now += 13 * CLOCK_HOUR;
	assert_int_equal(look_up(w, askers, 2), OK);
	assert_int_equal(askers[0].session.standing, SESSION_LIVE);
	assert_int_equal(askers[1].session.standing, SESSION_EXPIRED);
}

/* SE-17: ended, or its user locked, between two looks: the second finds nothing live. */
static void nothing_is_remembered(void **state)
{
	struct world *w = *state;
	struct id user = fixture_add_user(w->fixture, "alice");
	struct session_issued one =
		sign_in(w, (struct client){.user = user, .carrier = CARRIER_HANDLE});
	struct asker asker = asker_of(w, CARRIER_HANDLE, text_of(one));

	assert_int_equal(look_up(w, &asker, 1), OK);
	assert_int_equal(asker.session.standing, SESSION_LIVE);
	assert_int_equal(session_end(&w->context, &asker.session), OK);
	assert_int_equal(look_up(w, &asker, 1), OK);
	assert_int_equal(asker.session.standing, SESSION_UNKNOWN);
}

/* More than one statement takes is a defect of the caller's, and nothing is said. */
static void too_many_are_refused(void **state)
{
	struct world *w = *state;
	static struct asker askers[SESSION_BATCH_MAX + 1];

	for (size_t i = 0; i <= SESSION_BATCH_MAX; i++)
		askers[i] = asker_of(w, CARRIER_HANDLE,
				     STR("gps_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"));
	assert_int_equal(look_up(w, askers, SESSION_BATCH_MAX), OK);
	assert_int_equal(look_up(w, askers, SESSION_BATCH_MAX + 1), ERR_INTERNAL);
}

/* IN-25: without a database nobody is known. */
static void a_failure_leaves_everybody_as_they_were(void **state)
{
	struct world *w = *state;
	struct id user = fixture_add_user(w->fixture, "alice");
	struct session_issued one =
		sign_in(w, (struct client){.user = user, .carrier = CARRIER_HANDLE});
	struct asker asker = asker_of(w, CARRIER_HANDLE, text_of(one));
	struct config nowhere = w->config;
	struct db *db = NULL;

	nowhere.database.socket = STR("/nonexistent/socket");
	assert_int_equal(db_open(&nowhere, DB_ROLE_WEB, &db), OK);
	asker.session.standing = SESSION_UNKNOWN;
	struct session_look_up list = {&asker.context, &asker.credential, &asker.session};
	assert_int_equal(session_look_up(db, w->context.arena, &list, 1), ERR_UNAVAILABLE);
	assert_int_equal(asker.session.standing, SESSION_UNKNOWN);
	db_close(&db);
}

/* What is handed over outlives the memory that it was found in. */
static void what_is_kept_stands_alone(void **state)
{
	struct world *w = *state;
	struct id user = fixture_add_user(w->fixture, "alice");
	struct session_issued one =
		sign_in(w, (struct client){.user = user, .carrier = CARRIER_HANDLE});
	struct asker asker = asker_of(w, CARRIER_HANDLE, text_of(one));
	struct session_look_up list = {&asker.context, &asker.credential, &asker.session};
	struct arena *round = NULL;

	assert_int_equal(arena_open(4096, 65536, &round), OK);
	assert_int_equal(session_look_up(w->db, round, &list, 1), OK);
	assert_int_equal(session_keep(w->context.arena, &asker.session), OK);
	arena_close(&round);
	assert_true(str_equal(asker.session.found.username, STR("alice")));
	assert_true(str_equal(asker.session.found.session.user_agent, STR("tests")));
	assert_true(str_equal(asker.session.found.session.amr, STR("pwd")));
	assert_false(str_is_present(asker.session.found.tenant_grants));
}

/* A connection that nobody waits for: a slow answer is as good as none. */
static void patience_ends(void **state)
{
	struct world *w = *state;
	struct db *db = NULL;

	assert_int_equal(db_open(&w->config, DB_ROLE_WEB, &db), OK);
	db_set_patience(db, 200 * CLOCK_MS);
	struct id user = fixture_add_user(w->fixture, "alice");
	struct session_issued one =
		sign_in(w, (struct client){.user = user, .carrier = CARRIER_HANDLE});
	struct asker asker = asker_of(w, CARRIER_HANDLE, text_of(one));
	struct session_look_up list = {&asker.context, &asker.credential, &asker.session};

	assert_int_equal(session_look_up(db, w->context.arena, &list, 1), OK);
	fixture_server("freeze");
	int64_t since = clock_monotonic();
	enum err err = session_look_up(db, w->context.arena, &list, 1);
	int64_t took = clock_monotonic() - since;
	fixture_server("thaw");
	assert_int_equal(err, ERR_UNAVAILABLE);
	/* Not the ten seconds of read_timeout; how long a busy machine takes is not the point. */
	assert_true(took < (int64_t)w->config.database.read_timeout * CLOCK_SECOND / 2);
	assert_int_equal(session_look_up(db, w->context.arena, &list, 1), OK);
	assert_int_equal(asker.session.standing, SESSION_LIVE);
	db_close(&db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(one_statement_answers_all, world_clean),
		cmocka_unit_test_setup(each_is_judged_by_its_own_clock, world_clean),
		cmocka_unit_test_setup(nothing_is_remembered, world_clean),
		cmocka_unit_test_setup(too_many_are_refused, world_clean),
		cmocka_unit_test_setup(a_failure_leaves_everybody_as_they_were, world_clean),
		cmocka_unit_test_setup(what_is_kept_stands_alone, world_clean),
		cmocka_unit_test_setup(patience_ends, world_clean),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
