/* Flows and their counters in the database. */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "flow_promotion_store.h"
#include "flow_rule.h"
#include "flow_store.h"

static struct flow_row row_of(struct id owner, const char *kind)
{
	return (struct flow_row){
		.id = id_random(),
		.owner_id = owner,
		.owner_kind = FLOW_OWNER_USER,
		.scope = FLOW_SCOPE_USER,
		.kind = str_of(kind),
		.step = STR("start"),
		.return_to = STR(""),
		.data = STR("{}"),
		.facts = STR("{}"),
		.version = 1,
		.created_at = T0,
		.updated_at = T0,
		.expires_at = T0 + CLOCK_HOUR,
	};
}

static void insert(struct fixture *fixture, struct flow_row row)
{
	assert_ok(flow_store_insert(fixture->web, &row));
}

static struct flow_lines list(struct fixture *fixture, struct flow_reach reach, int64_t now)
{
	struct flow_lines lines;

	assert_ok(flow_store_list(fixture->web, fixture->arena, &reach, now, &lines));
	return lines;
}

static struct flow_lines find(struct fixture *fixture, struct flow_reach reach, const char *kind,
			      int64_t now)
{
	struct flow_search search = {.reach = &reach, .kind = str_of(kind), .now = now};
	struct flow_lines lines;

	assert_ok(flow_store_find(fixture->web, fixture->arena, &search, &lines));
	return lines;
}

static void check_row(const struct flow_row *a, const struct flow_row *b)
{
	assert_true(id_equal(a->id, b->id));
	assert_true(id_equal(a->owner_id, b->owner_id));
	assert_int_equal(a->owner_kind, b->owner_kind);
	assert_int_equal(a->scope, b->scope);
	assert_true(str_equal(a->kind, b->kind));
	assert_true(str_equal(a->step, b->step));
	assert_true(str_equal(a->return_to, b->return_to));
	assert_true(str_equal(a->data, b->data));
	assert_true(str_equal(a->facts, b->facts));
	assert_int_equal(a->from_guest, b->from_guest);
	assert_int_equal(a->version, b->version);
	assert_int_equal(a->created_at, b->created_at);
	assert_int_equal(a->updated_at, b->updated_at);
	assert_int_equal(a->expires_at, b->expires_at);
}

static struct str text_of_size(struct arena *arena, size_t n, char open, char close)
{
	char *p = arena_alloc(arena, n + 1);

	assert_non_null(p);
	memset(p, 'x', n);
	p[0] = open;
	p[n - 1] = close;
	return (struct str){p, n};
}

/* All columns come back, the longest too. */
static void test_all_columns(void **state)
{
	struct fixture *fixture = *state;
	struct flow_reach reach = {.user_id = id_random(), .session_id = id_random()};
	struct flow_row row = {
		.id = id_random(),
		.owner_id = reach.session_id,
		.owner_kind = FLOW_OWNER_SESSION,
		.scope = FLOW_SCOPE_SESSION,
		.kind = text_of_size(fixture->arena, FLOW_NAME_MAX, 'k', 'k'),
		.step = text_of_size(fixture->arena, FLOW_NAME_MAX, 's', 's'),
		.return_to = text_of_size(fixture->arena, 2048, '/', '/'),
		.data = text_of_size(fixture->arena, 16384, '{', '}'),
		.facts = text_of_size(fixture->arena, 16384, '[', ']'),
		.from_guest = true,
		.version = 7,
		.created_at = T0 - 3,
		.updated_at = T0 - 2,
		.expires_at = T0 + 1,
	};
	struct flow_lines lines;

	insert(fixture, row);
	lines = list(fixture, reach, T0);
	assert_int_equal(lines.n, 1);
	assert_false(lines.first->is_count);
	assert_null(lines.first->next);
	check_row(&lines.first->flow, &row);
	lines = find(fixture, reach, row.kind.p, T0);
	assert_int_equal(lines.n, 1);
	check_row(&lines.first->flow, &row);
}

static void test_one_of_a_kind(void **state)
{
	struct fixture *fixture = *state;
	struct id owner = id_random();
	struct flow_row row = row_of(owner, "fund");

	insert(fixture, row);
	row.id = id_random();
	assert_int_equal(flow_store_insert(fixture->web, &row), ERR_CONFLICT);
	insert(fixture, row_of(owner, "fun"));
	insert(fixture, row_of(owner, "Fund"));
	insert(fixture, row_of(id_random(), "fund"));
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM flow"), 4);
}

static void count(struct fixture *fixture, struct flow_count_row row)
{
	struct flow_take take = {
		.row = &row,
		.now = row.last_at,
		.attempts = 100,
		.reset = row.purge_at - row.last_at,
	};
	bool taken = false;

	assert_ok(flow_count_store_ensure(fixture->web, &row));
	assert_ok(flow_count_store_take(fixture->web, &take, &taken));
	assert_true(taken);
}

/* Of the user and of this very session, those that run; counters of these, the user's alone. */
static void test_list(void **state)
{
	struct fixture *fixture = *state;
	struct flow_reach reach = {.user_id = id_random(), .session_id = id_random()};
	struct flow_reach guest = {.session_id = reach.session_id};
	struct flow_row rows[5] = {
		row_of(reach.user_id, "a"),    row_of(reach.session_id, "b"),
		row_of(reach.user_id, "c"),    row_of(reach.user_id, "over"),
		row_of(id_random(), "others"),
	};
	struct flow_count_row counts[5] = {
		{reach.user_id, STR("a"), STR("runs"), 1, 0, T0 - 5, T0 + 5},
		{reach.user_id, STR("a"), STR("day"), 1, 0, T0 - 5, T0 - CLOCK_DAY + 1},
		{reach.user_id, STR("a"), STR("old"), 1, 0, T0 - 5, T0 - CLOCK_DAY},
		{reach.session_id, STR("b"), STR("guests"), 1, 0, T0 - 5, T0 + 5},
		{reach.user_id, STR("over"), STR("runs"), 1, 0, T0 - 5, T0 + 5},
	};
	const struct flow_line *line = NULL;
	struct flow_lines lines;
	size_t counted = 0;

	rows[0].updated_at = T0 - 2;
	rows[1].updated_at = T0 - 1;
	rows[2].updated_at = T0 - 3;
	rows[3].expires_at = T0;
	for (size_t i = 0; i < 5; i++)
		insert(fixture, rows[i]);
	for (size_t i = 0; i < 5; i++)
		count(fixture, counts[i]);
	lines = list(fixture, reach, T0);
	assert_int_equal(lines.n, 5);
	for (line = lines.first; line->is_count; line = line->next) {
		counted++;
		assert_true(id_is_none(line->flow.id));
		assert_true(id_equal(line->count.owner_id, reach.user_id));
		assert_str(line->count.kind, "a");
		assert_true(str_equal(line->count.name, STR("runs")) ||
			    str_equal(line->count.name, STR("day")));
		assert_int_equal(line->count.taken, 1);
		assert_int_equal(line->count.started_at, T0 - 5);
		assert_int_equal(line->count.last_at, T0 - 5);
	}
	assert_int_equal(counted, 2);
	check_row(&line->flow, &rows[1]);
	line = line->next;
	check_row(&line->flow, &rows[0]);
	line = line->next;
	check_row(&line->flow, &rows[2]);
	assert_null(line->next);
	lines = list(fixture, guest, T0);
	assert_int_equal(lines.n, 2);
	assert_str(lines.first->count.name, "guests");
	assert_int_equal(lines.first->count.purge_at, T0 + 5);
	check_row(&lines.first->next->flow, &rows[1]);
}

/* However many there came to be: their counters, and the flows that changed last. */
static void test_list_is_bounded(void **state)
{
	struct fixture *fixture = *state;
	struct flow_reach reach = {.user_id = id_random(), .session_id = id_random()};
	struct flow_lines lines;
	char kind[32];

	assert_ok(db_begin(fixture->web));
	for (int i = 0; i < FLOW_LINES_MAX + 10; i++) {
		snprintf(kind, sizeof kind, "kind-%d", i);
		struct flow_row row = row_of(reach.user_id, kind);
		row.updated_at = T0 + i;
		insert(fixture, row);
	}
	assert_ok(db_commit(fixture->web));
	count(fixture,
	      (struct flow_count_row){reach.user_id, STR("kind-99"), STR("otp"), 1, 0, T0, T0 + 9});
	lines = list(fixture, reach, T0);
	assert_int_equal(lines.n, FLOW_LINES_MAX);
	assert_true(lines.first->is_count);
	assert_int_equal(lines.first->next->flow.updated_at, T0 + FLOW_LINES_MAX + 9);
}

/* Of one kind, what is over too. */
static void test_find(void **state)
{
	struct fixture *fixture = *state;
	struct flow_reach reach = {.user_id = id_random(), .session_id = id_random()};
	struct flow_row mine = row_of(reach.user_id, "fund");
	struct flow_row guests = row_of(reach.session_id, "fund");
	struct flow_lines lines;
	size_t flows = 0;

	mine.expires_at = T0 - CLOCK_DAY;
	insert(fixture, mine);
	insert(fixture, guests);
	insert(fixture, row_of(reach.user_id, "other"));
	insert(fixture, row_of(id_random(), "fund"));
	count(fixture,
	      (struct flow_count_row){reach.user_id, STR("fund"), STR("otp"), 1, 0, T0, T0 + 9});
	count(fixture,
	      (struct flow_count_row){reach.user_id, STR("other"), STR("otp"), 1, 0, T0, T0 + 9});
	count(fixture,
	      (struct flow_count_row){reach.session_id, STR("fund"), STR("otp"), 1, 0, T0, T0 + 9});
	lines = find(fixture, reach, "fund", T0);
	assert_int_equal(lines.n, 3);
	for (const struct flow_line *line = lines.first; line != NULL; line = line->next)
		flows += line->is_count ? 0 : 1;
	assert_int_equal(flows, 2);
	assert_int_equal(find(fixture, reach, "none", T0).n, 0);
	assert_null(find(fixture, reach, "none", T0).first);
}

/* From the version before, and only what a change may change. */
static void test_update(void **state)
{
	struct fixture *fixture = *state;
	struct flow_reach reach = {.user_id = id_random(), .session_id = id_random()};
	struct flow_row row = row_of(reach.user_id, "fund");
	struct flow_row then = row;
	bool won = false;

	insert(fixture, row);
	then.step = STR("kyc");
	then.return_to = STR("/x");
	then.data = STR("{\"a\":1}");
	then.facts = STR("{\"b\":2}");
	then.updated_at = T0 + 1;
	then.version = 2;
	assert_ok(flow_store_update(fixture->web, &then, &won));
	assert_true(won);
	check_row(&list(fixture, reach, T0).first->flow, &then);
	row.version = 2;
	assert_ok(flow_store_update(fixture->web, &row, &won));
	assert_false(won);
	row.version = 4;
	assert_ok(flow_store_update(fixture->web, &row, &won));
	assert_false(won);
	row.id = id_random();
	row.version = 3;
	assert_ok(flow_store_update(fixture->web, &row, &won));
	assert_false(won);
	check_row(&list(fixture, reach, T0).first->flow, &then);
	then.kind = STR("other");
	then.expires_at = T0 + CLOCK_DAY;
	then.version = 3;
	assert_ok(flow_store_update(fixture->web, &then, &won));
	assert_true(won);
	assert_str(list(fixture, reach, T0).first->flow.kind, "fund");
	assert_int_equal(list(fixture, reach, T0).first->flow.expires_at, T0 + CLOCK_HOUR);
}

static void test_delete(void **state)
{
	struct fixture *fixture = *state;
	struct flow_row row = row_of(id_random(), "fund");
	bool deleted = false;

	insert(fixture, row);
	insert(fixture, row_of(row.owner_id, "other"));
	assert_ok(flow_store_delete(fixture->web, &row.id, &deleted));
	assert_true(deleted);
	assert_ok(flow_store_delete(fixture->web, &row.id, &deleted));
	assert_false(deleted);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM flow WHERE kind = 'other'"), 1);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM flow"), 1);
}

/* What runs of a user and of all of the user's sessions; of a guest, of the session alone. */
static void test_usage(void **state)
{
	struct fixture *fixture = *state;
	struct id alice = fixture_add_user(fixture, "alice");
	struct id bob = fixture_add_user(fixture, "bob");
	struct session_row first = fixture_add_session(fixture, alice);
	struct session_row second = fixture_add_session(fixture, alice);
	struct session_row others = fixture_add_session(fixture, bob);
	struct session_row guest = fixture_add_session(fixture, ID_NONE);
	struct flow_reach reach = {.user_id = alice, .session_id = first.id};
	struct id owners[] = {alice, first.id, second.id, others.id, bob, guest.id};
	struct flow_row row;
	struct flow_usage usage;

	for (size_t i = 0; i < sizeof owners / sizeof owners[0]; i++) {
		row = row_of(owners[i], "fund");
		row.data = STR("{\"a\":\"\xc3\xa9\"}");
		insert(fixture, row);
		row = row_of(owners[i], "over");
		row.data = STR("{\"a\":\"over\"}");
		row.expires_at = T0;
		insert(fixture, row);
	}
	row = row_of(alice, "mine");
	row.data = STR("{\"b\":12}");
	insert(fixture, row);
	assert_ok(flow_store_usage(fixture->web, &reach, &ID_NONE, T0, &usage));
	assert_int_equal(usage.flows, 4);
	assert_int_equal(usage.bytes, 3 * 10 + 8);
	assert_ok(flow_store_usage(fixture->web, &reach, &row.id, T0, &usage));
	assert_int_equal(usage.flows, 3);
	assert_int_equal(usage.bytes, 3 * 10);
	reach = (struct flow_reach){.session_id = guest.id};
	assert_ok(flow_store_usage(fixture->web, &reach, &ID_NONE, T0, &usage));
	assert_int_equal(usage.flows, 1);
	assert_int_equal(usage.bytes, 10);
	reach = (struct flow_reach){.session_id = id_random()};
	assert_ok(flow_store_usage(fixture->web, &reach, &ID_NONE, T0, &usage));
	assert_int_equal(usage.flows, 0);
	assert_int_equal(usage.bytes, 0);
}

/* Only a session that is nobody's, and it is locked until the end of the transaction. */
static void test_hold_guest(void **state)
{
	struct fixture *fixture = *state;
	struct db *other = fixture_db(&fixture->config, DB_ROLE_WEB);
	struct session_row users = fixture_add_session(fixture, fixture_add_user(fixture, "alice"));
	struct session_row guest = fixture_add_session(fixture, ID_NONE);
	struct id unknown = id_random();
	bool found = true;

	assert_ok(flow_store_hold_guest(fixture->web, &users.id, &found));
	assert_false(found);
	assert_ok(flow_store_hold_guest(fixture->web, &unknown, &found));
	assert_false(found);
	fixture_sql("SET GLOBAL innodb_lock_wait_timeout = 1");
	assert_ok(db_begin(fixture->web));
	assert_ok(flow_store_hold_guest(fixture->web, &guest.id, &found));
	assert_true(found);
	assert_ok(db_begin(other));
	assert_int_not_equal(flow_store_hold_guest(other, &guest.id, &found), OK);
	db_rollback(other);
	assert_ok(db_commit(fixture->web));
	assert_ok(db_begin(other));
	assert_ok(flow_store_hold_guest(other, &guest.id, &found));
	assert_true(found);
	assert_ok(db_commit(other));
	fixture_sql("SET GLOBAL innodb_lock_wait_timeout = 50");
	db_close(&other);
}

static struct flow_count_row only_count(struct fixture *fixture, struct id owner, int64_t now)
{
	struct flow_lines lines =
		find(fixture, (struct flow_reach){.session_id = owner}, "fund", now);

	assert_int_equal(lines.n, 1);
	assert_true(lines.first->is_count);
	return lines.first->count;
}

static void test_ensure(void **state)
{
	struct fixture *fixture = *state;
	struct flow_count_row row = {
		.owner_id = id_random(), .kind = STR("fund"), .name = STR("otp")};
	struct flow_take take = {.row = &row, .now = T0, .attempts = 2, .reset = CLOCK_HOUR};
	bool taken = true;

	/* Without a row nothing is granted. */
	assert_ok(flow_count_store_take(fixture->web, &take, &taken));
	assert_false(taken);
	assert_ok(flow_count_store_ensure(fixture->web, &row));
	assert_int_equal(fixture_number("SELECT taken + started_at + last_at + purge_at "
					"FROM flow_counter"),
			 0);
	assert_ok(flow_count_store_take(fixture->web, &take, &taken));
	assert_true(taken);
	assert_ok(flow_count_store_ensure(fixture->web, &row));
	row = only_count(fixture, row.owner_id, T0);
	assert_int_equal(row.taken, 1);
	assert_int_equal(row.started_at, T0);
	assert_int_equal(row.last_at, T0);
	assert_int_equal(row.purge_at, T0 + CLOCK_HOUR);
}

/* The statement grants what the rule says is left, at any times, the clock going back too.
 */
static void test_takes_as_the_rule_says(void **state)
{
	static const int64_t steps[] = {0,
					1,
					-1,
					CLOCK_SECOND,
					30 * CLOCK_SECOND - 1,
					30 * CLOCK_SECOND,
					-CLOCK_MINUTE,
					CLOCK_MINUTE,
					10 * CLOCK_MINUTE,
					15 * CLOCK_MINUTE - 1,
					15 * CLOCK_MINUTE};
	struct fixture *fixture = *state;
	unsigned short seed[3] = {7, 5, 5};

	for (unsigned round = 0; round < 6; round++) {
		struct flow_count_row row = {
			.owner_id = id_random(), .kind = STR("fund"), .name = STR("otp")};
		struct flow_counter_config counter = {
			.name = row.name,
			.attempts = 1 + round,
			.cooldown = round % 2 == 0 ? 0 : 30 * CLOCK_SECOND,
			.reset = 15 * CLOCK_MINUTE,
		};
		int64_t now = T0;

		assert_ok(flow_count_store_ensure(fixture->web, &row));
		for (unsigned i = 0; i < 80; i++) {
			struct flow_counter before;
			struct flow_counter after;
			struct flow_take take = {&row, now, counter.attempts, counter.cooldown,
						 counter.reset};
			bool taken = false;

			now += steps[(size_t)nrand48(seed) % (sizeof steps / sizeof steps[0])];
			take.now = now;
			before = flow_rule_left(&counter, &row, now);
			assert_ok(flow_count_store_take(fixture->web, &take, &taken));
			assert_int_equal(taken, before.left > 0 && before.retry_at == 0);
			if (taken)
				row = only_count(fixture, row.owner_id, now);
			after = flow_rule_left(&counter, &row, now);
			assert_int_equal(after.left, before.left - (taken ? 1 : 0));
		}
		arena_reset(fixture->arena);
	}
}

/* What is rolled back was never taken. */
static void test_two_connections(void **state)
{
	struct fixture *fixture = *state;
	struct db *other = fixture_db(&fixture->config, DB_ROLE_WEB);
	struct flow_count_row row = {
		.owner_id = id_random(), .kind = STR("fund"), .name = STR("otp")};
	struct flow_take take = {.row = &row, .now = T0, .attempts = 1, .reset = CLOCK_HOUR};
	bool taken = false;

	assert_ok(db_begin(fixture->web));
	assert_ok(flow_count_store_ensure(fixture->web, &row));
	assert_ok(flow_count_store_take(fixture->web, &take, &taken));
	assert_true(taken);
	db_rollback(fixture->web);
	assert_ok(flow_count_store_ensure(other, &row));
	assert_ok(flow_count_store_take(other, &take, &taken));
	assert_true(taken);
	assert_ok(flow_count_store_take(fixture->web, &take, &taken));
	assert_false(taken);
	db_close(&other);
}

/* A flow a day after its end, a counter a day after its window; in batches. */
static void test_purge(void **state)
{
	struct fixture *fixture = *state;
	struct id owner = id_random();
	struct flow_row row;
	uint64_t deleted = 0;

	for (int i = 0; i < 5; i++) {
		row = row_of(id_random(), "fund");
		row.expires_at = T0 - 2 + i;
		insert(fixture, row);
		count(fixture, (struct flow_count_row){id_random(), STR("fund"), STR("otp"), 1, 0,
						       T0 - 9, T0 - 2 + i});
	}
	assert_ok(flow_store_purge(fixture->web, T0 + 1, 2, &deleted));
	assert_int_equal(deleted, 2);
	assert_ok(flow_store_purge(fixture->web, T0 + 1, 2, &deleted));
	assert_int_equal(deleted, 1);
	assert_ok(flow_store_purge(fixture->web, T0 + 1, 2, &deleted));
	assert_int_equal(deleted, 0);
	assert_int_equal(fixture_number("SELECT MIN(expires_at) FROM flow"), T0 + 1);
	assert_ok(flow_count_store_purge(fixture->web, T0 + CLOCK_DAY - 2, 9, &deleted));
	assert_int_equal(deleted, 0);
	assert_ok(flow_count_store_purge(fixture->web, T0 + CLOCK_DAY + 1, 9, &deleted));
	assert_int_equal(deleted, 3);
	assert_int_equal(fixture_number("SELECT MIN(purge_at) FROM flow_counter"), T0 + 1);
	/* A row that only an attempt's transaction ensured goes too. */
	assert_ok(flow_count_store_ensure(
		fixture->web, &(struct flow_count_row){owner, STR("a"), STR("b"), 0, 0, 0, 0}));
	assert_ok(flow_count_store_purge(fixture->web, T0, 9, &deleted));
	assert_int_equal(deleted, 1);
}

#define TEST(name) cmocka_unit_test_setup(name, fixture_clean)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_all_columns),
		TEST(test_one_of_a_kind),
		TEST(test_list),
		TEST(test_list_is_bounded),
		TEST(test_find),
		TEST(test_update),
		TEST(test_delete),
		TEST(test_usage),
		TEST(test_hold_guest),
		TEST(test_ensure),
		TEST(test_takes_as_the_rule_says),
		TEST(test_two_connections),
		TEST(test_purge),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
