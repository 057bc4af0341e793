/* Many requests, one statement for values and one for access tokens: what the front desk asks. */
#include "token_world.h"

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

static struct asker asker_by(struct world *w, struct credential credential)
{
	struct asker asker = {.context = w->context, .credential = credential};

	asker.session.standing = SESSION_LIVE; /* must be overwritten */
	return asker;
}

static struct session_issued token_of(struct world *w, struct id user)
{
	return sign_in(w, (struct client){.user = user, .carrier = CARRIER_TOKEN});
}

/* The same whoever is asked, and however many ask beside: what a check of its own says. */
static void check_as_alone(struct world *w, const struct asker *asker)
{
	struct session alone;

	assert_ok(session_resolve(&w->context, &asker->credential, 1, &alone));
	assert_int_equal(asker->session.standing, alone.standing);
	assert_int_equal(asker->session.is_older_pair, alone.is_older_pair);
	assert_int_equal(asker->session.aal, alone.aal);
	assert_true(id_equal(asker->session.found.session.id, alone.found.session.id));
	assert_true(id_equal(asker->session.found.session.user_id, alone.found.session.user_id));
}

/* Cookies, handles and tokens at once: two statements, and nobody gets another's session. */
static void tokens_are_looked_up_beside_values(void **state)
{
	struct world *w = *state;
	struct id users[] = {fixture_add_user(w->fixture, "alice"),
			     fixture_add_user(w->fixture, "bob")};
	static const enum session_carrier carriers[] = {CARRIER_COOKIE, CARRIER_HANDLE,
							CARRIER_TOKEN};
	static struct asker askers[MANY + 1];

	for (size_t i = 0; i < MANY; i++) {
		enum session_carrier carrier = carriers[i % 3];
		issued[i] = sign_in(w, (struct client){.user = users[i % 2], .carrier = carrier});
		askers[i] = carrier == CARRIER_TOKEN
				    ? asker_by(w, access_of(w, &issued[i].session.found.session))
				    : asker_of(w, carrier, text_of(issued[i]));
	}
	askers[MANY] = askers[2]; /* the same token once more */

	uint64_t before = statements(w);
	assert_int_equal(look_up(w, askers, MANY + 1), OK);
	assert_int_equal(statements(w) - before, 2);
	for (size_t i = 0; i <= MANY; i++) {
		const struct session_row *row = &issued[i < MANY ? i : 2].session.found.session;

		assert_int_equal(askers[i].session.standing, SESSION_LIVE);
		assert_true(id_equal(askers[i].session.found.session.id, row->id));
		assert_true(id_equal(askers[i].session.found.session.user_id, row->user_id));
		assert_false(askers[i].session.is_older_pair);
		check_as_alone(w, &askers[i]);
	}
}

/* As many as there may be, and no value among them: one statement. */
static void a_round_of_tokens_is_one_statement(void **state)
{
	struct world *w = *state;
	struct id user = fixture_add_user(w->fixture, "alice");
	static struct asker askers[SESSION_BATCH_MAX + 1];

	for (size_t i = 0; i <= SESSION_BATCH_MAX; i++) {
		struct session_issued one = token_of(w, user);
		askers[i] = asker_by(w, access_of(w, &one.session.found.session));
	}
	uint64_t before = statements(w);
	assert_int_equal(look_up(w, askers, SESSION_BATCH_MAX), OK);
	assert_int_equal(statements(w) - before, 1);
	for (size_t i = 0; i < SESSION_BATCH_MAX; i++)
		assert_int_equal(askers[i].session.standing, SESSION_LIVE);
	assert_int_equal(look_up(w, askers, SESSION_BATCH_MAX + 1), ERR_INTERNAL);
}

/* One of a version that is not there any more is nobody's in the round, and asked for once more. */
static void a_version_that_is_gone_remains_to_be_asked(void **state)
{
	struct world *w = *state;
	struct client c = token_client(w, "alice");
	struct session_issued one = sign_in(w, c);
	struct session_row row = one.session.found.session;
	struct credential presented = access_of(w, &row);
	struct session current = resolve_access(w, &presented);
	struct session_proof_again again = {
		.user_id = c.user,
		.presented = &presented,
		.current = &current,
		.proof = {{1}},
		.method = STR("pwd"),
		.purpose = STR("test"),
	};
	struct session_issued stronger;
	struct asker askers[3];

	assert_ok(session_prove_again(&w->context, &again, &stronger));
	askers[0] = asker_by(w, presented);
	askers[1] = asker_by(w, access_of(w, &stronger.session.found.session));
	row.epoch += 7;
	askers[2] = asker_by(w, access_of(w, &row));
	assert_int_equal(look_up(w, askers, 3), OK);
	assert_int_equal(askers[0].session.standing, SESSION_UNKNOWN);
	assert_int_equal(askers[1].session.standing, SESSION_LIVE);
	assert_int_equal(askers[2].session.standing, SESSION_UNKNOWN);
	assert_int_equal(resolve_access(w, &askers[0].credential).standing, SESSION_REPLACED);
	assert_int_equal(resolve_access(w, &askers[2].credential).standing, SESSION_UNKNOWN);
}

/* A hold counts the version up: before it and after, the token learns of it. */
static void a_hold_is_shown_to_the_version_before(void **state)
{
	struct world *w = *state;
	struct id user = fixture_add_user(w->fixture, "alice");
	struct session_issued held = token_of(w, user);
	struct session_issued free = token_of(w, user);
	struct session_row row = held.session.found.session;
	uint64_t held_now = 0;
	struct asker askers[3];

	assert_ok(session_store_hold_by_id(w->db, &row.id, &held_now));
	assert_int_equal(held_now, 1);
	askers[0] = asker_by(w, access_of(w, &row));
	row.epoch++;
	askers[1] = asker_by(w, access_of(w, &row));
	askers[2] = asker_by(w, access_of(w, &free.session.found.session));
	assert_int_equal(look_up(w, askers, 3), OK);
	assert_int_equal(askers[0].session.standing, SESSION_HELD);
	assert_int_equal(askers[1].session.standing, SESSION_HELD);
	assert_int_equal(askers[2].session.standing, SESSION_LIVE);
	for (size_t i = 0; i < 3; i++)
		check_as_alone(w, &askers[i]);
}

/* The older of two pairs writes no more than that somebody was there, and that once a minute. */
static void an_older_pair_is_told_from_the_newest(void **state)
{
	struct world *w = *state;
	struct client c = token_client(w, "alice");
	struct session_issued one = sign_in(w, c);
	struct session_row row = one.session.found.session;
	struct asker askers[2];

	(void)exchanged(w, text_of(one));
	askers[0] = asker_by(w, access_of(w, &row));
	assert_int_equal(look_up(w, askers, 1), OK);
	askers[1] = asker_by(w, access_of(w, &askers[0].session.found.session));
	assert_int_equal(look_up(w, askers, 2), OK);
	assert_true(askers[0].session.is_older_pair);
	assert_false(askers[1].session.is_older_pair);
	for (size_t i = 0; i < 2; i++)
		check_as_alone(w, &askers[i]);
	/* The new pair has not been used: only its own token is to write that it is. */
	assert_false(session_must_touch(&askers[0].session, w->context.now));
	assert_true(session_must_touch(&askers[1].session, w->context.now));
	assert_true(session_must_touch(&askers[0].session, w->context.now + 2 * CLOCK_MINUTE));
	use_access(w, &askers[1].session.found.session);
	assert_int_equal(look_up(w, askers, 2), OK);
	assert_false(session_must_touch(&askers[1].session, w->context.now));
}

/* What a token claims of others, or of nobody, is worth nothing, whoever asks beside it. */
static void claims_of_others_are_nobodys(void **state)
{
	struct world *w = *state;
	struct id alice = fixture_add_user(w->fixture, "alice");
	struct id bob = fixture_add_user(w->fixture, "bob");
	struct session_issued hers = token_of(w, alice);
	struct session_issued his = token_of(w, bob);
	struct session_row row = hers.session.found.session;
	struct asker askers[5];

	askers[0] = asker_by(w, access_of(w, &row));
	row.user_id = bob;
	askers[1] = asker_by(w, access_of(w, &row));
	row.user_id = alice;
	row.id = id_random();
	askers[2] = asker_by(w, access_of(w, &row));
	askers[3] = asker_by(w, access_of(w, &his.session.found.session));
	/* Never proven, whatever it says. */
	askers[4] = askers[0];
	askers[4].credential.roots = 0;
	uint64_t before = statements(w);
	assert_int_equal(look_up(w, askers + 4, 1), OK);
	assert_int_equal(statements(w), before);
	assert_int_equal(look_up(w, askers, 5), OK);
	assert_int_equal(askers[0].session.standing, SESSION_LIVE);
	assert_int_equal(askers[1].session.standing, SESSION_UNKNOWN);
	assert_int_equal(askers[2].session.standing, SESSION_UNKNOWN);
	assert_int_equal(askers[3].session.standing, SESSION_LIVE);
	assert_int_equal(askers[4].session.standing, SESSION_UNKNOWN);
	for (size_t i = 0; i < 5; i++)
		check_as_alone(w, &askers[i]);

	/* SE-17: locked, and a session ended: the next look shows it. */
	fixture_sql("UPDATE user SET state = 2 WHERE username = 'alice'");
	assert_ok(session_end(&w->context, &askers[3].session));
	assert_int_equal(look_up(w, askers, 5), OK);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(askers[i].session.standing, SESSION_UNKNOWN);
}

/* The authorizer's account asks the same. */
static void the_guard_account_looks_up_too(void **state)
{
	struct world *w = *state;
	struct id user = fixture_add_user(w->fixture, "alice");
	struct session_issued token = token_of(w, user);
	struct session_issued handle =
		sign_in(w, (struct client){.user = user, .carrier = CARRIER_HANDLE});
	struct asker askers[2];

	askers[0] = asker_by(w, access_of(w, &token.session.found.session));
	askers[1] = asker_of(w, CARRIER_HANDLE, text_of(handle));
	struct session_look_up list[] = {
		{&askers[0].context, &askers[0].credential, &askers[0].session},
		{&askers[1].context, &askers[1].credential, &askers[1].session},
	};
	assert_ok(session_look_up(w->fixture->guard, w->context.arena, list, 2));
	assert_int_equal(askers[0].session.standing, SESSION_LIVE);
	assert_int_equal(askers[1].session.standing, SESSION_LIVE);
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
		cmocka_unit_test_setup(tokens_are_looked_up_beside_values, token_world_clean),
		cmocka_unit_test_setup(a_round_of_tokens_is_one_statement, token_world_clean),
		cmocka_unit_test_setup(a_version_that_is_gone_remains_to_be_asked,
				       token_world_clean),
		cmocka_unit_test_setup(a_hold_is_shown_to_the_version_before, token_world_clean),
		cmocka_unit_test_setup(an_older_pair_is_told_from_the_newest, token_world_clean),
		cmocka_unit_test_setup(claims_of_others_are_nobodys, token_world_clean),
		cmocka_unit_test_setup(the_guard_account_looks_up_too, token_world_clean),
		cmocka_unit_test_setup(each_is_judged_by_its_own_clock, world_clean),
		cmocka_unit_test_setup(nothing_is_remembered, world_clean),
		cmocka_unit_test_setup(too_many_are_refused, world_clean),
		cmocka_unit_test_setup(a_failure_leaves_everybody_as_they_were, world_clean),
		cmocka_unit_test_setup(what_is_kept_stands_alone, world_clean),
		cmocka_unit_test_setup(patience_ends, world_clean),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
