/* A session that is only thought of, and one that lives a minute, against a database. */
#include "auth_world.h"

#include "fixture.h"
#include "tenant_store.h"
#include "trial.h"
#include "user_store.h"

static struct user_row user_of(struct world *w, struct id id)
{
	struct user_row user;
	bool found = false;

	assert_ok(user_store_find_by_id(w->db, w->context.arena, &id, &user, &found));
	assert_true(found);
	return user;
}

static struct session_issued begin_of(struct world *w, struct id id)
{
	struct user_row user = user_of(w, id);
	struct trial trial = {.user = &user};
	enum trial_verdict verdict = TRIAL_REFUSED;
	struct session_issued issued;

	assert_ok(trial_begin(&w->context, &trial, &verdict, &issued));
	assert_int_equal(verdict, TRIAL_BEGUN);
	return issued;
}

static void lives_a_minute_whatever_is_done_with_it(void **state)
{
	struct world *w = *state;
	struct id id = fixture_add_user(w->fixture, "alice");
	struct session_issued trial = begin_of(w, id);
	struct session session = resolve(w, CARRIER_HANDLE, text_of(trial));

	assert_int_equal(session.standing, SESSION_LIVE);
	assert_int_equal(session.found.session.expires_at, WORLD_START + CLOCK_MINUTE);
	w->context.now += CLOCK_MINUTE - 1;
	session.found.session.last_seen = 1; /* as if it had to be written */
	assert_ok(session_touch(&w->context, &session));
	session = resolve(w, CARRIER_HANDLE, text_of(trial));
	assert_int_equal(session.standing, SESSION_LIVE);
	assert_ok(session_touch_guarded(&w->context, &session));
	w->context.now += 1;
	assert_int_equal(standing(w, CARRIER_HANDLE, text_of(trial)), SESSION_EXPIRED);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM audit_event WHERE event = "
					"'session_tried' AND detail = 'gatepost guard check' AND "
					"user_id IS NOT NULL AND session_id IS NOT NULL"),
			 1);
}

/* No confirmation that a route or a rule could ask for is there; an elevated role changes nothing.
 */
static void has_no_power_to_step_up(void **state)
{
	struct world *w = *state;
	struct id id = fixture_add_user(w->fixture, "alice");

	for (unsigned elevated = 0; elevated < 2; elevated++) {
		if (elevated == 1)
			world_give_role(w, id, "admin");
		struct session_issued trial = begin_of(w, id);
		struct session session = resolve(w, CARRIER_HANDLE, text_of(trial));
		const struct session_row *row = &session.found.session;

		assert_int_equal(session.standing, SESSION_LIVE);
		assert_int_equal(session.elevated, elevated == 1);
		assert_int_equal(session.aal, 1);
		assert_false(policy_is_fresh(row, w->config.session.fresh, w->context.now));
		assert_false(policy_is_fresh(row, 11 * CLOCK_HOUR, w->context.now));
	}
}

/* Nobody is signed out for being tried. */
static void ends_no_other_session(void **state)
{
	struct world *w = *state;
	struct id id = fixture_add_user(w->fixture, "alice");
	struct session_issued first;

	w->config.session.most = 1;
	first = sign_in(w, (struct client){.user = id, .carrier = CARRIER_HANDLE, .proof = 1});
	(void)begin_of(w, id);
	assert_int_equal(standing(w, CARRIER_HANDLE, text_of(first)), SESSION_LIVE);
	assert_int_equal(count_of(w, id), 2);
	w->config.session.most = 50;
}

/* A lock that came after the row was read counts. */
static void who_cannot_sign_in_gets_none(void **state)
{
	struct world *w = *state;
	struct id id = fixture_add_user(w->fixture, "alice");
	struct user_row user = user_of(w, id);
	struct trial trial = {.user = &user};
	enum trial_verdict verdict = TRIAL_BEGUN;
	struct session_issued issued;

	assert_int_equal(db_begin(w->db), OK);
	assert_ok(user_store_set_state(w->db, &id, USER_LOCKED, w->context.now));
	assert_int_equal(db_commit(w->db), OK);
	assert_ok(trial_begin(&w->context, &trial, &verdict, &issued));
	assert_int_equal(verdict, TRIAL_REFUSED);
	assert_int_equal(count_of(w, id), 0);
}

static void what_is_thought_of_is_as_it_would_be(void **state)
{
	struct world *w = *state;
	struct id id = fixture_add_user(w->fixture, "alice");
	struct user_row user;
	struct trial trial = {.user = &user};
	struct session session;

	world_give_role(w, id, "admin");
	user = user_of(w, id);
	assert_ok(trial_imagine(&w->context, &trial, w->context.now, 2, &session));
	assert_int_equal(session.standing, SESSION_LIVE);
	assert_int_equal(session.aal, 2);
	assert_true(session.elevated);
	assert_true(policy_is_fresh(&session.found.session, CLOCK_SECOND, w->context.now));
	assert_true(str_equal(session.found.username, STR("alice")));
	assert_ok(trial_imagine(&w->context, &trial, w->context.now - CLOCK_HOUR, 1, &session));
	assert_int_equal(session.aal, 1);
	assert_false(policy_is_fresh(&session.found.session, CLOCK_MINUTE, w->context.now));
	user.must_change = true;
	assert_ok(trial_imagine(&w->context, &trial, w->context.now, 1, &session));
	assert_int_equal(session.standing, SESSION_PENDING);
	assert_true(session_awaits_password(&session));
	user.state = USER_LOCKED;
	assert_ok(trial_imagine(&w->context, &trial, w->context.now, 1, &session));
	assert_int_equal(session.standing, SESSION_UNKNOWN);
	assert_int_equal(count_of(w, id), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(lives_a_minute_whatever_is_done_with_it, world_clean),
		cmocka_unit_test_setup(has_no_power_to_step_up, world_clean),
		cmocka_unit_test_setup(ends_no_other_session, world_clean),
		cmocka_unit_test_setup(who_cannot_sign_in_gets_none, world_clean),
		cmocka_unit_test_setup(what_is_thought_of_is_as_it_would_be, world_clean),
	};
	return cmocka_run_group_tests(tests, world_open, world_close);
}
