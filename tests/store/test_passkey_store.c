/* Rows of passkey and challenge: a credential is somebody's alone, a challenge is good once. */
#include "crowd.h"

#include <stdio.h>
#include <string.h>

#include "passkey_store.h"

#define DB fixture->web
#define CREDENTIAL_MAX 1023
#define KEY_MAX 512

/* n octets, as they come from an authenticator: any, a NUL too. */
static struct str octets(struct fixture *fixture, unsigned char first, size_t n)
{
	unsigned char *bytes = arena_array(fixture->arena, n, 1);

	assert_non_null(bytes);
	for (size_t i = 0; i < n; i++)
		bytes[i] = (unsigned char)(first + i);
	return (struct str){(const char *)bytes, n};
}

static struct passkey_row passkey_of(struct id user, const char *credential)
{
	return (struct passkey_row){
		.id = id_random(),
		.user_id = user,
		.credential_id = str_of(credential),
		.algorithm = -7,
		.public_key = STR("a key"),
		.transports = STR(""),
		.name = STR(""),
		.created_at = T0,
	};
}

static bool finds(struct fixture *fixture, struct str credential, struct passkey_row *row)
{
	bool found = true;

	assert_ok(passkey_store_find(DB, fixture->arena, credential, row, &found));
	return found;
}

static void check_row(const struct passkey_row *got, const struct passkey_row *want)
{
	assert_true(id_equal(got->id, want->id));
	assert_true(id_equal(got->user_id, want->user_id));
	assert_true(str_equal(got->credential_id, want->credential_id));
	assert_int_equal(got->algorithm, want->algorithm);
	assert_true(str_equal(got->public_key, want->public_key));
	assert_int_equal(got->sign_count, want->sign_count);
	assert_int_equal(got->eligible, want->eligible);
	assert_int_equal(got->backed_up, want->backed_up);
	assert_int_equal(got->verified, want->verified);
	assert_true(id_equal(got->aaguid, want->aaguid));
	assert_true(str_equal(got->transports, want->transports));
	assert_true(str_equal(got->name, want->name));
	assert_int_equal(got->created_at, want->created_at);
	assert_int_equal(got->used_at, want->used_at);
}

/* As long as they may be; and with as little as there may be. */
static void every_member_comes_back(void **state)
{
	struct fixture *fixture = *state;
	struct passkey_row full = {
		.id = id_random(),
		.user_id = id_random(),
		.credential_id = octets(fixture, 255, CREDENTIAL_MAX),
		.algorithm = -257,
		.public_key = octets(fixture, 3, KEY_MAX),
		.sign_count = UINT32_MAX,
		.eligible = true,
		.verified = true,
		.aaguid = id_random(),
		.transports = STR("usb nfc ble smart-card hybrid internal"),
		.name = STR("Ala’s \xf0\x9f\x93\xb1"),
		.created_at = T0 + 1,
	};
	struct passkey_row bare = passkey_of(id_random(), "x");
	struct passkey_row got = {.algorithm = 99};

	assert_false(finds(fixture, full.credential_id, &got));
	assert_int_equal(got.algorithm, 99);
	assert_ok(passkey_store_insert(DB, &full));
	assert_ok(passkey_store_insert(DB, &bare));
	assert_true(finds(fixture, full.credential_id, &got));
	check_row(&got, &full);
	assert_true(finds(fixture, bare.credential_id, &got));
	check_row(&got, &bare);
}

/* WA-05: whoever has it, and with whatever else; ids that only look alike are others. */
static void an_id_is_registered_to_one_alone(void **state)
{
	static const char *const alike[] = {"Credential", "credential ", "credentia", "CREDENTIAL"};
	struct fixture *fixture = *state;
	struct passkey_row row = passkey_of(id_random(), "credential");
	struct passkey_row again = passkey_of(row.user_id, "credential");
	struct passkey_row got;

	assert_ok(passkey_store_insert(DB, &row));
	again.public_key = STR("another key");
	assert_int_equal(passkey_store_insert(DB, &again), ERR_CONFLICT);
	again.user_id = id_random();
	assert_int_equal(passkey_store_insert(DB, &again), ERR_CONFLICT);
	assert_true(finds(fixture, STR("credential"), &got));
	check_row(&got, &row);
	for (size_t i = 0; i < sizeof alike / sizeof alike[0]; i++) {
		again = passkey_of(row.user_id, alike[i]);
		assert_false(finds(fixture, again.credential_id, &got));
		assert_ok(passkey_store_insert(DB, &again));
	}
	again.credential_id = (struct str){"credential\0", 11};
	again.id = id_random();
	assert_ok(passkey_store_insert(DB, &again));
	again.id = id_random();
	again.credential_id = octets(fixture, 0, CREDENTIAL_MAX + 1);
	assert_int_equal(passkey_store_insert(DB, &again), ERR_INTERNAL);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM passkey"), 6);
}

static struct passkey_row contested;

static enum err register_it(struct db *db, void *what, unsigned round, bool *won)
{
	struct passkey_row row = contested;
	char credential[16];
	enum err e = OK;

	(void)what;
	row.id = id_random();
	row.user_id = id_random();
	(void)snprintf(credential, sizeof credential, "race-%u", round);
	row.credential_id = str_of(credential);
	e = passkey_store_insert(db, &row);
	*won = e == OK;
	return e == ERR_CONFLICT ? OK : e;
}

/* WA-05 */
static void of_fifty_at_once_one_registers_an_id(void **state)
{
	struct fixture *fixture = *state;
	struct crowd crowd = {&fixture->config, 10, NULL, register_it, {{0}}};

	contested = passkey_of(ID_NONE, "");
	assert_int_equal(crowd_run(&crowd), 10);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM passkey"), 10);
}

/* The oldest ones first, by id where times are the same; and no more than there is room for. */
static void they_are_listed_in_order(void **state)
{
	struct fixture *fixture = *state;
	struct passkey_row rows[PASSKEYS_MAX + 1];
	struct id user = id_random();
	struct passkey_row row = passkey_of(id_random(), "another's");
	char credential[16];
	size_t n = 9;

	assert_ok(passkey_store_list(DB, fixture->arena, &user, rows, &n));
	assert_int_equal(n, 0);
	assert_ok(passkey_store_insert(DB, &row));
	rows[PASSKEYS_MAX].created_at = 99;
	for (int i = 0; i < PASSKEYS_MAX + 2; i++) {
		(void)snprintf(credential, sizeof credential, "%d", i);
		row = passkey_of(user, credential);
		row.created_at = T0 + (PASSKEYS_MAX + 2 - i) / 2;
		assert_ok(passkey_store_insert(DB, &row));
		assert_ok(passkey_store_list(DB, fixture->arena, &user, rows, &n));
		assert_int_equal(n, i < PASSKEYS_MAX ? i + 1 : PASSKEYS_MAX);
	}
	for (size_t i = 1; i < n; i++) {
		assert_true(id_equal(rows[i].user_id, user));
		assert_true(rows[i - 1].created_at < rows[i].created_at ||
			    (rows[i - 1].created_at == rows[i].created_at &&
			     memcmp(&rows[i - 1].id, &rows[i].id, sizeof rows[i].id) < 0));
	}
	assert_int_equal(rows[0].created_at, T0);
	assert_int_equal(rows[PASSKEYS_MAX].created_at, 99);
}

static bool uses(struct fixture *fixture, const struct passkey_row *row, uint32_t former,
		 int64_t now)
{
	bool won = true;

	assert_ok(passkey_store_use(DB, row, former, now, &won));
	return won;
}

/* From the counter that was read, and from no other. */
static void a_counter_is_left_once(void **state)
{
	struct fixture *fixture = *state;
	struct passkey_row row = passkey_of(id_random(), "credential");
	struct passkey_row other = passkey_of(row.user_id, "another");
	struct passkey_row got;

	row.sign_count = other.sign_count = 7;
	row.eligible = true;
	assert_ok(passkey_store_insert(DB, &row));
	assert_ok(passkey_store_insert(DB, &other));
	row.sign_count = 9;
	row.backed_up = true;
	assert_false(uses(fixture, &row, 6, T0 + 1));
	assert_false(uses(fixture, &row, 8, T0 + 1));
	assert_true(uses(fixture, &row, 7, T0 + 1));
	assert_false(uses(fixture, &row, 7, T0 + 2));
	row.used_at = T0 + 1;
	assert_true(finds(fixture, row.credential_id, &got));
	check_row(&got, &row);
	row.backed_up = false;
	row.sign_count = UINT32_MAX;
	assert_true(uses(fixture, &row, 9, T0 + 3));
	row.used_at = T0 + 3;
	assert_true(finds(fixture, row.credential_id, &got));
	check_row(&got, &row);
	assert_true(finds(fixture, other.credential_id, &got));
	check_row(&got, &other);
	row.id = id_random();
	assert_false(uses(fixture, &row, UINT32_MAX, T0 + 4));
}

/* An authenticator that counts nothing is used as often as it signs, in one moment too. */
static void who_counts_nothing_stays_at_zero(void **state)
{
	struct fixture *fixture = *state;
	struct passkey_row row = passkey_of(id_random(), "credential");
	struct passkey_row got;

	assert_ok(passkey_store_insert(DB, &row));
	assert_true(uses(fixture, &row, 0, T0 + 1));
	assert_true(uses(fixture, &row, 0, T0 + 1));
	assert_true(uses(fixture, &row, 0, T0));
	assert_true(finds(fixture, row.credential_id, &got));
	assert_int_equal(got.sign_count, 0);
	assert_true(got.used_at > T0 + 1);
	assert_true(got.used_at < T0 + 10);
}

static enum err use_it(struct db *db, void *what, unsigned round, bool *won)
{
	struct passkey_row row = *(const struct passkey_row *)what;

	row.sign_count = round + 1;
	return passkey_store_use(db, &row, round, T0, won);
}

static void of_fifty_at_once_one_leaves_a_counter(void **state)
{
	struct fixture *fixture = *state;
	struct passkey_row row = passkey_of(id_random(), "credential");
	struct crowd crowd = {&fixture->config, 10, &row, use_it, {{0}}};

	assert_ok(passkey_store_insert(DB, &row));
	assert_int_equal(crowd_run(&crowd), 10);
	assert_true(finds(fixture, row.credential_id, &row));
	assert_int_equal(row.sign_count, 10);
}

static void only_the_owner_deletes(void **state)
{
	struct fixture *fixture = *state;
	struct id alice = id_random();
	struct id bob = id_random();
	struct passkey_row first = passkey_of(alice, "first");
	struct passkey_row second = passkey_of(alice, "second");
	struct passkey_row other = passkey_of(bob, "other");
	bool deleted = true;

	assert_ok(passkey_store_insert(DB, &first));
	assert_ok(passkey_store_insert(DB, &second));
	assert_ok(passkey_store_insert(DB, &other));
	assert_ok(passkey_store_delete(DB, &bob, &first.id, &deleted));
	assert_false(deleted);
	assert_true(finds(fixture, first.credential_id, &first));
	assert_ok(passkey_store_delete(DB, &alice, &first.id, &deleted));
	assert_true(deleted);
	assert_ok(passkey_store_delete(DB, &alice, &first.id, &deleted));
	assert_false(deleted);
	assert_false(finds(fixture, first.credential_id, &first));
	assert_true(finds(fixture, second.credential_id, &second));
	assert_ok(passkey_store_delete_of_user(DB, &alice));
	assert_false(finds(fixture, second.credential_id, &second));
	assert_true(finds(fixture, other.credential_id, &other));
}

static struct challenge_row add_challenge(struct fixture *fixture, struct id user, int64_t end)
{
	const struct challenge_row row = {fixture_digest(), user, STR("pay"), end};

	assert_ok(challenge_store_insert(DB, &row));
	return row;
}

static bool takes(struct fixture *fixture, const struct digest *hash, int64_t now)
{
	bool taken = true;

	assert_ok(challenge_store_take(DB, hash, now, &taken));
	return taken;
}

static bool finds_challenge(struct fixture *fixture, struct digest a, struct digest b,
			    struct challenge_row *row)
{
	const struct digest hashes[2] = {a, b};
	bool found = true;

	assert_ok(challenge_store_find(DB, fixture->arena, hashes, row, &found));
	return found;
}

/* Under either root; of somebody or of nobody. */
static void a_challenge_is_found(void **state)
{
	static const char purpose[CHALLENGE_PURPOSE_MAX + 1] = {[CHALLENGE_PURPOSE_MAX] = 'x'};
	struct fixture *fixture = *state;
	struct challenge_row row = {
		fixture_digest(), id_random(), {purpose, CHALLENGE_PURPOSE_MAX}, T0 + 5};
	struct challenge_row nobodys = {fixture_digest(), ID_NONE, STR(""), T0 + 6};
	struct challenge_row got = {.expires_at = 99};

	assert_false(finds_challenge(fixture, row.hash, nobodys.hash, &got));
	assert_int_equal(got.expires_at, 99);
	assert_ok(challenge_store_insert(DB, &row));
	assert_int_equal(challenge_store_insert(DB, &row), ERR_CONFLICT);
	assert_ok(challenge_store_insert(DB, &nobodys));
	for (int i = 0; i < 2; i++) {
		struct digest none = fixture_digest();

		assert_true(finds_challenge(fixture, i == 0 ? row.hash : none,
					    i == 0 ? none : row.hash, &got));
		assert_true(digest_equal(&got.hash, &row.hash));
		assert_true(id_equal(got.user_id, row.user_id));
		assert_true(str_equal(got.purpose, row.purpose));
		assert_int_equal(got.expires_at, T0 + 5);
	}
	assert_true(finds_challenge(fixture, nobodys.hash, nobodys.hash, &got));
	assert_true(id_is_none(got.user_id));
	assert_int_equal(got.purpose.n, 0);
	row.hash = fixture_digest();
	row.purpose.n++;
	assert_int_equal(challenge_store_insert(DB, &row), ERR_INTERNAL);
}

/* WA-01 */
static void a_challenge_is_taken_once_and_in_time(void **state)
{
	struct fixture *fixture = *state;
	struct challenge_row row = add_challenge(fixture, id_random(), T0 + 5);
	struct challenge_row other = add_challenge(fixture, row.user_id, T0 + 5);
	struct digest near = row.hash;

	near.b[DIGEST_BYTES - 1] ^= 1;
	assert_false(takes(fixture, &near, T0));
	assert_false(takes(fixture, &row.hash, T0 + 5));
	assert_false(takes(fixture, &row.hash, T0 + 6));
	assert_true(takes(fixture, &row.hash, T0 + 4));
	assert_false(takes(fixture, &row.hash, T0 + 4));
	assert_false(finds_challenge(fixture, row.hash, row.hash, &row));
	assert_true(finds_challenge(fixture, other.hash, other.hash, &other));
}

static enum err take_it(struct db *db, void *what, unsigned round, bool *won)
{
	const struct digest *hashes = what;

	return challenge_store_take(db, &hashes[round], T0, won);
}

/* WA-01 */
static void of_fifty_at_once_one_takes_a_challenge(void **state)
{
	enum { ROUNDS = 10 };
	struct fixture *fixture = *state;
	struct digest hashes[ROUNDS];
	struct crowd crowd = {&fixture->config, ROUNDS, hashes, take_it, {{0}}};

	for (size_t i = 0; i < ROUNDS; i++)
		hashes[i] = add_challenge(fixture, id_random(), T0 + 5).hash;
	assert_int_equal(crowd_run(&crowd), ROUNDS);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM challenge"), 0);
}

/* ST-08 */
static void challenges_are_purged_in_batches(void **state)
{
	struct fixture *fixture = *state;
	const uint64_t expected[] = {2, 1, 0};
	uint64_t n = 9;

	for (int i = 0; i < 5; i++)
		(void)add_challenge(fixture, ID_NONE, T0 + i);
	for (size_t i = 0; i < 3; i++) {
		assert_ok(challenge_store_purge(DB, T0 + 3, 2, &n));
		assert_int_equal(n, expected[i]);
	}
	assert_int_equal(fixture_number("SELECT MIN(expires_at) FROM challenge"), T0 + 3);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM challenge"), 2);
}

static void challenges_are_deleted(void **state)
{
	struct fixture *fixture = *state;
	const uint64_t expected[] = {3, 1, 0};
	struct id alice = id_random();
	uint64_t n = 9;

	(void)add_challenge(fixture, alice, T0);
	(void)add_challenge(fixture, alice, T0 + 1);
	(void)add_challenge(fixture, alice, T0 + 9);
	(void)add_challenge(fixture, id_random(), T0);
	(void)add_challenge(fixture, id_random(), T0 + 9);
	(void)add_challenge(fixture, ID_NONE, T0);
	(void)add_challenge(fixture, ID_NONE, T0 + 9);
	assert_ok(challenge_store_delete_of_user(DB, &alice));
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM challenge"), 4);
	for (size_t i = 0; i < 3; i++) {
		assert_ok(challenge_store_delete_any(DB, 3, &n));
		assert_int_equal(n, expected[i]);
	}
}

#define TEST(name) cmocka_unit_test_setup(name, fixture_clean)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_member_comes_back),
		TEST(an_id_is_registered_to_one_alone),
		TEST(of_fifty_at_once_one_registers_an_id),
		TEST(they_are_listed_in_order),
		TEST(a_counter_is_left_once),
		TEST(who_counts_nothing_stays_at_zero),
		TEST(of_fifty_at_once_one_leaves_a_counter),
		TEST(only_the_owner_deletes),
		TEST(a_challenge_is_found),
		TEST(a_challenge_is_taken_once_and_in_time),
		TEST(of_fifty_at_once_one_takes_a_challenge),
		TEST(challenges_are_purged_in_batches),
		TEST(challenges_are_deleted),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
