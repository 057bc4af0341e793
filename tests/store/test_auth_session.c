/* Sessions against a database: their ends, checking, keeping alive, listing, ending. */
#include "auth_world.h"

#include "db.h"

/* SE-11, SE-12: a sign-in gives the class its two ends. */
static void new_sessions_have_their_ends(void **state)
{
	static const struct {
		enum session_carrier carrier;
		bool remember;
		enum session_class class;
		int64_t idle, absolute;
	} cases[] = {
		{CARRIER_COOKIE, false, CLASS_BROWSER, 30 * CLOCK_MINUTE, 12 * CLOCK_HOUR},
		{CARRIER_COOKIE, true, CLASS_REMEMBERED, 14 * CLOCK_DAY, 30 * CLOCK_DAY},
		{CARRIER_HANDLE, false, CLASS_NATIVE, 14 * CLOCK_DAY, 30 * CLOCK_DAY},
	};
	struct world *w = *state;
	struct id user = fixture_add_user(w->fixture, "alice");

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct client c = {
			.user = user, .carrier = cases[i].carrier, .remember = cases[i].remember};
		struct session_issued issued;
		const struct session_row *row = &issued.session.found.session;

		w->context.now = WORLD_START;
		issued = sign_in(w, c);
		assert_int_equal(issued.session.standing, SESSION_LIVE);
		assert_false(issued.repeated);
		assert_int_equal(row->class, cases[i].class);
		assert_int_equal(row->idle_end, WORLD_START + cases[i].idle);
		assert_int_equal(row->expires_at, WORLD_START + cases[i].absolute);
		assert_int_equal(row->auth_time, WORLD_START);
		assert_true(str_equal(row->amr, STR("pwd")));
		assert_true(str_equal(issued.session.found.username, STR("alice")));
		w->context.now = WORLD_START + cases[i].idle - 1;
		assert_int_equal(standing(w, c.carrier, text_of(issued)), SESSION_LIVE);
		w->context.now = WORLD_START + cases[i].idle;
		assert_int_equal(standing(w, c.carrier, text_of(issued)), SESSION_EXPIRED);
	}
}

/* SE-12: kept in use all the time, a session ends at its absolute end. */
static void absolute_end_comes_whatever_the_activity(void **state)
{
	struct world *w = *state;
	struct client c = {.user = fixture_add_user(w->fixture, "alice"),
			   .carrier = CARRIER_COOKIE};
	struct session_issued issued = sign_in(w, c);
	int64_t end = WORLD_START + 12 * CLOCK_HOUR;

	while (w->context.now + 20 * CLOCK_MINUTE < end) {
		struct session session;

		w->context.now += 20 * CLOCK_MINUTE;
		session = resolve(w, c.carrier, text_of(issued));
		assert_int_equal(session.standing, SESSION_LIVE);
		assert_int_equal(session_touch(&w->context, &session), OK);
		assert_true(session.found.session.idle_end <= end);
	}
	w->context.now = end;
	assert_int_equal(standing(w, c.carrier, text_of(issued)), SESSION_EXPIRED);
}

/* SE-11: an elevated role shortens a session that lives already; its grants are read live. */
static void elevated_users_have_shorter_ends(void **state)
{
	struct world *w = *state;
	struct client c = {.user = fixture_add_user(w->fixture, "alice"),
			   .carrier = CARRIER_HANDLE};
	struct session_issued issued = sign_in(w, c);

	w->context.now = WORLD_START + 15 * CLOCK_MINUTE;
	assert_int_equal(standing(w, c.carrier, text_of(issued)), SESSION_LIVE);
	world_give_role(w, c.user, "admin");
	w->context.now = WORLD_START + 15 * CLOCK_MINUTE - 1;
	assert_true(resolve(w, c.carrier, text_of(issued)).elevated);
	assert_int_equal(standing(w, c.carrier, text_of(issued)), SESSION_LIVE);
	w->context.now = WORLD_START + 15 * CLOCK_MINUTE;
	assert_int_equal(standing(w, c.carrier, text_of(issued)), SESSION_EXPIRED);
}

/* One statement a check; none for what is not even well-formed (SE-10). */
static void a_check_is_one_statement(void **state)
{
	struct world *w = *state;
	struct client c = {.user = fixture_add_user(w->fixture, "alice"),
			   .carrier = CARRIER_COOKIE};
	struct session_issued issued = sign_in(w, c);
	uint64_t before = statements(w);

	assert_int_equal(standing(w, CARRIER_COOKIE, text_of(issued)), SESSION_LIVE);
	assert_int_equal(statements(w) - before, 1);
	before = statements(w);
	assert_int_equal(standing(w, CARRIER_COOKIE, STR("gps_x")), SESSION_UNKNOWN);
	assert_int_equal(standing(w, CARRIER_HANDLE, STR("%00'--")), SESSION_UNKNOWN);
	assert_int_equal(standing(w, CARRIER_COOKIE, STR("")), SESSION_ABSENT);
	assert_int_equal(statements(w), before);
}

/* Many credentials, one statement, each with its own answer. */
static void resolves_many_at_once(void **state)
{
	enum { N = SESSION_BATCH_MAX / KEYRING_ROOTS };
	struct world *w = *state;
	struct client c = {.user = fixture_add_user(w->fixture, "alice"),
			   .carrier = CARRIER_COOKIE};
	struct credential credentials[N];
	struct session sessions[N];
	struct id ids[N];
	uint64_t before = 0;

	for (size_t i = 0; i < N; i++) {
		struct session_issued issued;

		c.carrier = i % 3 ? CARRIER_COOKIE : CARRIER_HANDLE;
		issued = sign_in(w, c);
		ids[i] = issued.session.found.session.id;
		credentials[i] = i == 5   ? credential_of(w, CARRIER_COOKIE, STR("malformed"))
				 : i == 7 ? credential_of(w, CARRIER_COOKIE, STR(""))
					  : credential_of(w, c.carrier, text_of(issued));
	}
	before = statements(w);
	assert_int_equal(session_resolve(&w->context, credentials, N, sessions), OK);
	assert_int_equal(statements(w) - before, 1);
	for (size_t i = 0; i < N; i++) {
		if (i == 5) {
			assert_int_equal(sessions[i].standing, SESSION_UNKNOWN);
		} else if (i == 7) {
			assert_int_equal(sessions[i].standing, SESSION_ABSENT);
		} else {
			assert_int_equal(sessions[i].standing, SESSION_LIVE);
			assert_true(id_equal(sessions[i].found.session.id, ids[i]));
		}
	}
}

/* SE-05: a value that the server did not make is never adopted. */
static void planted_values_are_not_adopted(void **state)
{
	struct world *w = *state;
	struct str planted = STR("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8");
	struct client c = {.user = fixture_add_user(w->fixture, "alice"),
			   .carrier = CARRIER_COOKIE,
			   .presented = planted};
	struct session_issued issued = sign_in(w, c);

	assert_false(str_equal(text_of(issued), planted));
	assert_int_equal(standing(w, CARRIER_COOKIE, planted), SESSION_UNKNOWN);
	assert_int_equal(standing(w, CARRIER_COOKIE, text_of(issued)), SESSION_LIVE);
}

/* SE-08: the value of a handle is nothing as a cookie, and the other way round. */
static void kinds_do_not_match_each_other(void **state)
{
	struct world *w = *state;
	struct client c = {.user = fixture_add_user(w->fixture, "alice"),
			   .carrier = CARRIER_HANDLE};
	struct str handle = text_of(sign_in(w, c));
	struct str cookie;
	char as_handle[48] = "gps_";

	assert_int_equal(standing(w, CARRIER_COOKIE, str_sub(handle, 4, handle.n)),
			 SESSION_UNKNOWN);
	c.carrier = CARRIER_COOKIE;
	cookie = text_of(sign_in(w, c));
	memcpy(as_handle + 4, cookie.p, cookie.n);
	assert_int_equal(standing(w, CARRIER_HANDLE, (struct str){as_handle, 4 + cookie.n}),
			 SESSION_UNKNOWN);
	assert_int_equal(standing(w, CARRIER_HANDLE, handle), SESSION_LIVE);
	assert_int_equal(standing(w, CARRIER_COOKIE, cookie), SESSION_LIVE);
}

/* SE-04: what is stored cannot be presented. */
static void stored_hash_is_not_the_value(void **state)
{
	struct world *w = *state;
	struct client c = {.user = fixture_add_user(w->fixture, "alice"),
			   .carrier = CARRIER_COOKIE};
	struct session_issued issued = sign_in(w, c);
	struct secret stored = {issued.session.found.session.hash.b, DIGEST_BYTES};
	struct secret shown = SECRET_NONE;

	assert_int_equal(credential_text(w->context.arena, CARRIER_COOKIE, stored, &shown), OK);
	assert_int_equal(
		standing(w, CARRIER_COOKIE, (struct str){(const char *)shown.bytes, shown.len}),
		SESSION_UNKNOWN);
}

/* last_seen is written at most once a minute. */
static void touching_is_coalesced(void **state)
{
	struct world *w = *state;
	struct client c = {.user = fixture_add_user(w->fixture, "alice"),
			   .carrier = CARRIER_COOKIE};
	struct str text = text_of(sign_in(w, c));
	struct session session;
	uint64_t before = 0;

	w->context.now += CLOCK_MINUTE - 1;
	session = resolve(w, CARRIER_COOKIE, text);
	before = statements(w);
	assert_int_equal(session_touch(&w->context, &session), OK);
	assert_int_equal(statements(w), before);
	w->context.now += 1;
	w->context.ip = STR("203.0.113.9");
	assert_int_equal(session_touch(&w->context, &session), OK);
	assert_int_equal(statements(w) - before, 1);
	session = resolve(w, CARRIER_COOKIE, text);
	assert_int_equal(session.found.session.last_seen, w->context.now);
	assert_int_equal(session.found.session.idle_end, w->context.now + 30 * CLOCK_MINUTE);
	assert_true(str_equal(session.found.session.ip, STR("203.0.113.9")));
}

/* SE-12: a second factor that lapsed by idleness does not come back with the next request. */
static void lapsed_second_factor_stays_lapsed(void **state)
{
	struct world *w = *state;
	struct client c = {.user = fixture_add_user(w->fixture, "alice"),
			   .carrier = CARRIER_HANDLE};
	struct str text = text_of(sign_in(w, c));
	struct session session;
	uint32_t epoch = 0;

	fixture_sql("UPDATE session SET aal = 2, aal2_end = auth_time + 43200000000");
	session = resolve(w, CARRIER_HANDLE, text);
	assert_int_equal(session.aal, 2);
	epoch = session.found.session.epoch;
	w->context.now += CLOCK_HOUR;
	session = resolve(w, CARRIER_HANDLE, text);
	assert_int_equal(session.aal, 1);
	assert_int_equal(session.standing, SESSION_LIVE);
	assert_int_equal(session_touch(&w->context, &session), OK);
	session = resolve(w, CARRIER_HANDLE, text);
	assert_int_equal(session.aal, 1);
	assert_int_equal(session.found.session.epoch, epoch + 1);
	assert_int_equal(session.found.session.last_seen, w->context.now);
}

/* SE-16: ended is ended, at the next request; once more is fine. */
static void ending_the_presented_one(void **state)
{
	struct world *w = *state;
	struct client c = {.user = fixture_add_user(w->fixture, "alice"),
			   .carrier = CARRIER_COOKIE};
	struct str text = text_of(sign_in(w, c));
	struct session session = resolve(w, CARRIER_COOKIE, text);
	const struct session nothing = {.standing = SESSION_ABSENT};

	assert_int_equal(session_end(&w->context, &nothing), OK);
	assert_int_equal(standing(w, CARRIER_COOKIE, text), SESSION_LIVE);
	assert_int_equal(session_end(&w->context, &session), OK);
	assert_int_equal(standing(w, CARRIER_COOKIE, text), SESSION_UNKNOWN);
	assert_int_equal(session_end(&w->context, &session), OK);
}

/* SE-19: one's own only. */
static void ending_one_of_ones_own(void **state)
{
	struct world *w = *state;
	struct client c = {.user = fixture_add_user(w->fixture, "alice"),
			   .carrier = CARRIER_COOKIE};
	struct session_issued hers = sign_in(w, c);
	struct id session_id = hers.session.found.session.id;
	struct id bob = fixture_add_user(w->fixture, "bob");
	struct id none = ID_NONE;
	bool ended = true;

	assert_int_equal(session_end_one(&w->context, &bob, &session_id, &ended), OK);
	assert_false(ended);
	assert_int_equal(session_end_one(&w->context, &none, &session_id, &ended), OK);
	assert_false(ended);
	assert_int_equal(standing(w, CARRIER_COOKIE, text_of(hers)), SESSION_LIVE);
	assert_int_equal(session_end_one(&w->context, &c.user, &session_id, &ended), OK);
	assert_true(ended);
	assert_int_equal(standing(w, CARRIER_COOKIE, text_of(hers)), SESSION_UNKNOWN);
	assert_int_equal(session_end_one(&w->context, &c.user, &session_id, &ended), OK);
	assert_false(ended);
}

static void ending_all_but_one(void **state)
{
	struct world *w = *state;
	struct client c = {.user = fixture_add_user(w->fixture, "alice"),
			   .carrier = CARRIER_HANDLE};
	struct session_issued kept = sign_in(w, c);
	struct id keep = kept.session.found.session.id;
	struct client other = {.user = fixture_add_user(w->fixture, "bob"),
			       .carrier = CARRIER_HANDLE};
	struct str his = text_of(sign_in(w, other));
	uint64_t ended = 0;

	sign_in(w, c);
	sign_in(w, c);
	assert_int_equal(session_end_all(&w->context, &c.user, &keep, &ended), OK);
	assert_int_equal(ended, 2);
	assert_int_equal(standing(w, CARRIER_HANDLE, text_of(kept)), SESSION_LIVE);
	assert_int_equal(session_end_all(&w->context, &c.user, NULL, &ended), OK);
	assert_int_equal(ended, 1);
	assert_int_equal(standing(w, CARRIER_HANDLE, text_of(kept)), SESSION_UNKNOWN);
	assert_int_equal(standing(w, CARRIER_HANDLE, his), SESSION_LIVE);
}

/* SE-17: a locked user has no session at the next request, and gets none. */
static void locked_users_have_none(void **state)
{
	struct world *w = *state;
	struct client c = {.user = fixture_add_user(w->fixture, "alice"),
			   .carrier = CARRIER_COOKIE};
	struct str text = text_of(sign_in(w, c));
	struct session session;
	struct session_issued issued;

	fixture_sql("UPDATE user SET state = 2");
	session = resolve(w, CARRIER_COOKIE, text);
	assert_int_equal(session.standing, SESSION_UNKNOWN);
	assert_true(id_is_none(session.found.session.id));
	assert_int_equal(try_sign_in(w, &c, &issued), ERR_CONFLICT);
	assert_int_equal(count_of(w, c.user), 1);
}

/* SE-19: newest first, page by page, without what is over. */
static void lists_page_by_page(void **state)
{
	struct world *w = *state;
	struct client c = {.user = fixture_add_user(w->fixture, "alice"),
			   .carrier = CARRIER_HANDLE};
	struct page_cursor from = {.limit = 2};
	struct session_list list;
	struct id ids[5];

	for (size_t i = 0; i < 5; i++) {
		w->context.now += CLOCK_SECOND;
		ids[i] = sign_in(w, c).session.found.session.id;
	}
	c.carrier = CARRIER_COOKIE;
	sign_in(w, c);
	w->context.now += CLOCK_HOUR; /* the browser's is over now */
	for (size_t seen = 0; seen < 5;) {
		assert_int_equal(session_list(&w->context, &c.user, &from, &list), OK);
		assert_true(list.n >= 1 && list.n <= 2);
		for (size_t i = 0; i < list.n; i++)
			assert_true(id_equal(list.rows[i].id, ids[4 - seen++]));
		assert_int_equal(list.more, seen < 5);
		from = list.more ? list.next : from;
	}
}

/* SE-11: what the shorter limits of an elevated user have ended is not listed either. */
static void lists_know_elevated_users(void **state)
{
	struct world *w = *state;
	struct client c = {.user = fixture_add_user(w->fixture, "alice"),
			   .carrier = CARRIER_HANDLE};
	struct page_cursor from = {.limit = 10};
	struct session_list list;

	sign_in(w, c);
	w->context.now += 20 * CLOCK_MINUTE;
	sign_in(w, c);
	assert_int_equal(session_list(&w->context, &c.user, &from, &list), OK);
	assert_int_equal(list.n, 2);
	world_give_role(w, c.user, "admin");
	assert_int_equal(session_list(&w->context, &c.user, &from, &list), OK);
	assert_int_equal(list.n, 1);
	assert_int_equal(list.rows[0].created_at, w->context.now);
}

#define TEST(name) cmocka_unit_test_setup(name, world_clean)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(new_sessions_have_their_ends),
		TEST(absolute_end_comes_whatever_the_activity),
		TEST(elevated_users_have_shorter_ends),
		TEST(a_check_is_one_statement),
		TEST(resolves_many_at_once),
		TEST(planted_values_are_not_adopted),
		TEST(kinds_do_not_match_each_other),
		TEST(stored_hash_is_not_the_value),
		TEST(touching_is_coalesced),
		TEST(lapsed_second_factor_stays_lapsed),
		TEST(ending_the_presented_one),
		TEST(ending_one_of_ones_own),
		TEST(ending_all_but_one),
		TEST(locked_users_have_none),
		TEST(lists_page_by_page),
		TEST(lists_know_elevated_users),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
