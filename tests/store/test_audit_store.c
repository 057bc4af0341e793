/* Reading audit_event: pages in both directions, with times that are equal. */
#include "fixture.h"

#include <string.h>

#define ROWS 20
#define PAGE 3

static struct id add(struct fixture *fixture, int64_t at, struct id user)
{
	struct audit_row row = {
		.at = at,
		.id = id_random(),
		.event = STR("session_created"),
		.outcome = STR("ok"),
		.user_id = user,
		.source = STR("192.0.2.1"),
		.detail = STR("native"),
	};

	assert_ok(audit_store_insert(fixture->web, &row));
	return row.id;
}

static bool is_before(const struct audit_row *a, const struct audit_row *b)
{
	return a->at != b->at ? a->at < b->at : memcmp(a->id.b, b->id.b, ID_BYTES) < 0;
}

/* Four rows share each time. */
static void test_pages_miss_nothing_and_repeat_nothing(void **state)
{
	struct fixture *fixture = *state;
	struct audit_row rows[PAGE];
	struct audit_page page = {.rows = rows};
	struct audit_query down = {.from = {.limit = PAGE}};
	struct page_cursor up = {.at = T0, .limit = PAGE};
	struct audit_row last = {.at = INT64_MAX};
	size_t n = 0;

	for (int64_t i = 0; i < ROWS; i++)
		(void)add(fixture, T0 + i / 4, ID_NONE);
	do {
		assert_ok(audit_store_list(fixture->web, fixture->arena, &down, &page));
		for (size_t i = 0; i < page.n; i++, n++) {
			assert_true(is_before(&rows[i], &last));
			last = rows[i];
		}
		down.from.at = last.at;
		down.from.id = last.id;
	} while (page.n == PAGE);
	assert_int_equal(n, ROWS);
	last = (struct audit_row){.at = 0};
	for (n = 0, page.n = PAGE; page.n == PAGE;) {
		assert_ok(audit_store_follow(fixture->web, fixture->arena, &up, &page));
		for (size_t i = 0; i < page.n; i++, n++) {
			assert_true(is_before(&last, &rows[i]));
			last = rows[i];
		}
		up.at = last.at;
		up.id = last.id;
	}
	assert_int_equal(n, ROWS);
}

static void test_every_member_comes_back_with_the_name(void **state)
{
	struct fixture *fixture = *state;
	struct id alice = fixture_add_user(fixture, "alice");
	struct audit_row row = {.at = 0};
	struct audit_page page = {.rows = &row};
	struct audit_query query = {.user_id = alice, .from = {.limit = 1}};
	struct id id = add(fixture, T0, alice);

	(void)add(fixture, T0 + 1, id_random());
	assert_ok(audit_store_list(fixture->web, fixture->arena, &query, &page));
	assert_int_equal(page.n, 1);
	assert_int_equal(row.at, T0);
	assert_true(id_equal(row.id, id));
	assert_true(id_equal(row.user_id, alice));
	assert_true(id_is_none(row.actor_id));
	assert_str(row.event, "session_created");
	assert_str(row.outcome, "ok");
	assert_str(row.source, "192.0.2.1");
	assert_str(row.detail, "native");
	assert_str(row.username, "alice");
	query.event = STR("session_ended");
	assert_ok(audit_store_list(fixture->web, fixture->arena, &query, &page));
	assert_int_equal(page.n, 0);
	query.event = STR_NONE;
	query.since = T0 + 1;
	assert_ok(audit_store_list(fixture->web, fixture->arena, &query, &page));
	assert_int_equal(page.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_pages_miss_nothing_and_repeat_nothing, fixture_clean),
		cmocka_unit_test_setup(test_every_member_comes_back_with_the_name, fixture_clean),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
