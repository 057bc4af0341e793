/* The account guard: what a decision costs, what it may write, and nothing else. */
#include "auth_world.h"

#include "protect.h"
#include "stmt.h"

static struct config rules;

/* A place for users, one for two factors, one for everybody. */
static struct protect_decision decide(struct world *w, const char *path,
				      const struct session *session)
{
	static struct protect_config sections[2];
	struct protect_request request = {
		.path = str_of(path), .method = STR("GET"), .ip = STR(""), .now = w->context.now};

	sections[0] = (struct protect_config){
		.path = STR("/strong"),
		.terms = {{.kind = PROTECT_AAL2, .closes = true}},
		.term_count = 1,
	};
	sections[1] = (struct protect_config){
		.path = STR("/role"),
		.terms = {{.kind = PROTECT_ROLE, .name = STR("admin"), .closes = true}},
		.term_count = 1,
	};
	rules = (struct config){.protects = sections, .protect_count = 2};
	return protect_decide(&rules, &request, session);
}

/* As the guard works: its account, by look-up. */
static struct auth_context guard_of(struct world *w)
{
	struct auth_context context = w->context;

	context.db = w->fixture->guard;
	return context;
}

static enum err try_look_up(struct world *w, struct str text, struct session *session)
{
	struct auth_context context = guard_of(w);
	struct credential credential = credential_of(w, CARRIER_HANDLE, text);
	struct session_look_up list = {&context, &credential, session};

	*session = (struct session){.standing = SESSION_UNKNOWN};
	return session_look_up(context.db, context.arena, &list, 1);
}

static struct session look_up(struct world *w, struct str text)
{
	struct session session;

	assert_ok(try_look_up(w, text, &session));
	return session;
}

static void touch(struct world *w, struct session *session)
{
	struct auth_context context = guard_of(w);

	assert_ok(session_touch_guarded(&context, session));
}

static bool must_touch(struct world *w, const struct session *session)
{
	struct auth_context context = guard_of(w);

	return session_must_touch_guarded(&context, session);
}

static uint64_t guard_statements(struct world *w)
{
	return db_statement_count(w->fixture->guard);
}

static struct str begin(struct world *w, const char *name)
{
	struct client c = {.user = fixture_add_user(w->fixture, name), .carrier = CARRIER_HANDLE};

	return text_of(sign_in(w, c));
}

/* One statement, and none for what the minute has seen already. */
static void a_decision_is_one_statement(void **state)
{
	struct world *w = *state;
	struct str text = begin(w, "alice");

	(void)look_up(w, text); /* prepared at its first use */
	for (int i = 0; i < 20; i++) {
		uint64_t before = guard_statements(w);
		struct session session = look_up(w, text);

		assert_int_equal(decide(w, "/a", &session).verdict, PROTECT_GRANTED);
		assert_int_equal(decide(w, "/role", &session).verdict, PROTECT_FORBIDDEN);
		touch(w, &session);
		assert_int_equal(guard_statements(w) - before, 1);
		w->context.now += 3 * CLOCK_SECOND;
	}
}

/* At most once a minute; two columns and no others. */
static void last_seen_is_written_once_a_minute(void **state)
{
	struct world *w = *state;
	struct str text = begin(w, "alice");
	struct session session = look_up(w, text);
	int64_t seen = session.found.session.last_seen;
	uint64_t before = 0;

	w->context.now = seen + CLOCK_MINUTE - 1;
	session = look_up(w, text);
	assert_false(must_touch(w, &session));
	before = guard_statements(w);
	touch(w, &session);
	assert_int_equal(guard_statements(w), before);
	w->context.now++;
	w->context.ip = STR("203.0.113.9");
	session = look_up(w, text);
	assert_true(must_touch(w, &session));
	before = guard_statements(w);
	touch(w, &session);
	assert_int_equal(guard_statements(w) - before, 1);
	assert_int_equal(session.found.session.last_seen, w->context.now);
	assert_int_equal(session.ends.idle, w->context.now + 14 * CLOCK_DAY);
	session = look_up(w, text);
	assert_int_equal(session.found.session.last_seen, w->context.now);
	assert_int_equal(session.found.session.idle_end, w->context.now + 14 * CLOCK_DAY);
	assert_false(str_equal(session.found.session.ip, STR("203.0.113.9")));
	assert_false(must_touch(w, &session));
}

/* SE-11: kept alive by guarded requests alone, up to the absolute end. */
static void guarded_requests_keep_a_session_alive(void **state)
{
	struct world *w = *state;
	struct client c = {.user = fixture_add_user(w->fixture, "alice"),
			   .carrier = CARRIER_COOKIE};
	struct str text = text_of(sign_in(w, c));
	struct session_look_up list;
	struct session session;
	int minutes = 0;

	for (; minutes < 13 * 60; minutes += 20) {
		struct auth_context context = guard_of(w);
		struct credential credential = credential_of(w, CARRIER_COOKIE, text);

		session = (struct session){.standing = SESSION_UNKNOWN};
		list = (struct session_look_up){&context, &credential, &session};
		assert_ok(session_look_up(context.db, context.arena, &list, 1));
		if (session.standing != SESSION_LIVE)
			break;
		touch(w, &session);
		assert_true(session.ends.idle <= session.ends.absolute);
		w->context.now += 20 * CLOCK_MINUTE;
	}
	assert_int_equal(minutes, 12 * 60);
	assert_int_equal(session.standing, SESSION_EXPIRED);
	assert_int_equal(decide(w, "/a", &session).verdict, PROTECT_SIGN_IN);
}

static void an_elevated_user_idles_out_sooner(void **state)
{
	struct world *w = *state;
	struct id admin = fixture_add_user(w->fixture, "admin");
	struct session session;

	world_give_role(w, admin, "admin");
	struct str text =
		text_of(sign_in(w, (struct client){.user = admin, .carrier = CARRIER_HANDLE}));
	w->context.now += 14 * CLOCK_MINUTE;
	session = look_up(w, text);
	assert_true(session.elevated);
	assert_int_equal(decide(w, "/role", &session).verdict, PROTECT_GRANTED);
	touch(w, &session);
	assert_int_equal(session.ends.idle, w->context.now + 15 * CLOCK_MINUTE);
	w->context.now += 15 * CLOCK_MINUTE - 1;
	session = look_up(w, text);
	assert_int_equal(session.standing, SESSION_LIVE);
	w->context.now++;
	session = look_up(w, text);
	assert_int_equal(session.standing, SESSION_EXPIRED);
	assert_int_equal(decide(w, "/role", &session).verdict, PROTECT_SIGN_IN);
	assert_false(must_touch(w, &session));
	touch(w, &session);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM session WHERE last_seen > "
					"auth_time + 840000000"),
			 0);
}

/* SE-12: what has lapsed by idleness stays so, while the session itself goes on. */
static void a_second_factor_that_lapsed_stays_lapsed(void **state)
{
	struct world *w = *state;
	struct str text = begin(w, "alice");
	struct session session;

	fixture_sql("UPDATE session SET aal = 2, aal2_end = auth_time + 43200000000");
	w->context.now += CLOCK_HOUR - 1;
	session = look_up(w, text);
	assert_int_equal(decide(w, "/strong", &session).verdict, PROTECT_GRANTED);
	w->context.now++;
	for (int i = 0; i < 5; i++) {
		uint64_t before = guard_statements(w);

		session = look_up(w, text);
		assert_int_equal(session.standing, SESSION_LIVE);
		assert_int_equal(session.aal, 1);
		assert_int_equal(decide(w, "/strong", &session).verdict, PROTECT_STEP_UP);
		assert_true(decide(w, "/strong", &session).needs_aal2);
		assert_int_equal(decide(w, "/a", &session).verdict, PROTECT_GRANTED);
		touch(w, &session);
		assert_int_equal(guard_statements(w) - before, 2);
		session = look_up(w, text);
		assert_int_equal(session.found.session.last_seen, WORLD_START);
		assert_int_equal(session.found.session.idle_end, w->context.now + 14 * CLOCK_DAY);
		/* Not again within the minute, either. */
		w->context.now += CLOCK_MINUTE - 1;
		session = look_up(w, text);
		assert_false(must_touch(w, &session));
		w->context.now += 20 * CLOCK_MINUTE;
	}
	/* The next request of another kind makes it last. */
	session = resolve(w, CARRIER_HANDLE, text);
	assert_ok(session_touch(&w->context, &session));
	session = look_up(w, text);
	assert_int_equal(session.found.session.aal, 1);
}

static void what_is_not_live_is_not_written(void **state)
{
	static const char *const changes[] = {
		"UPDATE session SET held = 1",
		"UPDATE session SET state = 2",
		"UPDATE session SET idle_end = last_seen + 1",
		"UPDATE session SET expires_at = last_seen + 1, idle_end = last_seen + 1",
		"UPDATE user SET state = 2",
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		assert_int_equal(world_clean(state), 0);
		struct str text = begin(w, "alice");

		fixture_sql(changes[i]);
		w->context.now += CLOCK_HOUR;
		struct session session = look_up(w, text);
		uint64_t before = guard_statements(w);
		assert_int_not_equal(session.standing, SESSION_LIVE);
		assert_int_not_equal(decide(w, "/a", &session).verdict, PROTECT_GRANTED);
		touch(w, &session);
		assert_int_equal(guard_statements(w), before);
	}
}

/* A change in between: the row is another one, and is left alone. */
static void a_row_that_changed_is_not_written(void **state)
{
	struct world *w = *state;
	struct str text = begin(w, "alice");

	w->context.now += 2 * CLOCK_MINUTE;
	struct session session = look_up(w, text);
	fixture_sql("UPDATE session SET epoch = epoch + 1");
	touch(w, &session);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM session WHERE last_seen <> "
					"auth_time"),
			 0);
	session = look_up(w, text);
	fixture_sql("DELETE FROM session");
	touch(w, &session);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM session"), 0);
}

/* SE-16, SE-17: ended, locked, or without the role: at the very next look. */
static void nothing_is_remembered(void **state)
{
	struct world *w = *state;
	struct id admin = fixture_add_user(w->fixture, "admin");

	world_give_role(w, admin, "admin");
	struct str text =
		text_of(sign_in(w, (struct client){.user = admin, .carrier = CARRIER_HANDLE}));
	struct session session = look_up(w, text);
	assert_int_equal(decide(w, "/role", &session).verdict, PROTECT_GRANTED);
	fixture_sql("UPDATE user SET grants = ''");
	session = look_up(w, text);
	assert_int_equal(decide(w, "/role", &session).verdict, PROTECT_FORBIDDEN);
	fixture_sql("UPDATE user SET state = 2");
	session = look_up(w, text);
	assert_int_equal(decide(w, "/a", &session).verdict, PROTECT_SIGN_IN);
	fixture_sql("UPDATE user SET state = 1");
	session = look_up(w, text);
	assert_int_equal(decide(w, "/a", &session).verdict, PROTECT_GRANTED);
	assert_ok(session_end(&w->context, &session));
	session = look_up(w, text);
	assert_int_equal(decide(w, "/a", &session).verdict, PROTECT_SIGN_IN);
}

#define COLUMNS_MAX 400
#define NAME_BYTES 65

struct column {
	char table[NAME_BYTES], name[NAME_BYTES];
};

static size_t all_columns(MYSQL *keeper, struct column *columns)
{
	size_t n = 0;

	assert_int_equal(
		mysql_query(keeper,
			    "SELECT c.table_name, c.column_name "
			    "FROM information_schema.columns c "
			    "JOIN information_schema.tables t USING (table_schema, table_name) "
			    "WHERE c.table_schema = DATABASE() AND t.table_type = 'BASE TABLE' "
			    "ORDER BY 1, c.ordinal_position"),
		0);
	MYSQL_RES *rows = mysql_store_result(keeper);
	assert_non_null(rows);
	for (MYSQL_ROW row; (row = mysql_fetch_row(rows)) != NULL; n++) {
		assert_true(n < COLUMNS_MAX);
		(void)snprintf(columns[n].table, NAME_BYTES, "%s", row[0]);
		(void)snprintf(columns[n].name, NAME_BYTES, "%s", row[1]);
	}
	mysql_free_result(rows);
	return n;
}

/* Whether the server lets it through; what is refused for another reason is a broken test. */
static bool may(MYSQL *mysql, const char *sql)
{
	int failed = mysql_query(mysql, sql);
	unsigned number = mysql_errno(mysql);

	mysql_free_result(mysql_store_result(mysql));
	if (failed != 0 && number != 1142 && number != 1143)
		fail_msg("%s: %u %s", sql, number, mysql_error(mysql));
	return failed == 0;
}

static bool is_listed(const char *const *list, size_t n, const struct column *column)
{
	char text[2 * NAME_BYTES];

	(void)snprintf(text, sizeof text, "%s.%s", column->table, column->name);
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i], text) == 0)
			return true;
	return false;
}

/* ST-03: every column of every table there is, also of those that come later. */
static void the_server_refuses_all_else(void **state)
{
	static const char *const writable[] = {"session.last_seen", "session.idle_end"};
	static const char *const readable[] = {
		"schema_migration.version", "user.id", "user.username", "user.email",
		"user.display_name", "user.state", "user.grants", "user.language", "user.factors",
		"membership.user_id", "membership.tenant_id", "membership.grants", "tenant.id",
		"tenant.name",
		/* Keys of access tokens; seed is sealed. */
		"signing_key.kid", "signing_key.state", "signing_key.alg", "signing_key.public_key",
		"signing_key.root", "signing_key.seed", "signing_key.made_at",
		"signing_key.active_at", "signing_key.retiring_at", "signing_key.gone_at"};
	static struct column columns[COLUMNS_MAX];
	struct world *w = *state;
	MYSQL *keeper = fixture_raw(&w->config, DB_ROLE_COUNT);
	MYSQL *guard = fixture_raw(&w->config, DB_ROLE_GUARD);
	size_t n = all_columns(keeper, columns);
	size_t written = 0, read = 0, sessions = 0;
	char sql[512];

	assert_true(n > 100);
	for (size_t i = 0; i < n; i++) {
		const struct column *c = &columns[i];
		bool of_session = strcmp(c->table, "session") == 0;

		(void)snprintf(sql, sizeof sql, "UPDATE `%.64s` SET `%.64s` = `%.64s` WHERE 1 = 0",
			       c->table, c->name, c->name);
		if (!of_session) /* where it cannot read, that alone would be refused */
			(void)snprintf(sql, sizeof sql,
				       "UPDATE `%.64s` SET `%.64s` = '1' WHERE 1 = 0", c->table,
				       c->name);
		if (may(guard, sql) != is_listed(writable, 2, c))
			fail_msg("%s", sql);
		written += is_listed(writable, 2, c);
		(void)snprintf(sql, sizeof sql, "SELECT `%.64s` FROM `%.64s` LIMIT 1", c->name,
			       c->table);
		bool reads =
			of_session || is_listed(readable, sizeof readable / sizeof readable[0], c);
		if (may(guard, sql) != reads)
			fail_msg("%s", sql);
		read += is_listed(readable, sizeof readable / sizeof readable[0], c);
		sessions += of_session;
		(void)snprintf(sql, sizeof sql, "INSERT INTO `%.64s` (`%.64s`) VALUES ('1')",
			       c->table, c->name);
		assert_false(may(guard, sql));
		(void)snprintf(sql, sizeof sql, "DELETE FROM `%.64s` WHERE 1 = 0", c->table);
		assert_false(may(guard, sql));
		(void)snprintf(sql, sizeof sql, "DROP TABLE `%.64s`", c->table);
		assert_false(may(guard, sql));
	}
	assert_int_equal(written, 2);
	assert_int_equal(read, sizeof readable / sizeof readable[0]);
	assert_true(sessions > 20);
	mysql_close(guard);
	mysql_close(keeper);
}

/* IN-25: nothing is known, nothing is granted, and the session is as it was. */
static void without_a_server_nobody_is_known(void **state)
{
	struct world *w = *state;
	struct str text = begin(w, "alice");
	struct session session = look_up(w, text);

	assert_int_equal(session.standing, SESSION_LIVE);
	w->context.now += 2 * CLOCK_MINUTE;
	fixture_server("kill");
	struct session lost;
	assert_int_equal(try_look_up(w, text, &lost), ERR_UNAVAILABLE);
	assert_int_equal(lost.standing, SESSION_UNKNOWN);
	assert_int_not_equal(decide(w, "/a", &lost).verdict, PROTECT_GRANTED);
	struct auth_context context = guard_of(w);
	struct session before = session;
	assert_int_not_equal(session_touch_guarded(&context, &session), OK);
	assert_memory_equal(&session, &before, sizeof session);
	fixture_server("restart");
	session = look_up(w, text);
	assert_int_equal(session.standing, SESSION_LIVE);
	assert_int_equal(session.found.session.last_seen, WORLD_START);
}

#define TEST(name) cmocka_unit_test_setup(name, world_clean)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_decision_is_one_statement),
		TEST(last_seen_is_written_once_a_minute),
		TEST(guarded_requests_keep_a_session_alive),
		TEST(an_elevated_user_idles_out_sooner),
		TEST(a_second_factor_that_lapsed_stays_lapsed),
		TEST(what_is_not_live_is_not_written),
		TEST(a_row_that_changed_is_not_written),
		TEST(nothing_is_remembered),
		TEST(the_server_refuses_all_else),
		TEST(without_a_server_nobody_is_known),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
