/* ST-07, IN-25: the statements of the table under every failure of the database. */
#include "fault_trial.h"

#include "device.h"
#include "doctor_store.h"
#include "grants_store.h"
#include "rights.h"
#include "throttle_store.h"

#define ARENA t->w->context.arena
#define DB t->w->db
#define SCENE t->scene
#define NOW (WORLD_START + CLOCK_HOUR)
#define FAR (WORLD_START + 1000 * CLOCK_DAY)

static enum err find(struct trial *t, size_t n, void *out)
{
	struct session_found *found = arena_array(ARENA, n, sizeof *found);
	struct digest hashes[SESSION_BATCH_MAX];

	for (size_t i = 0; i < n; i++)
		hashes[i] = i == 0 ? SCENE.handle_hash : fixture_digest();
	assert_non_null(found);
	return session_store_find(DB, ARENA, hashes, n, found, out);
}

static void check_one(struct trial *t, const void *out)
{
	size_t count = 0;

	(void)t;
	memcpy(&count, out, sizeof count);
	assert_int_equal(count, 1);
}

ACT(find_1, return find(t, 1, out);)
ACT(find_2, return find(t, 2, out);)
ACT(find_4, return find(t, 3, out);)
ACT(find_8, return find(t, 8, out);)
ACT(find_16, return find(t, 9, out);)
ACT(find_32, return find(t, 32, out);)

ACT(session_insert, struct session_row row = fixture_session(SCENE.bob);
    return session_store_insert(DB, &row);)
ACT(session_touch_it, struct session_row row = fixture_session(SCENE.bob); row.id = SCENE.handle_id;
    row.epoch = 2; return session_store_touch(DB, &row);)
ACT(session_touch_guard, struct session_row row = fixture_session(SCENE.bob);
    row.id = SCENE.handle_id; row.epoch = 2;
    return session_store_touch(t->w->fixture->guard, &row);)
ACT(session_rotate, struct session_row row = fixture_session(SCENE.alice); row.id = SCENE.handle_id;
    row.epoch = 3; return session_store_rotate(DB, &SCENE.handle_hash, &row, out);)
ACT(session_by_hash, return session_store_delete_by_hash(DB, &SCENE.handle_hash, out);)
ACT(session_by_id, return session_store_delete_by_id(DB, &SCENE.handle_id, &ID_NONE, out);)
ACT(session_by_id_of, return session_store_delete_by_id(DB, &SCENE.handle_id, &SCENE.alice, out);)
ACT(session_of_user, return session_store_delete_of_user(DB, &SCENE.alice, &SCENE.other_id, out);)
ACT(session_any, return session_store_delete_any(DB, 2, out);)
ACT(session_count, return session_store_count(DB, &SCENE.alice, out);)
ACT(session_idlest, return session_store_delete_idlest(DB, &SCENE.alice, NOW, 1);)
ACT(session_find_id, bool found = false;
    return session_store_find_by_id(DB, ARENA, &SCENE.handle_id, out, &found);)
ACT(session_owner, bool found = false;
    return session_store_owner(DB, &SCENE.handle_id, out, &found);)
ACT(session_hold_id, return session_store_hold_by_id(DB, &SCENE.handle_id, out);)
ACT(session_hold_user, return session_store_hold_of_user(DB, &SCENE.alice, out);)
ACT(session_lower, return session_store_lower_of_user(DB, &SCENE.alice, T0, out);)
ACT(session_step_down, bool won = false;
    TRY(session_store_step_down(DB, &SCENE.handle_id, 2, &won)); return must(won);)
ACT(session_try, struct session_row row = fixture_session(SCENE.alice); bool taken = false;
    row.id = SCENE.handle_id; row.epoch = 2; TRY(session_store_try(DB, &row, 5, &taken));
    return must(taken);)
ACT(session_give_back, struct session_row row = fixture_session(SCENE.alice); bool taken = false;
    row.id = SCENE.handle_id; row.epoch = 2; TRY(session_store_try(DB, &row, 5, &taken));
    TRY(session_store_try(DB, &row, 5, &taken)); return session_store_give_back(DB, &row);)
ACT(session_tried, return session_store_delete_tried(DB, &SCENE.handle_id, 0, out);)
ACT(session_purge_it, uint64_t n = 0; return session_store_purge(DB, FAR, 100, &n);)

static enum err session_of_device(struct trial *t, void *out)
{
	struct session_row row;
	uint64_t ended = 0;
	bool found = false;

	(void)out;
	TRY(session_store_find_by_id(DB, ARENA, &SCENE.other_id, &row, &found));
	if (!found)
		return OK; /* asked again */
	return session_store_delete_of_device(DB, &SCENE.alice, &row.device_id, &ended);
}

static enum err session_list_it(struct trial *t, void *out)
{
	struct page_cursor from = {.at = FAR, .limit = 10};
	struct session_row rows[10];

	return session_store_list(DB, ARENA, &SCENE.alice, NOW, &from, rows, out);
}

static enum err rotation_insert(struct trial *t, void *out)
{
	struct rotation_row row = {
		.old_hash = {{7}},
		.session_id = SCENE.handle_id,
		.epoch = 2,
		.nonce = SCENE.alice,
		.purge_at = NOW,
	};

	(void)out;
	return rotation_store_insert(DB, &row);
}

static enum err rotation_find(struct trial *t, void *out)
{
	struct digest hashes[2] = {fixture_digest(), fixture_digest()};
	bool found = false;

	hashes[1] = credential_of(t->w, CARRIER_HANDLE, SCENE.old).hashes[0];
	TRY(rotation_store_find(DB, ARENA, hashes, out, &found));
	return must(found);
}

ACT(rotation_purge_it, uint64_t n = 0; return rotation_store_purge(DB, FAR, 100, &n);)

ACT(user_name, bool found = false; return user_store_find(DB, ARENA, STR("alice"), out, &found);)
ACT(user_address, bool found = false;
    return user_store_find(DB, ARENA, STR("bob@example.org"), out, &found);)
ACT(user_id, bool found = false; return user_store_find_by_id(DB, ARENA, &SCENE.bob, out, &found);)
ACT(user_insert, struct user_row row = fixture_user("carol"); return user_store_insert(DB, &row);)
ACT(user_delete_it, return user_store_delete(DB, &SCENE.alice);)
ACT(user_list, struct page_cursor from = {.limit = 10}; struct user_row rows[10];
    return user_store_list(DB, ARENA, &from, rows, out);)
ACT(user_proven, return user_store_set_proven(DB, &SCENE.alice, NOW);)
ACT(user_state_set, return user_store_set_state(DB, &SCENE.alice, USER_LOCKED, NOW);)

static enum err user_locked(struct trial *t, void *out)
{
	uint32_t user_state = USER_NONE;
	bool found = false;

	(void)out;
	return user_store_lock(DB, &SCENE.alice, &user_state, &found);
}

/* On Galera the row is written as well: a lock is known to one node only. */
static enum err user_locked_everywhere(struct trial *t, void *out)
{
	t->w->config.database.consistent = true;
	enum err err = user_locked(t, out);
	t->w->config.database.consistent = false;
	return err;
}

static struct secret phc(void)
{
	static unsigned char text[] = "$argon2id$v=19$m=65,t=1,p=1$c2FsdA$aGFzaA";

	return (struct secret){text, sizeof text - 1};
}

ACT(password_update, return password_store_set(DB, &SCENE.alice, phc(), NOW);)
ACT(password_insert, struct user_row row = fixture_user("carol"); TRY(user_store_insert(DB, &row));
    return password_store_set(DB, &row.id, phc(), NOW);)
ACT(password_stronger, return password_store_strengthen(DB, &SCENE.alice, phc());)
ACT(password_changed, bool found = false;
    return password_store_changed_at(DB, &SCENE.alice, out, &found);)
ACT(password_get, bool found = false;
    TRY(password_store_get(t->w->hash_db, ARENA, &SCENE.alice, out, &found)); return must(found);)
ACT(password_must, return password_store_must_change(DB, &SCENE.alice, out);)
ACT(password_require, return password_store_require_change(DB, &SCENE.alice);)
ACT(password_walk, struct password_row rows[8]; size_t n = 0;
    TRY(password_store_walk(t->w->hash_db, ARENA, &ID_NONE, 8, rows, &n)); PUT(out, n);
    return must(n == 3);)
ACT(password_refuse, return password_store_refuse(DB, &SCENE.alice);)

ACT(role_give, bool known = false;
    return role_store_give(DB, &SCENE.alice, STR("admin"), NOW, &known);)
ACT(role_take, bool known = false; return role_store_take(DB, &SCENE.admin, STR("admin"), &known);)
ACT(role_elevated, return role_store_is_elevated(DB, STR("admin"), out);)
ACT(role_turn, return role_store_take_turn(DB, STR("admin"));)

ACT(setup_put, struct digest hash = {{9}}; return setup_store_put(DB, &hash, FAR);)
ACT(setup_consume, struct digest hash = {{9}}; bool consumed = false;
    TRY(setup_store_put(DB, &hash, FAR)); TRY(setup_store_consume(DB, &hash, NOW, &consumed));
    return must(consumed);)

/* The reference of alice's device, as the scene has made it. */
static void device_of(struct trial *t, struct digest *ref)
{
	unsigned char text[] = "telephone";

	*ref = device_hash(t->w->keys, DEVICE_APP, (struct secret){text, 9});
}

static enum err device_ensure(struct trial *t, void *out)
{
	struct device_row row = {
		.id = id_random(),
		.user_id = SCENE.bob,
		.ref_hash = {{5}},
		.kind = DEVICE_APP,
		.name = STR("x"),
		.created_at = NOW,
		.last_seen = NOW,
	};

	return device_store_ensure(DB, &row, out);
}

ACT(device_disarm, return device_store_disarm(DB, &SCENE.alice);)
ACT(device_first, const struct device_first of = {.user_id = SCENE.alice, .since = 0};
    return device_store_is_first(DB, &of, out);)
ACT(device_find, struct digest ref; bool found = false; device_of(t, &ref);
    return device_store_find(DB, &SCENE.alice, &ref, out, &found);)
/* The device of that session of alice's, while there is one. */
static enum err device_at(struct trial *t, struct id *id)
{
	struct session_row row;
	bool found = false;

	TRY(session_store_find_by_id(DB, ARENA, &SCENE.other_id, &row, &found));
	TRY(must(found));
	*id = row.device_id;
	return OK;
}

ACT(device_by_id, struct id id; bool found = false; struct device_row row; TRY(device_at(t, &id));
    TRY(device_store_find_by_id(DB, ARENA, &SCENE.alice, &id, &row, &found));
    return must(found && row.key_kind == DEVICE_KEY_P256 && row.public_key.n == 65);)
ACT(device_list, struct page_cursor from = {.limit = 2}; struct device_row rows[2]; size_t n = 0;
    TRY(device_store_list(DB, ARENA, &SCENE.alice, &from, rows, &n)); return must(n == 1);)
ACT(device_trust, struct id id; TRY(device_at(t, &id));
    return device_store_trust(DB, &SCENE.alice, &id, FAR);)

static enum err device_key(struct trial *t, void *out)
{
	struct device_row row = {
		.user_id = SCENE.alice,
		.key_kind = DEVICE_KEY_ED25519,
		.public_key = STR("another key"),
		.key_set_at = NOW,
	};

	(void)out;
	TRY(device_at(t, &row.id));
	return device_store_set_key(DB, &row);
}

static enum err device_delete(struct trial *t, void *out)
{
	struct id id;
	uint64_t ended = 0;
	bool deleted = false;

	(void)out;
	TRY(device_at(t, &id));
	TRY(session_store_delete_of_device(DB, &SCENE.alice, &id, &ended));
	TRY(device_store_delete(DB, &SCENE.alice, &id, &deleted));
	return must(deleted);
}

ACT(device_purge, uint64_t n = 0; TRY(session_store_delete_any(DB, 100, &n));
    return device_store_purge(DB, FAR, 100, &n);)

static enum err audit_insert(struct trial *t, void *out)
{
	struct audit_row row = {
		.at = NOW,
		.id = id_random(),
		.event = STR("e"),
		.outcome = STR("ok"),
		.source = STR(""),
		.detail = STR(""),
	};

	(void)out;
	return audit_store_insert(DB, &row);
}

static enum err audit_lists(struct trial *t, void *out)
{
	struct audit_row rows[10];
	struct audit_page page = {.rows = rows};
	struct audit_query query = {.event = STR(""), .from = {.at = FAR, .limit = 10}};
	struct page_cursor from = {.limit = 10};

	(void)out;
	TRY(audit_store_list(DB, ARENA, &query, &page));
	query.user_id = SCENE.alice;
	TRY(audit_store_list(DB, ARENA, &query, &page));
	TRY(audit_store_follow(DB, ARENA, &from, &page));
	return must(page.n > 0);
}

ACT(audit_purge, uint64_t n = 0; return audit_store_purge(DB, FAR, 100, &n);)

static enum err throttle_counts(struct trial *t, void *out)
{
	struct throttle_count count = {
		.key = {{3}},
		.bucket = 1,
		.now = NOW,
		.spans = {CLOCK_MINUTE, CLOCK_DAY},
	};
	struct digest keys[2] = {{{3}}, {{3}}};
	struct throttle_row rows[2];
	size_t n = 0;

	(void)out;
	TRY(throttle_store_take(DB, &count));
	TRY(throttle_store_take(DB, &count));
	TRY(throttle_store_find(DB, keys, rows, &n));
	TRY(must(n == 1 && rows[0].failures == 2));
	return throttle_store_give_back(DB, &rows[0]);
}

ACT(throttle_clear, struct digest keys[3]; memset(keys, 0x22, sizeof keys);
    return throttle_store_clear(DB, keys, NULL);)
ACT(throttle_any, uint64_t n = 0; return throttle_store_clear_any(DB, 10, &n);)
ACT(throttle_list, struct digest after = {{0}}; struct throttle_row rows[5];
    return throttle_store_list(DB, &after, 5, rows, out);)
ACT(throttle_purge, uint64_t n = 0; return throttle_store_purge(DB, FAR, 10, &n);)

ACT(doctor_time, return doctor_store_clock(DB, out);)
ACT(doctor_overdue, return doctor_store_overdue(DB, NOW, NOW, out);)
ACT(doctor_restored, return doctor_store_restore(DB, STR("sys_restore_check"), out);)
ACT(setup_clear, uint64_t n = 0; return setup_store_clear(DB, &n);)
ACT(doctor_rights, return rights_actual(DB, ARENA, out);)
ACT(doctor_grants, struct grants_batch batch = {.wrong_count = 0};
    TRY(grants_store_compare(DB, ARENA, &batch)); PUT(out, batch); return OK;)

static void statements_under_every_failure(void **state)
{
	static const struct act acts[] = {
		{"find 1", find_1, check_one, ACT_ATOMIC | ACT_REPEATABLE},
		{"find 2", find_2, check_one, ACT_ATOMIC},
		{"find 4", find_4, check_one, ACT_ATOMIC},
		{"find 8", find_8, check_one, ACT_ATOMIC},
		{"find 16", find_16, check_one, ACT_ATOMIC},
		{"find 32", find_32, check_one, ACT_ATOMIC},
		{"session insert", session_insert, NULL, ACT_ATOMIC},
		{"session touch", session_touch_it, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"session touch, guard", session_touch_guard, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"session rotate", session_rotate, NULL, ACT_ATOMIC},
		{"session delete by hash", session_by_hash, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"session delete by id", session_by_id, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"… of its user", session_by_id_of, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"session delete of user", session_of_user, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"session delete of device", session_of_device, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"session delete any", session_any, NULL, ACT_ATOMIC | ACT_INSIDE},
		{"session count", session_count, NULL, ACT_ATOMIC},
		{"session delete idlest", session_idlest, NULL, ACT_ATOMIC},
		{"session list", session_list_it, NULL, ACT_ATOMIC},
		{"session by id", session_find_id, NULL, ACT_ATOMIC},
		{"session owner", session_owner, NULL, ACT_ATOMIC},
		{"session hold", session_hold_id, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"session hold of user", session_hold_user, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"session lower", session_lower, NULL, ACT_ATOMIC},
		{"session step down", session_step_down, NULL, ACT_ATOMIC},
		{"session try", session_try, NULL, ACT_ATOMIC},
		{"session give back", session_give_back, NULL, ACT_ATOMIC | ACT_INSIDE},
		{"session delete tried", session_tried, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"session purge", session_purge_it, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"rotation insert", rotation_insert, NULL, ACT_ATOMIC},
		{"rotation find", rotation_find, NULL, ACT_ATOMIC},
		{"rotation purge", rotation_purge_it, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"user by name", user_name, NULL, ACT_ATOMIC},
		{"user by address", user_address, NULL, ACT_ATOMIC},
		{"user by id", user_id, NULL, ACT_ATOMIC},
		{"user lock", user_locked, NULL, ACT_ATOMIC | ACT_INSIDE},
		{"user lock on every node", user_locked_everywhere, NULL, ACT_ATOMIC | ACT_INSIDE},
		{"user insert", user_insert, NULL, ACT_ATOMIC},
		{"user delete", user_delete_it, NULL, ACT_ATOMIC | ACT_INSIDE},
		{"user list", user_list, NULL, ACT_ATOMIC},
		{"user proven", user_proven, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"user state", user_state_set, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"password update", password_update, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"password insert", password_insert, NULL, ACT_ATOMIC | ACT_INSIDE},
		{"password strengthen", password_stronger, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"password changed at", password_changed, NULL, ACT_ATOMIC},
		{"password get", password_get, NULL, ACT_ATOMIC},
		{"password must change", password_must, NULL, ACT_ATOMIC},
		{"password require change", password_require, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"password walk", password_walk, NULL, ACT_ATOMIC},
		{"password refuse", password_refuse, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"role give", role_give, NULL, ACT_ATOMIC | ACT_INSIDE},
		{"role take", role_take, NULL, ACT_ATOMIC | ACT_INSIDE},
		{"role is elevated", role_elevated, NULL, ACT_ATOMIC},
		{"role take turn", role_turn, NULL, ACT_ATOMIC},
		{"setup put", setup_put, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"setup consume", setup_consume, NULL, ACT_ATOMIC | ACT_INSIDE},
		{"device ensure", device_ensure, NULL, ACT_ATOMIC | ACT_INSIDE},
		{"device find", device_find, NULL, ACT_ATOMIC},
		{"device disarm", device_disarm, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"device by id", device_by_id, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"device list", device_list, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"device set key", device_key, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"device trust", device_trust, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"device delete", device_delete, NULL, ACT_ATOMIC | ACT_INSIDE},
		{"device is first", device_first, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"device purge", device_purge, NULL, ACT_ATOMIC | ACT_INSIDE},
		{"audit insert", audit_insert, NULL, ACT_ATOMIC},
		{"audit lists", audit_lists, NULL, ACT_ATOMIC},
		{"audit purge", audit_purge, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"throttle counts", throttle_counts, NULL, ACT_ATOMIC | ACT_INSIDE},
		{"throttle clear", throttle_clear, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"throttle clear any", throttle_any, NULL, ACT_ATOMIC | ACT_INSIDE},
		{"throttle list", throttle_list, NULL, ACT_ATOMIC},
		{"throttle purge", throttle_purge, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"doctor: clock", doctor_time, NULL, ACT_ATOMIC},
		{"doctor: overdue", doctor_overdue, NULL, ACT_ATOMIC},
		{"doctor: restored", doctor_restored, NULL, ACT_ATOMIC},
		{"setup clear", setup_clear, NULL, ACT_ATOMIC | ACT_INSIDE},
		{"doctor: rights", doctor_rights, NULL, ACT_ATOMIC},
		{"doctor: grants", doctor_grants, NULL, ACT_ATOMIC},
	};

	trial_run(*state, acts, sizeof acts / sizeof acts[0]);
}

/* A new statement must come into an act above. */
static void no_statement_is_left_out(void **state)
{
	(void)state;
	trial_demand(TRIAL_CORE);
}

/* What fails often does not use up the connection's memory. */
static void failures_leave_no_memory_behind(void **state)
{
	struct trial *t = *state;
	uint64_t count = 0;

	assert_ok(session_store_count(DB, &SCENE.alice, &count));
	for (unsigned i = 0; i < 40000; i++) {
		fault_arm(FAULT_TOO_MANY, FAULT_OPENING, 1);
		assert_int_equal(role_store_take_turn(DB, STR("admin")), ERR_UNAVAILABLE);
		assert_true(fault_disarm());
	}
	assert_ok(role_store_take_turn(DB, STR("admin")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statements_under_every_failure),
		cmocka_unit_test(no_statement_is_left_out),
		cmocka_unit_test(failures_leave_no_memory_behind),
	};

	return cmocka_run_group_tests(tests, trial_open, trial_close);
}
