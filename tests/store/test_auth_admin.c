/* What administrators do to accounts, and that one of them is always left. */
#include "auth_world.h"

#include <pthread.h>

#include "account_admin.h"

typedef enum err (*act_fn)(const struct auth_context *, const struct account_act *,
			   struct account_effect *);

static struct account_effect act(struct world *w, act_fn fn, struct id user, const char *role)
{
	struct account_act what = {.user_id = user, .role = str_of(role)};
	struct account_effect effect = {.outcome = ACCOUNT_REFUSED};

	assert_ok(fn(&w->context, &what, &effect));
	return effect;
}

static struct session_issued handle_of(struct world *w, struct id user)
{
	return sign_in(w, (struct client){.user = user, .carrier = CARRIER_HANDLE});
}

static struct session_issued cookie_of(struct world *w, struct id user)
{
	return sign_in(w, (struct client){.user = user, .carrier = CARRIER_COOKIE});
}

static int64_t events(const char *event)
{
	char sql[200];

	snprintf(sql, sizeof sql, "SELECT COUNT(*) FROM audit_event WHERE event = '%s'", event);
	return fixture_number(sql);
}

/* SE-17: on cookie and handle, and nobody signs in until it is unlocked. */
static void lock_ends_all_and_unlock_lets_in(void **state)
{
	struct world *w = *state;
	struct id alice = fixture_add_user(w->fixture, "alice");
	struct session_issued cookie = cookie_of(w, alice);
	struct session_issued handle = handle_of(w, alice);
	struct account_effect effect = act(w, account_lock, alice, NULL);
	struct client client = {.user = alice, .carrier = CARRIER_HANDLE};
	struct session_issued issued;

	assert_int_equal(effect.outcome, ACCOUNT_DONE);
	assert_int_equal(effect.sessions, 2);
	assert_int_equal(effect.user.state, USER_LOCKED);
	assert_int_equal(standing(w, CARRIER_COOKIE, text_of(cookie)), SESSION_UNKNOWN);
	assert_int_equal(standing(w, CARRIER_HANDLE, text_of(handle)), SESSION_UNKNOWN);
	assert_int_equal(try_sign_in(w, &client, &issued), ERR_CONFLICT);
	effect = act(w, account_lock, alice, NULL);
	assert_int_equal(effect.outcome, ACCOUNT_ALREADY);
	assert_int_equal(events("authn_login_lock"), 1);
	assert_int_equal(act(w, account_unlock, alice, NULL).outcome, ACCOUNT_DONE);
	assert_int_equal(act(w, account_unlock, alice, NULL).outcome, ACCOUNT_ALREADY);
	assert_int_equal(events("authn_login_unlock"), 1);
	assert_ok(try_sign_in(w, &client, &issued));
}

static void closed_and_unknown_are_refused(void **state)
{
	struct world *w = *state;
	struct id alice = fixture_add_user(w->fixture, "alice");

	fixture_sql("UPDATE user SET state = 3");
	assert_int_equal(act(w, account_lock, alice, NULL).outcome, ACCOUNT_IS_CLOSED);
	assert_int_equal(act(w, account_unlock, alice, NULL).outcome, ACCOUNT_IS_CLOSED);
	assert_int_equal(act(w, account_lock, id_random(), NULL).outcome, ACCOUNT_NO_SUCH_USER);
	assert_int_equal(fixture_number("SELECT state FROM user"), 3);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM audit_event"), 0);
}

/* PW-12 */
static void compromised_ends_all_and_marks_the_password(void **state)
{
	struct world *w = *state;
	struct id alice = fixture_add_user(w->fixture, "alice");
	struct account_effect effect = act(w, account_compromised, alice, NULL);
	struct session_issued handle;

	assert_int_equal(effect.outcome, ACCOUNT_NO_PASSWORD);
	fixture_sql("INSERT INTO password (user_id, hash, changed_at) SELECT id, 'x', 1 FROM user");
	handle = handle_of(w, alice);
	effect = act(w, account_compromised, alice, NULL);
	assert_int_equal(effect.outcome, ACCOUNT_DONE);
	assert_int_equal(effect.sessions, 1);
	assert_true(effect.user.must_change);
	assert_int_equal(standing(w, CARRIER_HANDLE, text_of(handle)), SESSION_UNKNOWN);
	/* A sign-in whose password was checked before the mark gets no more than its change. */
	handle = handle_of(w, alice);
	assert_int_equal(handle.session.standing, SESSION_PENDING);
	assert_int_equal(handle.session.found.session.state, SESSION_PASSWORD_CHANGE_REQUIRED);
	effect = act(w, account_compromised, alice, NULL);
	assert_int_equal(effect.outcome, ACCOUNT_ALREADY);
	assert_int_equal(effect.sessions, 1);
}

static void hold_asks_again_and_a_sign_in_lifts_it(void **state)
{
	struct world *w = *state;
	struct id alice = fixture_add_user(w->fixture, "alice");
	struct session_issued cookie = cookie_of(w, alice);
	struct session_issued handle = handle_of(w, alice);
	struct account_effect effect = act(w, account_hold, alice, NULL);
	struct client again = {
		.user = alice,
		.carrier = CARRIER_HANDLE,
		.presented = text_of(handle),
	};
	struct session_issued issued;

	assert_int_equal(effect.outcome, ACCOUNT_DONE);
	assert_int_equal(effect.sessions, 2);
	assert_int_equal(standing(w, CARRIER_COOKIE, text_of(cookie)), SESSION_HELD);
	assert_int_equal(standing(w, CARRIER_HANDLE, text_of(handle)), SESSION_HELD);
	assert_int_equal(act(w, account_hold, alice, NULL).outcome, ACCOUNT_ALREADY);
	assert_ok(try_sign_in(w, &again, &issued));
	assert_true(id_equal(issued.session.found.session.id, handle.session.found.session.id));
	assert_int_equal(standing(w, CARRIER_HANDLE, text_of(issued)), SESSION_LIVE);
	assert_int_equal(standing(w, CARRIER_COOKIE, text_of(cookie)), SESSION_HELD);
}

/* Whoever writes a row that was read before the hold loses against it. */
static void hold_of_one_session(void **state)
{
	struct world *w = *state;
	struct id alice = fixture_add_user(w->fixture, "alice");
	struct session_issued one = handle_of(w, alice);
	struct session_issued other = handle_of(w, alice);
	struct account_act what = {.reason = STR("asked for")};
	struct account_effect effect;
	struct session_row row = one.session.found.session;
	struct id id = row.id;
	bool won = true;

	assert_ok(account_hold_session(&w->context, &id, &what, &effect));
	assert_int_equal(effect.outcome, ACCOUNT_DONE);
	assert_int_equal(standing(w, CARRIER_HANDLE, text_of(one)), SESSION_HELD);
	assert_int_equal(standing(w, CARRIER_HANDLE, text_of(other)), SESSION_LIVE);
	row.epoch++;
	assert_ok(session_store_rotate(w->db, &row.hash, &row, &won));
	assert_false(won);
	assert_ok(account_hold_session(&w->context, &id, &what, &effect));
	assert_int_equal(effect.outcome, ACCOUNT_ALREADY);
	id = id_random();
	assert_ok(account_hold_session(&w->context, &id, &what, &effect));
	assert_int_equal(effect.outcome, ACCOUNT_NO_SUCH_SESSION);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM audit_event WHERE "
					"event = 'session_held' AND detail = 'asked for'"),
			 1);
}

static void reasons_are_checked(void **state)
{
	struct world *w = *state;
	struct id alice = fixture_add_user(w->fixture, "alice");
	char text[ACCOUNT_REASON_MAX + 2];
	struct account_act what = {.user_id = alice, .reason = STR("two\nlines")};
	struct account_effect effect;

	assert_ok(account_lock(&w->context, &what, &effect));
	assert_int_equal(effect.outcome, ACCOUNT_BAD_REASON);
	memset(text, 'x', sizeof text);
	what.reason = (struct str){text, ACCOUNT_REASON_MAX + 1};
	assert_ok(account_lock(&w->context, &what, &effect));
	assert_int_equal(effect.outcome, ACCOUNT_BAD_REASON);
	what.reason.n = ACCOUNT_REASON_MAX;
	assert_ok(account_lock(&w->context, &what, &effect));
	assert_int_equal(effect.outcome, ACCOUNT_DONE);
}

/* AZ-04, and what gaining an elevated role takes away. */
static void roles_are_live_and_elevation_takes_freshness(void **state)
{
	struct world *w = *state;
	struct id alice = fixture_add_user(w->fixture, "alice");
	struct session_issued handle = handle_of(w, alice);
	struct session was = resolve(w, CARRIER_HANDLE, text_of(handle));
	struct session is;

	fixture_sql("UPDATE session SET aal = 2, aal2_end = 9000000000000000");
	fixture_sql("INSERT IGNORE INTO role (id, name, elevated, created_at) "
		    "VALUES ('plain-role-of-it', 'plain', 0, 1)");
	assert_int_equal(act(w, account_give_role, alice, "plain").outcome, ACCOUNT_DONE);
	is = resolve(w, CARRIER_HANDLE, text_of(handle));
	assert_str(is.found.user_grants, "role:plain");
	assert_int_equal(is.aal, 2);
	assert_int_equal(is.found.session.epoch, was.found.session.epoch);
	assert_int_equal(act(w, account_give_role, alice, "admin").outcome, ACCOUNT_DONE);
	is = resolve(w, CARRIER_HANDLE, text_of(handle));
	assert_int_equal(is.standing, SESSION_LIVE);
	assert_true(is.elevated);
	assert_int_equal(is.aal, 1);
	assert_int_equal(is.found.session.epoch, was.found.session.epoch + 1);
	assert_false(policy_is_fresh(&is.found.session, w->config.session.fresh, WORLD_START));
	assert_int_equal(act(w, account_give_role, alice, "admin").outcome, ACCOUNT_ALREADY);
	assert_int_equal(act(w, account_take_role, alice, "plain").outcome, ACCOUNT_DONE);
	assert_int_equal(act(w, account_take_role, alice, "plain").outcome, ACCOUNT_ALREADY);
	assert_int_equal(act(w, account_take_role, alice, "nobody").outcome, ACCOUNT_NO_SUCH_ROLE);
	assert_int_equal(act(w, account_give_role, alice, "nobody").outcome, ACCOUNT_NO_SUCH_ROLE);
	is = resolve(w, CARRIER_HANDLE, text_of(handle));
	assert_str(is.found.user_grants, "elevated perm:users:manage role:admin");
	assert_int_equal(events("authz_change"), 3);
	fixture_sql("DELETE FROM role WHERE name = 'plain'");
}

/* AZ-05 */
static void the_last_administrator_stays(void **state)
{
	struct world *w = *state;
	struct id alice = fixture_add_user(w->fixture, "alice");
	struct id bob = fixture_add_user(w->fixture, "bob");
	struct session_issued handle;

	world_give_role(w, alice, "admin");
	handle = handle_of(w, alice);
	assert_int_equal(act(w, account_lock, alice, NULL).outcome, ACCOUNT_LAST_ADMIN);
	assert_int_equal(act(w, account_take_role, alice, "admin").outcome, ACCOUNT_LAST_ADMIN);
	assert_int_equal(standing(w, CARRIER_HANDLE, text_of(handle)), SESSION_LIVE);
	assert_true(resolve(w, CARRIER_HANDLE, text_of(handle)).elevated);
	assert_int_equal(events("authz_fail"), 2);
	/* Another one who is locked, or only so in a tenant, does not count. */
	world_give_role(w, bob, "admin");
	assert_int_equal(act(w, account_lock, bob, NULL).outcome, ACCOUNT_DONE);
	assert_int_equal(act(w, account_lock, alice, NULL).outcome, ACCOUNT_LAST_ADMIN);
	assert_int_equal(act(w, account_take_role, bob, "admin").outcome, ACCOUNT_DONE);
	assert_int_equal(act(w, account_unlock, bob, NULL).outcome, ACCOUNT_DONE);
	fixture_sql("INSERT INTO user_role (user_id, tenant_id, role_id, created_at) "
		    "SELECT u.id, 'some-tenant-here', r.id, 1 FROM user u JOIN role r "
		    "WHERE u.username = 'bob' AND r.name = 'admin'");
	assert_int_equal(act(w, account_lock, alice, NULL).outcome, ACCOUNT_LAST_ADMIN);
	world_give_role(w, bob, "admin");
	assert_int_equal(act(w, account_lock, alice, NULL).outcome, ACCOUNT_DONE);
}

/* Where there never was one, nobody is kept from locking anybody. */
static void without_administrators_anybody_can_be_locked(void **state)
{
	struct world *w = *state;
	struct id alice = fixture_add_user(w->fixture, "alice");

	assert_int_equal(act(w, account_lock, alice, NULL).outcome, ACCOUNT_DONE);
}

/* Two administrators against each other, each with a connection of its own. */
struct duellist {
	struct world *w;
	struct id target;
	act_fn fn;
	pthread_barrier_t *start;
	struct account_effect effect;
	enum err e;
};

static void *duel(void *opaque)
{
	struct duellist *d = opaque;
	struct auth_context context = d->w->context;
	struct account_act what = {.user_id = d->target, .role = STR("admin")};

	db_thread_init();
	context.db = fixture_db(&d->w->config, DB_ROLE_WEB);
	d->e = arena_open(4096, 1048576, &context.arena);
	pthread_barrier_wait(d->start);
	if (d->e == OK)
		d->e = d->fn(&context, &what, &d->effect);
	arena_close(&context.arena);
	db_close(&context.db);
	db_thread_done();
	return NULL;
}

static int wins(const struct duellist *d)
{
	assert_ok(d->e);
	assert_true(d->effect.outcome == ACCOUNT_DONE || d->effect.outcome == ACCOUNT_LAST_ADMIN);
	return d->effect.outcome == ACCOUNT_DONE ? 1 : 0;
}

static void of_two_at_once_exactly_one_wins(void **state)
{
	static const act_fn fns[] = {account_lock, account_take_role};
	struct world *w = *state;
	struct id ids[2] = {fixture_add_user(w->fixture, "alice"),
			    fixture_add_user(w->fixture, "bob")};

	for (unsigned round = 0; round < 24; round++) {
		struct duellist two[2];
		pthread_barrier_t start;
		pthread_t threads[2];

		fixture_sql("UPDATE user SET state = 1");
		world_give_role(w, ids[0], "admin");
		world_give_role(w, ids[1], "admin");
		assert_int_equal(pthread_barrier_init(&start, NULL, 2), 0);
		for (unsigned i = 0; i < 2; i++) {
			two[i] = (struct duellist){.w = w, .target = ids[1 - i], .start = &start};
			two[i].fn = fns[round / (i + 1) % 2];
			assert_int_equal(pthread_create(&threads[i], NULL, duel, &two[i]), 0);
		}
		for (unsigned i = 0; i < 2; i++)
			assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(pthread_barrier_destroy(&start), 0);
		assert_int_equal(wins(&two[0]) + wins(&two[1]), 1);
		assert_int_equal(fixture_number("SELECT COUNT(*) FROM user WHERE state = 1 AND "
						"grants LIKE '%role:admin%'"),
				 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(lock_ends_all_and_unlock_lets_in, world_clean),
		cmocka_unit_test_setup(closed_and_unknown_are_refused, world_clean),
		cmocka_unit_test_setup(compromised_ends_all_and_marks_the_password, world_clean),
		cmocka_unit_test_setup(hold_asks_again_and_a_sign_in_lifts_it, world_clean),
		cmocka_unit_test_setup(hold_of_one_session, world_clean),
		cmocka_unit_test_setup(reasons_are_checked, world_clean),
		cmocka_unit_test_setup(roles_are_live_and_elevation_takes_freshness, world_clean),
		cmocka_unit_test_setup(the_last_administrator_stays, world_clean),
		cmocka_unit_test_setup(without_administrators_anybody_can_be_locked, world_clean),
		cmocka_unit_test_setup(of_two_at_once_exactly_one_wins, world_clean),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
