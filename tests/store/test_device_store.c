/* Rows of device: found again, with a key, trusted, and its user's alone. */
#include "fixture.h"

#include <string.h>

static struct device_row device_of(struct id user_id, int64_t last_seen)
{
	return (struct device_row){
		.id = id_random(),
		.user_id = user_id,
		.ref_hash = fixture_digest(),
		.kind = DEVICE_APP,
		.name = STR("Telefon Ali"),
		.created_at = T0,
		.last_seen = last_seen,
	};
}

static void test_device_is_found_again(void **state)
{
	struct fixture *fixture = *state;
	struct device_row row = device_of(id_random(), T0);
	struct device_known first = {.trusted_until = 1};
	struct device_known second = {.trusted_until = 1};

	assert_ok(device_store_ensure(fixture->web, &row, &first));
	assert_true(id_equal(first.id, row.id));
	assert_int_equal(first.trusted_until, 0);
	row.id = id_random();
	row.name = STR("inny");
	row.last_seen = T0 + 5;
	assert_ok(device_store_ensure(fixture->web, &row, &second));
	assert_true(id_equal(first.id, second.id));
	assert_int_equal(fixture_number("SELECT last_seen FROM device WHERE name = 'inny'"),
			 T0 + 5);
	row.id = id_random();
	row.user_id = id_random();
	assert_ok(device_store_ensure(fixture->web, &row, &second));
	assert_true(id_equal(second.id, row.id));
}

static bool device_is_there(struct fixture *fixture, const struct device_row *of,
			    struct device_row *got)
{
	bool found = false;

	assert_ok(device_store_find_by_id(fixture->web, fixture->arena, &of->user_id, &of->id, got,
					  &found));
	return found;
}

static struct device_row add_device(struct fixture *fixture, struct id user_id)
{
	struct device_row row = device_of(user_id, T0 + 1);
	struct device_known known;

	assert_ok(device_store_ensure(fixture->web, &row, &known));
	return row;
}

/* Its key and its trust are the user's own business: with another's id nothing is found or done. */
static void test_device_key_and_trust(void **state)
{
	struct fixture *fixture = *state;
	struct device_row row = add_device(fixture, id_random());
	struct device_row alien = row;
	struct device_row got;
	struct device_known known;

	alien.user_id = id_random();
	assert_false(device_is_there(fixture, &alien, &got));
	assert_true(device_is_there(fixture, &row, &got));
	assert_true(id_equal(got.user_id, row.user_id));
	assert_true(digest_equal(&got.ref_hash, &row.ref_hash));
	assert_int_equal(got.kind, DEVICE_APP);
	assert_str(got.name, "Telefon Ali");
	assert_int_equal(got.created_at, T0);
	assert_int_equal(got.last_seen, T0 + 1);
	assert_int_equal(got.trusted_until, 0);
	assert_int_equal(got.key_kind, DEVICE_KEY_NONE);
	assert_null(got.public_key.p);
	assert_int_equal(got.key_set_at, 0);
	alien.key_kind = row.key_kind = DEVICE_KEY_ED25519;
	alien.public_key = row.public_key = (struct str){"a\0key", 5};
	alien.key_set_at = row.key_set_at = T0 + 2;
	assert_ok(device_store_set_key(fixture->web, &alien));
	assert_ok(device_store_trust(fixture->web, &alien.user_id, &row.id, T0 + 9));
	assert_true(device_is_there(fixture, &row, &got));
	assert_int_equal(got.key_kind, DEVICE_KEY_NONE);
	assert_int_equal(got.trusted_until, 0);
	assert_ok(device_store_set_key(fixture->web, &row));
	assert_ok(device_store_trust(fixture->web, &row.user_id, &row.id, T0 + 9));
	assert_true(device_is_there(fixture, &row, &got));
	assert_int_equal(got.key_kind, DEVICE_KEY_ED25519);
	assert_true(str_equal(got.public_key, row.public_key));
	assert_int_equal(got.key_set_at, T0 + 2);
	assert_int_equal(got.trusted_until, T0 + 9);
	assert_ok(device_store_ensure(fixture->web, &row, &known));
	assert_true(id_equal(known.id, row.id));
	assert_int_equal(known.trusted_until, T0 + 9);
	assert_ok(device_store_trust(fixture->web, &row.user_id, &row.id, 0));
	assert_ok(device_store_ensure(fixture->web, &row, &known));
	assert_int_equal(known.trusted_until, 0);
}

static void test_device_disarm_and_delete(void **state)
{
	struct fixture *fixture = *state;
	struct id alice = id_random();
	struct id bob = id_random();
	struct device_row first = add_device(fixture, alice);
	struct device_row second = add_device(fixture, alice);
	struct device_row other = add_device(fixture, bob);
	struct device_row got;
	bool deleted = true;

	fixture_sql("UPDATE device SET key_kind = 1, public_key = 'k', key_set_at = 1, "
		    "trusted_until = 2");
	assert_ok(device_store_disarm(fixture->web, &alice));
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM device WHERE key_kind IS NULL AND "
					"public_key IS NULL AND key_set_at IS NULL AND "
					"trusted_until IS NULL"),
			 2);
	assert_true(device_is_there(fixture, &other, &got));
	assert_int_equal(got.key_kind, DEVICE_KEY_P256);
	assert_int_equal(got.trusted_until, 2);
	assert_ok(device_store_delete(fixture->web, &bob, &first.id, &deleted));
	assert_false(deleted);
	assert_ok(device_store_delete(fixture->web, &alice, &first.id, &deleted));
	assert_true(deleted);
	assert_ok(device_store_delete(fixture->web, &alice, &first.id, &deleted));
	assert_false(deleted);
	assert_false(device_is_there(fixture, &first, &got));
	assert_true(device_is_there(fixture, &second, &got));
}

/* Newest first; pages follow each other without a gap or a repetition. */
static void test_device_list_in_pages(void **state)
{
	enum { ROWS = 7, PAGE = 2 };
	struct fixture *fixture = *state;
	struct id alice = id_random();
	struct device_row page[PAGE];
	struct page_cursor cursor = {.limit = PAGE};
	struct device_known known;
	size_t seen = 0;
	size_t count = 0;

	(void)add_device(fixture, id_random());
	for (int i = 0; i < ROWS; i++) {
		struct device_row row = device_of(alice, T0 + i);

		row.created_at = T0 + i / 3;
		assert_ok(device_store_ensure(fixture->web, &row, &known));
	}
	do {
		assert_ok(device_store_list(fixture->web, fixture->arena, &alice, &cursor, page,
					    &count));
		for (size_t i = 0; i < count; i++) {
			bool later = page[i].created_at < cursor.at ||
				     (page[i].created_at == cursor.at &&
				      memcmp(&page[i].id, &cursor.id, sizeof cursor.id) < 0);

			assert_true(cursor.at == 0 || later);
			assert_true(id_equal(page[i].user_id, alice));
			cursor.at = page[i].created_at;
			cursor.id = page[i].id;
		}
		seen += count;
	} while (count == PAGE);
	assert_int_equal(seen, ROWS);
	cursor.limit = 0;
	assert_int_equal(
		device_store_list(fixture->web, fixture->arena, &alice, &cursor, page, &count),
		ERR_INTERNAL);
}

/* ST-08: a device with a session stays, however old. */
static void test_device_purge(void **state)
{
	struct fixture *fixture = *state;
	struct session_row session = fixture_session(id_random());
	struct device_known known = {.trusted_until = 1};
	uint64_t deleted = 9;

	for (int i = 0; i < 4; i++) {
		struct device_row row = device_of(session.user_id, T0 + i);

		assert_ok(device_store_ensure(fixture->web, &row, &known));
		if (i == 0)
			session.device_id = known.id;
	}
	assert_ok(session_store_insert(fixture->web, &session));
	assert_ok(device_store_purge(fixture->web, T0 + 3, 1, &deleted));
	assert_int_equal(deleted, 1);
	assert_ok(device_store_purge(fixture->web, T0 + 3, 10, &deleted));
	assert_int_equal(deleted, 1);
	assert_ok(device_store_purge(fixture->web, T0 + 3, 10, &deleted));
	assert_int_equal(deleted, 0);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM device"), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_device_is_found_again, fixture_clean),
		cmocka_unit_test_setup(test_device_key_and_trust, fixture_clean),
		cmocka_unit_test_setup(test_device_disarm_and_delete, fixture_clean),
		cmocka_unit_test_setup(test_device_list_in_pages, fixture_clean),
		cmocka_unit_test_setup(test_device_purge, fixture_clean),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
