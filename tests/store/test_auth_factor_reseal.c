/* MF-01: secrets of second factors go under the newest root, and a restore lets none count twice.
 */
#include "auth_world.h"

#include "factor_reseal.h"
#include "factor_seal.h"
#include "restore.h"
#include "seal.h"
#include "totp_code.h"

#define USERS 450

static struct secret secret_of(const char *text)
{
	return keyring_part(text, strlen(text));
}

static void give(struct world *w, const struct keyring *keys, struct id user)
{
	struct recovery_row set = {.user_id = user, .id = id_random(), .made_at = w->context.now};
	struct totp_confirmation confirmation = {.user_id = user, .step = 1, .now = 1};
	bool done = false;

	assert_ok(factor_seal_totp(w->context.arena, keys, &user, secret_of("twenty octets of one"),
				   &confirmation.next));
	assert_ok(totp_store_offer(w->db, &user, &confirmation.next, w->context.now));
	assert_ok(totp_store_confirm(w->db, &confirmation, &done));
	assert_true(done);
	assert_ok(factor_seal_recovery(w->context.arena, keys, &user, secret_of("ten digests"),
				       &set.digests));
	assert_ok(recovery_store_put(w->db, &set));
}

static void check(struct world *w, const struct keyring *keys, struct id user, uint32_t root)
{
	struct totp_row totp;
	struct recovery_row set;
	struct secret plain;
	bool found = false;

	assert_ok(totp_store_find(w->db, w->context.arena, &user, &totp, &found));
	assert_true(found);
	assert_int_equal(totp.current.root, root);
	assert_ok(factor_open_totp(w->context.arena, keys, &user, &totp.current, &plain));
	assert_true(secret_equal(plain, secret_of("twenty octets of one")));
	assert_ok(recovery_store_find(w->db, w->context.arena, &user, &set, &found));
	assert_true(found);
	assert_int_equal(set.digests.root, root);
	assert_ok(factor_open_recovery(w->context.arena, keys, &user, &set.digests, &plain));
	assert_true(secret_equal(plain, secret_of("ten digests")));
}

/* A box is worth nothing in another row, of another user, nor in the other table. */
static void a_box_belongs_to_its_row(void **state)
{
	struct world *w = *state;
	struct id alice = fixture_add_user(w->fixture, "alice");
	struct id bob = fixture_add_user(w->fixture, "bob");
	struct factor_box box;
	struct secret plain = SECRET_NONE;
	struct secret large = {.bytes = arena_alloc(w->context.arena, 400), .len = 400};

	assert_ok(factor_seal_totp(w->context.arena, w->keys, &alice, secret_of("one"), &box));
	assert_int_equal(factor_open_totp(w->context.arena, w->keys, &bob, &box, &plain),
			 ERR_INPUT);
	assert_int_equal(factor_open_recovery(w->context.arena, w->keys, &alice, &box, &plain),
			 ERR_INPUT);
	assert_false(secret_is_present(plain));
	box.root = 7;
	assert_int_equal(factor_open_totp(w->context.arena, w->keys, &alice, &box, &plain),
			 ERR_CONFIG);
	box.box.len = SEAL_OVERHEAD;
	assert_int_equal(factor_open_totp(w->context.arena, w->keys, &alice, &box, &plain),
			 ERR_INPUT);
	memset(large.bytes, 1, large.len);
	assert_int_equal(factor_seal_totp(w->context.arena, w->keys, &alice, large, &box),
			 ERR_TOO_LARGE);
	assert_int_equal(factor_seal_recovery(w->context.arena, w->keys, &alice, large, &box),
			 ERR_TOO_LARGE);
}

/* More than two batches; what is offered and nobody confirmed is left to be purged. */
static void all_go_under_the_newest_root(void **state)
{
	struct world *w = *state;
	struct keyring *both = world_keys(WORLD_KEY_1 WORLD_KEY_2);
	struct keyring *second = world_keys(WORLD_KEY_2);
	struct factor_resealing done;
	struct id users[USERS];
	uint64_t sealed = 0;
	char name[32];

	for (unsigned i = 0; i < USERS; i++) {
		(void)snprintf(name, sizeof name, "user-%u", i);
		users[i] = fixture_add_user(w->fixture, name);
		give(w, w->keys, users[i]);
	}
	assert_ok(factor_reseal(&w->context, &done));
	assert_int_equal(done.resealed, 0);
	assert_ok(factor_store_count_sealed(w->db, 2, &sealed));
	assert_int_equal(sealed, 2 * USERS);
	w->context.keys = both;
	assert_ok(factor_reseal(&w->context, &done));
	assert_int_equal(done.resealed, 2 * USERS);
	assert_int_equal(done.shut, 0);
	assert_ok(factor_store_count_sealed(w->db, 2, &sealed));
	assert_int_equal(sealed, 0);
	for (unsigned i = 0; i < USERS; i++)
		check(w, second, users[i], 2);
	assert_ok(factor_reseal(&w->context, &done));
	assert_int_equal(done.resealed, 0);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM audit_event WHERE event = "
					"'signing_keys_changed' AND detail LIKE '%resealed 900'"),
			 1);
	keyring_free(&both);
	keyring_free(&second);
}

/* Whose does not open keeps the root, and is named; the others do not wait for it. */
static void what_does_not_open_is_left_and_named(void **state)
{
	struct world *w = *state;
	struct keyring *both = world_keys(WORLD_KEY_1 WORLD_KEY_2);
	struct id alice = fixture_add_user(w->fixture, "alice");
	struct id bob = fixture_add_user(w->fixture, "bob");
	struct factor_resealing done;
	struct str text = STR_NONE;
	uint64_t sealed = 0;

	give(w, w->keys, alice);
	give(w, w->keys, bob);
	fixture_sql("UPDATE totp SET secret = REPEAT('x', 60) WHERE user_id = "
		    "(SELECT id FROM user WHERE username = 'alice')");
	w->context.keys = both;
	assert_ok(factor_reseal(&w->context, &done));
	assert_int_equal(done.resealed, 3);
	assert_int_equal(done.shut, 1);
	assert_ok(id_text(w->context.arena, alice, &text));
	assert_non_null(strstr(done.fault.text, text.p));
	assert_non_null(strstr(done.fault.text, "does not open under root 1"));
	assert_ok(factor_store_count_sealed(w->db, 2, &sealed));
	assert_int_equal(sealed, 1);
	fixture_sql("UPDATE totp SET root = 9 WHERE root = 1");
	assert_ok(factor_reseal(&w->context, &done));
	assert_non_null(strstr(done.fault.text, "has no root 9"));
	check(w, both, bob, 2);
	keyring_free(&both);
}

/* MF-04: a code that was used since the backup is not used again. */
static void after_a_restore_no_code_counts_twice(void **state)
{
	struct world *w = *state;
	struct id alice = fixture_add_user(w->fixture, "alice");
	struct restore_cleaned cleaned;
	int64_t step = w->context.now / (TOTP_STEP_SECONDS * CLOCK_SECOND);
	bool won = false;

	give(w, w->keys, alice);
	fixture_sql("INSERT INTO challenge SELECT id, id, '', 4000000000000000 FROM user;"
		    "UPDATE user SET factors = 5, factors_end = 4000000000000000");
	assert_ok(restore_clean(&w->context, true, &cleaned));
	assert_int_equal(cleaned.challenges, 1);
	assert_int_equal(cleaned.factor_resets, 1);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM challenge"), 0);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM user WHERE factors_end IS NOT NULL "
					"OR factors <> 5"),
			 0);
	for (int64_t used = step - 1; used <= step + 1; used++) {
		assert_ok(totp_store_use(w->db, &alice, used, w->context.now, &won));
		assert_false(won);
	}
	assert_ok(totp_store_use(w->db, &alice, step + 2, w->context.now, &won));
	assert_true(won);
	assert_ok(restore_clean(&w->context, true, &cleaned));
	assert_int_equal(cleaned.challenges + cleaned.factor_resets, 0);
}

/* More than one batch; who is wrong is named, and nobody else. */
static void the_column_is_compared_with_the_tables(void **state)
{
	struct world *w = *state;
	struct factors_batch batch = {.end = false};
	struct id users[USERS];
	size_t wrong = 0;
	char name[32];

	for (unsigned i = 0; i < USERS; i++) {
		(void)snprintf(name, sizeof name, "user-%u", i);
		users[i] = fixture_add_user(w->fixture, name);
	}
	give(w, w->keys, users[3]);
	assert_ok(factor_store_set(w->db, &users[3], FACTOR_TOTP | FACTOR_RECOVERY));
	assert_ok(factor_store_set(w->db, &users[5], FACTOR_PASSKEY));
	/* An offer is none yet. */
	fixture_sql(
		"INSERT INTO totp (user_id, next_root, next_secret, next_at) SELECT id, 1, 'x', 1 "
		"FROM user WHERE username = 'user-7'");
	while (!batch.end) {
		assert_ok(factor_store_compare(w->db, &batch));
		for (size_t i = 0; i < batch.wrong_count; i++, wrong++)
			assert_true(id_equal(batch.wrong[i], users[5]));
	}
	assert_int_equal(wrong, 1);
	fixture_sql("INSERT INTO passkey SELECT id, id, id, -7, 'k', 7, 1, 0, 1, REPEAT('g', 16), "
		    "'', 'Key', 1, NULL FROM user WHERE username = 'user-5'");
	fixture_sql("UPDATE user SET factors = 1 WHERE username = 'user-3'");
	wrong = 0;
	for (batch = (struct factors_batch){.end = false}; !batch.end;) {
		assert_ok(factor_store_compare(w->db, &batch));
		for (size_t i = 0; i < batch.wrong_count; i++, wrong++)
			assert_true(id_equal(batch.wrong[i], users[3]));
	}
	assert_int_equal(wrong, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_box_belongs_to_its_row, world_clean),
		cmocka_unit_test_setup(all_go_under_the_newest_root, world_clean),
		cmocka_unit_test_setup(what_does_not_open_is_left_and_named, world_clean),
		cmocka_unit_test_setup(after_a_restore_no_code_counts_twice, world_clean),
		cmocka_unit_test_setup(the_column_is_compared_with_the_tables, world_clean),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
