/* A person's own activity: whose events, in what order, and what of them is left out. */
#include "auth_world.h"

#include "activity.h"
#include "stmt.h"

#define NAUGHTY "<script>alert(1)</script>"

struct event {
	const char *name;
	const char *detail;
	struct id user, actor, session;
	bool by_command;
};

static void record(struct world *w, int64_t at, struct event event)
{
	struct audit_row row = {
		.at = at,
		.id = id_random(),
		.event = str_of(event.name),
		.outcome = STR("ok"),
		.user_id = event.user,
		.actor_id = event.actor,
		.session_id = event.session,
		.request_id = event.by_command ? ID_NONE : id_random(),
		.source = event.by_command ? STR("") : STR("192.0.2.7"),
		.detail = str_of(event.detail),
	};

	assert_ok(audit_store_insert(w->db, &row));
}

static struct activity_list list_of(struct world *w, struct id user, struct page_cursor from)
{
	struct activity_list list;

	assert_ok(activity_list(&w->context, &user, &from, &list));
	return list;
}

static struct activity_item only(struct world *w, struct id user)
{
	struct activity_list list = list_of(w, user, (struct page_cursor){.limit = 100});

	assert_int_equal(list.n, 1);
	assert_false(list.more);
	fixture_sql("DELETE FROM audit_event");
	return list.items[0];
}

/* AZ-02: nobody's but one's own, newest first. */
static void nobody_elses(void **state)
{
	struct world *w = *state;
	struct id alice = fixture_add_user(w->fixture, "alice");
	struct id bob = fixture_add_user(w->fixture, "bob");
	struct activity_list list;

	record(w, T0, (struct event){"authn_login_success", "pwd", alice, ID_NONE, ID_NONE, false});
	record(w, T0 + 1, (struct event){"authn_login_fail", "x", bob, ID_NONE, ID_NONE, false});
	/* What an administrator did to somebody else is about that one. */
	record(w, T0 + 2, (struct event){"authn_login_lock", "", bob, alice, ID_NONE, false});
	record(w, T0 + 3,
	       (struct event){"authn_login_fail", "x", ID_NONE, ID_NONE, ID_NONE, false});
	record(w, T0 + 4, (struct event){"session_ended", "", alice, ID_NONE, ID_NONE, false});
	list = list_of(w, alice, (struct page_cursor){.limit = 100});
	assert_int_equal(list.n, 2);
	assert_str(list.items[0].event, "session_ended");
	assert_str(list.items[1].event, "authn_login_success");
	assert_str(list.items[1].detail, "pwd");
	assert_str(list.items[1].source, "192.0.2.7");
	assert_int_equal(list_of(w, id_random(), (struct page_cursor){.limit = 100}).n, 0);
}

/* LG-02: no administrator's id, address or reason, no hashed name, no service's name. */
static void what_is_internal_is_left_out(void **state)
{
	struct world *w = *state;
	struct id alice = fixture_add_user(w->fixture, "alice");
	struct id admin = fixture_add_user(w->fixture, "admin");
	const struct {
		struct event event;
		enum activity_by by;
		const char *detail; /* NULL: none */
		bool source;
	} cases[] = {
		{{"authn_login_fail", "0123456789abcdef", alice, ID_NONE, ID_NONE, false},
		 ACTIVITY_BY_PERSON,
		 NULL,
		 true},
		{{"authn_login_lock", "she is on holiday", alice, admin, ID_NONE, false},
		 ACTIVITY_BY_ADMINISTRATOR,
		 NULL,
		 false},
		{{"authz_change", "+editor @acme: asked for by the owner", alice, admin, ID_NONE,
		  false},
		 ACTIVITY_BY_ADMINISTRATOR,
		 "+editor @acme",
		 false},
		{{"authz_change", "+editor", alice, ID_NONE, ID_NONE, true},
		 ACTIVITY_BY_OPERATOR,
		 "+editor",
		 false},
		{{"authn_password_change", "", alice, alice, ID_NONE, false},
		 ACTIVITY_BY_PERSON,
		 NULL,
		 true},
		{{"session_held", "by library: a book is overdue", alice, ID_NONE, ID_NONE, false},
		 ACTIVITY_BY_SERVICE,
		 NULL,
		 false},
		{{"handover_taken", "by a browser", alice, ID_NONE, ID_NONE, false},
		 ACTIVITY_BY_PERSON,
		 NULL,
		 true},
		{{"user_created", "imported, bcrypt", alice, ID_NONE, ID_NONE, true},
		 ACTIVITY_BY_OPERATOR,
		 NULL,
		 false},
		{{"of_a_newer_version", NAUGHTY, alice, ID_NONE, ID_NONE, false},
		 ACTIVITY_BY_PERSON,
		 NULL,
		 true},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct activity_item item;

		record(w, T0, cases[i].event);
		item = only(w, alice);
		assert_str(item.event, cases[i].event.name);
		assert_int_equal(item.by, cases[i].by);
		assert_int_equal(str_is_present(item.source), cases[i].source);
		assert_int_equal(str_is_present(item.detail), cases[i].detail != NULL);
		if (cases[i].detail != NULL)
			assert_str(item.detail, cases[i].detail);
	}
}

static void live_sessions_are_told_from_ended_ones(void **state)
{
	struct world *w = *state;
	struct id alice = fixture_add_user(w->fixture, "alice");
	struct client c = {.user = alice, .carrier = CARRIER_HANDLE, .device = "telephone"};
	struct session_issued issued = sign_in(w, c);
	struct id session = issued.session.found.session.id;
	struct activity_item item;

	fixture_sql("DELETE FROM audit_event");
	record(w, T0, (struct event){"session_created", "native", alice, ID_NONE, session, false});
	item = only(w, alice);
	assert_non_null(item.session);
	assert_str(item.session->device_name, "telephone");
	fixture_sql("DELETE FROM session");
	record(w, T0, (struct event){"session_created", "native", alice, ID_NONE, session, false});
	item = only(w, alice);
	assert_null(item.session);
	assert_true(id_equal(item.session_id, session));
}

/* Each once, also where times are equal; the limit holds. */
static void pages_follow_each_other(void **state)
{
	struct world *w = *state;
	struct id alice = fixture_add_user(w->fixture, "alice");
	struct page_cursor from = {.limit = 7};
	struct activity_list list = {.more = true};
	size_t seen = 0;
	int64_t last = INT64_MAX;

	for (int64_t i = 0; i < 40; i++)
		record(w, T0 + i / 5,
		       (struct event){"session_renewed", "native", alice, ID_NONE, ID_NONE, false});
	for (unsigned pages = 0; list.more; pages++) {
		assert_true(pages < 6);
		list = list_of(w, alice, from);
		assert_int_equal(list.n, pages < 5 ? 7 : 5);
		for (size_t i = 0; i < list.n; i++) {
			assert_true(list.items[i].at <= last);
			last = list.items[i].at;
		}
		seen += list.n;
		from = list.next;
	}
	assert_int_equal(seen, 40);
	from = (struct page_cursor){.limit = 0};
	assert_int_equal(activity_list(&w->context, &alice, &from, &list), ERR_INPUT);
	from.limit = 101;
	assert_int_equal(activity_list(&w->context, &alice, &from, &list), ERR_INPUT);
	from.limit = 100;
	assert_int_equal(activity_list(&w->context, &ID_NONE, &from, &list), ERR_INPUT);
}

/* Replaces the statement's question marks by numbers that may stand for anything. */
static void explained(char out[4096])
{
	static const char *const values[] = {"UNHEX(REPEAT('7',32))",
					     "0",
					     "9000000000000000",
					     "9000000000000000",
					     "REPEAT(CHAR(255),16)",
					     "''",
					     "''",
					     "51"};
	const char *sql = stmt_def(STMT_AUDIT_LIST_OF_USER)->sql;
	size_t n = (size_t)sprintf(out, "EXPLAIN ");
	size_t value = 0;

	for (; *sql != '\0'; sql++) {
		if (*sql != '?') {
			out[n++] = *sql;
			continue;
		}
		assert_true(value < sizeof values / sizeof values[0]);
		n += (size_t)sprintf(out + n, "%s", values[value++]);
	}
	out[n] = '\0';
	assert_int_equal(value, sizeof values / sizeof values[0]);
}

/* Among many people's events one's own are found by the index, in its order: nothing is sorted. */
static void the_index_is_used(void **state)
{
	struct world *w = *state;
	MYSQL *mysql = fixture_raw(&w->config, DB_ROLE_COUNT);
	char sql[4096];
	MYSQL_RES *result = NULL;
	MYSQL_ROW row = NULL;

	fixture_sql("INSERT INTO audit_event (at, id, event, outcome, user_id) "
		    "SELECT seq, UNHEX(MD5(seq)), 'session_created', 'ok', "
		    "UNHEX(MD5(seq % 1000)) FROM seq_1_to_20000");
	fixture_sql("ANALYZE TABLE audit_event");
	explained(sql);
	assert_int_equal(mysql_select_db(mysql, w->config.database.name.p), 0);
	assert_int_equal(mysql_query(mysql, sql), 0);
	result = mysql_store_result(mysql);
	assert_non_null(result);
	row = mysql_fetch_row(result);
	assert_non_null(row);
	assert_string_equal(row[2], "e");
	assert_non_null(row[5]);
	assert_string_equal(row[5], "audit_user");
	assert_null(strstr(row[9] != NULL ? row[9] : "", "filesort"));
	row = mysql_fetch_row(result);
	assert_non_null(row);
	assert_string_equal(row[2], "u");
	assert_string_equal(row[5], "PRIMARY");
	mysql_free_result(result);
	mysql_close(mysql);
}

#define TEST(name) cmocka_unit_test_setup(name, world_clean)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nobody_elses),
		TEST(what_is_internal_is_left_out),
		TEST(live_sessions_are_told_from_ended_ones),
		TEST(pages_follow_each_other),
		TEST(the_index_is_used),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
